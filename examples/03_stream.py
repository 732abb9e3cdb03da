"""Act on each point as soon as the model has said it."""

import time
from pathlib import Path

from molmo_point import Pointer

PICTURE = Path(__file__).parent / "coins.png"


def main() -> None:
    pointer = Pointer()
    began = time.perf_counter()
    for point in pointer.stream(PICTURE, "coins"):
        print(f"{time.perf_counter() - began:.2f} s: ({point.x:.0f}, {point.y:.0f})")
    print("done")


if __name__ == "__main__":
    main()
