"""A model behind a server: a real HTTP server on this machine, and all that can go wrong."""

import base64
import io
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from molmo_point import Pointer, load_image
from molmo_point.cli.asking import ask_all
from molmo_point.cli.sources import Source
from molmo_point.errors import ModelError, QueryError, ServerError
from molmo_point.remote import patience
from molmo_point.remote.server import Server

ANSWER = ' <points x1="10.0" y1="20.0" x2="30.5" y2="40.5" alt="cups">cups</points>'
MODEL = "allenai/Molmo-7B-D-0924"
END = "<|im_end|>"  # vLLM tells the probability of this token, which the text lacks


def tokens_of(text):
    return [text[start : start + 3] for start in range(0, len(text), 3)]


class Handler(BaseHTTPRequestHandler):
    """Speaks the protocol; `script` is a list of what to do wrong, one entry a question."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, body, status=200, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if not self.path.endswith("/v1/models"):
            return self.reply({"detail": "Not Found"}, 404)
        return self.reply({"data": [{"id": name} for name in self.server.models]})

    def do_POST(self):
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with server.lock:
            server.seen.append((dict(self.headers), body))
            wrong = server.script.pop(0) if server.script else None
            server.running += 1
            server.most = max(server.most, server.running)
        try:
            self.answer(body, wrong)
        finally:
            with server.lock:
                server.running -= 1

    def answer(self, body, wrong):
        server = self.server
        if wrong == "slow":
            time.sleep(3)
        if wrong == "busy":
            return self.reply({"error": {"message": "too many"}}, 429, Retry_After="0")
        if wrong == "down":
            return self.reply(b"<html>bad gateway</html>", 502)
        if wrong == "key":
            return self.reply({"error": {"message": "no"}}, 401)
        if wrong == "error":
            return self.reply({"error": {"message": "out of memory"}}, 500)
        if wrong == "moved":
            return self.reply(b"", 307, Location="http://elsewhere/v1")
        if wrong == "image":
            return self.reply({"error": {"message": "cannot decode the image"}}, 400)
        if wrong == "no logprobs" and body.get("logprobs"):
            return self.reply({"error": {"message": "logprobs are not supported"}}, 400)
        if wrong == "nonsense":
            return self.reply(b"hello")
        if wrong == "strange":
            return self.reply({"choices": []})
        if wrong == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        time.sleep(server.delay)
        pieces = tokens_of(server.text)
        told = {"content": [{"token": piece, "logprob": -0.1} for piece in [*pieces, END]]}
        known = told if body.get("logprobs") else None
        finish = "length" if wrong == "cut" else "stop"
        if not body.get("stream"):
            message = {"role": "assistant", "content": server.text}
            choice = {"message": message, "finish_reason": finish, "logprobs": known}
            return self.reply({"choices": [choice]})
        return self.send_events(pieces, finish, wrong)

    def send_events(self, pieces, finish, wrong):
        broken = wrong in ("break", "failure")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        lines = [": ping", ""]
        for piece in pieces[: len(pieces) // 2 if broken else None]:
            entry = {"content": [{"token": piece, "logprob": -0.1}]}
            choice = {"delta": {"content": piece}, "logprobs": entry, "finish_reason": None}
            lines += ["data: " + json.dumps({"choices": [choice]}, ensure_ascii=False), ""]
        if wrong == "failure":
            lines += ["data: " + json.dumps({"error": {"message": "engine died"}}), ""]
        if not broken:
            entry = {"content": [{"token": END, "logprob": -0.1}]}
            last = {"delta": {"content": ""}, "logprobs": entry, "finish_reason": finish}
            lines += ["data: " + json.dumps({"choices": [last]}), ""]
            lines += ["data: " + json.dumps({"choices": [], "usage": {}}), "", "data: [DONE]", ""]
        data = "\r\n".join(lines).encode()
        for start in range(0, len(data), 7):  # boundaries anywhere, inside characters too
            self.wfile.write(data[start : start + 7])
            self.wfile.flush()
            time.sleep(self.server.drip)


@pytest.fixture
def served(monkeypatch):
    monkeypatch.setattr(patience, "_FIRST_PAUSE", 0.01)
    monkeypatch.delenv("MOLMO_POINT_API_KEY", raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.models, server.script, server.seen, server.text = [MODEL], [], [], ANSWER
    server.lock, server.running, server.most = threading.Lock(), 0, 0
    server.delay, server.drip = 0.0, 0.0
    server.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def picture(width=200, height=100):
    return np.full((height, width, 3), 80, dtype=np.uint8)


def test_an_answer_is_points_in_pixels_with_confidence(served):
    pointer = Pointer(served.url, model=MODEL)
    points = pointer.point(picture(), "Cups")
    assert points.xy().tolist() == [[20.0, 20.0], [61.0, 40.5]]
    assert points.image_size == (200, 100)
    assert all(0 < point.confidence < 1 for point in points)
    _, body = served.seen[0]
    assert body["model"] == MODEL
    assert body["temperature"] == 0
    image, words = body["messages"][0]["content"]
    assert words == {"type": "text", "text": "Point to cups"}
    sent = base64.b64decode(image["image_url"]["url"].split(",")[1])
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(sent))), picture())
    assert repr(pointer) == f'Pointer("{served.url}", model="{MODEL}")'


def test_every_way_of_asking(served):
    pointer = Pointer(served.url)  # it serves one model only
    expected = [[20.0, 20.0], [61.0, 40.5]]
    assert [[p.x, p.y] for p in pointer.stream(picture(), "cups")] == expected
    assert int(pointer.count(picture(), "cups")) == 2
    assert len(pointer.point(picture(), "cups", single=True)) == 1
    assert pointer.ask(picture(), "What?") == ANSWER.strip()
    with pointer.look(picture()) as view:
        assert [len(points) for points in view.points(["cups", "dogs"])] == [2, 2]
    with pytest.raises(QueryError, match="closed"):
        view.point("cups")
    with pytest.raises(QueryError, match="some words"):
        pointer.point(picture(), " ")
    with pytest.raises(QueryError, match="single images"):
        pointer.point([picture(), picture()], "cups")


def test_text_beyond_ascii_survives_the_stream(served):
    # with characters that end a line elsewhere, but not here
    served.text = ' <point x="50.0" y="50.0" alt="Tässchen ☕">Tässchen\u2028\x85☕</point>'
    pieces = Server(served.url).stream([{"type": "text", "text": "?"}], limit=9)
    assert "".join(piece.text for piece in pieces) == served.text


def test_a_files_own_bytes_are_sent_if_they_show_the_same(served, tmp_path):
    plain, turned = tmp_path / "plain.jpg", tmp_path / "turned.jpg"
    Image.fromarray(picture()).save(plain)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture()).save(turned, exif=exif)
    pointer = Pointer(served.url)
    assert pointer.point(plain, "cups").image_size == (200, 100)
    assert pointer.point(turned, "cups").image_size == (100, 200)
    urls = [body["messages"][0]["content"][0]["image_url"]["url"] for _, body in served.seen]
    assert base64.b64decode(urls[0].split(",")[1]) == plain.read_bytes()
    assert urls[1].startswith("data:image/png")
    clear = tmp_path / "clear.png"  # an RGB file whose grey is transparent: white, here
    Image.fromarray(picture()).save(clear, transparency=(80, 80, 80))
    pointer.point(clear, "cups")
    url = served.seen[-1][1]["messages"][0]["content"][0]["image_url"]["url"]
    assert np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1])))).min() == 255


def test_an_image_with_a_damaged_orientation_is_sent(served, tmp_path):
    path = tmp_path / "damaged.png"
    exif = b"Exif\0\0II*\0\xff\xff\xff\xff"
    Image.fromarray(picture()).save(path, exif=exif)
    assert load_image(path).shape == (100, 200, 3)
    assert len(Pointer(served.url).point(path, "cups")) == 2


def test_a_stream_ends_with_the_whole_answer(served):
    pointer, got = Pointer(served.url), []

    def follow():
        whole = yield from pointer.stream(picture(), "cups")
        got.append(whole)

    served.script = ["cut"]
    assert tuple(follow()) == tuple(got[0])
    assert len(got[0]) == 2
    assert got[0].truncated


def test_the_address_may_name_the_model(served):
    assert Pointer(f"{served.url}#{MODEL}").spec.name == MODEL
    assert Pointer(model=served.url).spec.name == MODEL
    with pytest.raises(ModelError, match='does not serve "another"'):
        Pointer(f"{served.url}#another")


@pytest.mark.parametrize("wrong", ["busy", "down", "drop", "no logprobs"])
def test_what_passes_is_tried_again(wrong, served):
    pointer = Pointer(served.url)
    served.script = [wrong]
    points = pointer.point(picture(), "cups")
    assert len(points) == 2
    assert len(served.seen) == 2
    known = [point.confidence is not None for point in points]
    assert known == [wrong != "no logprobs"] * 2
    served.script = [wrong]
    assert len(list(pointer.stream(picture(), "cups"))) == 2


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("key", "refuses the key"),
        ("error", "failed at the question .500: out of memory"),
        ("moved", "redirects to http://elsewhere/v1"),
        ("image", "cannot decode the image"),
        ("nonsense", "no chat completion"),
        ("strange", "no chat completion"),
    ],
)
def test_what_stays_wrong_is_said_at_once(wrong, sentence, served):
    pointer = Pointer(served.url, api_key="secret-key")
    served.script = [wrong] * 5
    with pytest.raises(ServerError, match=sentence) as caught:
        pointer.point(picture(), "cups")
    assert len(served.seen) == 1
    assert "secret-key" not in str(caught.value)
    assert served.seen[0][0]["Authorization"] == "Bearer secret-key"


def test_a_key_is_asked_for_and_never_shown(served, monkeypatch):
    served.script = ["key"]
    with pytest.raises(ServerError, match="wants a key"):
        Pointer(served.url).point(picture(), "cups")
    monkeypatch.setenv("MOLMO_POINT_API_KEY", "secret-key\n")
    Pointer(served.url).point(picture(), "cups")
    assert served.seen[-1][0]["Authorization"] == "Bearer secret-key"
    for key in ("secret\nkey", "secret-ключ"):
        with pytest.raises(ServerError, match="no header can hold") as caught:
            Pointer(served.url, api_key=key)
        assert "secret" not in str(caught.value)


def test_tries_are_bounded(served):
    pointer = Pointer(served.url)
    served.script = ["down"] * 50
    with pytest.raises(ServerError, match=r"too busy \(502"):
        pointer.point(picture(), "cups")
    assert len(served.seen) == 4


def test_a_timeout_ends_it(served):
    pointer = Pointer(served.url, timeout=0.5)
    served.script = ["slow"] * 5
    start = time.monotonic()
    with pytest.raises(ServerError, match=r"0\.5 s"):
        pointer.point(picture(), "cups")
    assert time.monotonic() - start < 2.5


def test_a_stream_that_breaks_says_so_after_what_it_gave(served):
    pointer = Pointer(served.url)
    served.script = ["break"]
    got = []
    with pytest.raises(ServerError, match="broke in the middle"):
        got.extend(iter_points(pointer, got))
    assert len(got) == 1


def test_a_failure_inside_a_stream_is_said(served):
    pointer = Pointer(served.url)
    served.script = ["failure"]
    with pytest.raises(ServerError, match="engine died"):
        list(pointer.stream(picture(), "cups"))


def test_an_endless_trickle_ends_in_time_and_a_slow_reader_may_take_it(served):
    served.drip = 0.03
    pointer = Pointer(served.url, timeout=0.5)
    with pytest.raises(ServerError, match=r"longer than 0\.5 s"):
        list(pointer.stream(picture(), "cups"))
    served.drip = 0.0
    labels = []
    for point in Pointer(served.url, timeout=2).stream(picture(), "cups"):
        labels.append(point.label)
        time.sleep(1.1)
    assert labels == ["cups", "cups"]


def iter_points(pointer, got):
    for point in pointer.stream(picture(), "cups"):
        got.append(point)
    return []


def test_a_cut_answer_is_reported(served):
    served.script = ["cut"]
    assert Pointer(served.url).point(picture(), "cups").truncated


def test_models_are_listed_when_the_name_is_wrong_or_missing(served):
    with pytest.raises(ModelError, match=f'does not serve "other" but {MODEL}'):
        Pointer(served.url, model="other")
    served.models = ["one", "two"]
    with pytest.raises(ModelError, match="serves one, two: name one"):
        Pointer(served.url)
    with pytest.raises(ServerError, match="end in /v1"):
        Pointer(served.url.removesuffix("/v1"))
    served.models = ["mine/MolmoPoint-8B"]
    with pytest.raises(ModelError, match="tokens that are no text"):
        Pointer(served.url)
    for address in ("http://", "http://host:port/v1"):
        with pytest.raises(ServerError, match="give one like"):
            Pointer(address)
    with pytest.raises(ModelError, match="not for a server"):
        Pointer(served.url, device="cuda")


def test_nobody_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(patience, "_FIRST_PAUSE", 0.01)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ServerError, match="is it running"):
        Pointer(f"http://127.0.0.1:{port}/v1")


def test_many_images_are_asked_a_few_at_a_time_and_come_in_order(served):
    served.delay = 0.05
    images = (picture(width=100 + number) for number in range(20))
    widths = [points.image_size[0] for points in Pointer(served.url).batch(images, "cups")]
    assert widths == list(range(100, 120))
    assert 2 <= served.most <= 8


def test_answers_before_a_wrong_input_are_given_first(served):
    batch = Pointer(served.url).batch([picture(100 + i) for i in range(6)], ["cups"] * 5)
    assert [next(batch).image_size[0] for _ in range(5)] == [100, 101, 102, 103, 104]
    with pytest.raises(QueryError, match="5 queries and more images"):
        next(batch)


@pytest.mark.parametrize("proxy", ["socks://127.0.0.1:9", "socks5://127.0.0.1:9"])
def test_a_proxy_that_cannot_be_used_is_a_sentence(proxy, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ServerError, match="proxy of the environment"):
        Pointer("http://127.0.0.1:9/v1", model="allenai/Molmo2-8B")


def test_the_command_line_asks_a_server_too(served, tmp_path, capsys):
    sources = []
    for name in ("a.png", "b.png"):
        Image.fromarray(picture()).save(tmp_path / name)
        sources.append(Source(name, tmp_path / name))
    served.script = ["cut"]
    assert ask_all(Pointer(served.url), sources[:1], "cups", counting=True) == 0
    assert capsys.readouterr().out == "2+\n"
    served.script = ["no logprobs", None, "cut"]
    assert ask_all(Pointer(served.url), sources, "cups", counting=False) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "a.png\t20.0\t20.0",
        "a.png\t61.0\t40.5",
        "b.png\t20.0\t20.0",
        "b.png\t61.0\t40.5",
    ]
    assert "b.png: cut off" in said.err
