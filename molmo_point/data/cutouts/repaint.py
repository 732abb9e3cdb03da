"""Other ways to draw one cut-out: other colours, flat ones, an outline, bent proportions.

Names must be recognised in drawings by hands that training never saw; what a hand chooses freely
is varied, what makes the thing (its shape, the colours of a fruit) stays.
"""

from __future__ import annotations

import cv2
import numpy as np

from molmo_point.data.cutouts.families import FAMILIES
from molmo_point.data.hue import LUMA, turn_hues
from molmo_point.data.sprites import FloatPixels, Sprite

__all__ = ["repaint"]

_KNOWN_BY_COLOUR = {
    "taxi", "police car", "ambulance", "fire truck", "basketball", "billiard ball",
    "christmas tree", "red lantern", "hospital",
}  # fmt: skip
_ANY_COLOUR = frozenset(
    name
    for family in ("vehicles", "sports", "toys", "music", "electronics", "tools", "office",
                   "furniture", "household", "kitchen", "clothing", "buildings")
    for name in FAMILIES[family]
    if name not in _KNOWN_BY_COLOUR
)  # fmt: skip
_SHARE = 0.5  # of drawings that get other colours
_OUTLINED = 0.15
_FLAT = 0.12
_COLOURED_IN = 0.6  # of silhouettes
_BENT = 0.5  # of all
_BEND = 0.035  # standard deviation of where its parts come to lie, of its sides
_LEAST_REGION = 5  # pixels


def repaint(rng: np.random.Generator, sprite: Sprite, name: str, medium: str) -> Sprite:
    """Vary how a thing is drawn.

    Args:
        rng: where chance comes from.
        sprite: premultiplied, as large as it will be laid.
        name: the thing; furniture comes in any colour, fruit only near its own.
        medium: of the picture; a silhouette always gets another ink, a photograph keeps its own.
    """
    if rng.random() < _BENT:
        sprite = _bent(sprite, rng.normal(0, _BEND, (2, 3, 3)))
    if medium == "silhouette":
        ink = rng.uniform(0, 255, 3) if rng.random() < 0.6 else np.full(3, rng.uniform(0, 255))
        sprite = _tinted(sprite, ink, 1.0)
        if rng.random() < _COLOURED_IN:
            sprite = _coloured_in(rng, sprite)
    elif medium != "photograph" and rng.random() < _SHARE:
        turn = rng.uniform(-np.pi, np.pi) if name in _ANY_COLOUR else rng.normal(0, 0.2)
        strength = 0.0 if rng.random() < 0.12 else float(np.exp(rng.normal(-0.1, 0.35)))
        sprite = Sprite(sprite.rgb @ _hue_matrix(float(turn), strength).T, sprite.alpha)
        sprite = _tinted(sprite, rng.uniform(0, 255, 3), float(rng.uniform(0, 0.3)))
    if medium in ("drawing", "render") and rng.random() < _FLAT:
        sprite = _flattened(sprite, int(rng.integers(2, 5)))
    if medium != "photograph" and rng.random() < _OUTLINED:
        sprite = _outlined(sprite, 1 if min(sprite.alpha.shape) < 40 else 2,
                           float(rng.choice((0, 30, 255))))  # fmt: skip
    return Sprite(np.clip(sprite.rgb, 0, 255 * sprite.alpha[..., None]), sprite.alpha)


def _hue_matrix(turn: float, strength: float) -> FloatPixels:
    """Turns colours about the grey axis by an angle, and makes them stronger or weaker, [3, 3]."""
    grey = np.outer(np.ones(3), LUMA)
    return np.asarray((grey + strength * (np.eye(3) - grey)) @ turn_hues(turn), np.float32)


def _tinted(sprite: Sprite, ink: FloatPixels, share: float) -> Sprite:
    """So much of one colour over all of it."""
    flat = sprite.alpha[..., None] * np.asarray(ink, np.float32)
    return Sprite(sprite.rgb * np.float32(1 - share) + flat * np.float32(share), sprite.alpha)


def _flattened(sprite: Sprite, levels: int) -> Sprite:
    """In so many degrees of brightness, as shading is left out of flat drawings."""
    brightness = (sprite.rgb @ LUMA) / (255 * np.maximum(sprite.alpha, 1e-3))
    level = (np.floor(np.minimum(brightness, 0.999) * levels) + 0.5) / levels
    return Sprite(sprite.rgb * (level / np.maximum(brightness, 0.05))[..., None], sprite.alpha)


def _coloured_in(rng: np.random.Generator, sprite: Sprite) -> Sprite:
    """What lines enclose filled with two colours at most, as a child colours a drawing in."""
    open_ = np.pad(sprite.alpha < 0.5, 1, constant_values=True).astype(np.uint8)
    count, region = cv2.connectedComponents(open_, connectivity=4)
    region = region[1:-1, 1:-1]
    colours = rng.uniform(60, 255, (2, 3)).astype(np.float32)
    below = np.zeros(sprite.rgb.shape, np.float32)
    filled = np.zeros(sprite.alpha.shape, np.uint8)
    for number in range(2, count):  # 0 is ink, 1 is all around
        inside = (region == number).astype(np.uint8)
        if inside.sum() >= _LEAST_REGION:
            inside = cv2.dilate(inside, np.ones((3, 3), np.uint8))  # below the line's soft edge
            below[inside > 0] = colours[rng.integers(2)]
            filled[inside > 0] = 1
    free = ((1 - sprite.alpha) * filled)[..., None]
    return Sprite(sprite.rgb + below * free, sprite.alpha + free[..., 0])


def _bent(sprite: Sprite, shift: FloatPixels) -> Sprite:
    """Its parts moved smoothly against one another.

    Args:
        sprite: to bend.
        shift: [2, 3, 3], down and to the right, of the sides: of the corners, edges and middle.
    """
    edge = [round(0.1 * side) + 1 for side in sprite.alpha.shape]
    padded = [(edge[0], edge[0]), (edge[1], edge[1])]
    alpha, rgb = np.pad(sprite.alpha, padded), np.pad(sprite.rgb, [*padded, (0, 0)])
    height, width = alpha.shape
    down, right = (
        cv2.resize(field.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        for field in np.clip(shift, -0.1, 0.1)
    )
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    layers = cv2.remap(
        np.dstack([rgb, alpha]).astype(np.float32),
        columns + right * sprite.alpha.shape[1],
        rows + down * sprite.alpha.shape[0],
        cv2.INTER_LINEAR,
    )
    return Sprite(layers[..., :3], layers[..., 3])


def _outlined(sprite: Sprite, width: int, grey: float) -> Sprite:
    """With a line around it."""
    edged = [(width + 1, width + 1), (width + 1, width + 1)]
    alpha = np.pad(sprite.alpha, edged)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width + 1, 2 * width + 1))
    wide: FloatPixels = cv2.dilate(alpha, kernel)
    rgb = np.pad(sprite.rgb, [*edged, (0, 0)]) + ((wide - alpha) * np.float32(grey))[..., None]
    return Sprite(rgb.astype(np.float32), wide)
