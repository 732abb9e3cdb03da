"""Count, with the points as evidence; without a query, everything that stands out."""

from pathlib import Path

from molmo_point import Pointer

PICTURES = Path(__file__).parent


def main() -> None:
    pointer = Pointer()
    coins = pointer.count(PICTURES / "coins.png", "coins")
    print("coins:", int(coins), "first at", coins.points.xy()[:1].round(1).tolist())
    print("objects:", pointer.count(PICTURES / "shapes.png"))


if __name__ == "__main__":
    main()
