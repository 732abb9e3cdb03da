"""What the Markdown says holds: links lead somewhere, and the constraints fit the dependencies."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT)
    for pattern in (
        "*.md",
        "adapters/**/*.md",
        "benchmarks/*.md",
        "docs/**/*.md",
        "molmo_point/**/*.md",
    )
    for path in ROOT.glob(pattern)
)


def test_the_pages_are_there():
    names = {page.as_posix() for page in PAGES}
    assert {"ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md"} <= names


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'src="([^"]+)"', text)]
    local = [link.split("#")[0] for link in links if not re.match(r"https?:|mailto:|#", link)]
    broken = [link for link in local if not ((ROOT / page).parent / link).exists()]
    assert not broken


def test_the_readme_lists_every_extra():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    section = (
        (ROOT / "README.md").read_text(encoding="utf-8").split("## Extras\n")[1].split("\n## ")[0]
    )
    named = {
        name
        for row in section.splitlines()
        if row.startswith("| `") and "pip" not in row
        for name in re.findall(r"`([\w-]+)`", row.split("|")[1])
    }
    assert named == set(project["optional-dependencies"])


def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    named = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {pin.name: str(pin.specifier).removeprefix("==") for pin in named}


def test_constraints_pin_every_dependency_within_its_range():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    needed = [*project["dependencies"], *(line for extra in extras for line in extra)]
    pinned = pins()
    for line in needed:
        requirement = Requirement(line)
        if requirement.name == "molmo-point":  # one extra that names another
            continue
        assert requirement.specifier.contains(pinned[requirement.name]), line
