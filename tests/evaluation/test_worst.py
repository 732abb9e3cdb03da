"""The worst answers are kept and drawn."""

import numpy as np
from PIL import Image

from molmo_point.data.scenes import Scene, SceneQuery, Thing
from molmo_point.evaluation.metrics import match_owners
from molmo_point.evaluation.worst import Worst
from molmo_point.points import Points


def test_the_worst_are_kept_in_order_and_drawn(tmp_path):
    image = np.full((60, 80, 3), 200, np.uint8)
    scene = Scene(image, (Thing("dot", 20, 20, (10, 10, 30, 30)),), "discs")
    worst = Worst(2)
    for name, xy in (("good", [[20, 20]]), ("bad", [[60, 50]]), ("worse", [[60, 50], [70, 5]])):
        points = Points.from_xy(xy, (80, 60), query=name)
        right = np.array([x == 20 for x, _ in xy])
        worst.add(scene, SceneQuery(name, "name", (0,)), points, right)
    page = worst.write(tmp_path / "report")
    text = page.read_text()
    assert text.index('"worse"') < text.index('"bad"')
    assert '"good"' not in text
    with Image.open(tmp_path / "report/worst-01.png") as picture:
        assert picture.size == (320, 78)
        assert picture.getpixel((60, 50 + 18)) == (220, 0, 0)


def test_with_known_pixels_a_point_must_lie_on_its_thing():
    owner = np.zeros((20, 20), np.int16)
    owner[2:6, 2:6], owner[10:14, 10:14] = 1, 2
    xy = np.array([[3.0, 3.0], [12.0, 12.0], [4.5, 4.5], [8.0, 3.0]])
    assert match_owners(xy, owner, [0, 1]).tolist() == [True, True, False, False]
    assert match_owners(xy[3:], owner, [0], margin=3).tolist() == [True]
    assert match_owners(xy, owner, []).tolist() == [False] * 4
