"""The program `pointer`: the node of molmo_point_adapters.ros2."""

from molmo_point_adapters.ros2.run import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
