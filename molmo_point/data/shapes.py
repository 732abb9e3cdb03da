"""Drawn things: flat shapes in one colour, coin-like discs, grains and cells."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from molmo_point.data.sprites import FloatPixels, Sprite

__all__ = ["colour_of", "disc_sprite", "grain_sprite", "shape_sprite"]

_OVER = 3  # drawn so many times larger, then shrunk

_HSV: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "red": ((-8, 6), (0.75, 1.0), (0.65, 1.0)),
    "orange": ((22, 32), (0.8, 1.0), (0.9, 1.0)),
    "yellow": ((50, 60), (0.7, 1.0), (0.88, 1.0)),
    "green": ((95, 150), (0.55, 1.0), (0.4, 0.85)),
    "blue": ((205, 238), (0.65, 1.0), (0.55, 1.0)),
    "purple": ((268, 288), (0.55, 0.95), (0.45, 0.8)),
    "pink": ((318, 342), (0.3, 0.6), (0.92, 1.0)),
    "brown": ((18, 28), (0.6, 0.85), (0.3, 0.5)),
    "black": ((0, 360), (0.0, 0.1), (0.0, 0.14)),
    "white": ((0, 360), (0.0, 0.04), (0.95, 1.0)),
    "gray": ((0, 360), (0.0, 0.06), (0.4, 0.58)),
}
"""Ranges of hue in degrees, saturation and value, with clear gaps between neighbours."""


def colour_of(rng: np.random.Generator, word: str) -> FloatPixels:
    """A colour that people call by this word, RGB in 0-255."""
    hue, saturation, value = (rng.uniform(low, high) for low, high in _HSV[word])
    pixel = np.array([[[hue % 360, saturation, value]]], dtype=np.float32)
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0] * 255, dtype=np.float32)


def _polygon(corners: int, *, turn: float = 0.0) -> NDArray[np.float64]:
    angle = np.arange(corners) * 2 * np.pi / corners - np.pi / 2 + turn
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _outline(name: str) -> NDArray[np.float64]:
    """Corners of a shape in -1..1."""
    if name == "square":
        return _polygon(4, turn=np.pi / 4)
    if name == "triangle":
        return _polygon(3)
    if name == "hexagon":
        return _polygon(6)
    if name == "diamond":
        return np.array([[0, -1], [0.62, 0], [0, 1], [-0.62, 0]])
    if name == "star":
        points = _polygon(10)
        points[1::2] *= 0.42
        return points
    if name == "cross":
        a = 0.33
        return np.array(
            [[-a, -1], [a, -1], [a, -a], [1, -a], [1, a], [a, a], [a, 1], [-a, 1], [-a, a],
             [-1, a], [-1, -a], [-a, -a]]
        )  # fmt: skip
    if name == "heart":
        t = np.linspace(0, 2 * np.pi, 60)
        x = 16 * np.sin(t) ** 3
        y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
        return np.stack([x, y], axis=1) / 17
    return _polygon(72)  # circle, ring


def shape_sprite(rng: np.random.Generator, name: str, colour: FloatPixels, size: float) -> Sprite:
    """A flat shape, `size` pixels across, turned by chance."""
    side = int(size * _OVER) + 8
    corners = _outline(name)
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.35 else rng.normal(0, 0.12)
    if name in ("square", "diamond"):  # a square on its corner would be a diamond
        angle = rng.normal(0, 0.15)
    c, s = np.cos(angle), np.sin(angle)
    corners = corners @ np.array([[c, s], [-s, c]]) * (size * _OVER / 2) + side / 2
    mask = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    hollow = name == "ring" or (
        name not in ("circle", "cross") and size > 26 and rng.random() < 0.15
    )
    if hollow:
        inner = (corners - side / 2) * rng.uniform(0.5, 0.68) + side / 2
        cv2.fillPoly(mask, [np.round(inner * 16).astype(np.int32)], 0, cv2.LINE_AA, 4)
    rgb = np.empty((side, side, 3), np.float32)
    rgb[:] = colour
    if rng.random() < 0.3:  # a soft light from one side
        ramp = np.linspace(-1, 1, side, dtype=np.float32) * rng.uniform(5, 22)
        rgb += (ramp[:, None] if rng.random() < 0.5 else ramp[None])[..., None]
    if rng.random() < 0.25 and not hollow:  # an edge, darker
        edge = [np.round(corners * 16).astype(np.int32)]
        dark = (colour * 0.6).tolist()
        cv2.polylines(
            rgb, edge, isClosed=True, color=dark, thickness=2 * _OVER, lineType=cv2.LINE_AA, shift=4
        )
    return _shrink(rgb, mask.astype(np.float32) / 255)


def _shrink(rgb: FloatPixels, alpha: FloatPixels) -> Sprite:
    small = (max(3, rgb.shape[1] // _OVER), max(3, rgb.shape[0] // _OVER))
    layers = np.dstack([np.clip(rgb, 0, 255) * alpha[..., None], alpha])
    layers = cv2.resize(layers, small, interpolation=cv2.INTER_AREA)
    return Sprite(np.ascontiguousarray(layers[..., :3]), np.ascontiguousarray(layers[..., 3]))


_METALS = (
    (200, 200, 196), (176, 174, 168), (205, 165, 90), (222, 190, 110), (170, 105, 70),
    (120, 110, 98),
)  # fmt: skip


def _emboss(
    rng: np.random.Generator, x: FloatPixels, y: FloatPixels, radius: FloatPixels
) -> FloatPixels:
    """The relief of a coin's face: a head, a figure or letters, rings, or worn metal."""
    side = len(x)
    relief = rng.standard_normal((max(3, side // 4), max(3, side // 4)), dtype=np.float32)
    relief = np.tanh(cv2.resize(relief, (side, side), interpolation=cv2.INTER_CUBIC) * 2)
    kind, reach = rng.random(), rng.uniform(0.55, 0.78)
    if kind < 0.35:  # a head: two lobes, rough inside
        turn = rng.uniform(0, 2 * np.pi)
        c, s = np.cos(turn), np.sin(turn)
        u, v = c * x + s * y, c * y - s * x
        lobes = (np.hypot(u / 0.3, (v + 0.15) / 0.4) < 1) | (
            np.hypot(u / 0.45, (v - 0.5) / 0.2) < 1
        )
        face = np.where(lobes, 0.8 + 0.3 * relief, 0.15 * relief)
    elif kind < 0.6:  # a figure or letters
        plate = np.zeros((side, side), np.uint8)
        text = "".join(rng.choice(list("0125ABEGKMRS"), int(rng.integers(1, 3))))
        scale = side / (50 if len(text) > 1 else 34)
        (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, 1)
        where = ((side - w) // 2, (side + h) // 2)
        cv2.putText(plate, text, where, cv2.FONT_HERSHEY_DUPLEX, scale, 255, max(1, side // 16))
        spin = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(0, 360), 1.0)
        face = np.asarray(cv2.warpAffine(plate, spin, (side, side))) / 255 + 0.2 * relief
    elif kind < 0.75:
        face = 0.5 * np.cos(radius * rng.uniform(12, 26)) + 0.2 * relief
    else:
        face = relief * rng.uniform(0.3, 1.0)
    return np.asarray(np.where(radius < reach, face, 0), dtype=np.float32)


def disc_sprite(rng: np.random.Generator, name: str, size: float, *, light_from: float) -> Sprite:
    """A coin, a button or a plain dot, `size` pixels across, lit from an angle in radians."""
    side = int(size) + 4
    y, x = (np.mgrid[0:side, 0:side].astype(np.float32) - (side - 1) / 2) / (size / 2)
    squeeze = rng.uniform(0.9, 1.0) if rng.random() < 0.4 else 1.0
    radius = np.hypot(x, y / squeeze)
    alpha = np.clip((1 - radius) * size / 2 + 0.5, 0, 1)
    if name == "dot":
        colour = rng.uniform(0, 255, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(0, 60))
        rgb = np.broadcast_to(colour.astype(np.float32), (side, side, 3)).copy()
        return Sprite(rgb * alpha[..., None], alpha)
    if name == "button":
        base = rng.uniform(20, 245, 3)
    else:
        base = np.array(_METALS[int(rng.integers(len(_METALS)))]) * rng.uniform(0.55, 1.15)
    angle = light_from + rng.normal(0, 0.1)
    height: FloatPixels = np.where(radius > rng.uniform(0.82, 0.9), 1.0, 0.0).astype(
        np.float32
    )  # the rim
    if name == "coin":
        height += _emboss(rng, x, y, radius)
    else:
        hole = rng.uniform(0.2, 0.3)
        for a in np.arange(4) * np.pi / 2 + np.pi / 4 if rng.random() < 0.6 else (0.0, np.pi):
            height[np.hypot(x - hole * np.cos(a), y - hole * np.sin(a)) < 0.11] = -3
    height = cv2.GaussianBlur(height, (0, 0), max(0.5, size / 60))
    slope = np.cos(angle) * cv2.Sobel(height, cv2.CV_32F, 1, 0) + np.sin(angle) * cv2.Sobel(
        height, cv2.CV_32F, 0, 1
    )
    shine = (np.cos(angle) * x + np.sin(angle) * y) * rng.uniform(0, 30)
    light = slope * rng.uniform(8, 30) + shine + rng.normal(0, 8)
    if name == "button":
        light = light + np.minimum(height, 0) * 40
    light = light - np.clip((radius - 0.93) / 0.07, 0, 1) * rng.uniform(0, 60)
    rgb = np.clip(base + light[..., None], 0, 255).astype(np.float32)
    return Sprite(rgb * alpha[..., None], alpha)


def grain_sprite(
    rng: np.random.Generator, name: str, size: float, colour: FloatPixels, *, two_tone: bool
) -> Sprite:
    """A grain, cell, seed, bean or pill, `size` pixels along its longer side, level."""
    side = int(size) + 4
    y, x = (np.mgrid[0:side, 0:side].astype(np.float32) - (side - 1) / 2) / (size / 2)
    thin = {"grain": 0.36, "cell": 0.85, "seed": 0.55, "bean": 0.6, "pill": 0.42}[name]
    thin *= rng.uniform(0.88, 1.12)
    if name == "pill":
        flat = np.maximum(np.abs(x) - (1 - thin), 0)
        radius = np.hypot(flat, y) / thin
    elif name == "bean":
        bent = np.abs(y - 0.4 * x**2 + 0.18) / (thin * 0.85)
        radius = (np.abs(x) ** 2.6 + bent**2.6) ** (1 / 2.6)
    elif name == "seed":
        radius = np.hypot(x, y / (thin * (1.0 - 0.45 * x)))
    else:
        radius = np.hypot(x, y / thin)
        if name == "cell":
            wobble = np.arctan2(y, x)
            radius = radius * (1 + 0.07 * np.sin(3 * wobble + rng.uniform(0, 6)))
    alpha = np.clip((1 - radius) * size * thin / 2 + 0.5, 0, 1)
    base = colour * rng.uniform(0.9, 1.1)
    light = -(x + y) * rng.uniform(0, 18) - radius**2 * rng.uniform(0, 30)
    rgb = base + light[..., None]
    if name == "cell":
        ring = np.clip((radius - 0.8) / 0.2, 0, 1)[..., None]
        rgb = rgb * (1 - 0.45 * ring)
        off = rng.uniform(-0.2, 0.2, 2)
        nucleus = np.hypot(x - off[0], y - off[1]) < rng.uniform(0.28, 0.4)
        rgb = np.where(nucleus[..., None], rgb * 0.5, rgb)
        alpha = alpha * rng.uniform(0.75, 1.0)
    if name == "pill" and two_tone:
        rgb = np.where((x > 0)[..., None], rgb, rgb * 0.4 + 140)
    return Sprite(
        (np.clip(rgb, 0, 255) * alpha[..., None]).astype(np.float32), alpha.astype(np.float32)
    )
