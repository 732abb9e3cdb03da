"""Reference vectors: where they are, and which files of a folder are cases of what.

The folder is `MOLMO_POINT_VECTORS`, else `data/` beside this file. A case is any `.npz` in it,
however deep, that has the keys a test asks for: more of the same layout can be put beside these.
Another folder may hold some kinds of cases only, but not none; models that it lacks are ours.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

OWN = Path(__file__).parent / "data"
FOLDER = Path(os.environ.get("MOLMO_POINT_VECTORS") or OWN)

# What a test asks for by the name of its argument -> whether a file with these keys is such a case.
KINDS = {
    "answer_case": lambda keys: "step_logits" in keys and "generated_ids" in keys,
    "rotary_case": lambda keys: {"x", "pos", "out", "theta"} <= keys,
    "rules_case": lambda keys: "ids_0" in keys and "allowed_0" in keys,
    "extract_case": lambda keys: {"text", "pooling", "mapping", "points"} <= keys,
    "inputs_case": lambda keys: "in_input_ids" in keys and "in_token_type_ids" in keys,
    "words_case": lambda keys: {"in_input_ids", "logits_last8", "generated_ids"} <= keys,
    "molmo_case": lambda keys: {"image_input_idx", "prompt", "logits_last8"} <= keys,
    "molmo_crops_case": lambda keys: {"tiling", "image_input_idx", "sample_pos"} <= keys,
    "molmo_tilings_case": lambda keys: keys == {"table"},
}


@dataclass(frozen=True)
class Case:
    """One file of vectors."""

    path: Path

    @cached_property
    def arrays(self):
        with np.load(self.path) as data:
            return {name: data[name] for name in data.files}

    def nearest(self, pattern):
        """The file of this name that shares most of its path with the case."""
        found = sorted(FOLDER.rglob(pattern)) or sorted(OWN.rglob(pattern))
        if not found:
            pytest.fail(f"{FOLDER} holds no {pattern}, which {self.path} needs.")
        return max(found, key=lambda path: len(os.path.commonpath([path, self.path])))


def keys_of(path):
    with np.load(path) as data:
        return set(data.files)


def pytest_generate_tests(metafunc):
    for name, is_case in KINDS.items():
        if name in metafunc.fixturenames:
            known = {path: keys_of(path) for path in sorted(FOLDER.rglob("*.npz"))}
            paths = [path for path, keys in known.items() if is_case(keys)]
            ids = [str(path.relative_to(FOLDER).with_suffix("")) for path in paths]
            others = any(kind(keys) for keys in known.values() for kind in KINDS.values())
            if not paths and (FOLDER == OWN or not others):
                paths, ids = [None], ["none"]  # which fails, see case_of
            metafunc.parametrize(name, paths, ids=ids, indirect=True)


def case_of(request, what):
    if request.param is None:
        pytest.fail(
            f"{FOLDER} holds no case of {what}: set MOLMO_POINT_VECTORS to a folder of vectors."
        )
    return Case(request.param)


@pytest.fixture
def inputs_case(request):
    """A prompt with its images or video, and what the published processor makes of it."""
    return case_of(request, "a processor's inputs")


@pytest.fixture
def answer_case(request):
    """A prompt as tensors, and what the published MolmoPoint says at every step of an answer."""
    return case_of(request, "a MolmoPoint answer")


@pytest.fixture
def words_case(request):
    """A prompt as tensors, and what the published Molmo2 says."""
    return case_of(request, "a Molmo2 answer")


@pytest.fixture
def molmo_case(request):
    """A prompt with its image, and what the first generation's published code makes of it."""
    return case_of(request, "a model of the first generation")


@pytest.fixture
def molmo_crops_case(request):
    """An image's size, and the first generation's crops, masks and tokens."""
    return case_of(request, "the first generation's crops")


@pytest.fixture
def molmo_tilings_case(request):
    """Sizes of images, and their tilings."""
    return case_of(request, "the first generation's tilings")


@pytest.fixture
def rotary_case(request):
    """Rows, positions, and the rows rotated."""
    return case_of(request, "the patch rotary")


@pytest.fixture
def rules_case(request):
    """Beginnings of answers, and which tokens may come next."""
    return case_of(request, "the rules of points")


@pytest.fixture
def extract_case(request):
    """An answer about a video as text, and its points."""
    return case_of(request, "points in a video")
