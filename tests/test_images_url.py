"""URLs: fetched only when asked for, over http(s) alone, within limits."""

import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from molmo_point import images
from molmo_point.errors import ImageError
from molmo_point.images import load_image

NOISE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


class Site(BaseHTTPRequestHandler):
    """A picture, a page, redirects, and nothing else."""

    def do_GET(self):
        if self.path.startswith("/to-"):
            target = {"/to-file": Path(__file__).as_uri(), "/to-picture": "/picture?key=secret"}
            self.send_response(302)
            self.send_header("Location", target[self.path])
            self.end_headers()
            return
        self.send_response(404 if self.path == "/missing" else 200)
        self.end_headers()
        if self.path == "/page":
            self.wfile.write(b"<html>")
        else:
            Image.fromarray(NOISE).save(picture := io.BytesIO(), "PNG")
            self.wfile.write(picture.getvalue())

    def log_message(self, *_):
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def site():
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def message(url, **options):
    with pytest.raises(ImageError) as caught:
        load_image(url, **options)
    return str(caught.value)


def test_only_when_asked_for(site):
    assert message(f"{site}/picture?key=secret") == (
        f'Cannot read "{site}/picture" as an image: a URL is fetched only with allow_url=True; or '
        "download it first."
    )


@pytest.mark.parametrize("page", ["picture", "to-picture"])
def test_fetched(site, page):
    assert np.array_equal(load_image(f"{site}/{page}", allow_url=True), NOISE)


def test_no_redirect_to_a_file(site):
    assert "'file:" in message(f"{site}/to-file", allow_url=True)


def test_other_schemes_are_paths():
    assert "there is no such file" in message(Path(__file__).as_uri(), allow_url=True)


def test_status(site):
    assert message(f"{site}/missing", allow_url=True) == (
        f'Cannot read "{site}/missing" as an image: HTTP Error 404: Not Found.'
    )


def test_page_in_place_of_a_picture(site):
    text = message(f"{site}/page", allow_url=True)
    assert text.startswith(f'Cannot read "{site}/page" as an image: it is cut off, or in no format')


def test_too_large(site, monkeypatch):
    monkeypatch.setattr(images, "URL_LIMIT_BYTES", 1000)
    assert "it is larger than 1,000 bytes" in message(f"{site}/picture", allow_url=True)


def test_too_slow(site, monkeypatch):
    monkeypatch.setattr(images, "URL_DEADLINE_S", 0.0)
    assert "it took longer than 0 s" in message(f"{site}/picture", allow_url=True)


def test_nobody_there():
    text = message("http://127.0.0.1:9/a.png?key=secret", allow_url=True)
    assert text.startswith('Cannot read "http://127.0.0.1:9/a.png" as an image: ')
    assert "refused" in text


def test_no_password_in_the_message():
    text = message("http://user:word@127.0.0.1:9/a.png?key=secret", allow_url=True)
    assert text.startswith('Cannot read "http://127.0.0.1:9/a.png" as an image: its URL holds a')


@pytest.mark.parametrize("url", ["http://", "http://[::1", "https://a b/c.png"])
def test_malformed(url):
    assert f'Cannot read "{url}" as an image: ' in message(url, allow_url=True)
