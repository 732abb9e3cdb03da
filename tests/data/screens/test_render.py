"""Truth from the layout of a real browser, borne out by the pixels."""

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from molmo_point.data.screens.pages import Page, generate_page
from molmo_point.data.screens.render import Renderer
from molmo_point.data.screens.widgets import Widgets
from molmo_point.errors import MolmoPointError

BOX = "position:absolute;margin:0;padding:0;border:0;left:{}px;top:{}px;width:{}px;height:{}px;"


@pytest.fixture(scope="module")
def style(packages):
    style = generate_page(0, "train", folder=packages).style
    return replace(style, width=400, height=300, scale=1.0)


def show(renderer, style, body):
    html = f"<!doctype html><body style='margin:0;background:#fff'>{body}</body>"
    return renderer.render(Page(html, style, "test"))


def div(mark, left, top, width, height, more="background:#c8202a;", inside="", kind=""):
    place = BOX.format(left, top, width, height)
    return f'<div class="{kind}" style="{place}{more}" data-mp="{mark}">{inside}</div>'


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_boxes_are_pixels_of_the_image(renderer, style, scale):
    body = div("button|save||", 40, 60, 100, 30)
    screen = show(renderer, replace(style, scale=scale), body)
    assert screen.image.shape == (300 * scale, 400 * scale, 3)
    (element,) = screen.elements
    assert element.box == tuple(value * scale for value in (40, 60, 140, 90))
    left, top, right, bottom = (int(value) for value in element.box)
    red = np.all(screen.image == (0xC8, 0x20, 0x2A), axis=2)
    assert red[top:bottom, left:right].all()
    assert red.sum() == (bottom - top) * (right - left)
    assert element.colours == ("red",)
    assert element.whole


def test_what_cannot_be_seen_is_not_there(renderer, style):
    body = (
        div("button|save||", 10, 10, 50, 20, "display:none;")
        + div("button|edit||", 10, 40, 50, 20, "visibility:hidden;background:#c8202a;")
        + div("button|copy||", 10, 70, 50, 20, "opacity:0;background:#c8202a;")
        + div("button|print||", 900, 70, 50, 20)
        + div("button|share||", 10, 100, 50, 20)
        + div("button|undo||", 5, 95, 80, 40, "background:#1d5fd0;")  # covers the one before it
    )
    assert [element.concept for element in show(renderer, style, body).elements] == ["undo"]


def test_what_is_partly_seen_is_not_whole(renderer, style):
    clipped = div("button|copy||", 0, 0, 80, 20)
    body = (
        div("button|save||", 360, 10, 80, 20)  # over the edge of the window
        + div("button|edit||", 10, 40, 80, 20)
        + '<div style="position:absolute;left:50px;top:30px;width:90px;height:40px;'
        'background:#999"></div>'
        + '<div style="position:absolute;left:10px;top:100px;width:40px;height:20px;'
        f'overflow:hidden">{clipped}</div>' + div("button|print||", 10, 150, 80, 20)
    )
    found = {element.concept: element for element in show(renderer, style, body).elements}
    assert {key for key, element in found.items() if element.whole} == {"print"}
    assert found["save"].box == (360, 10, 400, 30)
    assert found["copy"].box == (10, 100, 50, 120)


def test_what_lies_behind_a_veil_is_not_whole(renderer, style):
    veil = '<div class="veil" style="position:fixed;inset:0;background:rgb(0 0 0/.5)">{}</div>'
    body = div("button|save||", 10, 10, 80, 20) + veil.format(div("button|edit||", 10, 60, 80, 20))
    found = {element.concept: element for element in show(renderer, style, body).elements}
    assert not found["save"].whole
    assert found["edit"].whole


def test_what_hardly_differs_from_its_ground_is_not_whole(renderer, style):
    body = div("icon|save||", 10, 10, 20, 20, "background:#f8f8f8;")
    assert [element.whole for element in show(renderer, style, body).elements] == [False]


def test_states_and_texts_are_read(renderer, style):
    body = (
        '<button data-mp="button|save||" disabled>Save</button>'
        '<input type="text" data-mp="field|name||" value="Anna">'
        '<input type="text" data-mp="field|search||" placeholder="Search">'
        '<select data-mp="dropdown|size||"><option>Small<option selected>Large</select>'
        '<input type="checkbox" checked data-mp="checkbox|terms|anna|checked">'
    )
    button, name, search, size, terms = show(renderer, style, body).elements
    assert (button.states, button.text) == (("disabled",), "Save")
    assert (name.text, search.text, size.text) == ("Anna", "Search", "Large")
    assert (terms.states, terms.row, terms.text) == (("checked",), "anna", "")


def test_a_colour_in_between_is_no_clear_one(renderer, style):
    body = div("button|save||", 10, 10, 80, 20, "background:#0a9aa5;")
    (teal,) = show(renderer, style, body).elements
    assert {"blue", "green"} <= set(teal.colours)


def test_no_network_is_reached(renderer, style):
    asked = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    show(renderer, style, f'<img src="http://127.0.0.1:{server.server_port}/picture.png">')
    server.shutdown()
    server.server_close()
    assert asked == []


@pytest.mark.parametrize(("split", "seed"), [("train", 1), ("heldout", 2)])
def test_generated_pages_render_alike_twice(renderer, packages, split, seed):
    page = generate_page(seed, split, folder=packages)
    first, second = renderer.render(page), renderer.render(page)
    assert np.array_equal(first.image, second.image)
    assert first.elements == second.elements
    height, width = first.image.shape[:2]
    assert sum(element.whole for element in first.elements) > 8
    for element in first.elements:
        left, top, right, bottom = element.box
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


def test_renderer_must_be_entered(packages):
    with pytest.raises(MolmoPointError, match="with Renderer"):
        Renderer().render(generate_page(0, "train", folder=packages))


def test_missing_chromium_is_named(tmp_path):
    with pytest.raises(MolmoPointError, match="apt-get install chromium"):
        Renderer(tmp_path / "chromium")


def test_links_in_running_text_are_on_one_line_each(renderer, packages):
    for seed in range(3):
        page = generate_page(seed, "train", folder=packages, template="article")
        size = page.style.scale * float(page.style.variables["size"].removesuffix("px"))
        link = Widgets(np.random.default_rng(0), page.style, {}).link("", words="one of many words")
        head, body = page.html.split("<body", 1)
        narrow = body.replace(">", f'><div style="width:3em">{link}</div>', 1)
        screen = renderer.render(replace(page, html=f"{head}<body{narrow}"))
        links = [one for one in screen.elements if one.role == "link" and one.whole]
        assert len({one.text for one in links}) > 3
        [wide] = [one for one in links if one.text == "one of many words"]
        assert wide.box[2] - wide.box[0] > 3 * size
        assert wide.box[3] - wide.box[1] < 2 * size
