"""Pages: pure functions of (split, seed), of packages that the splits do not share."""

import re
from importlib import resources
from urllib.parse import unquote

import numpy as np
import pytest

from molmo_point.data.screens import icons
from molmo_point.data.screens.concepts import ALIKE, CONCEPTS, LANGUAGES
from molmo_point.data.screens.icons import icons_of
from molmo_point.data.screens.looks import draw_look
from molmo_point.data.screens.packages import package_folder
from molmo_point.data.screens.pages import generate_page, shelf_of
from molmo_point.errors import MolmoPointError

SPLITS = ("train", "dev", "heldout")


def packages_in(html, folder):
    """Names of the packages that a page refers to."""
    return set(re.findall(rf"file://{re.escape(str(folder))}/((?:@[^/]+/)?[^/]+)", unquote(html)))


@pytest.mark.parametrize("split", SPLITS)
def test_page_is_a_function_of_split_and_seed(packages, split):
    for seed in range(6):
        first = generate_page(seed, split, folder=packages)
        assert first == generate_page(seed, split, folder=packages)


def test_pages_differ(packages):
    pages = [generate_page(seed, split, folder=packages) for split in SPLITS for seed in range(30)]
    assert len({page.html for page in pages}) == len(pages)


def test_held_out_shelf_shares_nothing():
    train, apart = shelf_of("train"), shelf_of("heldout")
    assert shelf_of("dev") is train
    for part in ("templates", "icon_sets", "fonts"):
        assert not set(getattr(train, part)) & set(getattr(apart, part))
    assert not set(train.templates.values()) & set(apart.templates.values())
    assert not {skin.name for skin in train.skins} & {skin.name for skin in apart.skins}
    for mine, theirs in zip(train.checks, apart.checks, strict=True):
        assert not set(mine) & set(theirs)


def test_held_out_pages_refer_to_no_package_of_the_others(packages):
    seen = {split: set() for split in SPLITS}
    for split in SPLITS:
        for seed in range(120):
            seen[split] |= packages_in(generate_page(seed, split, folder=packages).html, packages)
    assert len(seen["heldout"]) > 10
    assert len(seen["train"]) > 30
    assert not seen["heldout"] & (seen["train"] | seen["dev"])


def test_held_out_styles_are_not_drawn_by_the_same_names(packages):
    names = {
        split: [generate_page(seed, split, folder=packages).names for seed in range(80)]
        for split in ("train", "heldout")
    }
    for part in ("template", "skin", "icons", "font"):
        used = [{name[part] for name in names[split]} for split in ("train", "heldout")]
        assert not used[0] & used[1]


def test_pages_refer_to_local_files_alone(packages):
    for split in SPLITS:
        for seed in range(20):
            html = generate_page(seed, split, folder=packages).html
            assert not re.search(r"(src|href)=.https?://|url\(.?https?://|@import", html)


def test_every_template_can_be_asked_for(packages):
    for split in ("train", "heldout"):
        for template in shelf_of(split).templates:
            page = generate_page(3, split, folder=packages, template=template)
            assert page.template == template
            assert page.html.count("data-mp=") > 5


def test_a_missing_package_is_named(tmp_path, packages):
    (tmp_path / "node_modules").mkdir()
    with pytest.raises(MolmoPointError, match=r"npm install @iconify-json/"):
        generate_page(0, "train", folder=tmp_path / "node_modules")


def test_a_missing_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("MOLMO_POINT_SCREENS", str(tmp_path / "nowhere"))
    with pytest.raises(MolmoPointError, match=r"nowhere.*MOLMO_POINT_SCREENS"):
        package_folder()


def test_icons_that_show_something_else_are_left_out(packages):
    assert "save" not in icons_of("bi", packages)
    assert "save" in icons_of("tabler", packages)


def test_concepts_have_a_label_in_every_language():
    for key, concept in CONCEPTS.items():
        assert len(concept.labels) in (1, len(LANGUAGES))
        assert concept.label("en").lower() == key
    assert all(key in CONCEPTS for group in ALIKE for key in group)


def test_looks_and_intents_mean_one_thing():
    for part in ("looks", "intents"):
        said = [words for concept in CONCEPTS.values() for words in getattr(concept, part)]
        assert len(said) == len(set(said))


def test_training_pages_have_looks_and_held_out_pages_none(packages):
    looks = {draw_look(np.random.default_rng(seed)) for seed in range(40)}
    assert len(looks) > 20
    assert "" in looks
    rules = (resources.files("molmo_point.data.screens") / "page.css").read_text(encoding="utf-8")
    for split, some in (("train", True), ("heldout", False)):
        pages = [generate_page(seed, split, folder=packages).html for seed in range(12)]
        after = {page.split(rules)[1].split("</style>")[0] for page in pages}
        assert bool(after - {""}) == some


def test_icons_that_a_set_lacks_are_left_out(packages):
    for icon_set, concepts in icons._WRONG.items():
        assert concepts <= set(icons._CANDIDATES)
        assert not concepts & set(icons_of(icon_set, packages))
