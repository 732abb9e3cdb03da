"""Hand points to supervision: count those inside a zone."""

from pathlib import Path

import numpy as np
import supervision as sv

from molmo_point import Pointer
from molmo_point.convert import to_supervision_detections

PICTURE = Path(__file__).parent / "coins.png"


def main() -> None:
    points = Pointer().point(PICTURE, "coins")
    detections = to_supervision_detections(points, box_size=4.0)
    width, height = points.image_size
    left_half = np.array([[0, 0], [width // 2, 0], [width // 2, height], [0, height]])
    zone = sv.PolygonZone(polygon=left_half, triggering_anchors=[sv.Position.CENTER])
    print(f"{int(zone.trigger(detections).sum())} of {len(detections)} coins lie in the left half")


if __name__ == "__main__":
    main()
