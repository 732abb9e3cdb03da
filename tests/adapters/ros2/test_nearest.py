"""The message nearest in time to an image, however many have come since."""

import threading
import time

import pytest

from molmo_point_adapters.ros2.nearest import Nearest

S = 1_000_000_000


def put(nearest, *stamps):
    for stamp in stamps:
        nearest.put(stamp, f"at {stamp}")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ([5], [], 5),  # it came before its image
        ([], [5], 5),  # or after
        ([2, 4], [7, 9], 4),
        ([1, 2, 3], [6, 9], 6),
        (range(6), range(6, 100), 5),  # long ago
        ([1], [9], None),  # too far away, on both sides
    ],
)
def test_the_nearest_within_the_tolerance(before, after, found):
    nearest = Nearest()
    put(nearest, *(stamp * S for stamp in before))
    nearest.expect(5 * S)
    put(nearest, *(stamp * S for stamp in after))
    expected = None if found is None else f"at {found * S}"
    assert nearest.get(1.0) == expected


def test_without_stamps_the_newest_is_taken():
    nearest = Nearest()
    for word in ("old", "new"):
        nearest.put(0, word)
    nearest.expect(0)
    assert nearest.get(0.0) == "new"


def test_what_was_expected_before_is_forgotten():
    nearest = Nearest()
    put(nearest, 5 * S)
    nearest.expect(5 * S)
    nearest.expect(90 * S)
    put(nearest, 99 * S)
    assert nearest.get(1.0) is None


def test_a_nearer_one_is_waited_for_but_not_where_none_ever_came():
    nearest = Nearest()
    nearest.expect(5 * S)
    began = time.monotonic()
    assert (nearest.get(30.0), nearest.has_any) == (None, False)
    assert time.monotonic() - began < 10
    put(nearest, 4 * S)
    later = threading.Timer(0.05, put, (nearest, 5 * S))
    later.start()
    assert nearest.get(30.0) == f"at {5 * S}"
    later.join()


def test_the_wait_is_as_long_as_the_tolerance():
    nearest = Nearest()
    put(nearest, 4 * S)
    nearest.expect(5 * S)
    assert nearest.get(0.05) is None
