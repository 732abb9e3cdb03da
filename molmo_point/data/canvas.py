"""A picture that things are laid on, with the truth about what of them can be seen."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from molmo_point.data.sprites import FloatPixels, Sprite

__all__ = ["Canvas", "Thing"]

_MOST_HIDDEN = 0.2  # share of a thing that all others together may cover
_TRIES = 14
_EDGE = 3  # pixels kept free along the border of the picture
_SOLID = 0.4  # alpha from which a pixel belongs to a thing
_CONTRAST_IN_GREY = 0.75  # of what is asked in colour


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing in a scene.

    Attributes:
        name: its primary name, singular.
        x: pixels, the middle of its box; of a wide element of a screen, near its left end.
        y: pixels.
        box: left, top, right, bottom of its visible extent, pixels.
        colour: one of the colour words, or "" if it has no single colour.
        meaning: what an icon stands for, such as "save"; "" for all else.
        doubtful: partly covered or cut off; nothing is learnt from it.
    """

    name: str
    x: float
    y: float
    box: tuple[float, float, float, float]
    colour: str = ""
    meaning: str = ""
    doubtful: bool = False


class Canvas:
    """Lays sprites where they can be seen, and knows which pixels each one keeps.

    Args:
        background: float32 [H, W, 3] in 0-255; it is drawn over.
        greyscale: the picture ends without colours, so contrast must not rest on them.
    """

    def __init__(self, background: FloatPixels, *, greyscale: bool = False) -> None:
        self.picture = background
        self.greyscale = greyscale
        self.owner: NDArray[np.int16] = np.zeros(background.shape[:2], np.int16)
        self._kinds: list[tuple[str, str]] = []
        self._areas: list[float] = []
        self._kept: list[float] = []
        self._means: list[FloatPixels] = [np.zeros(3, np.float32)]  # of number 0, the background

    def place(
        self,
        rng: np.random.Generator,
        sprite: Sprite,
        name: str,
        colour: str,
        *,
        shadow: float,
        contrast: float,
        mottled: bool = False,
        merges: bool = False,
    ) -> bool:
        """Find room for a sprite and lay it down; False if there is none.

        Args:
            rng: where chance comes from.
            sprite: the thing.
            name: its primary name.
            colour: its colour word, or "".
            shadow: darkness of its shadow, 0-1.
            contrast: what it must differ by from the background around it, in 0-255.
            mottled: count pixels that differ instead of comparing mean colours.
            merges: it has no outline of its own, so it must not touch a thing of like colour.
        """
        height, width = sprite.alpha.shape[:2]
        solid = sprite.alpha > _SOLID
        area = float(np.count_nonzero(solid))
        rows, columns = len(self.owner) - height - _EDGE, self.owner.shape[1] - width - _EDGE
        if area < 12 or rows <= _EDGE or columns <= _EDGE:
            return False
        mean = np.asarray(sprite.rgb[solid].mean(0) / sprite.alpha[solid].mean(), dtype=np.float32)
        halo = cv2.dilate(np.pad(solid, 2).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        for _ in range(_TRIES):
            left, top = int(rng.integers(_EDGE, columns)), int(rng.integers(_EDGE, rows))
            under = self.owner[top : top + height, left : left + width]
            around = self.owner[top - 2 : top + height + 2, left - 2 : left + width + 2][halo]
            covered = np.bincount(under[solid], minlength=len(self._areas) + 1)
            covered[0] = 0
            if (
                self._spares(covered)
                and not (merges and self._like(mean, np.unique(around), contrast))
                and self._stands_out(
                    sprite, solid, left, top, mean, contrast, mottled=mottled, shadow=shadow
                )
            ):
                self._lay(sprite, left, top, shadow)
                self._kinds.append((name, colour))
                self._areas.append(area)
                self._kept.append(area)
                self._means.append(mean)
                for index in np.nonzero(covered)[0]:
                    self._kept[index - 1] -= float(covered[index])
                under[solid] = len(self._areas)
                return True
        return False

    def _spares(self, covered: NDArray[np.int64]) -> bool:
        """Whether everything below stays visible enough."""
        return all(
            self._kept[index - 1] - covered[index] >= (1 - _MOST_HIDDEN) * self._areas[index - 1]
            for index in np.nonzero(covered)[0]
        )

    def _differ(self, first: FloatPixels, second: FloatPixels) -> FloatPixels:
        """By how much colours [..., 3] differ, [...]."""
        if self.greyscale:
            return np.asarray(np.abs((first - second).mean(-1)) / _CONTRAST_IN_GREY)
        return np.asarray(np.abs(first - second).max(-1))

    def _like(self, mean: FloatPixels, others: NDArray[np.int16], contrast: float) -> bool:
        """Whether one of the things numbered `others` would merge with this colour."""
        return any(
            self._differ(mean, self._means[number]) < contrast for number in others if number
        )

    def _stands_out(
        self,
        sprite: Sprite,
        solid: NDArray[np.bool_],
        left: int,
        top: int,
        mean: FloatPixels,
        contrast: float,
        *,
        mottled: bool,
        shadow: float,
    ) -> bool:
        height, width = solid.shape
        below = self.picture[top : top + height, left : left + width]
        if mottled:
            seen = self._differ(sprite.rgb[solid], below[solid]) > contrast
            return bool(seen.mean() > 0.4)
        free = self.owner[top : top + height, left : left + width] == 0
        below = below[free] if free.any() else below[solid]
        ground = below.mean(0)
        shaded = ground * (1 - 0.5 * shadow)  # by its own shadow, on one side
        apart = min(float(self._differ(mean, ground)), 2 * float(self._differ(mean, shaded)))
        return apart > contrast

    def _lay(self, sprite: Sprite, left: int, top: int, shadow: float) -> None:
        height, width = sprite.alpha.shape[:2]
        region = np.s_[top : top + height, left : left + width]
        if shadow > 0:
            self._cast(sprite.alpha, left, top, shadow)
        self.picture[region] *= (1 - sprite.alpha)[..., None]
        self.picture[region] += sprite.rgb

    def _cast(self, alpha: FloatPixels, left: int, top: int, darkness: float) -> None:
        """A soft shadow, a little to the right and below; its fringe may leave the picture."""
        reach = max(1, round(max(alpha.shape) * 0.06))
        fringe = 2 * reach
        dark = cv2.GaussianBlur(np.pad(alpha, fringe), (0, 0), max(0.6, reach / 2)) * darkness
        y, x = top + reach - fringe, left + reach - fringe
        first_row, first_column = max(0, -y), max(0, -x)
        target = self.picture[max(0, y) : y + len(dark), max(0, x) : x + dark.shape[1]]
        rows, columns = target.shape[:2]
        dark = dark[first_row : first_row + rows, first_column : first_column + columns]
        target *= (1 - dark)[..., None]

    def things(self) -> list[Thing]:
        """What lies there, in the order in which it was laid, boxes around what is visible."""
        found = []
        for number, (name, colour) in enumerate(self._kinds, start=1):
            mask = (self.owner == number).astype(np.uint8)
            left, top, width, height = (float(value) for value in cv2.boundingRect(mask))
            box = (left, top, left + width, top + height)
            found.append(Thing(name, left + width / 2, top + height / 2, box, colour))
        return found
