"""Pages in style sheets that no training page has: what `docs/screen.md` is measured on.

Four pages written for this, in each of seven frameworks that training leaves out
(`docs/data-screens.md` says how they are installed):

    python benchmarks/held_out_pages.py out/pages
    molmo-point cases out/cases out/pages/*.html
    molmo-point eval screenspot out/cases
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PACKAGES = Path(os.environ.get("MOLMO_POINT_SCREENS", "~/.cache/molmo-point/screens")).expanduser()
SHEETS = {
    "cirrus": "cirrus-ui/dist/cirrus.min.css",
    "fomantic": "fomantic-ui-css/semantic.min.css",
    "foundation": "foundation-sites/dist/css/foundation.min.css",
    "primer": "@primer/css/dist/primer.css",
    "simple": "simpledotcss/simple.min.css",
    "terminal": "terminal.css/dist/terminal.min.css",
    "uikit": "uikit/dist/css/uikit.min.css",
}
BUTTON = 'class="ui button btn btn-primary uk-button uk-button-default"'
FIELD = 'class="uk-input form-control"'


def button(name: str) -> str:
    """A button with a name."""
    return f"<button type=button {BUTTON}>{name}</button>"


def field(name: str, kind: str = "text", value: str = "") -> str:
    """A labelled field."""
    return f'<p><label>{name} <input type={kind} {FIELD} value="{value}"></label></p>'


def check(name: str, kind: str = "checkbox", state: str = "") -> str:
    """A check box or radio button with a label beside it."""
    return f"<p><label><input type={kind} name=g {state}> {name}</label></p>"


def choice(name: str, *options: str) -> str:
    """A drop-down."""
    listed = "".join(f"<option>{option}</option>" for option in options)
    return f"<p><label>{name} <select class='uk-select form-select'>{listed}</select></label></p>"


def links(*names: str) -> str:
    """A row of links."""
    return "<nav>" + " ".join(f'<a href="#{name}">{name}</a>' for name in names) + "</nav>"


def pages() -> dict[str, str]:
    """The bodies, by name."""
    rows = "".join(
        f"<tr><td>{name}</td><td>{state}</td><td>{button('Edit ' + name)}</td></tr>"
        for name, state in (("Anna", "active"), ("Bernd", "invited"), ("Chen", "blocked"))
    )
    return {
        "account": "<h1>Account</h1>"
        + field("Full name", value="Ada Lovelace")
        + field("Email", "email")
        + field("Password", "password")
        + choice("Language", "English", "Deutsch", "日本語")
        + check("Newsletter", state="checked")
        + button("Save")
        + " "
        + button("Cancel"),
        "members": links("Overview", "Members", "Billing", "Help")
        + "<h2>Members</h2>"
        + field("Search members", "search")
        + f"<table class='ui table uk-table'><tr><th>Name<th>State<th></tr>{rows}</table>"
        + button("Invite")
        + " "
        + button("Export"),
        "delivery": "<h2>Delivery</h2>"
        + check("Standard", "radio", "checked")
        + check("Express", "radio")
        + check("Pick up", "radio")
        + check("Gift wrap")
        + field("Quantity", "number", "2")
        + "<p><label>Volume <input type=range class=uk-range></label></p>"
        + button("Continue")
        + links("Terms", "Privacy", "Imprint"),
        "article": links("Home", "Articles", "About")
        + "<h1>Pointing at things</h1><p>A paragraph with a <a href='#f'>footnote</a> and some "
        "more words, so that there is something to read and nothing to press.</p>"
        + "<details><summary>Read more</summary>Hidden.</details>"
        + "<p><textarea aria-label='Comment' rows=3 class='uk-textarea form-control'></textarea>"
        + button("Post comment")
        + " <button type=button aria-label='Like'>&#9829;</button>"
        + " <button type=button aria-label='Share'>&#10150;</button></p>",
    }


def main() -> None:
    """Write them."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "out/pages")
    folder.mkdir(parents=True, exist_ok=True)
    for name, sheet in SHEETS.items():
        style = (PACKAGES / "node_modules" / sheet).as_uri()
        root = "data-color-mode=light data-light-theme=light" if name == "primer" else ""
        for title, body in pages().items():
            (folder / f"{name}-{title}.html").write_text(
                f"<!doctype html><html {root}><meta charset=utf-8><title>{title}</title>"
                f'<link rel=stylesheet href="{style}"><body style="margin:24px">{body}</body>',
                encoding="utf-8",
            )
    print(f"{len(SHEETS) * len(pages())} pages in {folder}")


if __name__ == "__main__":
    main()
