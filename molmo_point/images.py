"""Anything a user calls an image -> one RGB uint8 array, upright, or one sentence why not.

Points are pixels of the array that `load_image` gives: of the picture as a person sees it. EXIF
rotation is therefore applied here, once, and nowhere else. Colour profiles are not applied, as the
published preprocessing of Molmo applies none.
"""

from __future__ import annotations

import io
import os
import re
import struct
import sys
import threading
import time
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from molmo_point.errors import ImageError

if TYPE_CHECKING:
    from http.client import HTTPResponse

    import torch
    from PIL import Image

__all__ = ["ImageSource", "is_plain", "load_image"]

ImageSource: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]"
    " | Image.Image | NDArray[Any] | torch.Tensor"
)

URL_TIMEOUT_S = 20.0  # of each wait for the server
URL_DEADLINE_S = 120.0  # of the whole transfer
URL_LIMIT_BYTES = 64 * 2**20

_URL = re.compile(r"https?://", re.IGNORECASE)
_CHANNELS = (1, 3, 4)
_ORIENTATION_TAG = 0x0112  # EXIF 2.32, 4.6.4 A: 1 is upright, 2-8 are turned or mirrored

# Turning warnings off is a process-wide switch in Python before 3.14: two threads that flip it at
# the same time leave it in the wrong position. So one image is decoded at a time.
_PILLOW_LOCK = threading.Lock()

# What Pillow's readers let out on damaged and closed files, over all its formats.
_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def load_image(
    source: ImageSource,
    *,
    channels: Literal["rgb", "bgr"] = "rgb",
    allow_url: bool = False,
) -> NDArray[np.uint8]:
    """Read one image.

    Alpha is composited on white, as a page or a browser shows it: dropping it would bring out
    colours that nobody sees. Of 16-bit values the high byte is kept. Of an animation it is the
    first frame, of a PIL image the current one.

    Args:
        source: a path; encoded bytes; an open binary file, read from where it stands; a PIL image;
            an array [H, W], [H, W, 1], [H, W, 3] or [H, W, 4] of uint8, uint16 (0-65535), float
            (0-1) or bool; a torch tensor of the same shapes or with its channels first; or an
            http(s) URL.
        channels: channel order of an array or tensor; other sources know their own.
        allow_url: fetch a URL. Off by default, so that no text reaches the network unasked.

    Returns:
        [H, W, 3] uint8, RGB, C-contiguous, upright, in memory of its own.

    Raises:
        ImageError: the source cannot be read, is cut off, or is too large to be decoded safely.

    >>> load_image(np.array([[0.0, 1.0]])).tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    if channels not in ("rgb", "bgr"):
        raise ImageError(f'The channel order is "rgb" or "bgr", got {channels!r}.')
    if isinstance(source, str) and _URL.match(source):
        return _from_url(source, allowed=allow_url)
    if isinstance(source, str | os.PathLike):
        return _from_path(os.fspath(source))
    if isinstance(source, bytes | bytearray | memoryview):
        return _from_file(io.BytesIO(source), "the bytes given")
    if isinstance(source, np.ndarray):
        return _from_array(source, "the array given", channels)
    # A tensor or a PIL image can only exist where its package has been imported already.
    torch_module, pil_image = sys.modules.get("torch"), sys.modules.get("PIL.Image")
    if torch_module is not None and isinstance(source, torch_module.Tensor):
        return _from_array(_tensor_to_array(source), "the tensor given", channels)
    if pil_image is not None and isinstance(source, pil_image.Image):
        with _pillow("the PIL image given"):
            return _from_pil(source, "the PIL image given")
    if hasattr(source, "read"):
        return _from_file(io.BytesIO(_read_all(source)), "the file given")
    raise ImageError(
        f"An image is a path, bytes, an open file, a PIL image, a numpy array or a torch tensor, "
        f"got {type(source).__name__}."
    )


def _error(name: str, reason: object) -> ImageError:
    text = " ".join(str(reason).split()).rstrip(".") or type(reason).__name__
    return ImageError(f"Cannot read {name} as an image: {text}.")


def _from_path(path: str) -> NDArray[np.uint8]:
    name = f'"{path}"' if len(path) <= 200 else f'"{path[:200]}..."'
    if not path:
        raise _error("an empty path", "name a file")
    try:
        with Path(path).open("rb") as file:
            return _from_file(file, name)
    except FileNotFoundError as error:
        raise _error(name, "there is no such file") from error
    except IsADirectoryError as error:
        raise _error(name, "it is a directory, name a file in it") from error
    except PermissionError as error:
        raise _error(name, "permission denied") from error
    except OSError as error:
        raise _error(name, error.strerror or error) from error
    except ValueError as error:
        if isinstance(error, ImageError):
            raise
        raise _error(name, error) from error  # a path with a null character


def _read_all(file: Any) -> bytes:
    try:
        data = file.read()
    except (OSError, ValueError) as error:
        raise _error("the file given", error) from error
    if not isinstance(data, bytes):
        raise _error("the file given", 'it was opened as text, open it with mode "rb"')
    return data


def _from_url(url: str, *, allowed: bool) -> NDArray[np.uint8]:
    """Fetch at most `URL_LIMIT_BYTES` over http(s); redirects to other schemes end in an error."""
    from http.client import HTTPException
    from urllib import error, request

    # The query may hold a signature and the authority a password: neither belongs in a message.
    address, login = re.subn(r"//[^/]*@", "//", url.partition("?")[0])
    name = f'"{address[:200]}"'
    if login:
        raise _error(name, "its URL holds a login, download the file with a tool that knows logins")
    if not allowed:
        raise _error(name, "a URL is fetched only with allow_url=True; or download it first")
    opener = request.OpenerDirector()  # the default opener would also follow ftp
    for handler in (
        request.ProxyHandler,
        request.UnknownHandler,
        request.HTTPHandler,
        request.HTTPSHandler,
        request.HTTPDefaultErrorHandler,
        request.HTTPRedirectHandler,
        request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    try:
        call = request.Request(url, headers={"User-Agent": "molmo-point"})
        with opener.open(call, timeout=URL_TIMEOUT_S) as response:
            data = _read_within_limits(response)
    except (OSError, HTTPException, ValueError) as failure:
        if isinstance(failure, error.HTTPError):
            failure.close()
        raise _error(name, failure) from failure
    if len(data) > URL_LIMIT_BYTES:
        raise _error(
            name,
            f"it is larger than {URL_LIMIT_BYTES:,} bytes, download the file and pass its path",
        )
    return _from_file(io.BytesIO(data), name)


def _read_within_limits(response: HTTPResponse) -> bytearray:
    """At most one byte more than the limit; a server that trickles is given up as well."""
    deadline = time.monotonic() + URL_DEADLINE_S
    data = bytearray()
    while len(data) <= URL_LIMIT_BYTES and (part := response.read1(2**16)):
        data += part
        if time.monotonic() > deadline:
            raise TimeoutError(f"it took longer than {URL_DEADLINE_S:g} s")
    return data


def _from_file(file: IO[bytes], name: str) -> NDArray[np.uint8]:
    """Decode an encoded image; `name` says in errors whose it is."""
    if file.seekable() and file.seek(0, os.SEEK_END) == 0:
        raise _error(name, "it is empty (0 bytes)")
    with _pillow(name):
        from PIL import Image

        Image.init()
        # Pillow reads EPS by running Ghostscript on it: a program, not a picture.
        formats = [known for known in Image.OPEN if known != "EPS"]
        with Image.open(file, formats=formats) as image:
            return _from_pil(image, name)


def is_plain(data: bytes) -> bool:
    """Whether an encoded image is RGB or grey, upright and opaque, so that no reader may differ.

    Raises:
        ImageError: it cannot be read.
    """
    with _pillow("the image"):
        from PIL import Image

        with Image.open(io.BytesIO(data)) as image:
            opaque = image.mode in ("RGB", "L") and not image.has_transparency_data
            return opaque and _orientation(image) == 1


@contextmanager
def _pillow(name: str) -> Iterator[None]:
    """One thread at a time, no warnings, and every failure of Pillow as one sentence."""
    from PIL import Image, UnidentifiedImageError

    with _PILLOW_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except ImageError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            pixels = re.search(r"\d+", str(error))
            raise _error(
                name,
                f"it has {int(pixels[0]) if pixels else 'too many':,} pixels, more than the limit "
                f"of {Image.MAX_IMAGE_PIXELS:,} against decompression bombs; make it smaller, or "
                "raise PIL.Image.MAX_IMAGE_PIXELS if you trust it",
            ) from error
        except UnidentifiedImageError as error:
            raise _error(
                name, "it is cut off, or in no format that is known here; save it as PNG or JPEG"
            ) from error
        except _DAMAGE as error:
            why = str(error) or type(error).__name__
            raise _error(
                name, f"it cannot be decoded ({why}); get it again, or save it as PNG or JPEG"
            ) from error


def _from_pil(image: Image.Image, name: str) -> NDArray[np.uint8]:
    image.load()
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.asarray(image)
        if image.mode == "I":  # Pillow's 32-bit holder of 16-bit files
            low, high = int(values.min(initial=0)), int(values.max(initial=0))
            if low < 0 or high > 65535:
                raise _error(name, f"its integers lie in {low} to {high}, not in 0-65535")
            values = values.astype(np.uint16)
        hidden = image.info.get("transparency")
        if isinstance(hidden, int) and values.dtype.kind == "u":  # one grey of a 16-bit PNG
            values = np.where(values == hidden, 65535, values).astype(np.uint16)
    else:
        values = np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
    # After load(): Pillow turns TIFF by itself while loading, and then drops the tag.
    return np.ascontiguousarray(_upright(_from_array(values, name, "rgb"), _orientation(image)))


def _orientation(image: Image.Image) -> int:
    """1-8 as EXIF has it; 1 where it is absent or damaged, as every viewer takes it."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except _DAMAGE:
        return 1
    return value if isinstance(value, int) else 1


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo an EXIF orientation; orientations 5-8 exchange height and width."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def _tensor_to_array(tensor: torch.Tensor) -> NDArray[Any]:
    """[H, W], [H, W, C] or [C, H, W] on any device -> the same values, channels last."""
    try:
        tensor = tensor.detach().cpu()
        if tensor.is_floating_point():
            tensor = tensor.float()  # numpy has no bfloat16
        values: NDArray[Any] = tensor.numpy()
    except (RuntimeError, TypeError) as error:
        raise _error("the tensor given", error) from error
    if values.ndim != 3:
        return values
    first, last = values.shape[0] in _CHANNELS, values.shape[2] in _CHANNELS
    if first and last:
        raise _error(
            "the tensor given",
            f"its shape {values.shape} can mean channels first or last, pass a numpy array "
            "[H, W, channels] instead",
        )
    return values.transpose(1, 2, 0) if first else values


def _from_array(
    values: NDArray[Any], name: str, channels: Literal["rgb", "bgr"]
) -> NDArray[np.uint8]:
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or values.shape[2] not in _CHANNELS:
        raise _error(
            name,
            f"its shape is {values.shape}, an image is [H, W] or [H, W, channels] with 1, 3 or 4 "
            "channels, one image at a time",
        )
    if values.size == 0:
        raise _error(name, f"it has no pixels (height {values.shape[0]}, width {values.shape[1]})")
    pixels = _to_bytes(values, name)
    if channels == "bgr" and pixels.shape[2] >= 3:
        pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    if pixels.shape[2] == 4:
        pixels = _on_white(pixels)
    return np.array(np.broadcast_to(pixels, (*pixels.shape[:2], 3)), order="C")


def _to_bytes(values: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Scale to 0-255 by the type's own full range."""
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:
        return (values >> 8).astype(np.uint8)
    if values.dtype.kind != "f":
        raise _error(
            name, f"its values are {values.dtype}, give uint8, uint16, bool, or floats in 0-1"
        )
    if not np.isfinite(values).all():
        raise _error(name, "its floats hold NaN or infinity, replace them")
    levels: NDArray[np.float32] = np.rint(values.astype(np.float32) * np.float32(255.0))
    if levels.min() < 0.0 or levels.max() > 255.0:
        raise _error(
            name,
            f"its floats lie in {values.min():g} to {values.max():g}, not in 0-1; divide by their "
            "full range, or cast 0-255 to uint8",
        )
    return levels.astype(np.uint8)


def _on_white(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """[H, W, 4] with straight alpha -> [H, W, 3] over white, rounded to nearest."""
    colour, alpha = pixels[..., :3].astype(np.uint16), pixels[..., 3:].astype(np.uint16)
    blended = (colour * alpha + 255 * (255 - alpha) + 127) // 255  # at most 65152: fits
    return blended.astype(np.uint8)
