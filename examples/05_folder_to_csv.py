"""One question about a folder of images, into a CSV file."""

import csv
import sys
from pathlib import Path

from molmo_point import MolmoPointError, Pointer

FOLDER = Path(__file__).parent


def main() -> None:
    pointer = Pointer()
    writer = csv.writer(sys.stdout)
    writer.writerow(["image", "x", "y", "confidence"])
    for path in sorted(FOLDER.glob("*.png")):
        try:
            points = pointer.point(path, "circles")
        except MolmoPointError as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        for point in points:
            writer.writerow([path.name, round(point.x, 1), round(point.y, 1), point.confidence])


if __name__ == "__main__":
    main()
