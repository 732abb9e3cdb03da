"""Coordinates that a model writes as text: points while it writes, and the same at the end."""

import pytest

from molmo_point.decoding.options import Choice
from molmo_point.dialects.written import WrittenReader
from molmo_point.parsing import parse_points

SIZE = (640, 480)
ANSWERS = [
    ' <point x="63.5" y="44.0" alt="a cup">a cup</point>',
    ' <points x1="10.0" y1="20.0" x2="30.5" y2="40.5" alt="cups">cups</points>',
    ' Counting the <points x1="1.0" y1="2.0" x2="3.0" y2="4.0" alt="é">é</points> shows a total'
    " of 2.",
    '<points coords="1 1 063 445 2 500 500">cups</points>',
    " There are none.",
    " It is at (63.5, 44.0).",
    ' <points x1="10.0" y1="20.0" x2="30.5" y2="4',
]


def read(answer, tokenizer, *, single=False, share=0.5, cut=False):
    reader = WrittenReader("cups", [SIZE], tokenizer, single=single)
    ids = tokenizer(answer, add_special_tokens=False).input_ids
    streamed = []
    for index, token in enumerate(ids):
        last = index == len(ids) - 1
        streamed += reader.feed(Choice(0, token, share, last=last, truncated=cut and last))
        if single and streamed:
            break
    if not cut and not single:
        reader.feed(Choice(0, tokenizer.eos_token_id, 1.0, last=True))
    return reader, streamed


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_what_its_text_parses_to(answer, byte_tokenizer):
    reader, streamed = read(answer, byte_tokenizer(512))
    points, parsed = reader.finish(), parse_points(answer, image_size=SIZE, query="cups")
    assert points.xy().tolist() == parsed.xy().tolist()
    assert (points.state, points.unread, points.stated_count) == (
        parsed.state, parsed.unread, parsed.stated_count,
    )  # fmt: skip
    assert reader.words() == answer.strip()
    if "(" not in answer:  # bare pairs are believed at the end only
        assert [(p.x, p.y) for p in streamed] == [(p.x, p.y) for p in points]


def test_confidence_is_that_of_the_digits(byte_tokenizer):
    reader, streamed = read(ANSWERS[1], byte_tokenizer(512), share=0.9)
    # x1 10.0 y1 20.0 are eight digits, x2 30.5 y2 40.5 eight more; dots are no digits
    expected = [round(0.9**8, 4), round(0.9**8, 4)]
    assert [point.confidence for point in streamed] == expected
    assert [point.confidence for point in reader.finish()] == expected


def test_one_point_is_over_when_it_is_complete(byte_tokenizer):
    reader, streamed = read(ANSWERS[1], byte_tokenizer(512), single=True)
    assert len(streamed) == 1
    points = reader.finish()
    assert points.state == "points"
    assert not points.truncated
    assert points.xy().tolist() == [[64.0, 96.0]]


def test_of_bare_pairs_one_point_is_the_first_and_has_the_query_as_its_label(byte_tokenizer):
    reader, _ = read(" At (63.5, 44.0) and (10.0, 20.0).", byte_tokenizer(512), single=True)
    [point] = reader.finish()
    assert (point.x, point.y, point.label) == (406.4, 211.2, "cups")


def test_the_limit_is_reported(byte_tokenizer):
    reader, _ = read(ANSWERS[6], byte_tokenizer(512), cut=True)
    points = reader.finish()
    assert points.truncated
    assert len(points) == 1
