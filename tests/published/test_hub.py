"""Checkpoints by name: downloaded once from a hub, resumed, pinned, and used without a connection.

The hub is a real HTTP server on this machine that speaks the part of the protocol that is needed.
"""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.published.small import write_checkpoint

NAME = "someone/tiny-molmo-point"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
ASK = """
import sys, numpy as np, huggingface_hub.constants
huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE = 1000  # so that a part is written before the drop
from molmo_point.cli.main import main
from PIL import Image
Image.fromarray(np.zeros((60, 80, 3), np.uint8)).save("black.png")
sys.argv = ["molmo-point", "count", "black.png", "cups", "--model", sys.argv[1], "--json"]
main()
"""


class Hub(BaseHTTPRequestHandler):
    """What a repository holds, and its files, whole or from somewhere on."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, *, body):
        server = self.server
        server.seen.append((self.command, self.path, self.headers.get("Range")))
        listing = f"/api/models/{NAME}/revision/"
        if self.path.startswith(listing):
            files = [{"rfilename": path.name} for path in sorted(server.folder.iterdir())]
            info = {"id": NAME, "modelId": NAME, "sha": COMMIT, "siblings": files, "tags": []}
            return self.send(json.dumps(info).encode(), {"Content-Type": "application/json"})
        if self.path.startswith(f"/api/models/{NAME}/tree/"):
            tree = [
                {"type": "file", "path": path.name, "size": path.stat().st_size, "oid": "0" * 40}
                for path in sorted(server.folder.iterdir())
            ]
            return self.send(json.dumps(tree).encode(), {"Content-Type": "application/json"})
        if self.path.startswith(f"/{NAME}/resolve/"):
            file = server.folder / self.path.rsplit("/", 1)[1]
            data = file.read_bytes()
            headers = {
                "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
                "X-Repo-Commit": COMMIT,
                "Accept-Ranges": "bytes",
            }
            if not body:
                return self.send(b"", headers, length=len(data))
            start = int((self.headers.get("Range") or "bytes=0-").split("=")[1].split("-")[0])
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            cut = file.name.endswith(".safetensors") and not server.cut
            server.cut = server.cut or cut
            return self.send(
                data[start:],
                headers,
                status=206 if start else 200,
                cut=len(data) // 2 if cut else 0,
            )
        return self.send(b"{}", {"X-Error-Code": "RepoNotFound"}, status=404)

    def send(self, data, headers, *, status=200, length=None, cut=0):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        self.wfile.write(data[: cut or None])
        if cut:
            self.close_connection = True


@pytest.fixture
def hub(tmp_path):
    folder = tmp_path / "repository"
    write_checkpoint(folder, "molmo-point", shards=2)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.folder, server.seen, server.cut = folder, [], False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def ask(tmp_path, hub, name, **environment):
    port = hub.server_address[1]
    return subprocess.run(
        [sys.executable, "-c", ASK, name],
        cwd=tmp_path,
        env={
            **os.environ,
            "HF_ENDPOINT": f"http://127.0.0.1:{port}",
            "HF_HOME": str(tmp_path / "cache"),
            "HF_HUB_DISABLE_XET": "1",
            "NO_PROXY": "127.0.0.1",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_a_name_is_downloaded_once_resumed_and_works_without_a_connection(hub, tmp_path):
    done = ask(tmp_path, hub, f"{NAME}@{COMMIT}")
    assert done.returncode == 0, (done.stderr, hub.seen)
    result = json.loads(done.stdout)
    assert result["image_size"] == [80, 60]
    files = [entry for entry in hub.seen if entry[0] == "GET" and "/resolve/" in entry[1]]
    assert all(f"/resolve/{COMMIT}/" in path for _, path, _ in files)
    paths = [path for _, path, _ in files]
    assert len(paths) == len(set(paths)) + 1  # one was dropped half-way, and fetched to its end
    ((path, start),) = [(path, start) for _, path, start in files if start]
    half = (hub.folder / path.rsplit("/", 1)[1]).stat().st_size // 2
    assert start == f"bytes={half // 1000 * 1000}-"
    before = len(hub.seen)
    again = ask(tmp_path, hub, f"{NAME}@{COMMIT}", HF_HUB_OFFLINE="1")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == result
    assert len(hub.seen) == before


def test_a_name_that_no_hub_knows_is_one_sentence(hub, tmp_path):
    done = ask(tmp_path, hub, "someone/nothing")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert '"someone/nothing" is not on this machine and cannot be downloaded' in done.stderr
