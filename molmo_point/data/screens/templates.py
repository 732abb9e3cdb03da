"""Page templates of the training and development pages."""

from __future__ import annotations

from collections.abc import Callable

from molmo_point.data.screens.article import article
from molmo_point.data.screens.concepts import concepts_of
from molmo_point.data.screens.widgets import Widgets

__all__ = ["TEMPLATES", "Template"]

Template = Callable[[Widgets], str]

_ACTIONS = concepts_of("action")
_DRAWN = concepts_of("action", "sign", icon=True)
_FIELDS = concepts_of("field")[:26]
_CHOICES = ("country", "category", "currency", "size", "status", "language", "time")
_OPTIONS = concepts_of("option")[:19]
_PLACES = concepts_of("place")[:28]
_STATES = ("active", "pending", "done", "failed", "new", "paid", "draft")
_TONES = ("blue", "green", "red", "yellow", "gray", "purple", "orange")
_BUTTONS = ("", "", "", "primary", "blue", "green", "red", "yellow", "purple", "orange", "ghost")
_PEOPLE, _FILES = concepts_of("person"), concepts_of("file")


def _tone(w: Widgets) -> str:
    return w.pick(_BUTTONS, 1)[0]


def _look(w: Widgets) -> str:
    return str(w.rng.choice(["text", "text", "icon", "both"]))


def _choices(w: Widgets) -> list[str]:
    return w.pick((*_STATES, "small", "medium", "large", "daily", "weekly"), 3)


def _control(w: Widgets, concept: str, row: str = "") -> str:
    """A field, or a list to choose from where that is usual."""
    if concept in _CHOICES:
        return w.dropdown(concept, _choices(w), row=row)
    return w.field(concept, row=row, filled=w.chance(0.3))


def _bar(w: Widgets) -> str:
    """The line at the top of a page."""
    links = w.tabs(w.pick(_PLACES, int(w.rng.integers(2, 5))), int(w.rng.integers(0, 2)))
    keys = w.pick(("search", "notifications", "settings", "help", "account", "mail", "dark"), 3)
    tools = "".join(w.button(key, "ghost", look="icon") for key in keys)
    return (
        f'<div class="r s pad line">{w.text(w.pick(_PLACES, 1)[0], role="heading", tag="h3")}'
        f'{links}<div class="r n">{tools}</div></div>'
    )


def _buttons(w: Widgets, count: int, *, look: str | None = None) -> str:
    keys = w.pick(_ACTIONS, count)
    return "".join(
        w.button(key, _tone(w), look=look or _look(w), disabled=w.chance(0.12)) for key in keys
    )


def _option(w: Widgets, concept: str, kind: str) -> str:
    """An option: the control, with its label before or behind it."""
    on, off = w.chance(0.5), w.chance(0.08)
    control = (w.switch if kind == "switch" else w.checkbox)(concept, on=on, off=off)
    label = w.text(concept)
    if kind == "switch":
        return f'<div class="r s n">{label}{control}</div>'
    return f'<div class="r n">{control}{label}</div>'


def _options(w: Widgets, count: int, kind: str | None = None) -> str:
    kind = kind or str(w.rng.choice(["switch", "checkbox"]))
    return "".join(_option(w, key, kind) for key in w.pick(_OPTIONS, count))


def _radios(w: Widgets) -> str:
    groups = (("small", "medium", "large"), ("monthly", "yearly"), ("standard", "express"),
              ("daily", "weekly"))  # fmt: skip
    keys = groups[int(w.rng.integers(len(groups)))]
    chosen = int(w.rng.integers(len(keys)))
    parts = (
        f'<div class="r n">{w.checkbox(key, on=number == chosen, role="radio")}{w.text(key)}</div>'
        for number, key in enumerate(keys)
    )
    return f'<div class="r">{"".join(parts)}</div>'


def settings(w: Widgets) -> str:
    """A menu at the left, groups of options at the right."""
    menu = w.menu(w.pick((*_PLACES, "account", "language"), int(w.rng.integers(4, 8))), 1,
                  icons=w.chance(0.4))  # fmt: skip
    sliders = "".join(
        w.labelled(key, w.slider(key), above=w.chance(0.3))
        for key in w.pick(("volume", "brightness", "speed"), int(w.rng.integers(1, 4)))
    )
    first = w.card(f"{w.text('general', role='heading', tag='h3')}{_options(w, 5)}")
    second = w.card(f"{w.text('advanced', role='heading', tag='h3')}{sliders}{_radios(w)}")
    third = w.card(_options(w, int(w.rng.integers(2, 5))))
    last = f'<div class="r e">{w.button("cancel")}{w.button("save", "primary")}</div>'
    return (
        f'{_bar(w)}<div class="r n" style="align-items:stretch">'
        f'<div class="side pad" style="flex:0 0 13em">{menu}</div>'
        f'<div class="c f pad">{first}{second}{third}{last}</div></div>'
    )


def sign_in(w: Widgets) -> str:
    """A small form in the middle of the page."""
    fields = ["email", "password"] if w.chance(0.5) else w.pick(_FIELDS[:10], 4)
    inside = "".join(w.labelled(key, _control(w, key)) for key in fields)
    remember = f'<div class="r s">{_option(w, "remember me", "checkbox")}'
    inside += f"{remember}{w.link('forgot password')}</div>"
    inside += w.button(str(w.rng.choice(["sign in", "register"])), "primary")
    inside += f'<div class="r m">{_buttons(w, 2)}</div>'
    title = w.text("account", role="heading", tag="h1")
    foot = "".join(w.link(key) for key in w.pick(("about", "contact", "support", "terms"), 3))
    return (
        f'<div class="c pad" style="min-height:100vh;justify-content:center;align-items:center">'
        f'{w.icon("lock")}{title}<div style="width:min(24em,100%)">{w.card(inside)}</div>'
        f'<div class="r m">{foot}</div></div>'
    )


def form(w: Widgets) -> str:
    """A long form in one or two columns."""
    keys = w.pick(_FIELDS, int(w.rng.integers(6, 13)))
    above = w.chance(0.7)
    fields = "".join(w.labelled(key, _control(w, key), above=above) for key in keys)
    text = w.labelled("message", w.area("message")) if "message" not in keys else ""
    columns = int(w.rng.integers(1, 4))
    foot = f'<div class="r {w.pick(("e", "s", "m"), 1)[0]}">{_buttons(w, 3, look="text")}</div>'
    return (
        f'{_bar(w)}<div class="c pad">{w.text("profile", role="heading", tag="h1")}'
        f'<div class="g" style="--n:{columns}">{fields}</div>{text}'
        f'<div class="g" style="--n:2"><div class="c">{_options(w, 3, "checkbox")}</div>'
        f'<div class="c">{_radios(w)}{_options(w, 2, "switch")}</div></div>{foot}</div>'
    )


def records(w: Widgets) -> str:
    """A table with a check box and buttons in every row."""
    people = w.pick(_PEOPLE if w.chance(0.6) else _FILES, int(w.rng.integers(4, 11)))
    actions = w.pick(("edit", "delete", "download", "share", "show", "copy", "more", "archive"), 2)
    look, tone = str(w.rng.choice(["icon", "text", "both"])), w.pick(_BUTTONS, 2)
    ticks, switches, extra = w.chance(0.7), w.chance(0.3), w.chance(0.5)
    head = "".join(f"<th>{w.text(key)}</th>" for key in ("name", "status", "date"))
    body = ""
    for person in people:
        state = str(w.rng.choice(_STATES))
        badge = w.badge(state, _TONES[_STATES.index(state)], row=person)
        cells = [w.checkbox("", on=w.chance(0.4), row=person)] if ticks else []
        cells += [w.text(person, row=person), badge]
        cells += [w.switch("", on=w.chance(0.5), row=person) if switches else w.filler()]
        cells += [w.progress(row=person)] if extra else []
        buttons = "".join(
            w.button(key, shade, look=look, row=person, small=True)
            for key, shade in zip(actions, tone, strict=True)
        )
        cells.append(f'<div class="r n">{buttons}</div>')
        mark = w.mark("row", person, person)
        body += f"<tr {mark}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    kind = w.style.skin.class_of("table")
    before, after = "<th></th>" * ticks, "<th></th>" * (1 + extra)
    pages = "".join(w.button(key, look="both", small=True) for key in ("back", "next"))
    tools = f'<div class="f">{w.hinted("search")}</div>{_buttons(w, 3)}'
    return (
        f'{_bar(w)}<div class="c pad"><div class="r">{tools}</div><table class="{kind}">'
        f"<thead><tr>{before}{head}{after}</tr></thead><tbody>{body}</tbody></table>"
        f'<div class="r e"><span class="dim">1 / 12</span>{pages}</div></div>'
    )


def inbox(w: Widgets) -> str:
    """Folders, a list of messages, and one of them."""
    people = w.pick(_PEOPLE, int(w.rng.integers(5, 10)))
    mark = str(w.rng.choice(["favorites", "flag", "bookmark"]))
    entries = ""
    for person in people:
        tools = w.button(mark, "ghost", look="icon", row=person, small=True)
        tools += w.button("delete", "ghost", look="icon", row=person, small=True)
        words = f'{w.text(person, row=person)}<span class="dim">{w.filler()} {w.filler()}</span>'
        tick = w.checkbox("", on=w.chance(0.3), row=person)
        entries += (
            f'<div class="r n s line" {w.mark("row", person, person)}><div class="r n">{tick}'
            f'{w.face(person, row=person)}<div class="c" style="gap:0">{words}</div></div>'
            f'<div class="r n">{tools}</div></div>'
        )
    menu = w.menu(("inbox", "drafts", "sent", "archive", "tasks"), 0, icons=True)
    bar = "".join(
        w.button(key, look="icon")
        for key in w.pick(("reply", "archive", "delete", "flag", "more", "print", "refresh"), 5)
    )
    filler = " ".join(w.filler() for _ in range(18))
    reading = (
        f'<div class="c f pad"><div class="r">{bar}</div><p>{filler}</p>{w.area("message")}'
        f'<div class="r">{w.button("send", "primary", look="both")}'
        f"{w.button('attach', look='icon')}</div></div>"
    )
    reading = reading if w.style.width > 1000 else ""
    return (
        f'<div class="r n" style="align-items:stretch;min-height:100vh">'
        f'<div class="side pad c" style="flex:0 0 11em">{w.button("add", "primary", look="both")}'
        f'{menu}</div><div class="c f pad">{w.hinted("search")}{entries}</div>{reading}</div>'
    )


def shop(w: Widgets) -> str:
    """Cards with a picture, a price and a button."""
    goods = w.pick(_FILES[10:], int(w.rng.integers(4, 10)))
    look, tone = str(w.rng.choice(["text", "both", "icon"])), _tone(w)
    heart = str(w.rng.choice(["like", "favorites", "bookmark"]))
    cards = ""
    for good in goods:
        badge = w.badge("new", str(w.rng.choice(_TONES)), row=good) if w.chance(0.3) else ""
        price = f"€ {int(w.rng.integers(5, 200))}.90"
        buttons = w.button("buy", tone, look=look, row=good)
        buttons += w.button(heart, "ghost", look="icon", row=good)
        cards += w.card(
            f'{w.photo(good, row=good)}<div class="r s">{w.text(good, row=good)}{badge}</div>'
            f'<span>{price}</span><div class="r s">{buttons}</div>'
        )
    sort = w.dropdown("category", w.pick(("new", "small", "large"), 3))
    filters = f"{_options(w, 3, 'checkbox')}{w.labelled('price', w.slider('price'))}"
    columns = max(2, min(5, w.style.width // 300))
    return (
        f'{_bar(w)}<div class="r n pad" style="align-items:flex-start">'
        f'<div class="c" style="flex:0 0 12em">{sort}{filters}{w.button("filter", look="both")}'
        f'</div><div class="g f" style="--n:{columns}">{cards}</div></div>'
    )


def editor(w: Widgets) -> str:
    """Toolbars over a text."""
    keys = w.pick(_DRAWN, int(w.rng.integers(10, 22)))
    tone = str(w.rng.choice(["", "ghost"]))
    tools = "".join(w.button(key, tone, look="icon", disabled=w.chance(0.1)) for key in keys)
    menus = w.tabs(w.pick((*_PLACES, "edit", "help", "show"), 5), 0)
    text = "".join(
        f"<p>{' '.join(w.filler() for _ in range(int(w.rng.integers(10, 30))))}</p>"
        for _ in range(4)
    )
    icons = "".join(w.icon(key, tint=w.chance(0.5)) for key in w.pick(_DRAWN, 6))
    return (
        f'<div class="pad line">{menus}</div><div class="r pad line">{tools}</div>'
        f'<div class="r n" style="align-items:stretch"><div class="c f pad">'
        f"{w.text('document', role='heading', tag='h1')}{text}{_buttons(w, 2)}</div>"
        f'<div class="side pad c i" style="flex:0 0 5em;align-items:center">{icons}</div></div>'
    )


def dashboard(w: Widgets) -> str:
    """Cards with figures, progress bars, people and icons."""
    icons = "".join(
        w.card(f'<div class="r n"><span class="i">{w.icon(key, tint=w.chance(0.6))}</span>'
               f'<div class="c" style="gap:0">{w.text(key)}<b>{w.filler()}</b></div></div>')
        for key in w.pick(tuple(key for key in _DRAWN if key in w.icons), 8)
    )  # fmt: skip
    bars = "".join(
        w.labelled(key, w.progress(key), above=w.chance(0.5)) for key in w.pick(_PLACES[:14], 4)
    )
    people = "".join(
        f'<div class="r n s"><div class="r n">{w.face(person, row=person)}'
        f"{w.text(person, row=person)}</div>"
        f"{w.button('chat', 'ghost', look='icon', row=person, small=True)}</div>"
        for person in w.pick(_PEOPLE, 4)
    )
    menu = w.menu(w.pick((*_PLACES, "statistics", "calendar", "mail", "team"), 7), 2, icons=True)
    badges = "".join(w.badge(key, _TONES[number]) for number, key in enumerate(w.pick(_STATES, 4)))
    columns = max(2, min(4, w.style.width // 320))
    return (
        f'<div class="r n" style="align-items:stretch;min-height:100vh">'
        f'<div class="side pad" style="flex:0 0 12em">{menu}</div><div class="c f">{_bar(w)}'
        f'<div class="c pad"><div class="g" style="--n:{columns}">{icons}</div>'
        f'<div class="g" style="--n:2">{w.card(bars)}{w.card(people)}</div>'
        f'<div class="r">{badges}</div><div class="r">{_buttons(w, 4)}</div></div></div></div>'
    )


def dialog(w: Widgets) -> str:
    """A question before a page."""
    below = (records, form, settings, shop)[int(w.rng.integers(4))](w)
    asks = w.pick(("delete", "warning", "save", "sign out", "share"), 1)[0]
    inside = w.text(asks, role="heading", tag="h3")
    inside += f"<p>{' '.join(w.filler() for _ in range(6))}</p>"
    inside += _control(w, w.pick(_FIELDS, 1)[0]) if w.chance(0.4) else ""
    inside += _option(w, w.pick(_OPTIONS, 1)[0], "checkbox") if w.chance(0.5) else ""
    last = w.pick(("confirm", "apply", "continue", "save", "delete"), 1)[0]
    inside += f'<div class="r e">{w.button("cancel")}{w.button(last, "primary")}</div>'
    close = w.button("close", "ghost", look="icon")
    return (
        f'{below}<div class="veil"><div class="dialog"><div class="r e">{close}</div>'
        f'<div class="c">{inside}</div></div></div>'
    )


def player(w: Widgets) -> str:
    """Music: a list, a picture, and what it is played with."""
    songs = w.pick(_PEOPLE, int(w.rng.integers(4, 8)))
    rows = "".join(
        f'<div class="r n s line" {w.mark("row", song, song)}><div class="r n">'
        f"{w.button('play', 'ghost', look='icon', row=song, small=True)}{w.text(song, row=song)}"
        f'</div><div class="r n"><span class="dim">3:1{number}</span>'
        f"{w.button('like', 'ghost', look='icon', row=song, small=True)}</div></div>"
        for number, song in enumerate(songs)
    )
    keys = w.pick(("back", "pause", "next", "mute", "more", "share", "full screen", "download"), 5)
    controls = "".join(w.button(key, _tone(w), look="icon") for key in keys)
    menu = w.menu(w.pick(("home", "search", "music", "favorites", "history", "news"), 5), 0,
                  icons=True)  # fmt: skip
    return (
        f'<div class="c" style="min-height:100vh"><div class="r n f" style="align-items:stretch">'
        f'<div class="side pad" style="flex:0 0 11em">{menu}</div><div class="c f pad">'
        f"{w.text('music', role='heading', tag='h1')}{w.photo('', height=9)}{rows}</div></div>"
        f'<div class="c pad side">{w.slider("time")}<div class="r m">{controls}'
        f"{w.labelled('volume', w.slider('volume'), above=False)}</div></div></div>"
    )


def _sample(w: Widgets) -> str:
    """A few widgets of one kind."""
    draw = int(w.rng.integers(9))
    if draw == 0:
        return f'<div class="r">{_buttons(w, 4)}</div>'
    if draw == 1:
        return f'<div class="c">{_options(w, 4)}</div>'
    if draw == 2:
        return "".join(w.labelled(key, _control(w, key)) for key in w.pick(_FIELDS, 2))
    if draw == 3:
        return _radios(w)
    if draw == 4:
        icons = "".join(w.icon(key, tint=w.chance(0.4)) for key in w.pick(_DRAWN, 7))
        return f'<div class="r i">{icons}</div>'
    if draw == 5:
        badges = (w.badge(key, str(w.rng.choice(_TONES))) for key in w.pick(_STATES, 4))
        return f'<div class="r">{"".join(badges)}</div>'
    if draw == 6:
        return w.tabs(w.pick(_PLACES, 4), int(w.rng.integers(4)))
    if draw == 7:
        return w.menu(w.pick(_PLACES, 4), int(w.rng.integers(-1, 4)), icons=True)
    faces = "".join(w.face(person) for person in w.pick(_PEOPLE, 5))
    return f'<div class="r">{faces}</div>{w.slider("volume")}{w.progress()}'


def samples(w: Widgets) -> str:
    """A little of everything, close together."""
    parts = [_sample(w) for _ in range(int(w.rng.integers(9, 20)))]
    columns = max(2, min(5, w.style.width // 330))
    cards = "".join(w.card(part) for part in parts)
    return f'{_bar(w)}<div class="g pad" style="--n:{columns}">{cards}</div>'


def mosaic(w: Widgets) -> str:
    """Bars, panels and columns in any order, each at a size of its own."""

    def panel(least: int, most: int) -> str:
        parts = [_sample(w) for _ in range(int(w.rng.integers(least, most)))]
        shown = "".join(w.card(part) if w.chance(0.3) else part for part in parts)
        return f'<div class="c pad" style="zoom:{w.rng.uniform(0.7, 1.35):.2f}">{shown}</div>'

    def tools(count: int) -> str:
        keys, tone = w.pick(_DRAWN, count), _tone(w)
        buttons = "".join(w.button(key, tone, look="icon", small=w.chance(0.5)) for key in keys)
        size = w.rng.uniform(0.7, 1.3)
        return f'<div class="r pad line" style="zoom:{size:.2f}">{buttons}</div>'

    bars = [tools(int(w.rng.integers(4, 16))) for _ in range(int(w.rng.integers(0, 3)))]
    columns = [
        f'<div class="{"side" if w.chance(0.4) else ""}" style="flex:{w.rng.uniform(1, 3):.1f} 1 0;'
        f'min-width:0">{panel(2, 6)}</div>'
        for _ in range(int(w.rng.integers(1, max(2, w.style.width // 320) + 1)))
    ]
    middle = f'<div class="r n" style="align-items:stretch">{"".join(columns)}</div>'
    blocks = [*bars, middle, *([_bar(w)] if w.chance(0.6) else [])]
    order = w.rng.permutation(len(blocks))
    return "".join(blocks[int(rank)] for rank in order)


TEMPLATES: dict[str, Template] = {
    template.__name__: template
    for template in (
        settings, sign_in, form, records, inbox, shop, editor, dashboard, dialog, player, samples,
        mosaic, article,
    )
}  # fmt: skip
"""By name."""
