"""Scenes and questions -> one padded batch: every scene's questions in a row behind its image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from molmo_point.data.scenes import Scene, SceneQuery
from molmo_point.models.molmo_point.locations import PatchGrids, PointTokens
from molmo_point.models.molmo_point.processor import MolmoPointProcessor
from molmo_point.models.steps import ExtendedVocabulary
from molmo_point.preprocessing.prompts import point_prompt
from molmo_point.training.naming import IGNORE, name_patches

__all__ = ["IGNORE", "PackedBatch", "PackedScene", "collate", "pack_scene"]


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
        grid: int [4], pooled (rows, cols) of the global view and of the canvas.
        names: int [C, P] index into the list of names plus one, 0 for background, `IGNORE` for
            patches that no token uses.
        colours: int [C, P] index into the colours, else `IGNORE`.
        meanings: int [C, P] index into the meanings plus one, 0 for none, else `IGNORE`.
        centres: bool [C, P], patches that hold a thing's centre.
        extents: float32 [C, P, 4], reach of the thing's box in patches, as in `PatchNames`.
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
    grid: NDArray[np.int64]
    names: NDArray[np.int64]
    colours: NDArray[np.int64]
    meanings: NDArray[np.int64]
    centres: NDArray[np.bool_]
    extents: NDArray[np.float32]
    first_moving_id: int

    def two_crops(self, rng: np.random.Generator) -> PackedScene:
        """The global view and one more crop, mostly one with things; all tokens stay."""
        crops, patches = self.names.shape
        if crops <= 2:
            return self
        some = np.nonzero(self.centres[1:].any(1))[0]
        kept = 1 + int(rng.choice(some) if len(some) else rng.integers(crops - 1))
        crop, place = np.divmod(self.token_pooling, patches)  # none: crop -1
        moved = np.select([crop == 0, crop == kept], [place, patches + place], -1)
        both = [0, kept]
        maps = {name: getattr(self, name)[both] for name in _MAPS}
        return replace(self, token_pooling=moved, pixel_values=self.pixel_values[both], **maps)


_MAPS = ("names", "colours", "meanings", "centres", "extents")


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
    grids: Tensor
    names: Tensor
    colours: Tensor
    meanings: Tensor
    centres: Tensor
    extents: Tensor

    def to(self, device: torch.device | str) -> PackedBatch:
        """The same on another device."""
        return self._each(lambda value: value.to(device, non_blocking=True))

    def pin_memory(self) -> PackedBatch:
        """The same in memory that a GPU copies from by itself; `DataLoader` calls it."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> PackedBatch:
        return PackedBatch(**{one.name: change(getattr(self, one.name)) for one in fields(self)})


def pack_scene(
    scene: Scene,
    queries: Sequence[SceneQuery],
    processor: MolmoPointProcessor,
    *,
    names: Mapping[str, int],
    colours: Mapping[str, int],
    meanings: Mapping[str, int],
    text_vocabulary: int,
    locations: int,
) -> PackedScene:
    """Lay one scene out; see `PackedScene`.

    Args:
        scene: image and things.
        queries: what is asked.
        processor: tokens and crops.
        names: index of every name that a thing can have.
        colours: index of every colour word.
        meanings: index of everything that an element of a screen can stand for.
        text_vocabulary: id of patch 0.
        locations: places in a ViT patch.
    """
    inputs = processor.encode_image_prefix([scene.image])
    metadata = inputs.metadata[0]
    assert inputs.pixel_values is not None
    prefix = inputs.input_ids[0].numpy()
    grids = PatchGrids(metadata.token_pooling, metadata.subpatch_mapping, metadata.image_sizes)
    patches, subpatches = metadata.token_pooling.shape
    vocabulary = ExtendedVocabulary(text_vocabulary, patches, subpatches, locations)
    rows = [
        _row(processor, query, _sorted_tokens(scene, query, grids), vocabulary) for query in queries
    ]
    starts = len(prefix) + np.cumsum([0, *(len(row.ids) for row in rows)])
    maps = name_patches(scene, inputs.pixel_values.shape[:2], metadata, names, colours, meanings)
    assert inputs.image_grids is not None
    pixels, pooling = inputs.pixel_values.numpy(), metadata.token_pooling
    if len(pixels) == 2 and np.array_equal(pixels[0], pixels[1]):  # one tile is the global view
        pixels, pooling = pixels[:1], np.where(pooling < 0, pooling, pooling % pixels.shape[1])
        maps = maps.without_global_view()
    image = inputs.mm_token_type_ids[0].numpy() == 1
    before, lengths = len(prefix), [len(row.ids) for row in rows]
    ends = starts[: len(rows)] + [row.question - 1 for row in rows]
    return PackedScene(
        input_ids=_join(prefix, [row.ids for row in rows]),
        labels=_join(np.full(before, IGNORE), [row.labels for row in rows]),
        position_ids=_join(np.arange(before), [before + np.arange(length) for length in lengths]),
        segment_ids=np.repeat(np.arange(len(rows) + 1), [before, *lengths]),
        question_end=np.repeat([-1, *ends], [before, *lengths]).astype(np.int64),
        image=np.pad(image, (0, int(starts[-1]) - len(prefix))),
        pixel_values=pixels,
        token_pooling=pooling,
        grid=inputs.image_grids[0].numpy(),
        names=maps.names,
        colours=maps.colours,
        meanings=maps.meanings,
        centres=maps.centres,
        extents=maps.extents,
        first_moving_id=vocabulary.no_more_points,
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """One question and its answer; the answer's given words are not learnt."""

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    question: int  # tokens of the question


def _row(
    processor: MolmoPointProcessor,
    query: SceneQuery,
    points: Sequence[PointTokens],
    vocabulary: ExtendedVocabulary,
) -> _Row:
    question = processor.encode_question(point_prompt(query.text))
    ids = [*question, *processor.opening_ids]
    labels = [IGNORE] * len(ids)
    for rank, point in enumerate(points, start=1):
        chosen = [
            vocabulary.text + point.patch,
            vocabulary.first_subpatch + point.subpatch,
            vocabulary.first_location + point.location,
        ]
        number = processor.number_ids(rank)
        ids += [*chosen, *number]
        labels += [*chosen, *[IGNORE] * len(number)]
    ids.append(vocabulary.no_more_points)
    labels.append(vocabulary.no_more_points)
    return _Row(np.array(ids), np.array(labels), len(question))


def _join(first: NDArray[Any], rest: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    return np.concatenate([first, *rest]).astype(np.int64)


def _sorted_tokens(scene: Scene, query: SceneQuery, grids: PatchGrids) -> list[PointTokens]:
    """The query's points in the order that the model says them, no ViT patch twice."""
    things = [scene.things[index] for index in query.targets]
    tokens = [grids.to_tokens(thing.x, thing.y) for thing in things]
    unique = {(token.patch, token.subpatch): token for token in tokens}
    return [unique[key] for key in sorted(unique)]


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
        grids=torch.from_numpy(np.stack([scene.grid for scene in scenes])),
        names=torch.from_numpy(np.concatenate([scene.names for scene in scenes])),
        colours=torch.from_numpy(np.concatenate([scene.colours for scene in scenes])),
        meanings=torch.from_numpy(np.concatenate([scene.meanings for scene in scenes])),
        centres=torch.from_numpy(np.concatenate([scene.centres for scene in scenes])),
        extents=torch.from_numpy(np.concatenate([scene.extents for scene in scenes])),
    )
