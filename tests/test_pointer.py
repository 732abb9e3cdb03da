"""`Pointer` and `View`: the same answers by every way of asking."""

import io
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from molmo_point import Pointer, load_image
from molmo_point.errors import ImageError, ModelError, QueryError
from molmo_point.models.registry import find_model
from molmo_point.view import pointing_prompt

SHAPES = Path(__file__).parents[1] / "examples" / "shapes.png"
QUERIES = ["red circles", "stars", "objects"]


@pytest.fixture(scope="module")
def pointer():
    return Pointer()


def at_the_end(stream):
    """A stream, and what it returns."""
    whole = yield from stream
    yield whole


def test_every_way_of_asking_agrees(pointer):
    single = [pointer.point(SHAPES, query) for query in QUERIES]
    with pointer.look(SHAPES) as view:
        together = view.points(query for query in QUERIES)
        assert [p.xy().tolist() for p in together] == [p.xy().tolist() for p in single]
        assert [p.text for p in together] == [p.text for p in single]
        assert view.count("stars").points.xy().tolist() == single[1].xy().tolist()
    assert int(pointer.count(SHAPES)) == len(single[2])
    streamed = [(point.x, point.y) for point in pointer.stream(SHAPES, "objects")]
    assert streamed == [(point.x, point.y) for point in single[2]]
    *_, whole = at_the_end(pointer.stream(SHAPES, "objects"))
    assert whole == single[2]
    batch = pointer.batch([SHAPES, SHAPES], "stars")
    assert next(batch).xy().tolist() == single[1].xy().tolist()


def test_sixteen_questions_share_the_image_and_have_the_points_of_sixteen_calls(pointer):
    queries = [
        f"{colour} {shape}s"
        for colour in ("red", "green", "blue", "yellow")
        for shape in ("circle", "star", "square", "triangle")
    ]
    view = pointer.look(SHAPES)
    alone = [view.point(query) for query in queries]
    together = view.points(queries)
    assert [points.xy().tolist() for points in together] == [p.xy().tolist() for p in alone]
    assert any(together)
    of_one = view._dialect._session
    session = of_one.fork([0] * 16).fork(range(8))
    for ours, one in (
        (session.keys.table.patches, of_one.keys.table.patches),
        (session.keys.things.names, of_one.keys.things.names),
        (session.cache.layers[0][0], of_one.cache.layers[0][0]),
    ):
        assert len(ours) == 8
        assert ours.data_ptr() == one.data_ptr()


def test_results_know_their_image_and_query(pointer):
    points = pointer.point(SHAPES, "stars")
    assert points.image_size == (480, 360)
    assert points.query == "stars"
    assert points.state in ("points", "none")
    assert bool(points) == (points.state == "points")
    for point in points:
        assert 0 <= point.x <= 480
        assert 0 <= point.y <= 360
        assert point.confidence is not None
        assert 0 < point.confidence <= 1


def test_one_point_when_asked_for_one(pointer):
    assert len(pointer.point(SHAPES, "rockets", single=True)) == 1


def test_the_same_on_one_and_on_two_threads(pointer):
    threads = torch.get_num_threads()
    try:
        one, two = [], []
        for number, results in ((1, one), (2, two)):
            torch.set_num_threads(number)
            results += pointer.look(SHAPES).points(QUERIES)
        for first, second in zip(one, two, strict=True):
            assert first.text == second.text
            assert first.xy().tolist() == second.xy().tolist()
            sure = [[point.confidence for point in points] for points in (first, second)]
            np.testing.assert_allclose(*sure, atol=2e-4)  # float32 sums in another order
    finally:
        torch.set_num_threads(threads)


def test_many_threads_may_ask_at_once(pointer):
    view = pointer.look(SHAPES)
    expected = view.point("stars").to_json()
    found = []

    def ask():
        found.append(view.point("stars").to_json())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 700, 3), (900, 40, 3), (50, 60)])
def test_odd_images(pointer, shape):
    image = np.full(shape, 200, dtype=np.uint8)
    assert pointer.point(image, "stars").image_size == (shape[1], shape[0])


@pytest.mark.parametrize("device", ["cpu:0", torch.device("cpu")])
def test_the_cpu_by_any_name_computes_in_float32(device):
    assert Pointer(device=device)._opened.model.dtype == torch.float32


@pytest.mark.parametrize("dtype", ["float16", "fp16"])
def test_a_precision_that_cannot_be_is_a_sentence(dtype):
    with pytest.raises(ModelError, match="float16 cannot hold"):
        Pointer(dtype=dtype)


@pytest.mark.parametrize("crops", ["4", 2.5])
def test_crops_are_a_whole_number(crops):
    with pytest.raises(ModelError, match="whole number"):
        Pointer(max_crops=crops)


def test_a_model_that_was_tuned_on_screens_is_told_what_to_click_on(pointer):
    spec = find_model("allenai/MolmoPoint-GUI-8B")[0]
    assert pointing_prompt(spec, "open the  File menu") == "Click open the File menu"
    assert pointing_prompt(pointer.spec, "Red  Cups") == "Point to red cups"


def test_batch_is_lazy(pointer):
    def images():
        yield SHAPES
        raise RuntimeError("taken too early")

    results = pointer.batch(images(), "stars")
    assert next(results).image_size == (480, 360)


def test_images_in_one_array_are_a_batch(pointer):
    several = np.stack([load_image(SHAPES)] * 2)
    once = pointer.point(SHAPES, "stars")
    assert [points.xy().tolist() for points in pointer.batch(several, "stars")] == [
        once.xy().tolist()
    ] * 2


def test_a_closed_view_says_so(pointer):
    with pointer.look(SHAPES) as view:
        view.point("stars")
    with pytest.raises(QueryError, match="closed"):
        view.point("stars")


def test_what_it_cannot_do_is_a_sentence(pointer):
    assert not pointer.spec.language
    with pytest.raises(ModelError, match="only points"):
        pointer.ask(SHAPES, "what is this")
    with pytest.raises(ModelError, match="only points"):
        pointer.describe(SHAPES)
    with pytest.raises(QueryError, match="xylophone"):
        pointer.point(SHAPES, "a xylophone")
    for query, word in (("hot dogs", "hot"), ("fire hydrants", "hydrants"), ("big dogs", "big")):
        with pytest.raises(QueryError, match=f'what "{word}" says'):
            pointer.point(SHAPES, query)
    for query in ("the stars and squares", "all of the red circles", "fire trucks"):
        pointer.point(SHAPES, query)
    with pytest.raises(QueryError, match="words"):
        pointer.point(SHAPES, "   ")
    with pytest.raises(QueryError, match="list of queries"):
        pointer.look(SHAPES).points("stars")
    for one in (str(SHAPES), Image.new("RGB", (9, 9)), bytearray(b"x"), io.BytesIO(b"x"),
                np.zeros((9, 9, 3), np.uint8), torch.zeros(3, 9, 9)):  # fmt: skip
        with pytest.raises(ImageError, match="list of images"):
            next(pointer.batch(one, "stars"))
    with pytest.raises(ImageError, match="missing"):
        pointer.point("missing.png", "stars")


def test_punctuation_and_case_do_not_matter(pointer):
    plain = pointer.point(SHAPES, "red circles").xy().tolist()
    assert pointer.point(SHAPES, "Red circles!").xy().tolist() == plain


def test_repr_names_the_model(pointer):
    assert repr(pointer) == 'Pointer("embedded", device="cpu", dtype="torch.float32")'


def test_what_has_not_changed_is_not_encoded_again(pointer):
    rng = np.random.default_rng(0)
    first = rng.integers(0, 255, (480, 640, 3), dtype=np.uint8)
    second = first.copy()
    second[:40, :40] = 255  # a corner: one crop, and the global one
    tower = pointer._opened.model.model.vision_tower.patch_embedding
    seen = [0]
    hook = tower.register_forward_hook(lambda _, given, __: seen.append(len(given[0]) + seen[-1]))

    def look(image, **options):
        before = seen[-1]
        return pointer.look(image, **options), seen[-1] - before

    try:
        before, crops = look(first)
        again, none = look(first, before=before)
        changed, corner = look(second, before=before)
        noisy, noise = look(second ^ 1, before=changed, tolerance=2)
        fresh, whole = look(second)
    finally:
        hook.remove()
    assert crops > 4
    assert (none, corner, noise, whole) == (0, 2, 0, crops)
    for view in (changed, noisy):
        for points, expected in zip(view.points(QUERIES), fresh.points(QUERIES), strict=True):
            assert points.xy().tolist() == expected.xy().tolist()
            assert [p.confidence for p in points] == pytest.approx(
                [p.confidence for p in expected], abs=1e-3
            )
    assert again.points(QUERIES) == pointer.look(first).points(QUERIES)


def test_a_view_of_another_model_is_no_earlier_view(pointer):
    with pytest.raises(QueryError, match="another model"):
        pointer.look(SHAPES, before=Pointer().look(SHAPES))
