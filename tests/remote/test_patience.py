"""How long to wait for a server."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from molmo_point.remote.patience import TRIES, Patience


def test_pauses_grow_and_tries_end(monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    patience = Patience(60.0)
    for number in range(1, TRIES + 1):
        patience.tries = number
        assert patience.pause() == (number < TRIES)
    assert len(slept) == TRIES - 1
    for number, pause in enumerate(slept):
        assert 0.25 * 2**number <= pause <= 0.5 * 2**number


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("3", 3.0, 3.0),
        (timedelta(seconds=30), 25.0, 30.0),
        (timedelta(hours=-1), 0.0, 0.0),
        ("soon", 0.25, 0.5),
    ],
)
def test_a_server_says_when_to_come_back(header, low, high, monkeypatch):
    if isinstance(header, timedelta):
        header = format_datetime(datetime.now(UTC) + header, usegmt=True)
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    patience = Patience(60.0)
    patience.tries = 1
    assert patience.pause(header)
    assert low <= slept[0] <= high


def test_a_pause_that_is_longer_than_what_is_left_is_not_begun():
    patience = Patience(5.0)
    patience.tries = 1
    start = time.monotonic()
    assert not patience.pause("3600")
    assert time.monotonic() - start < 1.0


def test_only_time_inside_counts():
    patience = Patience(1.0)
    time.sleep(0.05)
    assert patience.left == 1.0
    with patience:
        time.sleep(0.05)
    assert 0.5 < patience.left <= 0.95
