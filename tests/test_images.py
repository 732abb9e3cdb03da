"""Every kind of image: right to the pixel, or one sentence that names the source."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from molmo_point.errors import ImageError
from molmo_point.images import load_image

# Four unlike corners: any turn, mirror or exchange of channels shows.
CORNERS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]]], dtype=np.uint8)
PICTURE = np.repeat(np.repeat(CORNERS, 24, axis=0), 32, axis=1)  # [48, 64, 3]
SHARP = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
LOSS = {"JPEG": 6}  # levels; the other kinds are exact
NOISE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def encode(image, kind="PNG", **options):
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(file := io.BytesIO(), kind, **options)
    return file.getvalue()


def png_chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def raw_png(width, height, depth, colour_type, rows, extra=b""):
    """A PNG written by hand: Pillow cannot write 16-bit colour."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", head)
        + extra
        + png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
        + png_chunk(b"IEND", b"")
    )


def message(source, **options):
    """The one sentence that the source gets."""
    with pytest.raises(ImageError) as caught:
        load_image(source, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


def assert_same(result, expected, atol=0):
    assert result.dtype == np.uint8
    assert result.shape == expected.shape
    assert result.flags.c_contiguous
    assert result.flags.writeable
    worst = int(np.abs(result.astype(int) - expected.astype(int)).max())
    assert worst <= atol


class TestSources:
    def test_path_as_text_and_as_path(self, tmp_path):
        path = tmp_path / "ünï cödé.png"
        Image.fromarray(NOISE).save(path)
        assert_same(load_image(str(path)), NOISE)
        assert_same(load_image(path), NOISE)

    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    def test_encoded_bytes(self, kind):
        assert_same(load_image(kind(encode(NOISE))), NOISE)

    def test_open_file_is_read_from_where_it_stands(self):
        file = io.BytesIO(b"header" + encode(NOISE))
        file.seek(6)
        assert_same(load_image(file), NOISE)

    def test_stream_that_cannot_seek(self):
        copy = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
        command = [sys.executable, "-c", copy]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            process.stdin.write(encode(NOISE))
            process.stdin.close()
            assert_same(load_image(process.stdout), NOISE)

    def test_pil_image_is_left_as_it_was(self):
        image = Image.fromarray(NOISE)
        assert_same(load_image(image), NOISE)
        assert image.mode == "RGB"
        assert image.size == (60, 40)

    def test_current_frame_of_a_pil_image(self):
        frames = [Image.fromarray(np.full((4, 4, 3), level, np.uint8)) for level in (10, 200)]
        animation = Image.open(
            io.BytesIO(encode(frames[0], "TIFF", save_all=True, append_images=frames[1:]))
        )
        animation.seek(1)
        assert_same(load_image(animation), np.full((4, 4, 3), 200, np.uint8))

    @pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "TGA", "GIF", "WEBP", "JPEG"])
    def test_formats(self, kind):
        data = encode(PICTURE, kind, **SHARP.get(kind, {}))
        assert_same(load_image(data), PICTURE, LOSS.get(kind, 0))

    def test_something_else(self):
        assert message(42) == (
            "An image is a path, bytes, an open file, a PIL image, a numpy array or a torch "
            "tensor, got int."
        )

    def test_unknown_channel_order(self):
        assert message(NOISE, channels="gbr") == 'The channel order is "rgb" or "bgr", got \'gbr\'.'


class TestArrays:
    def test_rgb_is_copied(self):
        source = NOISE.copy()
        result = load_image(source)
        assert_same(result, NOISE)
        assert not np.shares_memory(result, source)

    def test_bgr(self):
        assert_same(load_image(NOISE[..., ::-1], channels="bgr"), NOISE)
        transparent = np.dstack([NOISE[..., ::-1], np.full(NOISE.shape[:2], 255, np.uint8)])
        assert_same(load_image(transparent, channels="bgr"), NOISE)

    def test_channel_order_is_of_arrays_only(self):
        assert_same(load_image(encode(NOISE), channels="bgr"), NOISE)
        assert_same(load_image(Image.fromarray(NOISE), channels="bgr"), NOISE)

    @pytest.mark.parametrize("shape", [(40, 60), (40, 60, 1)])
    def test_grey(self, shape):
        grey = NOISE[..., 0]
        assert_same(load_image(grey.reshape(shape)), np.dstack([grey] * 3))

    def test_alpha_goes_on_white(self):
        pixels = np.array([[[0, 0, 0, 0], [0, 0, 0, 255], [100, 0, 200, 128]]], np.uint8)
        expected = np.array([[[255, 255, 255], [0, 0, 0], [177, 127, 227]]], np.uint8)
        assert_same(load_image(pixels), expected)

    def test_uint16_keeps_the_high_byte(self):
        pixels = np.array([[0, 255, 256, 257, 32768, 65535]], np.uint16)
        for order in (pixels, pixels.astype(">u2")):
            assert load_image(order)[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255]

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_floats(self, dtype):
        levels = np.arange(256)
        pixels = (levels / 255).astype(dtype)[None]
        assert load_image(pixels)[0, :, 1].tolist() == levels.tolist()

    def test_float_rounding_errors_are_no_error(self):
        assert load_image(np.array([[-1e-6, 1 + 1e-6]]))[0, :, 0].tolist() == [0, 255]

    def test_bool(self):
        assert load_image(np.array([[True, False]]))[0, :, 2].tolist() == [255, 0]

    def test_strided(self):
        assert_same(load_image(NOISE[::-2, ::3]), NOISE[::-2, ::3])

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_floats_that_are_not_finite(self, value):
        pixels = np.full((3, 3), 0.5)
        pixels[1, 1] = value
        assert message(pixels) == (
            "Cannot read the array given as an image: its floats hold NaN or infinity, replace "
            "them."
        )

    def test_floats_in_another_range(self):
        assert "its floats lie in 0 to 255, not in 0-1;" in message(np.array([[0.0, 255.0]]))
        assert "its floats lie in -1 to 1, not in 0-1;" in message(np.array([[-1.0, 1.0]]))

    @pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint32, np.complex64, object])
    def test_other_types(self, dtype):
        assert f"its values are {np.dtype(dtype)}, give uint8" in message(np.ones((2, 2), dtype))

    @pytest.mark.parametrize("shape", [(5,), (3, 40, 60), (40, 60, 2), (1, 40, 60, 3), ()])
    def test_other_shapes(self, shape):
        assert f"its shape is {shape}, an image is" in message(np.zeros(shape, np.uint8))

    @pytest.mark.parametrize("shape", [(0, 5, 3), (5, 0)])
    def test_no_pixels(self, shape):
        assert f"no pixels (height {shape[0]}, width {shape[1]})" in message(np.zeros(shape))


class TestTensors:
    def test_channels_first_and_last(self):
        assert_same(load_image(torch.from_numpy(NOISE).permute(2, 0, 1)), NOISE)
        assert_same(load_image(torch.from_numpy(NOISE)), NOISE)

    def test_bgr(self):
        flipped = torch.from_numpy(NOISE[..., ::-1].copy()).permute(2, 0, 1)
        assert_same(load_image(flipped, channels="bgr"), NOISE)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
    def test_floats_with_gradients(self, dtype):
        tensor = torch.tensor([[0.0, 0.5, 1.0]], dtype=dtype, requires_grad=True)
        assert load_image(tensor)[0, :, 0].tolist() == [0, 128, 255]

    def test_one_channel(self):
        assert_same(load_image(torch.from_numpy(NOISE[None, ..., 0])), NOISE[..., [0, 0, 0]])

    @pytest.mark.parametrize("shape", [(3, 40, 3), (1, 40, 3), (4, 40, 4)])
    def test_ambiguous_shape(self, shape):
        text = message(torch.zeros(shape))
        assert f"the tensor given as an image: its shape {shape} can mean channels first or" in text

    def test_batch(self):
        assert "its shape is (2, 3, 8, 8), an image is" in message(torch.zeros(2, 3, 8, 8))

    def test_tensor_without_values(self):
        assert "Cannot read the tensor given" in message(torch.zeros(4, 4, 3, device="meta"))


# What a viewer must do with the stored picture, said by numpy: EXIF 2.32, tag 0x0112.
TURN = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}


class TestOrientation:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_pixels_are_upright(self, orientation, kind):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encode(PICTURE, kind, exif=exif, **SHARP.get(kind, {}))
        upright = TURN[orientation](PICTURE)
        assert_same(load_image(data), upright, LOSS.get(kind, 0))
        # A PIL image that was opened from such a file still carries the tag.
        assert_same(load_image(Image.open(io.BytesIO(data))), upright, LOSS.get(kind, 0))

    def test_grey_16_bit(self):
        exif = Image.Exif()
        exif[0x0112] = 6
        grey = (NOISE[..., 0].astype(np.uint16)) * 257
        data = encode(Image.fromarray(grey), "PNG", exif=exif)
        assert_same(load_image(data), np.rot90(NOISE[..., [0, 0, 0]], -1))

    @pytest.mark.parametrize("orientation", [0, 9, 65535])
    def test_values_without_meaning_turn_nothing(self, orientation):
        exif = Image.Exif()
        exif[0x0112] = orientation
        assert_same(load_image(encode(NOISE, "PNG", exif=exif)), NOISE)

    @pytest.mark.parametrize("exif", [b"", b"garbage", b"II*\0\xff\xff\xff\xff"])
    def test_damaged_exif_turns_nothing(self, exif):
        data = encode(PICTURE, "JPEG", exif=b"Exif\0\0" + exif, **SHARP["JPEG"])
        assert_same(load_image(data), PICTURE, LOSS["JPEG"])


class TestModes:
    def test_grey_and_one_bit(self):
        grey = NOISE[..., 0]
        assert_same(load_image(encode(grey)), NOISE[..., [0, 0, 0]])
        black_white = Image.fromarray(grey > 128)
        assert black_white.mode == "1"
        expected = np.where(grey > 128, 255, 0).astype(np.uint8)
        assert_same(load_image(encode(black_white)), np.dstack([expected] * 3))
        assert_same(load_image(black_white), np.dstack([expected] * 3))

    def test_grey_with_alpha(self):
        image = Image.fromarray(np.array([[[0, 0], [0, 255], [100, 128]]], np.uint8), "LA")
        for source in (image, encode(image)):
            assert load_image(source)[0, :, 0].tolist() == [255, 0, 177]

    def test_colour_with_alpha(self):
        pixels = np.array([[[9, 9, 9, 0], [1, 2, 3, 255], [100, 0, 200, 128]]], np.uint8)
        expected = np.array([[[255, 255, 255], [1, 2, 3], [177, 127, 227]]], np.uint8)
        assert_same(load_image(encode(pixels)), expected)

    def test_palette(self):
        image = Image.fromarray(PICTURE).quantize(4)
        assert image.mode == "P"
        assert_same(load_image(image), PICTURE)
        assert_same(load_image(encode(image)), PICTURE)

    @pytest.mark.parametrize("transparency", [1, bytes([255, 0, 255])])
    def test_palette_with_transparency(self, transparency):
        image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
        image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
        data = encode(image, transparency=transparency)
        assert load_image(data).tolist() == [[[10, 20, 30], [255, 255, 255], [70, 80, 90]]]

    def test_one_colour_declared_transparent(self):
        image = Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8))
        data = encode(image, transparency=(1, 2, 3))
        assert load_image(data).tolist() == [[[255, 255, 255], [4, 5, 6]]]

    @pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
    def test_cmyk(self, kind):
        """JPEG holds it inverted, as Adobe does (the marker is there); TIFF as it is."""
        inks = np.zeros((16, 48, 4), np.uint8)
        inks[:, :16, 1:3] = 255  # magenta + yellow: red
        inks[:, 16:32, 0] = 255  # cyan
        inks[:, 32:, 3] = 255  # black
        data = encode(Image.fromarray(inks, "CMYK"), kind)
        assert (b"Adobe" in data) == (kind == "JPEG")
        result = load_image(data)
        colours = [[255, 0, 0], [0, 255, 255], [0, 0, 0]]
        assert_same(result[8:9, [8, 24, 40]], np.array([colours], np.uint8), 8)

    @pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
    def test_16_bit_grey(self, kind):
        grey = np.array([[0, 256, 32768, 65535]], np.uint16)
        result = load_image(encode(Image.fromarray(grey), kind))
        assert result[0].tolist() == [[level] * 3 for level in (0, 1, 128, 255)]

    def test_a_hidden_16_bit_grey_is_white(self):
        hidden = png_chunk(b"tRNS", bytes([0x40, 0x12]))
        row = bytes([0x40, 0x12, 0x80, 0x00])
        assert load_image(raw_png(2, 1, 16, 0, [row]))[0, :, 0].tolist() == [0x40, 0x80]
        assert load_image(raw_png(2, 1, 16, 0, [row], hidden))[0, :, 0].tolist() == [255, 0x80]

    def test_16_bit_colour(self):
        row = struct.pack(">6H", 0, 32768, 65535, 256, 257, 65280)
        expected = np.array([[[0, 128, 255], [1, 1, 255]]], np.uint8)
        assert_same(load_image(raw_png(2, 1, 16, 2, [row])), expected)
        assert_same(load_image(b"P6 2 1 65535\n" + row), expected, 1)  # Pillow rounds this kind

    def test_16_bit_colour_with_alpha(self):
        row = struct.pack(">8H", 0, 32768, 65535, 65535, 1, 1, 1, 0)
        assert load_image(raw_png(2, 1, 16, 6, [row])).tolist() == [[[0, 128, 255], [255] * 3]]

    def test_integers_beyond_16_bits(self):
        image = Image.fromarray(np.array([[0, 70000]], np.int32))
        assert "its integers lie in 0 to 70000, not in 0-65535" in message(image)

    def test_float_file(self):
        ramp = np.array([[0.0, 0.5, 1.0]], np.float32)
        assert load_image(encode(Image.fromarray(ramp), "TIFF"))[0, :, 0].tolist() == [0, 128, 255]
        broken = encode(Image.fromarray(ramp * np.float32(np.nan)), "TIFF")
        assert "the bytes given as an image: its floats hold NaN" in message(broken)

    @pytest.mark.parametrize("mode", ["YCbCr", "HSV", "RGBX", "RGBa"])
    def test_other_colour_spaces(self, mode):
        image = Image.fromarray(PICTURE).convert("RGBA" if mode == "RGBa" else "RGB").convert(mode)
        assert_same(load_image(image), PICTURE, 3)  # Pillow holds hues in 8 bits

    def test_mode_that_pillow_cannot_convert(self):
        text = message(Image.new("La", (4, 4)))
        assert "the PIL image given as an image: it cannot be decoded (" in text


class TestAnimations:
    @pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
    def test_first_frame(self, kind):
        frames = [Image.fromarray(np.roll(PICTURE, shift, axis=1)) for shift in (0, 7, 19)]
        options = {"save_all": True, "append_images": frames[1:], "duration": 50}
        data = encode(frames[0], kind, **options, **SHARP.get(kind, {}))
        with Image.open(io.BytesIO(data)) as image:
            assert image.n_frames == 3
        assert_same(load_image(data), PICTURE)

    def test_transparent_gif(self):
        image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
        image.putpalette([10, 20, 30, 40, 50, 60])
        data = encode(image, "GIF", transparency=0)
        assert load_image(data).tolist() == [[[255, 255, 255], [40, 50, 60]]]


class TestDamage:
    KINDS = ("BMP", "GIF", "JPEG", "JPEG progressive", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")

    @pytest.mark.parametrize("kind", KINDS)
    def test_cut_off_file_is_never_half_an_image(self, kind, tmp_path):
        data = encode(NOISE, kind.split()[0], **{word: True for word in kind.split()[1:]})
        whole = load_image(data)
        for share in (0.02, 0.3, 0.6, 0.9):
            piece = data[: int(len(data) * share)]
            assert message(piece).startswith("Cannot read the bytes given as an image: it ")
            path = tmp_path / "half"
            path.write_bytes(piece)
            assert message(path).startswith(f'Cannot read "{path}" as an image: it ')
        for missing in range(1, 14):  # the last bytes of some formats hold no pixels
            try:
                assert_same(load_image(data[:-missing]), whole)
            except ImageError as error:
                assert "it cannot be decoded" in str(error)  # noqa: PT017

    def test_pil_image_over_a_cut_off_file(self):
        data = encode(NOISE, "JPEG")
        image = Image.open(io.BytesIO(data[: len(data) // 2]))
        assert "the PIL image given as an image: it cannot be decoded (" in message(image)

    def test_closed_pil_image(self, tmp_path):
        Image.fromarray(NOISE).save(tmp_path / "a.png")
        image = Image.open(tmp_path / "a.png")
        image.close()
        assert "the PIL image given" in message(image)
        with Image.open(tmp_path / "a.png") as image:
            pass
        assert "the PIL image given" in message(image)

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "ICO", "PPM"])
    def test_changed_bytes_give_an_image_or_a_sentence(self, kind):
        random = np.random.default_rng(1)
        data = encode(PICTURE, kind)
        for _ in range(60):
            broken = bytearray(data)
            for place in random.integers(0, min(len(data), 400), 4):
                broken[place] = random.integers(0, 256)
            try:
                assert load_image(broken).shape[2] == 3
            except ImageError as error:
                assert "the bytes given" in str(error)  # noqa: PT017

    def test_zero_bytes(self, tmp_path):
        assert message(b"") == "Cannot read the bytes given as an image: it is empty (0 bytes)."
        path = tmp_path / "empty.png"
        path.touch()
        assert message(path) == f'Cannot read "{path}" as an image: it is empty (0 bytes).'

    def test_missing_file(self, tmp_path):
        path = tmp_path / "no.png"
        assert message(path) == f'Cannot read "{path}" as an image: there is no such file.'

    def test_directory(self, tmp_path):
        assert message(tmp_path).endswith('" as an image: it is a directory, name a file in it.')

    def test_path_through_a_file(self, tmp_path):
        (tmp_path / "file").touch()
        assert "Not a directory" in message(tmp_path / "file" / "a.png")

    def test_paths_that_cannot_be(self):
        assert message("") == "Cannot read an empty path as an image: name a file."
        assert "null" in message("a\0b.png")
        assert len(message("iVBORw0KGgo" * 1000)) < 300

    def test_not_an_image(self, tmp_path):
        path = tmp_path / "notes.txt"
        path.write_text("hello")
        assert message(path) == (
            f'Cannot read "{path}" as an image: it is cut off, or in no format that is known here; '
            "save it as PNG or JPEG."
        )

    def test_file_opened_as_text(self):
        assert 'opened as text, open it with mode "rb"' in message(io.StringIO("hello"))

    def test_closed_file(self):
        file = io.BytesIO(encode(NOISE))
        file.close()
        assert "the file given as an image: I/O operation on closed file" in message(file)

    def test_postscript_is_not_run(self):
        program = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
        with Image.open(io.BytesIO(program)) as image:
            assert image.format == "EPS"
        assert "no format that is known here" in message(program)
