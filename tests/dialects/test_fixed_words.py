"""What follows in a well-formed answer, foreseen; where it is not, nothing is said."""

from types import SimpleNamespace

import pytest

from molmo_point.dialects.fixed_words import draft_fixed_words, fixed_words
from molmo_point.models.tokenizer import _encoding as tokenizer_lock

MANY = " ".join(f'x{n}="{n}.5" y{n}="{n + 20}.0"' for n in range(1, 51))
POINTS = f' <points {MANY} alt="red cups">red cups</points>'
POINT = ' <point x="63.5" y="44.0" alt="a cup">a cup</point>'
COORDS = f'<points coords="1 {" ".join(f"{n} {n + 100} {n + 400}" for n in range(1, 51))}">cups'


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (' <points x1="10.5', '" y1="'),
        (' x12="100.0" y12="3.5', '" x13="'),
        (' <point x="10.5', '" y="'),
        (' <point x="10.5" y="2.0', '" alt="'),
        (' <points x1="1.0" y1="2.0" alt="red cups">', "red cups</points>"),
        (' <point x="1.0" y="2.0" alt="a cup">', "a cup</point>"),
        ('<points coords="1 1 063', " "),
        ('<points coords="1 1 063 445', " 2 "),
        (" 12 500 501", ""),
        (" 445 12 500 501", " 13 "),
        (' <points x1="10', "."),
        (' <points x1="1', ""),
        (' <points x1="10.', ""),
        ("There are 12.5", ""),
        ("", ""),
    ],
)
def test_the_fixed_words(end, words):
    assert fixed_words(end) == words


def test_drafts_leave_the_tokenizer_to_one_thread_at_a_time():
    class Watched:
        def decode(self, ids, *, skip_special_tokens):
            return ' <points x1="10.5'

        def __call__(self, text, **options):
            assert tokenizer_lock.locked()
            return SimpleNamespace(input_ids=[1, 2])

    assert draft_fixed_words(Watched())([5, 6])[0] == [1, 2]


@pytest.mark.parametrize(("answer", "share"), [(POINTS, 0.6), (POINT, 0.45), (COORDS, 0.35)])
def test_most_of_a_long_answer_is_foreseen(answer, share, byte_tokenizer):
    tokenizer = byte_tokenizer(512)
    ids, draft = tokenizer(answer, add_special_tokens=False).input_ids, draft_fixed_words
    foreseen, wrong, at = 0, 0, 1
    while at < len(ids):
        ahead = draft(tokenizer)(ids[:at])[0]
        right = 0
        while right < len(ahead) and ids[at + right : at + right + 1] == ahead[right : right + 1]:
            right += 1
        wrong += right < len(ahead)
        foreseen += right
        at += right + 1
    assert foreseen / len(ids) > share
    assert wrong <= 1  # the list's end
