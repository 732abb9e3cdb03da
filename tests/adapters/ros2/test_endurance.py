"""Thousands of images: the node's memory stays as it is, and its own share of the time is small."""

from tests.adapters.ros2.graph import wait_for

MB = 1_000_000


def test_memory_is_flat_over_2000_images(tiny, camera, listener):
    listener.set("tiny", query="red")

    def answer(count):
        until = listener.counts("tiny")["answered"] + count
        while (left := until - listener.counts("tiny")["answered"]) > 0:
            camera.stream(count=left, rate=150.0)()

    answer(300)  # what is kept for good, and buffers at their full size
    before = tiny.resident_bytes()
    answer(2000)
    assert tiny.resident_bytes() - before < 8 * MB


def test_the_node_takes_little_time_of_its_own(tiny, camera, listener):
    listener.set("tiny", query="red")
    wait_for(lambda: listener.status("tiny")[2]["overhead"])
    camera.stream(count=60, rate=20.0)()
    listener.counts("tiny")
    overhead = listener.status("tiny")[2]["overhead"]
    assert 0 < float(overhead.removesuffix(" ms")) < 60  # on a busy machine; alone it is 3
