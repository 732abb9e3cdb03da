"""The file of answers: what it takes for its own, and what it leaves alone."""

import json

import pytest

from molmo_point.cli.answers_file import AnswersFile
from molmo_point.errors import QueryError

TASK = {"query": "mugs", "command": "count", "model": "embedded"}


def test_answers_are_known_again(tmp_path):
    file = AnswersFile(tmp_path / "new" / "out.jsonl", TASK)
    names = ["a.png", "caf\udce9.png", "line\u2028end.png", "tab\u0085.png"]
    for number, name in enumerate(names):
        file.add(name, {"count": number, "label": "\u2029"})
    assert AnswersFile(tmp_path / "new" / "out.jsonl", TASK).images == set(names)


def test_what_was_being_written_is_dropped(tmp_path):
    path = tmp_path / "out.jsonl"
    AnswersFile(path, TASK).add("a.png", {"count": 1})
    whole = path.read_bytes()
    for rest in (b"{", whole[:12], whole[:-1]):
        path.write_bytes(whole + rest)
        assert AnswersFile(path, TASK).images == {"a.png"}
        assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "foreign",
    [
        json.dumps({"images": [], "annotations": []}).encode(),
        b"a note without an end",
        b'{"image": "a.png", "count": 3}\n',
        b"[1, 2]\n",
        bytes(range(256)),
    ],
)
def test_a_file_of_something_else_is_left_as_it_is(tmp_path, foreign):
    path = tmp_path / "annotations.json"
    path.write_bytes(foreign)
    with pytest.raises(QueryError, match="no answer of this program"):
        AnswersFile(path, TASK)
    assert path.read_bytes() == foreign


@pytest.mark.parametrize("other", [{"query": "cups"}, {"command": "point"}, {"model": "x/y"}])
def test_answers_to_another_task_are_not_mixed_in(tmp_path, other):
    path = tmp_path / "out.jsonl"
    AnswersFile(path, TASK).add("a.png", {"count": 1})
    with pytest.raises(QueryError, match="name another file"):
        AnswersFile(path, TASK | other)
