"""A page of running text, as of a manual, an encyclopedia or the news: links inside of lines."""

from __future__ import annotations

from molmo_point.data.screens.concepts import concepts_of
from molmo_point.data.screens.widgets import Widgets

__all__ = ["article"]

_WORDS = (
    "the a of to and in is that it for as with on this be are by at from or an which one all when "
    "there more if can out other about up into only new some time these two then first any like "
    "over such most after also every where between both while each same under before through value "
    "data model user point image file system number part order way world work side city people "
    "water line large small called given found taken used made known set return"
)
_NAMES = concepts_of("place", "action", "sign", "field", "option")
_CODE = ("x = 3", "print(x)", "def main():", "for i in n:", "return y", "import os", "a[0] = b")
_LINKS = ("text-decoration:underline", "color:var(--accent)",
          "color:var(--accent);text-decoration:underline",
          "color:var(--accent);border-bottom:1px dotted",
          "color:var(--accent);text-decoration:none;font-weight:600")  # fmt: skip


def article(w: Widgets) -> str:
    """Links in a bar, in a list at the side, in paragraphs, lists and a table, and at the foot."""
    look = str(w.rng.choice(_LINKS)).replace(";", " !important;")
    blocks = [_BLOCKS[int(w.rng.choice(len(_BLOCKS), p=_SHARES))] for _ in range(12)]
    body = "".join(block(w) for block in blocks)
    title = w.text(w.pick(_NAMES, 1)[0], role="heading", tag="h1")
    path = _joined(w, (" / ", " &rsaquo; ", " &raquo; ")) if w.chance(0.4) else ""
    main = (
        f'<div class="f pad art">{path}{title}{body}{_joined(w, (" &middot; ", " | ", " "))}</div>'
    )
    sides = [main]
    if w.chance(0.6) and w.style.width > 700:
        sides.insert(int(w.rng.integers(2)), _side(w))
    bar = "".join(w.link(key) for key in w.pick(_NAMES, int(w.rng.integers(2, 7))))
    top = f'<div class="r s pad line"><b>{w.filler()}</b><div class="r">{bar}</div></div>'
    return (
        f"<style>.art a{{{look} !important}}.art p,.art li{{margin:.5em 0 !important}}</style>"
        f"{top if w.chance(0.6) else ''}"
        f'<div class="r n" style="align-items:stretch;zoom:{w.rng.uniform(0.75, 1.2):.2f}">'
        f"{''.join(sides)}</div>"
    )


def _words(w: Widgets, least: int, most: int) -> str:
    count = int(w.rng.integers(least, most))
    return " ".join(str(word) for word in w.rng.choice(_WORDS.split(), count))


def _link(w: Widgets) -> str:
    """A link that says what it leads to, or any words."""
    return w.link(w.pick(_NAMES, 1)[0]) if w.chance(0.4) else w.link("", words=_words(w, 1, 5))


def _sentence(w: Widgets, links: float) -> str:
    """Words with a link in it, in so many cases, or with something else that is not plain."""
    parts = [_words(w, 3, 12).capitalize()]
    if w.chance(links):
        parts += [_link(w), _words(w, 1, 8)]
    elif w.chance(0.25):
        tag = w.pick(("b", "em", "code", "u"), 1)[0]
        parts += [f"<{tag}>{_words(w, 1, 3)}</{tag}>", _words(w, 1, 8)]
    return f"{' '.join(parts)}."


def _paragraph(w: Widgets) -> str:
    links = w.rng.uniform(0, 0.8)
    sentences = (_sentence(w, links) for _ in range(int(w.rng.integers(1, 7))))
    return f"<p>{' '.join(sentences)}</p>"


def _list(w: Widgets) -> str:
    tag, linked = w.pick(("ul", "ol"), 1)[0], w.chance(0.6)
    lines = []
    for _ in range(int(w.rng.integers(2, 7))):
        parts = [_link(w)] if linked else []
        parts += [_words(w, 1, 9)] if not linked or w.chance(0.6) else []
        lines.append(f"<li>{' '.join(parts)}</li>")
    return f'<{tag} style="padding-left:2em">{"".join(lines)}</{tag}>'


def _heading(w: Widgets) -> str:
    return w.text(w.pick(_NAMES, 1)[0], role="heading", tag=w.pick(("h1", "h3"), 1)[0])


def _code(w: Widgets) -> str:
    lines = "\n".join(w.pick(_CODE, int(w.rng.integers(1, 5))))
    colour = w.pick(("inherit", "var(--blue)", "var(--green)", "var(--purple)"), 1)[0]
    return (
        f'<pre class="own-card" style="font-family:monospace;color:{colour}">{lines}</pre>'
        f"<p>{_sentence(w, 0.5)}</p>"
    )


def _table(w: Widgets) -> str:
    rows = "".join(
        f"<tr><td>{_link(w) if w.chance(0.6) else _words(w, 1, 3)}</td><td>{w.filler()}</td>"
        f"<td>{_words(w, 1, 6)}</td></tr>"
        for _ in range(int(w.rng.integers(2, 6)))
    )
    return f'<table class="{w.style.skin.class_of("table")}"><tbody>{rows}</tbody></table>'


def _note(w: Widgets) -> str:
    return w.card(_paragraph(w))


def _figure(w: Widgets) -> str:
    side = w.pick(("left", "right"), 1)[0]
    photo = w.photo("", height=w.rng.uniform(4, 9))
    return f'<div style="float:{side};width:11em;margin:.5em">{photo}</div>{_paragraph(w)}'


def _joined(w: Widgets, signs: tuple[str, ...]) -> str:
    sign = w.pick(signs, 1)[0]
    return f"<p>{sign.join(_link(w) for _ in range(int(w.rng.integers(2, 7))))}</p>"


def _side(w: Widgets) -> str:
    """A list of links at the side."""
    entries = "".join(
        f'<div style="padding-left:{int(w.rng.integers(2))}em">{_link(w)}</div>'
        for _ in range(int(w.rng.integers(4, 16)))
    )
    return (
        f'<div class="side pad" style="flex:0 0 {w.rng.uniform(10, 15):.0f}em">'
        f"{_heading(w)}{entries}</div>"
    )


_BLOCKS = (_paragraph, _list, _heading, _code, _table, _note, _figure)
_SHARES = (0.5, 0.13, 0.12, 0.06, 0.06, 0.06, 0.07)
