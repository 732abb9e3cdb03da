"""Scenes and questions -> one padded batch: every scene's questions in a row behind its image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from molmo_point.data.queries import SceneQuery
from molmo_point.data.scenes import Scene, Thing
from molmo_point.models.molmo_point.inputs import PointingMetadata
from molmo_point.models.molmo_point.locations import PatchGrids, PointTokens
from molmo_point.models.molmo_point.processor import MolmoPointProcessor
from molmo_point.preprocessing.prompts import point_prompt

__all__ = ["IGNORE", "PackedBatch", "PackedScene", "collate", "pack_scene"]

IGNORE = -100


@dataclass(frozen=True, slots=True)
class PackedScene:
    """One scene; T tokens, C crops of P ViT patches, N image tokens of k.

    Attributes:
        input_ids: int [T] extended ids: image, then question and answer by question.
        labels: int [T], what is to be predicted of them, else `IGNORE`.
        position_ids: int [T]; each question continues from the image.
        segment_ids: int [T]; 0 for the image, then 1, 2, ... by question.
        question_end: int [T], index of the last token of the token's question, -1 in the image.
        image: bool [T], image tokens.
        pixel_values: float32 [C, P, patch * patch * 3].
        token_pooling: int [N, k].
        names: int [C, P] index into the list of names plus one, 0 for background, `IGNORE` for
            patches that no token uses.
        colours: int [C, P] index into the colours, else `IGNORE`.
        centres: bool [C, P], patches that hold a thing's centre.
        first_moving_id: id of "no more points", which like those behind it depends on N.
    """

    input_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    position_ids: NDArray[np.int64]
    segment_ids: NDArray[np.int64]
    question_end: NDArray[np.int64]
    image: NDArray[np.bool_]
    pixel_values: NDArray[np.float32]
    token_pooling: NDArray[np.int64]
    names: NDArray[np.int64]
    colours: NDArray[np.int64]
    centres: NDArray[np.bool_]
    first_moving_id: int


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """`PackedScene`s padded at the end to [B, T], crops and image tokens one after the other."""

    input_ids: Tensor
    labels: Tensor
    position_ids: Tensor
    segment_ids: Tensor
    question_end: Tensor
    image: Tensor
    valid: Tensor
    pixel_values: Tensor
    token_pooling: Tensor
    names: Tensor
    colours: Tensor
    centres: Tensor


def pack_scene(
    scene: Scene,
    queries: Sequence[SceneQuery],
    processor: MolmoPointProcessor,
    *,
    names: Sequence[str],
    colours: Sequence[str],
    text_vocabulary: int,
    locations: int,
) -> PackedScene:
    """Lay one scene out; see `PackedScene`.

    Args:
        scene: image and things.
        queries: what is asked.
        processor: tokens and crops.
        names: every name that a thing can have.
        colours: every colour word.
        text_vocabulary: id of patch 0.
        locations: places in a ViT patch.
    """
    inputs = processor.encode_image_prefix([scene.image])
    prefix = inputs.input_ids[0].numpy()
    metadata = inputs.metadata[0]
    assert inputs.pixel_values is not None
    grids = PatchGrids(metadata.token_pooling, metadata.subpatch_mapping, metadata.image_sizes)
    patches, subpatches = metadata.token_pooling.shape
    first_subpatch = text_vocabulary + patches + 1
    first_location = first_subpatch + subpatches
    ids, labels = [prefix], [np.full(len(prefix), IGNORE)]
    positions, ends = [np.arange(len(prefix))], [np.full(len(prefix), -1)]
    segments = [np.zeros(len(prefix), dtype=np.int64)]
    written = len(prefix)
    for number, query in enumerate(queries, start=1):
        question = processor.encode_question(point_prompt(query.text))
        opening = processor.opening_ids
        answer: list[int] = []
        given: list[int] = []  # places in the answer that the template writes
        for rank, tokens in enumerate(_sorted_tokens(scene, query, grids), start=1):
            answer += [
                text_vocabulary + tokens.patch,
                first_subpatch + tokens.subpatch,
                first_location + tokens.location,
            ]
            number_ids = processor.number_ids(rank)
            given += range(len(answer), len(answer) + len(number_ids))
            answer += number_ids
        answer.append(text_vocabulary + patches)  # no more points
        target = np.array(answer)
        target[given] = IGNORE
        row = np.array([*question, *opening, *answer])
        ids.append(row)
        labels.append(np.concatenate([np.full(len(question) + len(opening), IGNORE), target]))
        positions.append(len(prefix) + np.arange(len(row)))
        segments.append(np.full(len(row), number))
        ends.append(np.full(len(row), written + len(question) - 1))
        written += len(row)
    name_map, colour_map, centre_map = _name_patches(
        scene, inputs.pixel_values.shape[:2], metadata, names, colours
    )
    pixels, pooling = inputs.pixel_values.numpy(), metadata.token_pooling
    if len(pixels) == 2 and np.array_equal(pixels[0], pixels[1]):  # one tile is the global view
        pixels, pooling = pixels[:1], np.where(pooling < 0, pooling, pooling % pixels.shape[1])
        name_map, colour_map, centre_map = name_map[1:], colour_map[1:], centre_map[1:]
    return PackedScene(
        input_ids=np.concatenate(ids).astype(np.int64),
        labels=np.concatenate(labels).astype(np.int64),
        position_ids=np.concatenate(positions).astype(np.int64),
        segment_ids=np.concatenate(segments).astype(np.int64),
        question_end=np.concatenate(ends).astype(np.int64),
        image=np.concatenate(
            [inputs.mm_token_type_ids[0].numpy() == 1, np.zeros(written - len(prefix), dtype=bool)]
        ),
        pixel_values=pixels,
        token_pooling=pooling,
        names=name_map,
        colours=colour_map,
        centres=centre_map,
        first_moving_id=text_vocabulary + patches,
    )


def _sorted_tokens(scene: Scene, query: SceneQuery, grids: PatchGrids) -> list[PointTokens]:
    """The query's points in the order that the model says them, no ViT patch twice."""
    things = [scene.things[index] for index in query.targets]
    tokens = [grids.to_tokens(thing.x, thing.y) for thing in things]
    unique = {(token.patch, token.subpatch): token for token in tokens}
    return [unique[key] for key in sorted(unique)]


def _name_patches(
    scene: Scene,
    shape: Sequence[int],
    metadata: PointingMetadata,
    names: Sequence[str],
    colours: Sequence[str],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """What lies under the middle of every ViT patch: [C, P] names, colours, centres."""
    name_map = np.full(tuple(shape), IGNORE, dtype=np.int64)
    colour_map = np.full(tuple(shape), IGNORE, dtype=np.int64)
    centre_map = np.zeros(tuple(shape), dtype=np.bool_)
    side = round(shape[1] ** 0.5)
    whole = np.arange(side * side).reshape(side, side)  # the global view is the first crop
    for grid in (whole, np.asarray(metadata.subpatch_mapping[0])):
        rows, columns = grid.shape
        height, width = scene.image.shape[:2]
        y = (np.arange(rows)[:, None] + 0.5) / rows * height
        x = (np.arange(columns)[None] + 0.5) / columns * width
        name, colour = np.zeros(grid.shape, np.int64), np.full(grid.shape, IGNORE, np.int64)
        centre = np.zeros(grid.shape, np.bool_)
        for thing in sorted(scene.things, key=_area, reverse=True):
            left, top, right, bottom = thing.box
            u = (x - (left + right) / 2) / max((right - left) / 2, 1e-6)
            v = (y - (top + bottom) / 2) / max((bottom - top) / 2, 1e-6)
            inside = u**2 + v**2 <= 1.1
            middle = int(thing.y / height * rows), int(thing.x / width * columns)
            inside[middle] = centre[middle] = True
            name[inside] = names.index(thing.name) + 1
            colour[inside] = colours.index(thing.colour) if thing.colour else IGNORE
        name_map.reshape(-1)[grid] = name
        colour_map.reshape(-1)[grid] = colour
        centre_map.reshape(-1)[grid] = centre
    return name_map, colour_map, centre_map


def _area(thing: Thing) -> float:
    left, top, right, bottom = thing.box
    return float((right - left) * (bottom - top))


def collate(scenes: Sequence[PackedScene]) -> PackedBatch:
    """Pad scenes to one length; see `PackedBatch`."""
    longest = max(len(scene.input_ids) for scene in scenes)
    most = max(len(scene.token_pooling) for scene in scenes)

    def pad(name: str, fill: int, *, shift: bool = False) -> Tensor:
        rows = [getattr(scene, name) for scene in scenes]
        if shift:  # ids behind the patches move when another scene has more of them
            rows = [
                np.where(row < scene.first_moving_id, row, row + most - len(scene.token_pooling))
                for row, scene in zip(rows, scenes, strict=True)
            ]
        padded = [np.pad(row, (0, longest - len(row)), constant_values=fill) for row in rows]
        return torch.from_numpy(np.stack(padded))

    offsets = np.cumsum([0, *(scene.names.size for scene in scenes)])
    pooling = [
        np.where(scene.token_pooling < 0, -1, scene.token_pooling + offset)
        for scene, offset in zip(scenes, offsets, strict=False)
    ]
    length = torch.tensor([len(scene.input_ids) for scene in scenes])
    return PackedBatch(
        input_ids=pad("input_ids", 0, shift=True),
        labels=pad("labels", IGNORE, shift=True),
        position_ids=pad("position_ids", 0),
        segment_ids=pad("segment_ids", -1),
        question_end=pad("question_end", -1),
        image=pad("image", 0),
        valid=torch.arange(longest)[None] < length[:, None],
        pixel_values=torch.from_numpy(np.concatenate([scene.pixel_values for scene in scenes])),
        token_pooling=torch.from_numpy(np.concatenate(pooling)),
        names=torch.from_numpy(np.concatenate([scene.names for scene in scenes])),
        colours=torch.from_numpy(np.concatenate([scene.colours for scene in scenes])),
        centres=torch.from_numpy(np.concatenate([scene.centres for scene in scenes])),
    )
