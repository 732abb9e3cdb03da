"""Page templates of held-out pages alone."""

from __future__ import annotations

from molmo_point.data.screens.concepts import concepts_of
from molmo_point.data.screens.templates import Template
from molmo_point.data.screens.widgets import Widgets

__all__ = ["HELD_OUT_TEMPLATES"]

_PEOPLE, _FILES = concepts_of("person"), concepts_of("file")
_PLACES = concepts_of("place")[:28]
_SIGNS = concepts_of("sign", icon=True)


def file_manager(w: Widgets) -> str:
    """Files as tiles, with a toolbar above and one file's details at the right."""
    keys = w.pick(("upload", "download", "copy", "move", "rename", "delete", "refresh", "sort",
                   "list", "grid"), 7)  # fmt: skip
    tools = "".join(w.button(key, look=str(w.rng.choice(["icon", "both"]))) for key in keys)
    tiles = "".join(
        f'<div class="c m" style="align-items:center"><span style="font-size:2.6rem">'
        f"{w.icon(str(w.rng.choice(['folder', 'document', 'pictures', 'music'])), row=name)}</span>"
        f'<div class="r n">{w.checkbox("", on=w.chance(0.3), row=name)}{w.text(name, row=name)}'
        "</div></div>"
        for name in w.pick(_FILES, int(w.rng.integers(8, 16)))
    )
    facts = "".join(
        f'<div class="r s line">{w.text(key)}<span>{w.filler()}</span></div>'
        for key in ("size", "date", "status")
    )
    aside = (
        f"{w.text('details', role='heading', tag='h3')}{w.photo('', height=8)}{facts}"
        f"{w.button('share', 'primary', look='both')}{w.progress('backup')}"
    )
    columns = max(3, min(7, w.style.width // 190))
    return (
        f'<div class="c pad"><div class="r s"><div class="r">{tools}</div>'
        f'<div style="width:14em">{w.hinted("search")}</div></div><div class="r n" '
        f'style="align-items:flex-start"><div class="g f" style="--n:{columns}">{tiles}</div>'
        f'<div style="flex:0 0 15em">{w.card(aside)}</div></div></div>'
    )


def checkout(w: Widgets) -> str:
    """What is in the cart, where it goes, how it is paid."""
    goods = "".join(
        f'<div class="r s n line" {w.mark("row", good, good)}><div class="r n"><div '
        f'style="width:5em">{w.photo(good, row=good, height=3.5)}</div>{w.text(good, row=good)}'
        f'</div><div class="r n">{w.dropdown("quantity", ("small", "medium"), row=good)}'
        f"{w.button('delete', 'red', look='icon', row=good, small=True)}</div></div>"
        for good in w.pick(_FILES[10:], int(w.rng.integers(2, 6)))
    )
    where = ("first name", "last name", "street", "zip code", "city", "country", "phone")
    fields = "".join(w.labelled(key, w.field(key, filled=w.chance(0.5))) for key in where)
    ways, chosen = ("standard", "express"), w.chance(0.5)
    radios = "".join(
        f'<div class="r n">{w.checkbox(way, on=(number == 0) == chosen, role="radio")}'
        f"{w.text(way)}</div>"
        for number, way in enumerate(ways)
    )
    terms = "".join(
        f'<div class="r n">{w.checkbox(key, on=w.chance(0.4))}{w.text(key)}</div>'
        for key in ("terms", "newsletter")
    )
    steps = w.tabs(("shipping", "payment", "overview"), int(w.rng.integers(3)))
    last = f"{w.button('back', look='both')}{w.button('pay', 'green', look='both')}"
    return (
        f'<div class="c pad"><div class="r m">{steps}</div><div class="g" style="--n:2">'
        f"{w.card(w.text('shipping', role='heading', tag='h3') + fields)}"
        f"{w.card(goods + radios + terms)}</div><div class='r s'>{last}</div></div>"
    )


def board(w: Widgets) -> str:
    """Tasks in columns."""
    people, columns = w.pick(_PEOPLE, 12), []
    tones = {"new": "blue", "active": "yellow", "done": "green"}
    for state, tone in tones.items():
        cards = ""
        for _ in range(int(w.rng.integers(1, 5))):
            person = people.pop()
            tools = "".join(
                w.button(key, "ghost", look="icon", row=person, small=True)
                for key in ("edit", "attach", "more")
            )
            cards += w.card(
                f'<div class="r s">{w.text(person, row=person)}{w.face(person, row=person)}</div>'
                f'<span class="dim">{w.filler()}</span>{w.progress(row=person)}'
                f'<div class="r s">{w.badge(state, tone, row=person)}<div class="r n">{tools}'
                "</div></div>"
            )
        title = f'<div class="r s">{w.text(state, role="heading", tag="h3")}</div>'
        columns.append(f'<div class="c">{title}{cards}</div>')
    bar = "".join(w.button(key, look="both") for key in ("add", "filter", "sort"))
    return (
        f'<div class="c pad"><div class="r s">{w.text("tasks", role="heading", tag="h1")}'
        f'<div class="r">{bar}</div></div><div class="g" style="--n:3">{"".join(columns)}</div>'
        "</div>"
    )


def conversation(w: Widgets) -> str:
    """People at the left, what they wrote at the right."""
    people = w.pick(_PEOPLE, int(w.rng.integers(5, 10)))
    contacts = "".join(
        f'<div class="r n s" {w.mark("row", person, person)}><div class="r n">'
        f"{w.face(person, row=person)}{w.text(person, row=person)}</div>"
        f"{w.badge('new', 'red', row=person) if w.chance(0.3) else ''}</div>"
        for person in people
    )
    bubbles = "".join(
        f'<div class="bubble{" mine" * (number % 2)}">{w.filler()} {w.filler()} {w.filler()}</div>'
        for number in range(int(w.rng.integers(4, 9)))
    )
    tools = "".join(w.button(key, "ghost", look="icon") for key in ("call", "video", "info"))
    entry = (
        f"{w.button('attach', 'ghost', look='icon')}<div class='f'>{w.field('message')}</div>"
        f"{w.button('microphone', 'ghost', look='icon')}{w.button('send', 'primary', look='icon')}"
    )
    return (
        f'<div class="r n" style="align-items:stretch;min-height:100vh"><div class="side pad c" '
        f'style="flex:0 0 16em">{w.hinted("search")}{contacts}</div><div class="c f pad">'
        f'<div class="r s line">{w.text("chat", role="heading", tag="h3")}<div class="r n">{tools}'
        f'</div></div><div class="c f">{bubbles}</div><div class="r n">{entry}</div></div></div>'
    )


def devices(w: Widgets) -> str:
    """Things of a house with switches and sliders, and an open menu over them."""
    options = ("wifi", "bluetooth", "location", "sounds", "updates", "backup", "battery saver",
               "airplane mode", "vibration", "reminders")  # fmt: skip
    cards = "".join(
        w.card(
            f'<div class="r s n"><div class="r n"><span class="i">{w.icon(sign)}</span>'
            f"{w.text(key)}</div>{w.switch(key, on=w.chance(0.5), off=w.chance(0.1))}</div>"
            f"{w.slider(key) if w.chance(0.4) else f'<span class=dim>{w.filler()}</span>'}"
        )
        for key, sign in zip(w.pick(options, 8), w.pick(_SIGNS, 8), strict=True)
    )
    menu = w.menu(w.pick(_PLACES, int(w.rng.integers(3, 6))), -1, icons=False)
    shown = f'<div class="drop" style="right:1em;top:4em">{menu}</div>' if w.chance(0.6) else ""
    radios = "".join(
        f'<div class="r n">{w.checkbox(key, on=key == "weekly", role="radio")}{w.text(key)}</div>'
        for key in ("daily", "weekly")
    )
    top = f"{w.button('add', 'blue', look='both')}{w.button('menu', look='icon')}"
    columns = max(2, min(4, w.style.width // 360))
    return (
        f'<div class="c pad"><div class="r s">{w.text("overview", role="heading", tag="h1")}'
        f'<div class="r">{top}</div></div><div class="r">{radios}</div>'
        f'<div class="g" style="--n:{columns}">{cards}</div>'
        f'<div class="r">{w.button("reset", "red")}{w.button("apply", "green")}'
        f"{w.link('support')}</div></div>{shown}"
    )


HELD_OUT_TEMPLATES: dict[str, Template] = {
    template.__name__: template
    for template in (file_manager, checkout, board, conversation, devices)
}
"""By name."""
