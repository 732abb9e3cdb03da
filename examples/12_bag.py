"""Asks every image of a recorded bag (extra `bag`) and reads the points back; no ROS is needed."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from molmo_point import Pointer
from molmo_point_adapters.bag.asking import point_bag
from molmo_point_adapters.bag.choosing import Choice, choose_topics
from molmo_point_adapters.bag.reading import Bag

DRIVE = Path(__file__).parent / "drive.mcap"


def main() -> None:
    with TemporaryDirectory() as folder, Bag(DRIVE) as bag:
        out = Path(folder) / "points"
        choice = Choice(choose_topics(bag, sys.argv[1:]))
        outcome = point_bag(bag, "red circles", out, pointer=Pointer(), choice=choice)
        print(f"{outcome.images} images, {outcome.points} points")
        with AnyReader([out], default_typestore=get_typestore(Stores.LATEST)) as reader:
            for connection, when, data in reader.messages():
                if connection.topic.endswith("/pixels"):
                    marker = reader.deserialize(data, connection.msgtype)
                    print(when / 1e9, [(round(p.x, 1), round(p.y, 1)) for p in marker.points])


if __name__ == "__main__":
    main()
