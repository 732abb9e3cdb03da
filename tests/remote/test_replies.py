"""What a chat completion says, as vLLM and others write it."""

import math

import pytest

from molmo_point.remote.replies import Piece, read_choice, read_reason, read_stream_error


def choice(text, tokens, part="message"):
    entries = [{"token": token, "logprob": -1.0} for token in tokens]
    return {part: {"content": text}, "logprobs": {"content": entries}}


def pairs(pieces):
    return [(piece.text, piece.probability is not None) for piece in pieces]


@pytest.mark.parametrize(
    ("text", "tokens", "expected"),
    [
        ("a 12", ["a", " ", "12"], [("a", True), (" ", True), ("12", True)]),
        ("7", ["7", "<|im_end|>"], [("7", True)]),  # vLLM tells of the end, too
        ("é 7", ["", "é", " 7"], [("é", True), (" 7", True)]),  # halves of characters in vLLM
        ("é 7", ["\ufffd", "\ufffd", " 7"], [("é", False), (" 7", True)]),  # and elsewhere
        ("a 12", ["b"], [("a 12", False)]),
        ("a 12", [], [("a 12", False)]),
        ("", ["<|im_end|>"], []),
    ],
)
def test_text_is_cut_where_its_tokens_are(text, tokens, expected):
    pieces = read_choice(choice(text, tokens), "message")
    assert pairs(pieces) == expected
    assert "".join(piece.text for piece in pieces) == text
    for piece in pieces:
        assert piece.probability in (None, math.exp(-1.0))


def test_the_end_and_its_reason_come_last():
    event = choice("7", ["7"], "delta") | {"finish_reason": "length"}
    assert read_choice(event, "delta")[-1] == Piece("", None, end="length")
    assert read_choice({"delta": {}, "finish_reason": None}, "delta") == []
    assert read_choice({"message": {"content": None}}, "message") == []


@pytest.mark.parametrize("logarithm", [None, "x", math.nan])
def test_a_probability_that_is_none_is_none(logarithm):
    entry = {"token": "7", "logprob": logarithm}
    one = {"message": {"content": "7"}, "logprobs": {"content": [entry]}}
    assert read_choice(one, "message") == [Piece("7", None)]


def test_a_probability_is_at_most_one():
    entries = [{"token": "7", "logprob": 0.5}, {"token": "8", "logprob": -math.inf}]
    one = {"message": {"content": "78"}, "logprobs": {"content": entries}}
    assert [piece.probability for piece in read_choice(one, "message")] == [1.0, 0.0]


@pytest.mark.parametrize("odd", [None, 3, [], {}, {"message": {"content": [1]}}])
def test_what_is_no_choice_raises(odd):
    with pytest.raises((TypeError, KeyError, ValueError, AttributeError)):
        read_choice(odd, "message")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"error": {"message": "no such\\n model", "code": 404}}', "no such model"),
        ('{"error": "Unauthorized"}', "Unauthorized"),
        ('{"detail": "Not Found"}', "Not Found"),
        ("<html>bad gateway</html>", "<html>bad gateway</html>"),
        ("", "no reason given"),
        ("[1]", "[1]"),
    ],
)
def test_the_reason_of_an_error(body, reason):
    assert read_reason(body) == reason
    assert len(read_reason(body * 1000)) <= 300


def test_a_failure_in_a_stream():
    assert read_stream_error({"error": {"message": "engine died"}}) == "engine died"
    assert read_stream_error({"error": None, "choices": []}) == ""
