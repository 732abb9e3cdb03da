"""The answers as a new bag: the images are read once more, as their pixels are not kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from molmo_point import Points
from molmo_point.errors import MolmoPointError
from molmo_point_adapters.bag.choosing import Choice
from molmo_point_adapters.bag.journal import Answer
from molmo_point_adapters.bag.matching import DepthTopics, Matched, match
from molmo_point_adapters.bag.messages import Messages, PointsWriter
from molmo_point_adapters.bag.reading import Bag
from molmo_point_adapters.bag.records import BagError, Record
from molmo_point_adapters.camera_model import CameraModel
from molmo_point_adapters.depth import Deprojected, deproject
from molmo_point_adapters.encodings import decode_depth

__all__ = ["Writing"]


@dataclass(frozen=True, slots=True)
class Writing:
    """What is written of a bag.

    Attributes:
        bag: open for reading.
        messages: the types.
        choice: which images were asked.
        depth: where depth is; None to leave places in metres out.
        draw: also write each image with its points drawn.
    """

    bag: Bag
    messages: Messages
    choice: Choice
    depth: DepthTopics | None
    draw: bool

    def write(self, out: Path, answers: Sequence[Answer], about: dict[str, str]) -> list[str]:
        """Write the new bag, which appears under its name when it is whole.

        Args:
            out: its folder.
            answers: to each of the images.
            about: what is noted in its metadata.

        Returns:
            A sentence for each image whose points could not be placed.
        """
        unfinished = out.with_name(f"{out.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        failures = []
        with PointsWriter(unfinished / out.name, self.messages, about) as writer:
            for matched, answer in zip(self._images(), answers, strict=True):
                record, points = matched.image, answer.points
                if points is None:
                    continue
                header, image = self.messages.picture(record)
                space = None
                try:
                    space = self._locate(points, header, matched)
                except MolmoPointError as error:
                    failures.append(f"{record.place}: {error}")
                drawing = image if self.draw else None
                content = self.messages.of_points(points, header, image=drawing, space=space)
                writer.write(record.topic, record.timestamp, content)
        (unfinished / out.name).rename(out)
        unfinished.rmdir()
        return failures

    def _images(self) -> Iterator[Matched]:
        if self.depth is None:
            yield from map(Matched, self.choice.of(self.bag.records(self.choice.topics)))
            return
        topics = (*self.choice.topics, self.depth.depth, self.depth.camera_info)
        yield from match(self.choice.of(self.bag.records(topics)), self.depth)

    def _locate(self, points: Points, header: Any, matched: Matched) -> Deprojected | None:
        topics = self.depth
        if topics is None:
            return None
        info = self._read(matched.camera_info, topics.camera_info)
        depth = self._read(matched.depth, topics.depth)
        if depth.header.frame_id != header.frame_id:
            raise BagError(
                f'Depth is in the frame "{depth.header.frame_id}", its image in '
                f'"{header.frame_id}": name depth that is registered to the image.'
            )
        camera = CameraModel.from_camera_info(info, rectified=topics.rectified)
        return deproject(points, decode_depth(depth), camera)

    def _read(self, record: Record | None, topic: str) -> Any:
        if record is None:
            raise BagError(f'No message of "{topic}" belongs to it, by the stamps.')
        return self.messages.read(record.data, record.msgtype)
