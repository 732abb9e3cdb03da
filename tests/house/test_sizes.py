"""Files and functions stay small enough to be one idea; names say which."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("molmo_point", "adapters")
SOURCES = sorted(
    path.relative_to(ROOT)
    for folder in (*PACKAGES, "benchmarks", "examples", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
PACKAGED = [path for path in SOURCES if path.parts[0] in PACKAGES]

# Where naming stopped: a file of this name holds whatever was left over.
NAMELESS = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}


def line_limit(path):
    if path.name == "__init__.py":
        return 60
    return 40 if path.parts[0] == "examples" else 500


def count_lines(path):
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def function_lines(node):
    """Lines from `def` to the end, without the docstring: a long contract is no long function."""
    total = node.end_lineno - node.lineno + 1
    if ast.get_docstring(node) is not None:
        total -= node.body[0].end_lineno - node.body[0].lineno + 1
    return total


def test_there_are_files_to_look_at():
    assert Path("molmo_point/__init__.py") in PACKAGED
    assert Path(__file__).relative_to(ROOT) in SOURCES


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_file_is_one_idea(path):
    assert count_lines(path) <= line_limit(path)


@pytest.mark.parametrize("path", PACKAGED, ids=str)
def test_functions_have_at_most_50_lines(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = {node.name: lines for node in functions if (lines := function_lines(node)) > 50}
    assert not long


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_name_says_what_is_inside(path):
    words = {word for part in path.with_suffix("").parts for word in part.split("_")}
    assert not words & NAMELESS


def test_readme_is_read_to_the_end():
    assert count_lines(Path("README.md")) <= 160
