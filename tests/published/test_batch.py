"""Many images at once: the results are those of one call each, whatever their sizes."""

import numpy as np
import pytest

from molmo_point import Pointer
from molmo_point.errors import ImageError, QueryError
from tests.published.small import KINDS, write_checkpoint

SIZES = [(120, 160), (60, 300), (300, 80), (30, 30), (200, 200), (90, 260)]
QUERIES = ["the cups", "dogs", "a very long description of one red thing", "x", "cups", "the dog"]


@pytest.fixture(scope="module")
def pointers(tmp_path_factory):
    made = {}

    def find(kind):
        if kind not in made:
            folder = tmp_path_factory.mktemp("batch") / kind
            write_checkpoint(folder, kind)
            made[kind] = Pointer(folder, device="cpu")
        return made[kind]

    return find


def pictures():
    rng = np.random.default_rng(3)
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in SIZES]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "molmo-point-tied"])
def test_results_are_those_of_one_call_each(kind, pointers, monkeypatch):
    monkeypatch.setattr("molmo_point.batch._ROWS", 3)  # fewer than images: rows are taken over
    monkeypatch.setattr("molmo_point.dialects.written.LIMIT", 40)
    monkeypatch.setattr("molmo_point.dialects.grounded.LIMIT", 40)
    pointer = pointers(kind)
    batch = pointer.batch(pictures(), QUERIES)
    assert batch.padding.share == 0
    together = list(batch)
    alone = [pointer.point(image, query) for image, query in zip(pictures(), QUERIES, strict=True)]
    assert [points.text for points in together] == [points.text for points in alone]
    assert [points.xy().tolist() for points in together] == [p.xy().tolist() for p in alone]
    assert [points.image_size for points in together] == [size[::-1] for size in SIZES]
    assert [points.query for points in together] == QUERIES
    assert 0 < batch.padding.share < 1


def test_nothing_asked_is_nothing_answered(pointers):
    batch = pointers("molmo-d").batch([], "cups")
    assert list(batch) == []
    assert batch.padding.share == 0


@pytest.mark.parametrize(
    ("images", "queries", "error", "words"),
    [
        (pictures()[:2], ["cups"], QueryError, "1 queries and more images"),
        (pictures()[:1], ["cups", "dogs"], QueryError, "1 images and more queries"),
        (pictures()[:1], "  ", QueryError, "say what to look for"),
        (["no such file.png"], "cups", ImageError, "no such file.png"),
    ],
)
def test_what_is_wrong_is_a_sentence(images, queries, error, words, pointers):
    with pytest.raises(error, match=words):
        list(pointers("molmo-d").batch(images, queries))
