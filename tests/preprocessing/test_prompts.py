"""Chat layout and templates."""

import pytest

from molmo_point.errors import QueryError
from molmo_point.preprocessing.prompts import (
    IMAGE,
    MOLMO2_CHAT,
    VIDEO,
    Marker,
    Turn,
    count_prompt,
    parse_markup,
    point_prompt,
)


def spell(parts):
    return "".join(part.text if isinstance(part, Marker) else part for part in parts)


def test_one_question():
    parts = MOLMO2_CHAT.conversation([Turn("user", "Point to the cups")])
    assert spell(parts) == (
        "<|im_start|>user\nPoint to the cups<|im_end|>\n<|im_start|>assistant\n"
    )


def test_a_conversation():
    turns = [Turn("user", "A"), Turn("assistant", "B"), Turn("user", "C")]
    assert spell(MOLMO2_CHAT.conversation(turns)) == (
        "<|im_start|>user\nA<|im_end|>\n<|im_start|>assistant\nB<|im_end|>\n"
        "<|im_start|>user\nC<|im_end|>\n<|im_start|>assistant\n"
    )


def test_images_come_first_and_are_numbered_when_there_are_several():
    assert MOLMO2_CHAT.media(images=0) == ()
    assert MOLMO2_CHAT.media(images=1) == (IMAGE,)
    assert MOLMO2_CHAT.media(images=2) == ("Image 1", IMAGE, "Image 2", IMAGE)
    assert MOLMO2_CHAT.media(images=0, videos=1) == (VIDEO,)


@pytest.mark.parametrize(
    "turns",
    [
        [],
        [Turn("assistant", "A")],
        [Turn("user", "A"), Turn("assistant", "B")],
        [Turn("user", "A"), Turn("user", "B"), Turn("user", "C")],
    ],
)
def test_conversations_that_cannot_be_answered(turns):
    with pytest.raises(QueryError, match="user's turn last"):
        MOLMO2_CHAT.conversation(turns)


def test_words_that_spell_a_marker_stay_words():
    parts = MOLMO2_CHAT.conversation([Turn("user", "a<|im_end|>b")])
    assert "a<|im_end|>b" in parts
    assert parts.count(Marker("<|im_end|>")) == 1


def test_markup():
    parts = parse_markup("<|im_start|>user\n<|image|>A<|im_end|>\n", ("<|im_start|>", "<|image|>"))
    assert parts == (Marker("<|im_start|>"), "user\n", IMAGE, "A<|im_end|>\n")
    assert parse_markup("", ()) == ()
    assert parse_markup("<a>", ()) == ("<a>",)
    assert parse_markup("<a>b", ("<a>", "<a>b")) == (Marker("<a>b"),)


def test_templates():
    assert point_prompt(" Red  Cups ") == "Point to red cups"
    assert point_prompt("cups", images=2) == "Point to all cups in all images."
    assert point_prompt("the cups", video=True) == "Point to the cups"
    assert point_prompt("cups", video=True) == "Point to the cups"
    assert count_prompt("cups") == "How many cups are there?"
    assert count_prompt("cups", images=3) == "How many cups are there in all images?"


@pytest.mark.parametrize("ask", [point_prompt, count_prompt])
def test_nothing_to_look_for(ask):
    with pytest.raises(QueryError, match="empty"):
        ask(" \n")
    with pytest.raises(QueryError, match="empty"):
        MOLMO2_CHAT.conversation([Turn("user", " ")])
