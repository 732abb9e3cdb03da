"""Layouts of ScreenSpot are read as they are published, and a hit is a point in the target."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from molmo_point import Point, Pointer
from molmo_point.cli.screenspot import run_screenspot
from molmo_point.errors import ImageError, MolmoPointError
from molmo_point.evaluation.screenspot import HitReport, ScreenCase, evaluate_cases, read_cases

OLD = {"instruction": "close this window", "data_type": "icon", "data_source": "windows"}
PRO = {"instruction": "zoom in", "ui_type": "text", "application": "blender", "id": "blender_0"}


def save(path, size=(300, 200)):
    """A red disc at (80, 60) on white: the embedded model knows such."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", size, "white")
    ImageDraw.Draw(picture).ellipse((55, 35, 105, 85), fill=(214, 40, 40))
    picture.save(path)


def write(folder, entries, name="screenspot_desktop.json"):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(entries))


@pytest.mark.parametrize("images", ["screenspot_imgs", "screenspotv2_image", "."])
def test_the_first_two_give_left_top_width_height(tmp_path, images):
    save(tmp_path / images / "pc_1.png")
    write(tmp_path, [{**OLD, "img_filename": "pc_1.png", "bbox": [10, 20, 30, 40]}])
    (case,) = read_cases(tmp_path)
    assert case.box == (10, 20, 40, 60)
    assert (case.kind, case.group, case.role) == ("icon", "windows", "")
    assert case.image.name == "pc_1.png"


def test_the_folder_may_be_where_one_is(tmp_path, monkeypatch):
    save(tmp_path / "pc_1.png")
    write(tmp_path, [{**OLD, "img_filename": "pc_1.png", "bbox": [10, 20, 30, 40]}])
    monkeypatch.chdir(tmp_path)
    assert len(read_cases(Path())) == 1


def test_pro_gives_corners_and_folders(tmp_path):
    for folder in ("blender_mac", "blender_windows"):
        save(tmp_path / "images" / folder / "shot.png")
    entry = {**PRO, "img_filename": "blender_windows/shot.png", "bbox": [10, 20, 30, 40],
             "img_size": [300, 200]}  # fmt: skip
    write(tmp_path, [entry], "annotations/blender_windows.json")
    (case,) = read_cases(tmp_path)
    assert case.box == (10, 20, 30, 40)
    assert (case.kind, case.group) == ("text", "blender")
    assert case.image.parent.name == "blender_windows"


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        (None, "holds no JSON file"),
        ([], "list no cases"),
        ([{"bbox": [1, 2, 3]}], "not in a layout"),
        ({"a": 1}, "not in a layout"),
        ([{**OLD, "img_filename": "no.png", "bbox": [1, 2, 3, 4]}], 'no image "no.png"'),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, entries, sentence):
    if entries is not None:
        write(tmp_path, entries)
    with pytest.raises(MolmoPointError, match=sentence):
        read_cases(tmp_path)


def test_figures_by_kind_role_and_group(tmp_path):
    def case(kind, role):
        return ScreenCase(tmp_path, "it", (0, 0, 10, 10), kind, "site", role)

    report = HitReport()
    report.add(case("text", "button"), Point(10, 10))
    report.add(case("text", "link"), Point(10.1, 5))
    report.add(case("icon", "button"), None)
    assert report.to_dict() == {
        "overall": {"hit": 0.3333, "cases": 3, "silent": 1},
        "by_kind": {"icon": {"hit": 0.0, "cases": 1, "silent": 1},
                    "text": {"hit": 0.5, "cases": 2, "silent": 0}},
        "by_role": {"button": {"hit": 0.5, "cases": 2, "silent": 1},
                    "link": {"hit": 0.0, "cases": 1, "silent": 0}},
        "by_group": {"site": {"hit": 0.3333, "cases": 3, "silent": 1}},
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    save(tmp_path / "images" / "one.png")
    entries = [
        {**OLD, "img_filename": "one.png", "instruction": words, "bbox": box}
        for words, box in (
            ("red circle", [50, 30, 60, 60]),
            ("red circle", [200, 100, 20, 20]),
            ("xyzzyx plugh", [50, 30, 60, 60]),
        )
    ]
    write(tmp_path, entries)
    return tmp_path


def test_the_embedded_model_is_asked_and_unknown_words_are_misses(folder):
    told = []
    report = evaluate_cases(
        Pointer(), read_cases(folder), answered=lambda case, point: told.append(point)
    )
    assert report.overall.to_dict() == {"hit": 0.3333, "cases": 3, "silent": 1}
    assert np.hypot(told[0].x - 80, told[0].y - 60) < 25
    assert told[2] is None


def test_the_command_prints_a_table_and_draws_the_misses(folder, capsys):
    run_screenspot(folder, {}, report=folder / "misses", as_json=False)
    table = capsys.readouterr().out
    assert "| overall | 0.3333 | 3 | 1 |" in table
    assert "| kind: icon | 0.3333 | 3 | 1 |" in table
    assert len(list((folder / "misses").glob("*.png"))) == 2
    with pytest.raises(MolmoPointError, match="Name the folder"):
        run_screenspot(None, {}, report=None, as_json=True)


def test_targets_outside_of_the_picture_are_of_another_layout(folder):
    write(folder, [{**OLD, "img_filename": "one.png", "bbox": [250, 150, 280, 190]}])
    with pytest.raises(ImageError, match="another version"):
        evaluate_cases(Pointer(), read_cases(folder))
