"""Batches of prompts: ids, padding, patch numbers over the batch, files."""

import json

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from molmo_point.errors import ImageError, ModelError, QueryError
from molmo_point.models.molmo_point.processor import MolmoPointProcessor, Prompt
from molmo_point.preprocessing.crops import CropConfig
from molmo_point.preprocessing.prompts import IMAGE, Turn
from molmo_point.preprocessing.tokens import VISION_TOKENS, TokenLayout
from molmo_point.preprocessing.video import Video, VideoConfig

CHAT = ["<pad>", "<|im_end|>", "<|im_start|>"]
CROPS = CropConfig((182, 182), 14, 4, (4, 4), (2, 2), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
FRAME = CropConfig((182, 182), 14, 1, (0, 0), (3, 3), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
LAYOUT = TokenLayout(use_single_crop_col_tokens=False, use_low_res_token_for_global_crops=True)


def make_tokenizer(special):
    """One token a byte, and these special ones."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: index for index, letter in enumerate(letters)}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens(list(special))
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<|im_end|>", eos_token="<|im_end|>", pad_token="<pad>"
    )


@pytest.fixture(scope="module")
def processor():
    tokenizer = make_tokenizer([*CHAT, *VISION_TOKENS.values()])
    return MolmoPointProcessor(tokenizer, CROPS, LAYOUT, VideoConfig(FRAME, 6, 2.0))


def make_image(height, width):
    return np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)


def spell(processor, ids):
    return processor.tokenizer.decode(ids)


def test_text_alone(processor):
    inputs = processor(["How are you?"])
    assert spell(processor, inputs.input_ids[0]) == (
        "<|im_end|><|im_start|>user\nHow are you?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert set(inputs.model_inputs()) == {"input_ids", "attention_mask", "mm_token_type_ids"}
    assert not inputs.mm_token_type_ids.any()
    assert inputs.metadata[0].token_pooling.shape == (0, 0)
    assert inputs.metadata[0].subpatch_mapping == []


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("text", ["Point to the cups", "\n  odd ", "a <|im_end|> b", "çaé 1.5"])
def test_prefix_and_question_are_the_whole_prompt(processor, count, text):
    images = [make_image(100 + 40 * index, 90) for index in range(count)]
    whole = processor([text], [images])
    prefix = processor.encode_image_prefix(images)
    ids = prefix.input_ids[0].tolist() + processor.encode_question(text)
    assert ids == whole.input_ids[0].tolist()
    if count:
        assert torch.equal(prefix.pixel_values, whole.pixel_values)
        assert torch.equal(prefix.image_token_pooling, whole.image_token_pooling)


def test_several_images_are_numbered(processor):
    inputs = processor(["Count"], [[make_image(50, 50), make_image(60, 50)]])
    text = spell(processor, inputs.input_ids[0])
    assert text.startswith("<|im_end|>Image 1<low_res_im_start><im_low>")
    assert "<im_col><im_end>Image 2<low_res_im_start>" in text


def test_patch_numbers_run_over_the_batch(processor):
    images = [[make_image(240, 320)], [], [make_image(64, 97), make_image(260, 150)]]
    inputs = processor(["A", "B", "C"], images)
    assert inputs.image_num_crops.tolist() == [5, 2, 4]
    assert inputs.pixel_values.shape == (11, 169, 588)
    sizes = inputs.image_grids.reshape(-1, 2, 2).prod(2).sum(1).tolist()
    first, second, third = inputs.image_token_pooling.split(sizes)
    assert first[first >= 0].min() == 0
    assert second[second >= 0].min() == 5 * 169
    assert third[third >= 0].min() == 7 * 169
    alone = processor(["C"], [images[2]])
    table = inputs.metadata[2].token_pooling
    np.testing.assert_array_equal(table, alone.image_token_pooling.numpy())
    np.testing.assert_array_equal(table, alone.metadata[0].token_pooling)
    assert inputs.metadata[2].subpatch_mapping[1].min() == (2 + 1) * 169
    assert inputs.metadata[2].image_sizes == [(97, 64), (150, 260)]
    patches = (inputs.input_ids == processor.vision_tokens.patch).sum(1)
    low = (inputs.input_ids == processor.vision_tokens.low).sum(1)
    assert (patches + low).tolist() == [len(entry.token_pooling) for entry in inputs.metadata]


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding(processor, side):
    texts = ["a long question about nothing", "short"]
    inputs = processor(texts, [[make_image(20, 20)], []], padding_side=side)
    assert inputs.input_ids.shape == inputs.attention_mask.shape == inputs.mm_token_type_ids.shape
    for row, (text, images) in enumerate(zip(texts, [[make_image(20, 20)], []], strict=True)):
        alone = processor([text], [images])
        kept = inputs.attention_mask[row].bool()
        assert torch.equal(inputs.input_ids[row][kept], alone.input_ids[0])
        assert torch.equal(inputs.mm_token_type_ids[row][kept], alone.mm_token_type_ids[0])
        assert (inputs.input_ids[row][~kept] == processor.pad_id).all()
        assert not inputs.mm_token_type_ids[row][~kept].any()
    assert bool(inputs.attention_mask[1][0 if side == "right" else -1])
    assert not bool(inputs.attention_mask[1][-1 if side == "right" else 0])


def test_a_video(processor):
    frames = np.random.default_rng(0).integers(0, 256, (11, 40, 60, 3), dtype=np.uint8)
    inputs = processor(["track the ball"], videos=[[Video(frames, fps=10.0)]])
    assert inputs.video_grids.tolist() == [[3, 5, 5]]
    assert inputs.metadata[0].timestamps.tolist() == [0.0, 0.5, 1.0]
    assert inputs.metadata[0].video_size == (60, 40)
    assert inputs.metadata[0].subpatch_mapping[0].shape == (3, 13, 13)
    text = spell(processor, inputs.input_ids[0])
    assert text.startswith("<|im_end|>0.0 <frame_start><im_patch>")
    assert "<frame_end> 0.5 <frame_start>" in text
    assert "<frame_end><|im_start|>user\ntrack the ball" in text
    assert inputs.mm_token_type_ids.sum() == 3 * (25 + 2)


def test_a_conversation(processor):
    turns = [Turn("user", "A"), Turn("assistant", "There are none."), Turn("user", "B")]
    text = spell(processor, processor([turns], [[make_image(9, 9)]]).input_ids[0])
    assert text.endswith(
        "<|im_start|>user\nA<|im_end|>\n<|im_start|>assistant\nThere are none.<|im_end|>\n"
        "<|im_start|>user\nB<|im_end|>\n<|im_start|>assistant\n"
    )


def test_words_cannot_become_tokens(processor):
    inputs = processor(["a<|im_end|>\n<im_patch>"])
    assert (inputs.input_ids == processor.vision_tokens.patch).sum() == 0
    assert (inputs.input_ids == processor.bos_id).sum() == 2
    assert "user\na<|im_end|>\n<im_patch><|im_end|>" in spell(processor, inputs.input_ids[0])


def test_words_cannot_become_points():
    """Published tokenizers hold points as added tokens that are not special."""
    tokenizer = make_tokenizer([*CHAT, *VISION_TOKENS.values()])
    tokenizer.add_tokens(["<other>", "<POINT_0>", "<POINT_1>"])
    processor = MolmoPointProcessor(tokenizer, CROPS)
    with pytest.raises(QueryError, match="stands for an image or a point"):
        processor.encode_question("Point to <POINT_1>")
    assert tokenizer.convert_tokens_to_ids("<other>") in processor.encode_question("an <other>")


def test_ids_of_the_answer(processor):
    assert spell(processor, processor.opening_ids) == '<points coords="'
    assert spell(processor, processor.number_ids(12)) == "12"


def test_moving_keeps_everything(processor):
    inputs = processor(["A"], [[make_image(20, 20)]])
    moved = inputs.to("cpu")
    assert moved.metadata == inputs.metadata
    assert moved.model_inputs().keys() == inputs.model_inputs().keys()


def test_round_trip_of_the_files(processor, tmp_path):
    processor.save_pretrained(tmp_path)
    again = MolmoPointProcessor.from_pretrained(tmp_path)
    assert again.crop_config == processor.crop_config
    assert again.layout == processor.layout
    assert again.video_config == processor.video_config
    images = [[make_image(99, 200)]]
    first, second = processor(["A"], images), again(["A"], images)
    for name, value in first.model_inputs().items():
        assert torch.equal(value, second.model_inputs()[name]), name


def test_without_videos(processor, tmp_path):
    silent = MolmoPointProcessor(processor.tokenizer, CROPS)
    silent.save_pretrained(tmp_path)
    again = MolmoPointProcessor.from_pretrained(tmp_path)
    assert again.video_config is None
    frames = np.zeros((3, 4, 4, 3), dtype=np.uint8)
    with pytest.raises(QueryError, match="reads no videos"):
        again(["A"], videos=[[Video(frames, fps=1.0)]])


def test_settings_inside_the_processors_own_file(processor, tmp_path):
    """The layout that transformers 5 writes."""
    processor.save_pretrained(tmp_path)
    whole = json.loads((tmp_path / "processor_config.json").read_text())
    for key, name in (
        ("image", "preprocessor_config.json"),
        ("video", "video_preprocessor_config.json"),
    ):
        whole[f"{key}_processor"] = json.loads((tmp_path / name).read_text())
        (tmp_path / name).unlink()
    (tmp_path / "processor_config.json").write_text(json.dumps(whole))
    again = MolmoPointProcessor.from_pretrained(tmp_path)
    assert again.crop_config == processor.crop_config
    assert again.video_config == processor.video_config


def test_folders_that_hold_no_processor(processor, tmp_path):
    with pytest.raises(ModelError, match=r"no preprocessor_config\.json"):
        MolmoPointProcessor.from_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    path = tmp_path / "preprocessor_config.json"
    values = json.loads(path.read_text())
    del values["max_crops"]
    path.write_text(json.dumps(values))
    with pytest.raises(ModelError, match="max_crops"):
        MolmoPointProcessor.from_pretrained(tmp_path)
    path.write_text("{")
    with pytest.raises(ModelError, match="no JSON"):
        MolmoPointProcessor.from_pretrained(tmp_path)


def test_a_tokenizer_of_another_model():
    with pytest.raises(ModelError, match="<im_low>"):
        MolmoPointProcessor(
            make_tokenizer([*CHAT, *(set(VISION_TOKENS.values()) - {"<im_low>"})]), CROPS
        )


def test_counts_that_do_not_match(processor):
    with pytest.raises(QueryError, match="one list for each text"):
        processor(["A", "B"], [[]])
    with pytest.raises(QueryError, match="one for each"):
        processor.process([Prompt((IMAGE, "A"))])
    with pytest.raises(QueryError, match="at least one"):
        processor([])
    with pytest.raises(QueryError, match="empty"):
        processor(["  "])
    with pytest.raises(ImageError, match="uint8"):
        processor(["A"], [[np.zeros((4, 4), dtype=np.uint8)]])
