"""Colour, size and light of a thing agree with what one sees."""

import numpy as np
import pytest

from molmo_point.data.canvas import Thing
from molmo_point.data.cutouts.colours import colour_of_pixels
from molmo_point.data.cutouts.light import light_sprite, photograph
from molmo_point.data.cutouts.sizes import size_words
from molmo_point.data.sprites import Sprite

PLAIN = {
    "red": (205, 30, 35), "orange": (245, 130, 20), "yellow": (250, 220, 40),
    "green": (50, 160, 60), "blue": (40, 90, 210), "purple": (120, 50, 190),
    "pink": (245, 110, 180), "brown": (120, 75, 35), "black": (20, 20, 22),
    "white": (248, 248, 246), "gray": (140, 140, 140),
}  # fmt: skip


def disc(colour, side=40):
    pixels = np.zeros((side, side, 4), np.uint8)
    y, x = np.mgrid[:side, :side] - side / 2 + 0.5
    pixels[np.hypot(x, y) < side / 2] = (*colour, 255)
    return pixels


@pytest.mark.parametrize("word", PLAIN)
def test_a_plain_thing_has_its_colour(word):
    assert colour_of_pixels(disc(PLAIN[word])) == word


@pytest.mark.parametrize("word", PLAIN)
def test_light_and_camera_leave_a_named_colour_recognisable(word):
    pixels = disc(PLAIN[word]).astype(np.float32)
    alpha = pixels[..., 3] / 255
    for seed in range(40):
        rng = np.random.default_rng(seed)
        sprite = light_sprite(
            rng, Sprite(pixels[..., :3] * alpha[..., None], alpha), true_colours=True
        )
        seen = photograph(rng, sprite.rgb[14:26, 14:26], greyscale=False, true_colours=True)
        off = np.abs(seen.reshape(-1, 3).mean(0) - PLAIN[word]).max()
        assert off < 60


@pytest.mark.parametrize("doubtful", [(205, 160, 110), (60, 130, 130), (100, 20, 30)])
def test_a_colour_that_people_would_argue_about_has_no_word(doubtful):
    assert colour_of_pixels(disc(doubtful)) == ""


def test_a_thing_of_two_colours_has_none():
    pixels = disc(PLAIN["red"])
    pixels[:14, :, :3] = PLAIN["green"]
    assert colour_of_pixels(pixels) == ""


def test_what_is_clear_does_not_count():
    pixels = disc(PLAIN["blue"])
    pixels[pixels[..., 3] == 0] = (255, 0, 0, 0)
    assert colour_of_pixels(pixels) == "blue"


def row(*lengths, name="cup"):
    return [Thing(name, 50, 50, (10, 20, 10 + length, 20 + length / 3)) for length in lengths]


@pytest.mark.parametrize(
    ("lengths", "words"),
    [
        ((20, 45), ("small", "big")),
        ((60, 20, 22, 66), ("big", "small", "small", "big")),
        ((20, 35), ("", "")),
        ((20, 30, 45, 60), ("", "", "", "")),
        ((20, 45, 95), ("", "", "")),
        ((30,), ("",)),
        ((), ()),
    ],
)
def test_big_and_small_only_where_they_are_clearly_apart(lengths, words):
    assert size_words(row(*lengths)) == words


def test_sizes_compare_things_of_one_name_alone():
    assert size_words([*row(20, 45), *row(200, name="car")]) == ("small", "big", "")


def test_light_keeps_a_cut_out_premultiplied():
    pixels = disc((200, 220, 90), 60).astype(np.float32)
    alpha = pixels[..., 3] / 510
    for seed in range(60):
        rng = np.random.default_rng(seed)
        lit = light_sprite(
            rng, Sprite(pixels[..., :3] * alpha[..., None], alpha), true_colours=False
        )
        assert lit.rgb.dtype == np.float32
        assert (lit.rgb >= 0).all()
        assert (lit.rgb <= 255 * lit.alpha[..., None] + 1e-3).all()
