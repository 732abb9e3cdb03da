"""Point at things and see where they are, in pixels."""

from pathlib import Path

from PIL import Image

from molmo_point import Pointer, draw_points

PICTURE = Path(__file__).parent / "shapes.png"


def main() -> None:
    pointer = Pointer()
    points = pointer.point(PICTURE, "red circles")
    for point in points:
        print(f"x={point.x:.1f} y={point.y:.1f} confidence={point.confidence}")
    print(points.state, "in an image of", points.image_size)
    drawn = Path("out/shapes.png")
    drawn.parent.mkdir(exist_ok=True)
    Image.fromarray(draw_points(PICTURE, points)).save(drawn)


if __name__ == "__main__":
    main()
