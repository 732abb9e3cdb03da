"""The public surface: what it names, and what importing it costs."""

import ast
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import molmo_point

ROOT = Path(__file__).parents[2]
HEAVY = ("PIL", "cv2", "safetensors", "shapely", "supervision", "torch", "transformers", "typer")
LIGHT = ("", ".errors", ".geometry", ".images", ".parsing", ".points")  # the package, floors 0-1
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(molmo_point.__path__, "molmo_point.")
    if not module.name.endswith("__main__")
)


def in_new_process(code):
    """What a fresh interpreter prints, read as JSON."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_names_are_sorted_and_once():
    assert molmo_point.__all__ == sorted(set(molmo_point.__all__))


def test_names_are_those_that_load_lazily():
    assert molmo_point.__all__ == sorted(molmo_point._HOME)


def test_type_checkers_see_the_same_homes():
    tree = ast.parse(Path(molmo_point.__file__).read_text(encoding="utf-8"))
    seen = {
        name.name: node.module.removeprefix("molmo_point.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("molmo_point.")
        for name in node.names
    }
    assert seen == molmo_point._HOME


@pytest.mark.parametrize("name", molmo_point.__all__)
def test_name_loads_from_its_home(name):
    home = importlib.import_module(f"molmo_point.{molmo_point._HOME[name]}")
    assert getattr(molmo_point, name) is getattr(home, name)
    assert name in home.__all__
    assert name in dir(molmo_point)


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'Pointre'"):
        molmo_point.Pointre  # noqa: B018


@pytest.mark.parametrize("package", ["molmo_point", "adapters/molmo_point_adapters"])
def test_every_folder_of_sources_is_a_package(package):
    """One without `__init__.py` would escape every check that walks packages."""
    folders = {path.parent for path in (ROOT / package).rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("name", MODULES)
def test_module_says_what_it_offers(name):
    module = importlib.import_module(name)
    is_package = hasattr(module, "__path__")
    offered = getattr(module, "__all__", [] if is_package else None)
    assert offered is not None, "a module has __all__"
    assert [name for name in offered if not hasattr(module, name)] == []
    assert len(offered) == len(set(offered))


@pytest.mark.parametrize("module", LIGHT)
def test_import_brings_nothing_heavy(module):
    code = (
        f"import json, sys, molmo_point{module}; "
        f"print(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    )
    assert in_new_process(code) == []


def test_import_takes_under_300_ms():
    code = (
        "import time; start = time.perf_counter(); import molmo_point; "
        "print(time.perf_counter() - start)"
    )
    assert min(in_new_process(code) for _ in range(5)) < 0.3  # best of 5: the machine is shared
