"""Text that is read helps to find what is labelled."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from molmo_point import Pointer
from molmo_point.errors import MissingExtra, ModelError, QueryError
from molmo_point.ocr import read_lines


@pytest.fixture(scope="module")
def page():
    """Words in three places of a white page, and where each is."""
    picture = Image.new("RGB", (420, 260), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(22)
    boxes = {}
    for text, at in (("Sign in", (40, 30)), ("Frobnicate", (220, 110)), ("Delete", (60, 200))):
        pen.text(at, text, fill="black", font=font)
        boxes[text] = pen.textbbox(at, text, font=font)
    return np.asarray(picture), boxes


def test_lines_are_read_where_they_are(page):
    image, boxes = page
    lines = {line.text: line for line in read_lines(image)}
    assert set(lines) == set(boxes)
    for text, box in boxes.items():
        assert np.abs(np.array(lines[text].box) - box).max() < 10
        assert lines[text].confidence > 0.8
    assert read_lines(np.full((60, 60, 3), 255, np.uint8)) == ()


def test_words_outside_the_closed_list_are_found_by_their_text(page):
    image, boxes = page
    pointer = Pointer(ocr=True)
    for query, text in (("frobnicate", "Frobnicate"), ("Sign in", "Sign in")):
        points = pointer.point(image, query)
        assert len(points) == 1
        left, top, right, bottom = boxes[text]
        assert left < points[0].x < right
        assert top < points[0].y < bottom
        assert 0.5 < points[0].confidence <= 1
    assert len(pointer.point(image, "quux")) == 0
    assert int(pointer.count(image, "delete")) == 1
    assert [point.label for point in pointer.stream(image, "delete")] == ["delete"]
    for empty in ("  ", None):
        with pytest.raises(QueryError, match="some words"):
            pointer.point(image, empty)


def test_it_is_for_the_embedded_model_and_needs_its_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rapidocr", None)
    with pytest.raises(MissingExtra, match=r"molmo-point\[ocr\]"):
        Pointer(ocr=True)
    with pytest.raises(ModelError, match="not for a server"):
        Pointer("http://127.0.0.1:9/v1", ocr=True)
