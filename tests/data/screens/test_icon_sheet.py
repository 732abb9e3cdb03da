"""Sheets of icons: dozens of meanings at once."""

import numpy as np

from molmo_point.data.screens.concepts import CONCEPTS
from molmo_point.data.screens.icon_sheet import generate_icon_sheet

SIZE = (192, 192)


def test_a_sheet_shows_icons_where_it_says(packages):
    names = set()
    for seed in range(12):
        scene = generate_icon_sheet(seed, "train", SIZE, packages=packages)
        again = generate_icon_sheet(seed, "train", SIZE, packages=packages)
        assert np.array_equal(scene.image, again.image)
        assert len(scene.things) >= 4
        for thing in scene.things:
            assert thing.meaning in CONCEPTS
            left, top, right, bottom = (round(value) for value in thing.box)
            inside = scene.image[max(top, 0) : bottom, max(left, 0) : right].astype(int)
            assert np.ptp(inside.mean(-1)) > 60
        names |= {thing.name for thing in scene.things}
        (query,) = scene.queries
        asked = query.text.removesuffix(" icon")
        assert [scene.things[index].meaning for index in query.targets] == [asked] * len(
            query.targets
        )
    assert names == {"icon", "icon button"}
