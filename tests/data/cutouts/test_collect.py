"""Reading packages into an atlas: complete, small, the same each time."""

import os
import shutil
import sys

import cv2
import numpy as np
import pytest

from molmo_point.data.cutouts import clipart
from molmo_point.data.cutouts.atlas import TRAINING_STYLES, load_atlas
from molmo_point.data.cutouts.collect import _shrink, _trim, collect, main
from molmo_point.data.cutouts.families import THINGS
from molmo_point.data.cutouts.sources import ICON_SETS, Packages, read_pictures, render_svg
from molmo_point.errors import MolmoPointError


def test_the_same_packages_give_the_same_files(packages, atlas_folder, tmp_path):
    collect(tmp_path, packages)
    for name in ("atlas.json", "atlas.npz"):
        assert (tmp_path / name).read_bytes() == (atlas_folder / name).read_bytes()


def test_every_kind_of_package_is_read(atlas):
    assert {entry.medium for entry in atlas.entries} == {
        "drawing", "silhouette", "render", "photograph", "background",
    }  # fmt: skip
    read = {entry.package for entry in atlas.entries}
    assert {icons.package for icons in ICON_SETS} <= read
    assert {
        "@lobehub/fluent-emoji-3d", "tuxpaint-stamps-default", "sweethome3d-furniture",
        "sweethome3d", "gimp-data", "mate-backgrounds", "gnome-backgrounds",
        "plasma-workspace-wallpapers", "openclipart-svg", "gcompris-qt-data", "pysiogame",
        "oxygen-icon-theme", "fonts-symbola",
        "@iconify-json/icon-park", "@iconify-json/flat-ui", "@iconify-json/flat-color-icons",
    } <= read  # fmt: skip
    assert all(entry.licence for entry in atlas.entries)
    assert {entry.name for entry in atlas.entries} - {""} <= set(THINGS)


def test_cut_outs_are_trimmed_and_premultiplied(atlas):
    for name in ("apple", "chair", "zebra"):
        sprite = atlas.sprite(atlas.of(name, held_out=False)[0])
        height, width = sprite.alpha.shape
        assert 40 <= max(height, width) <= 160
        assert sprite.alpha.max() == 1
        for edge in (sprite.alpha[0], sprite.alpha[-1], sprite.alpha[:, 0], sprite.alpha[:, -1]):
            assert edge.max() > 0
        assert (sprite.rgb <= 255 * sprite.alpha[..., None] + 1e-3).all()


def test_an_icon_keeps_its_colours_and_its_order_of_channels():
    pixels = render_svg(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2" width="4" height="2">'
        '<rect width="2" height="2" fill="rgb(250,20,10)"/></svg>'
    )
    assert pixels.shape == (64, 128, 4)
    assert tuple(pixels[32, 20]) == (250, 20, 10, 255)
    assert pixels[32, 100, 3] == 0


def test_other_words_for_an_icon_count_and_mirrored_ones_do_not(packages):
    found = {(picture.name, picture.package) for picture in read_pictures(packages)}
    for icons in ICON_SETS:
        assert ("car", icons.package) in found  # through the alias "automobile"


def test_icons_that_show_another_thing_are_left_out(packages):
    found = {(picture.name, picture.package) for picture in read_pictures(packages)}
    assert ("scroll", "@iconify-json/noto") in found
    assert ("scroll", "@iconify-json/openmoji") not in found


@pytest.mark.parametrize(
    ("missing", "install"),
    [
        ("node_modules/@iconify-json/twemoji", "npm install @iconify-json/twemoji"),
        ("node_modules/@lobehub/fluent-emoji-3d", "npm install @lobehub/fluent-emoji-3d"),
        ("usr/share/tuxpaint", "apt-get install tuxpaint-stamps-default"),
        ("usr/share/sweethome3d/furniture", "apt-get install sweethome3d-furniture"),
        ("usr/share/gimp", "apt-get install gimp-data"),
        ("usr/share/wallpapers", "apt-get install plasma-workspace-wallpapers"),
    ],
)
def test_a_missing_package_is_named_with_its_install_line(packages, tmp_path, missing, install):
    root = tmp_path / "some"
    shutil.copytree(packages.debian, root, copy_function=os.link)
    shutil.rmtree(root / missing)
    with pytest.raises(MolmoPointError, match=install):
        collect(tmp_path / "atlas", Packages(root / "node_modules", root))


def test_a_missing_stamp_is_named(packages, tmp_path):
    root = tmp_path / "some"
    shutil.copytree(packages.debian, root, copy_function=os.link)
    (root / "usr/share/tuxpaint/stamps/all/fruit/kiwi.png").unlink()
    with pytest.raises(MolmoPointError, match="fruit/kiwi"):
        list(read_pictures(Packages(root / "node_modules", root)))


def test_a_missing_atlas_is_an_error_that_says_how_to_make_one(tmp_path):
    with pytest.raises(MolmoPointError, match=r"python -m molmo_point\.data\.cutouts\.collect"):
        load_atlas(tmp_path / "none")


def test_trim_takes_the_empty_margin_off():
    pixels = np.zeros((20, 30, 4), np.uint8)
    pixels[4:9, 10:12] = 255
    assert _trim(pixels).shape == (5, 2, 4)
    assert _trim(pixels[:3]).size == 0


def test_shrink_does_not_mix_in_the_colour_of_what_is_clear():
    pixels = np.zeros((200, 100, 4), np.uint8)
    pixels[:, ::2] = (200, 100, 50, 255)
    small = _shrink(pixels, 50)
    assert small.shape == (50, 25, 4)
    inside = small[small[..., 3] > 100]
    assert np.abs(inside[:, :3].astype(int) - (200, 100, 50)).max() <= 1


def test_the_command_says_what_it_wrote(packages, atlas, tmp_path, monkeypatch, capsys):
    options = [str(tmp_path), "--npm", str(packages.npm), "--debian", str(packages.debian)]
    monkeypatch.setattr(sys, "argv", ["collect", *options])
    main()
    names = {entry.name for entry in atlas.entries} - {""}
    assert f"{len(names)} names" in capsys.readouterr().out
    assert load_atlas(tmp_path).entries == atlas.entries


def test_clip_art_is_for_training_alone(atlas):
    own = {*clipart._ICONS, *clipart._INKS, *clipart._FOLDERS, "symbola"}
    assert own <= {entry.source for entry in atlas.entries} & set(TRAINING_STYLES)
    for entry in atlas.entries:
        if entry.source in TRAINING_STYLES:
            assert entry.held_out is False


def test_a_thing_drawn_on_white_is_cut_out_and_keeps_its_own_white():
    pixels = np.full((80, 80, 4), 255, np.uint8)
    cv2.circle(pixels, (40, 40), 25, (0, 0, 0, 255), 2)
    pixels[40, 64:67] = 255  # a small gap
    cv2.line(pixels, (4, 4), (8, 4), (0, 0, 0, 255))  # a stroke beside it
    alpha = clipart._without_ground(pixels)[..., 3]
    inside = cv2.circle(np.zeros((80, 80), np.uint8), (40, 40), 22, 255, -1) > 0
    outside = cv2.circle(np.zeros((80, 80), np.uint8), (40, 40), 30, 255, -1) == 0
    assert alpha[inside].min() == 255
    assert alpha[outside].max() == 0
