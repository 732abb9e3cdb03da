"""Checkpoints in every published layout load whole, point, and say what is wrong with them."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from molmo_point import Pointer
from molmo_point.decoding.options import Choice
from molmo_point.errors import ModelError, QueryError, WeightsError
from molmo_point.models.weights import load_model
from molmo_point.preprocessing.video import Video
from tests.published.small import KINDS, random_tensors, write_checkpoint


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("published")
    for kind in KINDS:
        write_checkpoint(root / kind, kind)
    return root


def generation(kind):
    return KINDS[kind][0]["model_type"]


@pytest.fixture(scope="module")
def pointers(folders):
    made = {}

    def get(kind):
        if kind not in made:
            made[kind] = Pointer(folders / kind)
        return made[kind]

    return get


def picture(seed=0, size=(120, 160)):
    return np.random.default_rng(seed).integers(0, 255, (*size, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith("molmo2")])
def test_what_was_loaded_is_what_was_written(kind, folders, tmp_path):
    model = load_model(folders / kind, generation(kind), dtype=torch.float32)
    model.save_pretrained(tmp_path)
    saved, written = load_file(tmp_path / "model.safetensors"), random_tensors(KINDS[kind][1])
    assert saved.keys() == written.keys()
    assert all(torch.equal(saved[name], written[name]) for name in written)


@pytest.mark.parametrize("kind", KINDS)
def test_float32_files_load_straight_to_the_wanted_dtype(kind, folders):
    model = load_model(folders / kind, generation(kind), dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}


@pytest.mark.parametrize("kind", KINDS)
def test_one_interface_over_all_generations(kind, pointers):
    pointer, image = pointers(kind), picture()
    points = pointer.point(image, "the cups")
    assert points.image_size == (160, 120)
    assert points.state in ("points", "none", "unreadable")
    with pointer.look(image) as view:
        one, two = view.points(["the cups", "dogs"])
        assert one.text == points.text
        assert view.point("dogs").text == two.text
    counted = pointer.count(image, "cups")
    assert int(counted) == (len(counted.points) or counted.points.stated_count or 0)
    assert isinstance(pointer.ask(image, "What is this?"), str)
    streamed = [(point.x, point.y) for point in pointer.stream(image, "the cups")]
    assert streamed == [(point.x, point.y) for point in points]


@pytest.mark.parametrize("kind", ["molmo-point", "molmo-point-tied"])
def test_a_click_is_one_point(kind, pointers):
    points = pointers(kind).point(picture(), "the cup", single=True)
    assert len(points) == 1
    assert not points.truncated


@pytest.mark.parametrize("kind", ["molmo-point", "molmo2"])
def test_several_images_in_one_question(kind, pointers):
    images = [picture(1), picture(2, (90, 200))]
    pointer = pointers(kind)
    points = pointer.point(images, "the cups")
    assert points.image_size == (160, 120)
    if kind == "molmo-point":
        (click,) = pointer.point(images, "the cup", single=True)
        width, height = ((160, 120), (200, 90))[click.image_index]
        assert 0 <= click.x <= width
        assert 0 <= click.y <= height


def said_of(view, text):
    """What the view reads out of an answer."""
    dialect = view._dialect
    reader = dialect.reader("cups")
    for token in dialect._processor.tokenizer(text, add_special_tokens=False).input_ids:
        reader.feed(Choice(0, token, 1.0))
    return [(p.image_index, p.timestamp, p.x, p.y) for p in reader.finish()]


def test_what_is_written_of_several_images_lies_in_each(pointers):
    with pointers("molmo2").look([picture(1), picture(2, (90, 200))]) as view:
        said = said_of(view, '<points coords="1 1 500 500;2 2 250 500">cups</points>')
    assert said == [(0, None, 80, 60), (1, None, 50, 45)]


def test_what_is_written_of_a_video_has_its_time(pointers):
    with pointers("molmo2").look(Video(np.zeros((12, 60, 90, 3), np.uint8), fps=4.0)) as view:
        said = said_of(view, '<points coords="0.5 1 500 500;2.0 1 250 500">cups</points>')
    assert said == [(0, 0.5, 45, 30), (0, 2.0, 22.5, 30)]


def test_points_name_their_image(pointers):
    images = [picture(1), picture(2, (90, 200))]
    view = pointers("molmo-point").look(images)
    places = view._dialect.grids.places()
    assert set(places[..., 0].reshape(-1).tolist()) == {-1, 0, 1}


def test_a_single_point_of_several_images_may_lie_in_any_of_them(pointers):
    pointer, images = pointers("molmo2"), [picture(1), picture(2)]
    openings = []
    for media in (images[0], images, Video(np.stack(images), fps=2.0)):
        dialect = pointer.look(media)._dialect
        opening = dialect.options(single=True, words=False).template.opening
        openings.append(dialect._processor.tokenizer.decode(opening))
    assert openings == ['<points coords="1 1 ', '<points coords="', '<points coords="']


@pytest.mark.parametrize("kind", ["molmo-point", "molmo2"])
def test_a_video_is_asked_like_an_image(kind, pointers):
    frames = np.stack([picture(number, (60, 90)) for number in range(12)])
    pointer, video = pointers(kind), Video(frames, fps=4.0)
    points = pointer.point(video, "the cups")
    assert points.image_size == (90, 60)
    if kind == "molmo-point":
        (click,) = pointer.point(video, "the cup", single=True)
        assert click.timestamp in (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 2.75)
        assert 0 <= click.x <= 90


@pytest.mark.parametrize("kind", ["molmo-d", "embedded"])
def test_models_without_video_say_so(kind, pointers):
    pointer = Pointer() if kind == "embedded" else pointers(kind)
    frames = np.stack([picture(number) for number in range(3)])
    with pytest.raises(QueryError, match="reads no videos"):
        pointer.point(Video(frames, fps=4.0), "stars")


def test_the_first_generation_takes_one_image(pointers):
    with pytest.raises(QueryError, match="single images and got 2"):
        pointers("molmo-d").point([picture(1), picture(2)], "cups")


@pytest.mark.parametrize("kind", ["molmoe", "molmo-o", "molmo-d", "molmo2", "molmo-point-tied"])
def test_tensors_that_do_not_fit_are_named(kind, folders, tmp_path):
    tensors = random_tensors(KINDS[kind][1])
    (tmp_path / "config.json").write_text((folders / kind / "config.json").read_text())
    del tensors["model.transformer.ln_f.weight"]
    tensors["model.transformer.strange.weight"] = torch.zeros(3)
    first = "model.transformer.blocks.0.ff_norm.weight"
    first = first if first in tensors else "model.transformer.blocks.0.mlp.ff_norm.weight"
    tensors[first] = torch.zeros(7)
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(WeightsError) as caught:
        load_model(tmp_path, generation(kind), dtype=torch.float32)
    message = str(caught.value)
    assert "norm.weight" in message
    assert "strange" in message
    assert "(7,) instead of (64,)" in message


def test_a_configuration_of_no_published_construction_is_refused(folders, tmp_path):
    from molmo_point.errors import ModelError

    config = json.loads((folders / "molmo-d" / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"layer_norm_type": "layer"}))
    save_file(random_tensors(KINDS["molmo-d"][1]), tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="layer_norm_type='layer' is not supported"):
        load_model(tmp_path, "molmo", dtype=torch.float32)


@pytest.mark.parametrize("kind", ["molmo-d", "molmo-o"])
@pytest.mark.parametrize("padding", [0, 4])
def test_generate_says_the_same_with_a_static_cache(kind, padding, folders):
    model = load_model(folders / kind, "molmo", dtype=torch.float32)
    ids = torch.randint(1, 250, (2, 9), generator=torch.Generator().manual_seed(3))
    mask = torch.ones_like(ids)
    mask[0, :padding] = 0
    said = [
        model.generate(
            ids, attention_mask=mask, max_new_tokens=12, do_sample=False,
            pad_token_id=0, cache_implementation=cache,
        )
        for cache in ("dynamic", "static")
    ]  # fmt: skip
    assert torch.equal(*said)


@pytest.mark.parametrize("kind", ["molmo-d", "molmo2", "molmo-point"])
@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_a_tokenizer_that_is_not_there_is_said(kind, damage, folders, tmp_path):
    broken = shutil.copytree(folders / kind, tmp_path / kind)
    for path in broken.glob("*token*"):
        path.unlink()
    if damage == "damaged":
        (broken / "tokenizer.json").write_text('{"version": "1.0"')
    with pytest.raises(ModelError, match="no tokenizer that can be read"):
        Pointer(broken)


def test_crops_of_none_are_refused(folders):
    with pytest.raises(ModelError, match=r"max_crops 0 .* must be at least 1"):
        Pointer(folders / "molmo2", max_crops=0)
