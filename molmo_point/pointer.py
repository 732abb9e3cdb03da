"""`Pointer`: where things are and how many, on one model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from molmo_point.images import ImageSource
from molmo_point.models.registry import ModelSpec, open_model
from molmo_point.points import Count, Point, Points
from molmo_point.view import View

__all__ = ["Pointer"]


class Pointer:
    """Points at things in images and counts them.

    Safe to use from several threads. The same question about the same image has the same answer.

    Args:
        model: nothing for the model in the package; a name on the Hugging Face hub, which is
            downloaded once; or a folder with a checkpoint.
        device: "cpu", "cuda", "cuda:1", ..., or "auto" to spread it over all GPUs and the memory;
            by default a GPU if there is one (the embedded model stays on the CPU).
        dtype: "float32", "bfloat16", "float16", or "int8" or "int4" to keep the decoder's matrices
            small; by default bfloat16 on a GPU, else float32.
        max_crops: high-resolution crops an image at most: fewer are faster, more see smaller things
            (to a degree: a model is best at the number it was trained with, the default).

    Raises:
        ModelError: the model is unknown or not complete.
        DeviceError: the device is absent or too small.
        MissingExtra: what quantised or spread weights need is not installed.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        device: str | None = None,
        dtype: str | None = None,
        max_crops: int | None = None,
    ) -> None:
        self._opened = open_model(model, device=device, dtype=dtype, max_crops=max_crops)

    @property
    def spec(self) -> ModelSpec:
        """Which model this is, and what it can do."""
        return self._opened.spec

    def __repr__(self) -> str:
        model = self._opened.model
        return f'Pointer("{self.spec.name}", device="{model.device}", dtype="{model.dtype}")'

    def look(self, image: ImageSource | Sequence[ImageSource]) -> View:
        """Read an image once, to ask many questions about it.

        Args:
            image: a path, bytes, an RGB array uint8 [H, W, 3], a PIL image or a torch tensor; or a
                list of several, for questions about all of them, where the model takes several.

        Raises:
            ImageError: it cannot be read as an image.
        """
        return View(self._opened, image)

    def point(
        self, image: ImageSource | Sequence[ImageSource], query: str, *, single: bool = False
    ) -> Points:
        """Where a thing is.

        Args:
            image: see `look`.
            query: what to look for, in words: "the mug handle".
            single: exactly one point, the best guess even if there may be none: a click's target.

        Returns:
            Points in pixels of the image, each of the one that its `image_index` names; none if
            the model says that there are none.

        Raises:
            ImageError: the image cannot be read.
            QueryError: the query is empty, or the model does not know a word of it.
        """
        return self.look(image).point(query, single=single)

    def count(self, image: ImageSource | Sequence[ImageSource], query: str | None = None) -> Count:
        """How many there are; `int(count)` is the number, `count.points` the evidence.

        Args:
            image: see `look`.
            query: what to count; everything that stands out if None.

        Raises:
            ImageError: the image cannot be read.
            QueryError: the query is empty, or the model does not know a word of it.
        """
        return self.look(image).count(query)

    def stream(self, image: ImageSource, query: str) -> Iterator[Point]:
        """The points of `point`, each as soon as the model has said it."""
        yield from self.look(image).stream(query)

    def batch(self, images: Iterable[ImageSource], query: str) -> Iterator[Points]:
        """One question about many images: a result for each, in order, as they are done.

        Images are taken one by one, so an endless iterable is fine.
        """
        return (self.point(image, query) for image in images)

    def ask(self, image: ImageSource | Sequence[ImageSource], question: str) -> str:
        """An answer in words.

        Raises:
            ModelError: the model has no language (`pointer.spec.language`), as the embedded one.
        """
        return self.look(image).ask(question)

    def describe(self, image: ImageSource) -> str:
        """A description in words; like `ask`, for models that have language."""
        return self.ask(image, "Describe this image.")
