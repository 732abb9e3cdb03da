"""Many images at once: the results are those of one call each, whatever their sizes."""

import numpy as np
import pytest
import torch

from molmo_point import Pointer
from molmo_point.decoding.engine import decode
from molmo_point.errors import ImageError, QueryError
from molmo_point.preprocessing.prompts import point_prompt
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


@pytest.mark.parametrize("kind", ["molmo-d", "molmo-point"])
def test_what_cannot_be_read_ends_a_batch_after_the_results_before_it(kind, pointers, monkeypatch):
    monkeypatch.setattr("molmo_point.dialects.written.LIMIT", 10)
    monkeypatch.setattr("molmo_point.dialects.grounded.LIMIT", 10)
    batch = pointers(kind).batch([*pictures()[:5], "none.png"], "cups")
    for size in SIZES[:5]:
        assert next(batch).image_size == size[::-1]
    with pytest.raises(ImageError, match=r"none\.png"):
        next(batch)


@pytest.mark.parametrize("numbers", [False, True])
def test_points_between_words_are_those_of_plain_decoding(numbers, pointers, monkeypatch):
    """A model that points at once, says "1" after each point or nothing, and goes on for long."""
    monkeypatch.setattr("molmo_point.dialects.grounded.LIMIT", 60)
    pointer = pointers("molmo-point")
    model = pointer._opened.model
    (one,) = pointer._opened.processor.number_ids(1)
    predictor, seen = model.model.point_predictor, {}
    read, speak, choose = model.read, model.text_logits, predictor.patch_logits

    def read_and_see(tokens, **inputs):
        if inputs.get("keys") is not None:
            first = model.vocabulary(inputs["keys"].table).first_location
            seen["complete"] = (tokens >= first) & numbers
        return read(tokens, **inputs)

    def text_logits(states):
        logits, begin = speak(states)
        complete = seen["complete"][:, -states.shape[1] :]
        logits[..., one] += 99.0 * complete
        return logits, begin + 9.0 - 99.0 * complete

    def patch_logits(states, last_patch, keys):
        logits = choose(states, last_patch, keys)
        return torch.cat([logits[..., :-1], logits[..., -1:] - 1.0], dim=-1)

    monkeypatch.setattr(model, "read", read_and_see)
    monkeypatch.setattr(model, "text_logits", text_logits)
    monkeypatch.setattr(predictor, "patch_logits", patch_logits)
    together = list(pointer.batch(pictures(), QUERIES))
    assert max(points.text.count("<POINT_") for points in together) > 9
    assert any(">1<POINT_" in points.text for points in together) == numbers
    for image, query, points in zip(pictures(), QUERIES, together, strict=True):
        view = pointer.look(image)
        dialect = view._dialect
        reader = dialect.reader(query)
        question = dialect.encode_question(point_prompt(query))
        options = dialect.options(single=False, words=False)
        for choice in decode(dialect._session.fork([0]), [question], options):
            reader.feed(choice)
        assert points.text == reader.finish().text
        assert points.text == view.point(query).text


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
