"""`Pointer`: where things are and how many, on one model."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from molmo_point.batch import Batch, answer_together, pair
from molmo_point.errors import ModelError, QueryError, require
from molmo_point.images import ImageSource
from molmo_point.models.registry import ModelSpec, OpenModel, open_model
from molmo_point.points import Count, Point, Points
from molmo_point.preprocessing.video import Video
from molmo_point.remote.server import Server
from molmo_point.remote.view import RemoteView, describe_served

if TYPE_CHECKING:
    from molmo_point.view import View

__all__ = ["Pointer"]

_AT_ONCE = 8  # questions that a server is asked at the same time by `batch`


class Pointer:
    """Points at things in images and counts them.

    Safe to use from several threads. The same question about the same image has the same answer.

    Args:
        source: nothing for the model in the package; a name on the Hugging Face hub, which is
            downloaded once ("name@revision" pins it); a folder with a checkpoint; or the address
            of an OpenAI-compatible server, "http://host:8000/v1", that serves a Molmo.
        model: the same as `source` by its usual name; with a server, the name that it serves, which
            may be left out if it serves one only ("http://host:8000/v1#name" says both).
        device: "cpu", "cuda", "cuda:1", ..., or "auto" to spread it over all GPUs and the memory;
            by default a GPU if there is one (the embedded model stays on the CPU).
        dtype: "float32", "bfloat16", "float16" (refused for MolmoPoint and the embedded model,
            elsewhere not advised), or "int8" or "int4" to keep the decoder's matrices small; by
            default bfloat16 on a GPU, else float32.
        max_crops: high-resolution crops an image at most: fewer are faster, more see smaller things
            (to a degree: a model is best at the number it was trained with, the default).
        fast_resize: scale images as bytes on the CPU, about three times as fast, colours off by
            1/255 of its range at most; for Molmo's first generation, whose exact scaling is slow.
        ocr: also read the text of an image, with the extra "ocr", for what is asked for by it, such
            as "the Sign in button"; for the embedded model, whose list of words is closed. Each
            look then takes about a second longer.
        api_key: for a server; by default the environment's MOLMO_POINT_API_KEY.
        timeout: seconds that a server may take for one question, retries included.

    Raises:
        ModelError: the model is unknown or not complete.
        DeviceError: the device is absent or too small.
        ServerError: the server cannot be reached, or refuses.
        MissingExtra: what quantised or spread weights, or a server, need is not installed.
    """

    def __init__(
        self,
        source: str | Path | None = None,
        *,
        model: str | Path | None = None,
        device: str | None = None,
        dtype: str | None = None,
        max_crops: int | None = None,
        fast_resize: bool = False,
        ocr: bool = False,
        api_key: str | None = None,
        timeout: float = 120.0,
    ) -> None:
        self._opened: OpenModel | None = None
        self._ocr = ocr
        self._server: Server | None = None
        if source is None:
            source, model = model, None
        if isinstance(source, str) and source.startswith(("http://", "https://")):
            ours = (device, dtype, max_crops, fast_resize or None, ocr or None)
            if any(option is not None for option in ours):
                raise ModelError(
                    "device, dtype, max_crops, fast_resize and ocr are not for a server: leave "
                    f'them out with "{source}".'
                )
            address, _, named = source.partition("#")
            name = named or None if model is None else str(model)
            self._server = Server(address, model=name, api_key=api_key, timeout=timeout)
            self.spec: ModelSpec = describe_served(self._server.model)
            return
        if source is not None and model is not None and str(source) != str(model):
            raise ModelError(f'"{source}" and "{model}" are two models: name one.')
        self._opened = open_model(
            source,
            device=device,
            dtype=dtype,
            max_crops=max_crops,
            fast_resize=fast_resize,
        )
        self.spec = self._opened.spec
        if ocr:
            if self.spec.language:
                raise ModelError(
                    f'"{self.spec.name}" reads text itself: ocr=True is for the embedded model.'
                )
            require("rapidocr", "ocr")

    def __repr__(self) -> str:
        if self._server is not None:
            return f'Pointer("{self._server.url}", model="{self._server.model}")'
        assert self._opened is not None
        model = self._opened.model
        return f'Pointer("{self.spec.name}", device="{model.device}", dtype="{model.dtype}")'

    def look(
        self,
        image: ImageSource | Sequence[ImageSource] | Video,
        *,
        before: View | RemoteView | None = None,
        tolerance: float = 0.0,
    ) -> View | RemoteView:
        """Read an image once, to ask many questions about it.

        Args:
            image: a path, bytes, an RGB array uint8 [H, W, 3], a PIL image or a torch tensor; or a
                list of several, for questions about all of them, where the model takes several; or
                a `Video`, whose points have timestamps, where the model reads videos.
            before: the open view of the same screen or camera a moment earlier: MolmoPoint and the
                embedded model do not encode again the crops whose pixels are the same.
            tolerance: levels of 0-255 by which a pixel of such a crop may differ, for a camera's
                noise. By default the points are those of a view without `before`.

        Raises:
            ImageError: it cannot be read as an image, or the list is empty.
            QueryError: the model, or a server, takes no several images, or no video; or `before`
                is of another model.
            DeviceError: the device ran out of memory.
        """
        if self._server is not None:
            if isinstance(image, Video):
                raise QueryError("Videos cannot be sent to a server yet: send single frames.")
            return RemoteView(self._server, self.spec, image)
        assert self._opened is not None
        from molmo_point.view import View

        earlier = before if isinstance(before, View) else None
        return View(self._opened, image, ocr=self._ocr, before=earlier, tolerance=tolerance)

    def point(
        self,
        image: ImageSource | Sequence[ImageSource] | Video,
        query: str,
        *,
        single: bool = False,
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
            ImageError, DeviceError: see `look`.
            QueryError: see `look`; and if the query is empty, or the model does not know a word
                of it.
            ServerError: the server cannot be reached, or refuses.
        """
        return self.look(image).point(query, single=single)

    def count(
        self, image: ImageSource | Sequence[ImageSource] | Video, query: str | None = None
    ) -> Count:
        """How many there are; `int(count)` is the number, `count.points` the evidence.

        Args:
            image: see `look`.
            query: what to count; everything that stands out if None.

        Raises:
            ImageError, DeviceError, QueryError, ServerError: see `point`.
        """
        return self.look(image).count(query)

    def stream(
        self, image: ImageSource | Sequence[ImageSource] | Video, query: str
    ) -> Generator[Point, None, Points]:
        """The points of `point`, each as soon as the model has said it.

        Returns:
            To who asks a generator for it (`whole = yield from pointer.stream(...)`): what `point`
            gives, so that an answer without points can be told from one that could not be read.

        Raises:
            ImageError, DeviceError, QueryError, ServerError: see `point`; when the first point is
                asked for, or in between.
        """
        return (yield from self.look(image).stream(query))

    def batch(self, images: Iterable[ImageSource], query: str | Iterable[str]) -> Batch:
        """Many images: a result for each, in order, as they are done.

        A model with language reads and answers a few at the same time, a server is asked about a
        few, and the embedded model takes one by one. Images are taken as they are needed, so an
        endless iterable is fine.

        Args:
            images: see `look`.
            query: for all of them; or one for each.

        Returns:
            An iterator over the results; its `padding` says how much was computed for nothing.
            What is wrong is raised by it, after the results before.

        Raises:
            ImageError: see `look`; and if `images` is a single one.
            QueryError: see `point`; and if there are not as many queries as images.
            DeviceError, ServerError: see `point`.
        """
        asked = pair(images, query)
        if self._server is not None:
            return Batch(self._batch_at_once(asked))
        assert self._opened is not None
        if self.spec.language:
            return answer_together(self._opened, asked)
        return Batch(self.point(image, words) for image, words in asked)

    def _batch_at_once(self, asked: Iterator[tuple[ImageSource, str]]) -> Iterator[Points]:
        from collections import deque
        from concurrent.futures import Future, ThreadPoolExecutor

        waiting: deque[Future[Points]] = deque()
        wrong: Exception | None = None
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            while True:
                try:
                    image, query = next(asked)
                except StopIteration:
                    break
                except Exception as error:  # told after the results that are due before
                    wrong = error
                    break
                waiting.append(pool.submit(self.point, image, query))
                if len(waiting) == _AT_ONCE:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        if wrong is not None:
            raise wrong

    def ask(self, image: ImageSource | Sequence[ImageSource] | Video, question: str) -> str:
        """An answer in words.

        Raises:
            ImageError, DeviceError: see `look`.
            QueryError: see `look`; and if the question is empty.
            ModelError: the model has no language (`pointer.spec.language`), as the embedded one.
            ServerError: the server cannot be reached, or refuses.
        """
        return self.look(image).ask(question)

    def describe(self, image: ImageSource | Sequence[ImageSource] | Video) -> str:
        """A description in words, by models that have language.

        Raises:
            ImageError, DeviceError, QueryError, ModelError, ServerError: see `ask`.
        """
        return self.ask(image, "Describe this image.")
