"""Pictures of one's own as a world: boxes stay on their things, splits share no picture."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from molmo_point import Point, Points
from molmo_point.convert import to_coco
from molmo_point.data.queries import ask_about
from molmo_point.data.scenes import random_of
from molmo_point.data.worlds import find_world
from molmo_point.errors import MolmoPointError
from molmo_point.evaluation.scenes import evaluate_scenes
from molmo_point.pointer import Pointer
from molmo_point.training.config import ModelSize, TrainingConfig
from molmo_point.training.export import export_checkpoint
from molmo_point.training.loop import train

COLOURS = {"Hex_nut": (200, 30, 30), "washer": (30, 30, 200)}
SIZE = (400, 260)


def write(folder, count=40):
    """Pictures of discs in two colours, and their boxes."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    categories = [{"id": 3 + n, "name": name} for n, name in enumerate(COLOURS)]
    images, marks = [], []
    for number in range(count):
        picture = np.full((SIZE[1], SIZE[0], 3), 230, np.uint8)
        for _ in range(int(rng.integers(1, 6))):
            kind = int(rng.integers(2))
            x, y, r = (int(rng.integers(*span)) for span in ((40, 360), (40, 220), (12, 24)))
            cv2.circle(picture, (x, y), r, tuple(COLOURS.values())[kind], -1)
            box = [x - r + 0.5, y - r + 0.5, 2 * r, 2 * r]
            marks.append({"image_id": number, "category_id": 3 + kind, "bbox": box})
        Image.fromarray(picture).save(folder / f"{number:03d}.png")
        images.append(
            {"id": number, "file_name": f"{number:03d}.png", "width": SIZE[0], "height": SIZE[1]}
        )
    data = {"images": images, "annotations": marks, "categories": categories}
    (folder / "parts.json").write_text(json.dumps(data))
    return data


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "parts")
    return tmp_path / "parts"


def test_boxes_stay_on_their_things_at_every_scale(folder):
    world = find_world(str(folder / "parts.json"))
    colours = {"hex nut": 0, "washer": 2}
    sizes = set()
    for seed in range(60):
        scene = world.draw(seed, "train", (120, 100))
        height, width = scene.image.shape[:2]
        assert width <= 120
        assert height <= 100
        for thing in scene.things:
            x0, _, x1, _ = thing.box
            assert abs((x0 + x1) / 2 - thing.x) < 0.01
            sizes.add(round(x1 - x0))
            if 0 <= thing.x < width and 0 <= thing.y < height and not thing.doubtful:
                pixel = scene.image[int(thing.y), int(thing.x)].astype(int)
                others = [scene for scene in scene.things if scene.name != thing.name]
                if all(np.hypot(o.x - thing.x, o.y - thing.y) > x1 - x0 for o in others):
                    assert pixel.argmax() == colours[thing.name]
    assert max(sizes) > 2 * min(sizes)


def test_splits_share_no_picture_and_questions_ask_for_what_is_there(folder):
    world = find_world(str(folder / "parts.json"))
    seen = {
        split: {world.draw(seed, split, None).image.tobytes() for seed in range(40)}
        for split in ("train", "dev", "heldout")
    }
    assert len(set.union(*seen.values())) == sum(map(len, seen.values()))
    assert len(seen["train"]) > 20
    assert {"hex", "nuts", "washers"} <= set(world.vocabulary)
    asked = [
        (scene, query)
        for seed in range(30)
        for scene in [world.draw(seed, "dev", None)]
        for query in ask_about(scene, random_of("dev", seed, 1), 4, world)
    ]
    assert {query.kind for _, query in asked} == {"name", "everything", "absent"}
    for scene, query in asked:
        if query.kind == "name":
            noun = "washer" if "washer" in query.text else "hex nut"
            named = tuple(n for n, thing in enumerate(scene.things) if thing.name == noun)
            assert query.targets == named


def test_a_model_is_trained_on_them_and_measured(folder, tmp_path):
    size = ModelSize(
        crop=96, patch=12, max_crops=4, vision_width=32, vision_layers=2, text_width=48,
        text_layers=1, point_dim=16, heat_dim=16, overview=8,
    )  # fmt: skip
    place = str(folder / "parts.json")
    config = TrainingConfig(model=size, world=place, steps=3, dense_steps=2, small_batch=2)
    export_checkpoint(train(config, tmp_path / "run", workers=0), tmp_path / "model")
    report = evaluate_scenes(Pointer(tmp_path / "model"), scenes=3, world=find_world(place))
    assert report.overall.questions > 3
    assert set(report.by_scene) == {"pictures"}


def test_points_alone_have_a_small_box(folder):
    found = Points((Point(100.0, 60.0, label="hex nut"),), SIZE, "hex nut")
    (folder / "points.json").write_text(json.dumps(to_coco({"000.png": found})))
    (thing,) = find_world(str(folder / "points.json")).draw(0, "train", None).things
    assert (thing.name, thing.x, thing.y) == ("hex nut", 100.0, 60.0)
    assert thing.box == (92.0, 52.0, 108.0, 68.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data.pop("images"), "no file of COCO annotations"),
        (lambda data: data["images"][0].update(file_name="gone.png"), "gone.png is neither"),
        (lambda data: data["annotations"][0].update(bbox=[1, 2, 0, 4]), "no area"),
        (lambda data: data["categories"][0].update(name="--"), "no word"),
        (lambda data: data["annotations"][0].update(category_id=99), "99"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, change, said):
    data = write(tmp_path / "parts", 3)
    change(data)
    (tmp_path / "parts" / "parts.json").write_text(json.dumps(data))
    with pytest.raises(MolmoPointError, match=said):
        find_world(str(tmp_path / "parts" / "parts.json"))


def test_too_few_pictures_and_turned_ones_are_said(tmp_path):
    write(tmp_path / "parts", 1)
    world = find_world(str(tmp_path / "parts" / "parts.json"))
    splits = [split for split in ("train", "dev", "heldout") if can_draw(world, split)]
    assert len(splits) == 1  # of one picture
    with pytest.raises(MolmoPointError, match="give more pictures"):
        world.draw(0, "dev" if splits == ["train"] else "train", None)
    write(tmp_path / "more", 1)
    file = tmp_path / "more" / "000.png"
    turned = Image.open(file)
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(file, exif=exif)
    with pytest.raises(MolmoPointError, match="260x400 once it is upright"):
        find_world(str(tmp_path / "more" / "parts.json")).draw(0, splits[0], None)


def can_draw(world, split):
    try:
        world.draw(0, split, None)
    except MolmoPointError:
        return False
    return True
