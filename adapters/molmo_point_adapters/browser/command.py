"""The command `molmo-point cases`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["add"]


def add(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("cases")(_cases)


def _cases(
    folder: Annotated[Path, typer.Argument(help="Where the cases go; earlier ones stay.")],
    pages: Annotated[list[str], typer.Argument(help="Files or addresses of pages.")],
    ratio: Annotated[float, typer.Option(help="Device pixels to a CSS pixel.")] = 1.0,
    width: Annotated[int, typer.Option(help="Of the window, CSS pixels.")] = 1280,
    height: Annotated[int, typer.Option(help="Of the window, CSS pixels.")] = 800,
) -> None:
    """Screenshots of pages with what can be clicked on, in the form of ScreenSpot.

    molmo-point cases out/cases https://example.org && molmo-point eval screenspot out/cases
    """
    from molmo_point_adapters.browser.page_cases import PageCases
    from molmo_point_adapters.clicking.chromium import open_page

    cases = PageCases(folder)
    for address in pages:
        with open_page(address, size=(width, height), ratio=ratio) as page:
            source = Path(address).stem or page.title()
            print(f"{source}\t{cases.add(page, source)} cases")
