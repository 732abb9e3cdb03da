"""16 queries on one image, and images of several sizes, together and each a call of its own.

    python benchmarks/together.py --model Molmo-7B-D         # on a GPU, random weights
    python benchmarks/together.py --model tiny-MolmoPoint --device cpu --dtype float32

Answers are forced; of several images every fourth has ten times as many points. Padding is the
share of tokens that only filled up prompts, rows and steps. Stops if an answer differs.
"""

import numpy as np
import torch
from clock import milliseconds
from forced import say, until
from full_models import Subject, model_arguments

from molmo_point.decoding.padding import Padding

SIZES = ((640, 480), (1920, 1080), (480, 640), (800, 600))
QUERIES, IMAGES, READ, ROWS = 16, 8, 4, 8
QUERY = "Point to the bottles"


def pictures(count):
    """Noise of several sizes."""
    rng = np.random.default_rng(0)
    sizes = [SIZES[number % len(SIZES)] for number in range(count)]
    return [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for width, height in sizes]


def say_all(subject, dialects, points, rows, padding=None):
    """Answers of so many points about each dialect's image, on so many rows."""
    question = dialects[0].encode_question(QUERY)
    answers = [subject.answer(one, count) for one, count in zip(dialects, points, strict=True)]
    options = until(dialects[0].options(single=False, words=False), answers[0])
    with dialects[0].board(rows) as board:
        say(board, dialects, [question] * len(dialects), options, answers, padding)


def one_image(subject, points):
    """16 queries on one image: milliseconds apart, together, and the padding."""
    image = pictures(1)[0]

    def apart():
        say_all(subject, [subject.look(image)], [points], 1)

    def together(padding=None):
        say_all(subject, [subject.look(image)] * QUERIES, [points] * QUERIES, QUERIES, padding)

    padding = Padding()
    together(padding)
    device = subject.device
    return QUERIES * milliseconds(apart, device), milliseconds(together, device), padding


def several_images(subject, points):
    """Images of several sizes, answers of two lengths: milliseconds apart, together, padding."""
    images = pictures(IMAGES)
    counts = [10 * points if number % 4 == 0 else points for number in range(IMAGES)]

    def apart():
        for image, count in zip(images, counts, strict=True):
            say_all(subject, [subject.look(image)], [count], 1)

    def together(padding=None):
        dialects = []
        for start in range(0, IMAGES, READ):
            some, filled = subject.look_at_each(images[start : start + READ])
            dialects += some
            if padding is not None:
                padding.add(filled.asked, filled.computed)
        say_all(subject, dialects, counts, ROWS, padding)

    padding = Padding()
    together(padding)
    device = subject.device
    return milliseconds(apart, device, 3, 1), milliseconds(together, device, 3, 1), padding


@torch.inference_mode()
def main():
    """Print the table."""
    parser = model_arguments(__doc__)
    parser.add_argument("--points", type=int, default=1, help="of a short answer")
    given = parser.parse_args()
    subject = Subject(given.model, torch.device(given.device), getattr(torch, given.dtype))
    print(f"{given.model}, random weights, {given.device}, {given.dtype}\n")
    print("| what | apart, ms | together, ms | throughput | padding |")
    print("| --- | --- | --- | --- | --- |")
    for name, (apart, together, padding) in {
        f"{QUERIES} queries on one image": one_image(subject, given.points),
        f"{IMAGES} images of several sizes": several_images(subject, given.points),
    }.items():
        print(
            f"| {name} | {apart:.0f} | {together:.0f} | {apart / together:.1f} "
            f"| {100 * padding.share:.0f}% |",
            flush=True,
        )


if __name__ == "__main__":
    main()
