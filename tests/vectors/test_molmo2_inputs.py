"""Every array that the published processor of Molmo2 and MolmoPoint makes, metadata included."""

import math
import re

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from benchmarks import preprocessing as plain
from molmo_point.models.molmo_point.processor import MolmoPointProcessor, Prompt
from molmo_point.preprocessing.crops import CropConfig
from molmo_point.preprocessing.prompts import parse_markup
from molmo_point.preprocessing.tokens import TokenLayout
from molmo_point.preprocessing.video import Video, VideoConfig

MARKERS = ("<|im_start|>", "<|im_end|>", "<|image|>", "<|video|>")
PATCHES = r"(?:<im_low>|<im_patch>|<im_col>)*"
IMAGE = rf"<(?:low_res_)?im_start>{PATCHES}<im_end><im_start>{PATCHES}<im_end>"
FRAME = rf"\d+\.\d <(?:frame|im)_start>{PATCHES}<(?:frame|im)_end>"


def square(arrays):
    """Pixels of a side of a crop, and of a patch."""
    pixels = arrays.get("in_pixel_values", arrays.get("in_pixel_values_videos"))
    _, patches, content = pixels.shape
    patch = math.isqrt(content // 3)
    return math.isqrt(patches) * patch, patch


def pooling_side(table):
    return math.isqrt(table.shape[1])


def make_config(arrays, pooling):
    side, patch = square(arrays)
    return CropConfig(
        crop_size=(side, side),
        patch_size=patch,
        max_crops=4,
        overlap_margins=(4, 4),
        pooling_size=(pooling, pooling),
        image_mean=(0.5, 0.5, 0.5),
        image_std=(0.5, 0.5, 0.5),
    )


def has_low_columns(arrays, tokenizer):
    """Whether rows of the global crops end with a token, too."""
    column = tokenizer.convert_tokens_to_ids("<im_col>")
    grids = arrays.get("in_image_grids", np.zeros((0, 4), dtype=int))
    return bool(np.count_nonzero(arrays["in_input_ids"] == column) > grids[:, 2].sum())


def make_processor(case):
    """The processor behind the arrays, as far as they tell; the rest from their README."""
    arrays = case.arrays
    tokenizer = AutoTokenizer.from_pretrained(case.nearest("tokenizer/tokenizer.json").parent)
    names = set(tokenizer.convert_ids_to_tokens(arrays["in_input_ids"].reshape(-1).tolist()))
    layout = TokenLayout(
        image_use_col_tokens=True,
        use_single_crop_col_tokens=has_low_columns(arrays, tokenizer),
        use_single_crop_start_token="<low_res_im_start>" in names,
        use_frame_special_tokens="<frame_start>" in names,
        use_low_res_token_for_global_crops="<im_low>" in names,
    )
    video = None
    if "in_video_token_pooling" in arrays:
        frame = make_config(arrays, pooling_side(arrays["in_video_token_pooling"]))
        video = VideoConfig(frame, num_frames=6, max_fps=2)
    crops = make_config(
        arrays, pooling_side(arrays.get("in_image_token_pooling", np.empty((0, 4))))
    )
    return MolmoPointProcessor(tokenizer, crops, layout, video)


def images_of(arrays):
    count = sum(bool(re.fullmatch(r"image_\d+", name)) for name in arrays)
    return [arrays[f"image_{index}"] for index in range(count)]


def markup_of(arrays, tokenizer):
    """The text of the prompt with a marker for each image or video, and without bos."""
    text = tokenizer.decode(arrays["in_input_ids"][0])
    text = re.sub(IMAGE, "<|image|>", text)
    text = re.sub(rf"{FRAME}(?: {FRAME})*", "<|video|>", text)
    assert text.startswith(tokenizer.bos_token)
    return text.removeprefix(tokenizer.bos_token)


@pytest.fixture
def prepared(inputs_case):
    arrays = inputs_case.arrays
    processor = make_processor(inputs_case)
    videos = [Video(arrays["video"], float(arrays["fps"]))] if "video" in arrays else []
    parts = parse_markup(markup_of(arrays, processor.tokenizer), MARKERS)
    return arrays, processor.process([Prompt(parts, images_of(arrays), videos)])


def absolute(table, per_image, patches_per_image):
    """Patch numbers that restart with every image -> numbers over all of them."""
    starts = np.repeat(np.cumsum([0, *patches_per_image[:-1]]), per_image)
    return np.where(table < 0, table, table + starts[:, None])


def test_inputs_are_the_published_ones(prepared):
    arrays, inputs = prepared
    ours = inputs.model_inputs()
    ours["token_type_ids"] = ours.pop("mm_token_type_ids")
    wanted = {name.removeprefix("in_"): arrays[name] for name in arrays if name.startswith("in_")}
    assert ours.keys() == wanted.keys()
    if "image_token_pooling" in wanted:
        per_image = wanted["image_grids"].reshape(-1, 2, 2).prod(2).sum(1)
        patches = wanted["image_num_crops"] * wanted["pixel_values"].shape[1]
        table = absolute(wanted["image_token_pooling"], per_image, patches)
        wanted["image_token_pooling"] = table
    for name, value in wanted.items():
        if value.dtype == np.float32:
            assert ours[name].shape == value.shape, name
            assert np.abs(ours[name].numpy() - value).max() <= 1e-5, name
        else:
            np.testing.assert_array_equal(ours[name].numpy(), value, err_msg=name)


def test_metadata_is_the_published_one(prepared):
    arrays, inputs = prepared
    wanted = {name.removeprefix("md_"): arrays[name] for name in arrays if name.startswith("md_")}
    (ours,) = inputs.metadata
    found = {"token_pooling": ours.token_pooling}
    if ours.video_size is not None:
        found |= {"subpatch_mapping": ours.subpatch_mapping[0], "video_size": ours.video_size}
        np.testing.assert_allclose(ours.timestamps, arrays["timestamps"], rtol=0, atol=1e-9)
    else:
        maps = enumerate(ours.subpatch_mapping)
        found |= {f"subpatch_mapping_{index}": value for index, value in maps}
        found["image_sizes"] = ours.image_sizes
        assert ours.image_sizes == [image.shape[1::-1] for image in images_of(arrays)]
    assert not wanted or found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_the_plain_form_that_benchmarks_compare_with_is_the_published_one(inputs_case, monkeypatch):
    arrays = inputs_case.arrays
    images = images_of(arrays)
    if images:
        side = pooling_side(arrays["in_image_token_pooling"])
        monkeypatch.setattr(plain, "CONFIG", make_config(arrays, side))
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # with more, torch rounds values halfway between bytes otherwise
        try:
            pixels = np.concatenate([plain.crop_plainly(image)[0] for image in images])
        finally:
            torch.set_num_threads(threads)
        assert np.abs(pixels - arrays["in_pixel_values"]).max() <= 1e-5
