"""What the words around the tags say: how many there are, or that there are none."""

from __future__ import annotations

import re

__all__ = ["TAG", "read_stated_count", "says_none"]

TAG = "\ufffc"
"""Stands for a tag in the text that is given to this module (the object replacement character)."""

_UP_TO_TEN = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_TEENS = ["eleven", "twelve", *(f"{stem}teen" for stem in ("thir", "four", "fif", "six", "seven"))]
_WORDS = [*_UP_TO_TEN, *_TEENS, "eighteen", "nineteen", "twenty"]
_HIGHER = r"(?![- ](?:one|two|three|four|five|six|seven|eight|nine|dozen|hundred|thousand)\b)"
_NUMBER = (
    r"([0-9]{1,9}(?:,[0-9]{3}){0,2}(?![0-9]|[.,][0-9])|(?:"
    + "|".join(_WORDS)
    + rf")\b{_HIGHER})"  # not the "twenty" of "twenty-one"
)
_TOTAL_OF_TAG = re.compile(rf"{TAG}[\s>]{{0,4}}shows? a total of {_NUMBER}")
_NUMBER_OF_TAG = re.compile(rf"\bthere (?:is|are) {_NUMBER} {TAG}")
_TOTAL = re.compile(rf"\ba total of {_NUMBER}")
_THERE_ARE = re.compile(rf"\bthere (?:is|are) {_NUMBER}")
_ALONE = re.compile(_NUMBER)

_SPECIAL = re.compile(r"<\|[a-zA-Z_]{1,24}\|>|</?s>|<eos>")
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u2032\u00b4`", "'") | {"*": None})
_SENTENCE_END = re.compile(r"[.!](?= |\Z)|(?<=\?) ")  # a question stays one, and says nothing
_LONGEST = 200  # characters of a sentence that says "none"; a longer one says more than that
_OPENING = re.compile(
    r"(?:(?:no|sorry|i'm sorry|i am sorry|i apologize|unfortunately|actually|assistant"
    r"|image [0-9]{1,3})[,:;]? (?:but )?){1,3}"
)
_NO_APOSTROPHE = re.compile(r"\b(is|are|was|were|do|does|did|could|ca)nt\b")
_IS = re.compile(r"\b(it|that|this|there)'s\b")
_ARE_NOT = re.compile(r"\b(they|these|those)'re not\b")
_PICTURE = (
    r"(?:(?:this|the|that|these|your) )?(?:image|picture|photo|video|scene|frame|screenshot)s?"
)
_SEEN = r"(?:visible|present|available|found|shown|detected|seen|there|to be seen|to be found)"
_PLACE = rf"(?: (?:{_SEEN} )?(?:in|on) {_PICTURE}| {_SEEN}(?: here)?| here)?"
_THING = r"[^,;:]{1,80}?"
_WORDS_ONLY = r"(?!.{0,80}\band\b)[^,;:0-9]{1,80}?"
_MANY = r"(?:many|much|just|enough|all|every|merely|exactly|quite|that many)\b"
_NOT = r"(?:is not|isn't|are not|aren't|was not|wasn't|were not|weren't)"
_DO_NOT = (
    r"(?:do not|don't|does not|doesn't|did not|didn't|cannot|can't|can not|could not|couldn't)"
)
_SUBJECT = rf"(?:this|that|it|they|these|those|{_THING})"
_GIVEN = r"(?:attached|available|given|here|provided|shown|visible)"
_NAMES = r"(?:tracks?|points?|objects?|matches|results?|instances?|such [^,;:]{1,80}?)"
_NONE = re.compile(
    "|".join(
        (
            rf"(?:there (?:is|are|were|was) |i (?:see|found|find) )?(?:none|nothing)"
            rf"(?: of (?:them|those|these|it))?(?: (?:is|are|was|were)(?= ))?{_PLACE}",
            rf"there (?:{_NOT}(?! {_MANY})|(?:is|are|were|was) no) "
            rf"(?!{_PICTURE}(?: {_GIVEN})?\Z){_THING}",
            rf"(?:there (?:is|are) )?(?:0|zero)(?! (?:or|to|and)\b)(?: {_WORDS_ONLY})?",
            rf"{_PICTURE} {_DO_NOT} (?:contain|show|have|include|depict) (?:(?:any|an?) )?{_THING}",
            rf"{_PICTURE} (?:contains?|shows?|has|have|includes?|depicts?) no {_THING}",
            rf"i (?:see|find|found) no {_THING}",
            r"nothing to (?:point|show|count|mark)(?: (?:at|to|out))?",
            rf"{_SUBJECT} {_NOT} (?:{_SEEN} )?(?:in|on) {_PICTURE}",
            rf"{_SUBJECT} {_NOT} (?:{_SEEN}|here)",
            rf"{_SUBJECT} {_DO_NOT} (?:appear|exist|occur)(?: to be)?{_PLACE}",
            rf"(?:not|nowhere) (?:{_SEEN}(?: in {_PICTURE})?|in {_PICTURE})",
            rf"i {_DO_NOT} (?:see|find|locate|detect) (?:any|an?|it|one|them)\b"
            rf"(?! {_PICTURE}\b)(?: {_THING})?",
            rf"no {_NAMES}{_PLACE}",
            rf"no {_THING} (?:(?:is|are|was|were) )?(?:{_SEEN}|in {_PICTURE})"
            rf"(?: (?:in|on) {_PICTURE})?",
            rf".{{0,120}}\ba total of (?:0|zero|none)(?! (?:or|to|and)\b)(?: {_WORDS_ONLY})?",
        )
    )
)
# "there is no doubt", "there are none but the two on the left": not that nothing is there
_BUT = re.compile(
    r"\b(?:but|except|however|other than|apart from|besides|only|more|less|fewer|longer|doubt|"
    r"question|need|problem|reason|way|idea|although|though|while)\b"
)


def _plain(prose: str) -> str:
    """Lower case, straight apostrophes, single spaces, neither emphasis nor special tokens."""
    text = _SPECIAL.sub(" ", prose).translate(_APOSTROPHES)
    text = _NO_APOSTROPHE.sub(r"\1n't", " ".join(text.lower().split()))
    return _ARE_NOT.sub(r"\1 are not", _IS.sub(r"\1 is", text))


def _to_int(number: str) -> int:
    return _WORDS.index(number) if number in _WORDS else int(number.replace(",", ""))


def read_stated_count(prose: str) -> int | None:
    """The number that the words claim, or None.

    Args:
        prose: the answer with `TAG` in the place of each tag. Several counted tags add up.
    """
    text = _plain(prose)
    counted = _TOTAL_OF_TAG.findall(text) or _NUMBER_OF_TAG.findall(text)
    if counted:
        return sum(map(_to_int, counted))
    for pattern in (_TOTAL, _THERE_ARE):
        match = pattern.search(text)
        if match:
            return _to_int(match[1])
    match = _ALONE.fullmatch(text.strip(" .!*()\"'"))
    return _to_int(match[1]) if match else None


def says_none(prose: str, query: str = "") -> bool:
    """Whether a sentence says outright that nothing is there, and none says the contrary.

    Args:
        prose: as for `read_stated_count`.
        query: the user's words: "No dogs." answers "dogs", and may be the text of a sign otherwise.
    """
    text = _plain(prose.replace("\n", " . "))
    counts = (*_TOTAL.findall(text), *_THERE_ARE.findall(text), read_stated_count(prose) or "0")
    if any(_to_int(str(count)) for count in counts):
        return False
    asked = "no " + _plain(query).strip(" .!?()\"'")
    return any(_is_none(sentence, asked) for sentence in _SENTENCE_END.split(text))


def _is_none(sentence: str, asked: str) -> bool:
    sentence = sentence.strip(" .!()\"'")
    if not sentence or len(sentence) > _LONGEST:
        return False
    if sentence == asked:
        return True
    opening = _OPENING.match(sentence)
    if opening and opening.end() < len(sentence) and not _NONE.fullmatch(sentence):
        sentence = sentence[opening.end() :]
    return not _BUT.search(sentence) and _NONE.fullmatch(sentence) is not None
