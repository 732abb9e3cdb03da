"""The node with a small exact pointer of its own, for what does not concern the model."""

import sys
import time
from functools import cached_property

import cv2
import numpy as np

from molmo_point import Point, Points
from molmo_point.errors import QueryError
from molmo_point_adapters.ros2.run import run


class RedBlobs:
    """Points at the middle of each red blob; slowly, without an end, if asked for "slow".

    "still" is the middle of the image, without a look.
    """

    def look(self, image):
        return BlobView(image)

    def __del__(self):
        sys.stdout.write("the model is freed\n")
        sys.stdout.flush()


class BlobView:
    def __init__(self, image):
        self.image = image
        self.image_size = image.shape[1], image.shape[0]

    @cached_property
    def found(self):
        red = (self.image[..., 0] > 150) & (self.image[..., 1:] < 100).all(axis=2)
        _, _, stats, centres = cv2.connectedComponentsWithStats(red.astype(np.uint8))
        large = stats[1:, cv2.CC_STAT_AREA] > 100
        items = [
            Point(x + 0.5, y + 0.5, confidence=0.75 if index else 0.25)
            for index, (x, y) in enumerate(centres[1:][large])
        ]
        state = "points" if items else "none"
        return Points(tuple(items), self.image_size, "red", state=state)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        pass

    def point(self, query):
        if query == "crash":
            raise RuntimeError("a fault of the program")
        if query == "still":
            middle = [size / 2 for size in self.image_size]
            return Points.from_xy([middle], self.image_size, query=query)
        if not query.startswith(("red", "slow")):
            raise QueryError(f'Only what is red is known here, got "{query}".')
        if query == "slow":
            time.sleep(0.3)
        if query == "red?":
            return Points((), self.image_size, query, "Hm", state="unreadable", truncated=True)
        return self.found

    def stream(self, query):
        while query == "slow":
            yield self.found[0]
            time.sleep(0.05)
        found = self.point(query)
        for point in found:
            yield point
            time.sleep(0.8 * (query == "red, at leisure"))
        return found


if __name__ == "__main__":

    def load(settings):
        if settings.model == "broken":
            raise RuntimeError("odd")
        return RedBlobs()

    run(load)
