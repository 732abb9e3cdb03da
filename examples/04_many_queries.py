"""Read an image once, ask many questions: together, or one by one."""

from pathlib import Path

from molmo_point import Pointer

PICTURE = Path(__file__).parent / "shapes.png"
QUERIES = ["red circles", "blue squares", "stars", "green shapes", "objects"]


def main() -> None:
    with Pointer().look(PICTURE) as view:
        for query, points in zip(QUERIES, view.points(QUERIES), strict=True):
            print(f"{query}: {len(points)} ({points.state})")
        print("one more:", view.count("triangles"))


if __name__ == "__main__":
    main()
