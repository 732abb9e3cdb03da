"""The words of generated scenes: names of things, their plurals and synonyms, and colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "ALSO_CALLED",
    "COLOURS",
    "EMOJI",
    "KNOWN_NAMES",
    "Name",
    "regular_name",
    "vocabulary",
]


@dataclass(frozen=True, slots=True)
class Name:
    """A kind of thing.

    Attributes:
        singular: its primary name.
        plural: of that.
        synonyms: other words for one, each followed by its own plural.
    """

    singular: str
    plural: str
    synonyms: tuple[tuple[str, str], ...] = ()

    def words(self, *, many: bool) -> tuple[str, ...]:
        """Every way to say one, or several."""
        first = self.plural if many else self.singular
        return (first, *(pair[many] for pair in self.synonyms))


_IRREGULAR = {
    "mouse": "mice", "fish": "fish", "sheep": "sheep", "tomato": "tomatoes",
    "potato": "potatoes", "leaf": "leaves", "cactus": "cacti", "broccoli": "broccoli",
    "bread": "bread", "corn": "corn", "cheese": "cheese", "tennis": "tennis",
}  # fmt: skip
_PLURAL_ALREADY = frozenset({"scissors", "glasses", "spectacles", "drums"})


def _plural(word: str) -> str:
    if word in _IRREGULAR or word in _PLURAL_ALREADY:
        return _IRREGULAR.get(word, word)
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"


def regular_name(word: str, *synonyms: str) -> Name:
    """A name with regular plurals, and some others for the same."""
    return Name(word, _plural(word), tuple((other, _plural(other)) for other in synonyms))


EMOJI: dict[str, tuple[str, ...]] = {
    "apple": ("🍎",), "banana": ("🍌",), "grape": ("🍇",), "strawberry": ("🍓",),
    "lemon": ("🍋",), "watermelon": ("🍉",), "pineapple": ("🍍",), "cherry": ("🍒",),
    "peach": ("🍑",), "pear": ("🍐",), "kiwi": ("🥝",), "coconut": ("🥥",), "avocado": ("🥑",),
    "tomato": ("🍅",), "carrot": ("🥕",), "corn": ("🌽",), "broccoli": ("🥦",),
    "mushroom": ("🍄",), "eggplant": ("🍆",), "pepper": ("🌶",), "potato": ("🥔",),
    "bread": ("🍞",), "cheese": ("🧀",), "burger": ("🍔",), "pizza": ("🍕",), "taco": ("🌮",),
    "egg": ("🍳",), "cookie": ("🍪",), "donut": ("🍩",), "cake": ("🎂",), "lollipop": ("🍭",),
    "coffee": ("☕",), "beer": ("🍺",), "wine": ("🍷",),
    "dog": ("🐶",), "cat": ("🐱",), "mouse": ("🐭",), "rabbit": ("🐰",), "fox": ("🦊",),
    "bear": ("🐻",), "panda": ("🐼",), "tiger": ("🐯",), "lion": ("🦁",), "cow": ("🐮",),
    "pig": ("🐷",), "frog": ("🐸",), "monkey": ("🐵",), "chicken": ("🐔",), "penguin": ("🐧",),
    "duck": ("🦆",), "owl": ("🦉",), "bee": ("🐝",), "butterfly": ("🦋",), "snail": ("🐌",),
    "ladybug": ("🐞",), "turtle": ("🐢",), "snake": ("🐍",), "octopus": ("🐙",), "crab": ("🦀",),
    "fish": ("🐠",), "dolphin": ("🐬",), "whale": ("🐳",), "elephant": ("🐘",), "camel": ("🐫",),
    "sheep": ("🐑",), "horse": ("🐎",),
    "tree": ("🌳",), "cactus": ("🌵",), "sunflower": ("🌻",), "rose": ("🌹",), "leaf": ("🍁",),
    "sun": ("🌞",), "cloud": ("☁",), "umbrella": ("☂",), "snowman": ("⛄",), "fire": ("🔥",),
    "car": ("🚗",), "taxi": ("🚕",), "bus": ("🚌",), "truck": ("🚚",), "tractor": ("🚜",),
    "bicycle": ("🚲",), "train": ("🚂",), "airplane": ("✈",), "helicopter": ("🚁",),
    "rocket": ("🚀",), "boat": ("⛵",), "anchor": ("⚓",),
    "football": ("⚽",), "basketball": ("🏀",), "baseball": ("⚾",), "tennis": ("🎾",),
    "trophy": ("🏆",), "medal": ("🏅",), "guitar": ("🎸",), "drum": ("🥁",), "trumpet": ("🎺",),
    "violin": ("🎻",), "camera": ("📷",), "phone": ("📱",), "laptop": ("💻",), "clock": ("⏰",),
    "watch": ("⌚",), "lamp": ("💡",), "book": ("📕",), "pencil": ("✏",), "scissors": ("✂",),
    "hammer": ("🔨",), "wrench": ("🔧",), "key": ("🔑",), "lock": ("🔒",), "bell": ("🔔",),
    "gift": ("🎁",), "balloon": ("🎈",), "crown": ("👑",), "hat": ("🎩",), "glasses": ("👓",),
    "shoe": ("👟",), "shirt": ("👕",), "dress": ("👗",), "magnet": ("🧲",), "ghost": ("👻",),
    "robot": ("🤖",), "pumpkin": ("🎃",), "skull": ("💀",),
}  # fmt: skip
"""Things drawn with a colour emoji font: name -> characters."""

_SYNONYMS = {
    "burger": ("hamburger",), "donut": ("doughnut",), "car": ("automobile",), "truck": ("lorry",),
    "bicycle": ("bike",), "airplane": ("plane",), "phone": ("smartphone", "telephone"),
    "laptop": ("computer",), "clock": ("alarm",), "lamp": ("bulb",), "gift": ("present",),
    "shoe": ("sneaker",), "shirt": ("tshirt",), "rabbit": ("bunny",), "dog": ("puppy",),
    "cat": ("kitty",), "boat": ("sailboat", "ship"), "football": ("soccer",), "drum": ("drums",),
    "leaf": ("maple",), "coffee": ("espresso",), "lock": ("padlock",), "wrench": ("spanner",),
    "train": ("locomotive",), "eggplant": ("aubergine",), "pepper": ("chili",),
    "horse": ("pony",), "turtle": ("tortoise",), "glasses": ("spectacles",),
}  # fmt: skip

SHAPES = (
    "circle", "square", "triangle", "star", "diamond", "hexagon", "heart", "cross", "ring",
)  # fmt: skip
"""Flat shapes, drawn in one colour."""

DISCS = ("coin", "button", "dot")
"""Round flat things as in photographs."""

GRAINS = ("grain", "cell", "seed", "bean", "pill")
"""Small things in large numbers."""

_OTHER_SYNONYMS = {
    "ring": ("hoop",),
    "diamond": ("rhombus",),
    "pill": ("tablet",),
    "dot": ("spot",),
}

KNOWN_NAMES: dict[str, Name] = {
    word: regular_name(word, *_SYNONYMS.get(word, ()), *_OTHER_SYNONYMS.get(word, ()))
    for word in (*EMOJI, *SHAPES, *DISCS, *GRAINS)
}
"""Every kind of thing, by its primary name."""

COLOURS = (
    "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray",
)  # fmt: skip
"""Colour words."""

LOOK_ALIKES: dict[str, frozenset[str]] = {
    "car": frozenset({"taxi"}), "taxi": frozenset({"car"}),
    "bear": frozenset({"panda"}), "panda": frozenset({"bear"}),
    "clock": frozenset({"watch"}), "watch": frozenset({"clock"}),
    "seed": frozenset({"grain", "bean"}), "grain": frozenset({"seed"}),
    "bean": frozenset({"seed"}),
}  # fmt: skip
"""Names that also fit another thing (a taxi is a car): never in one scene, never asked as absent
where the other one is."""

_HAT, _PEPPER = ("hat", "hats"), ("pepper", "peppers")

ALSO_CALLED = {
    "circle": ("dot", "dots"), "dot": ("circle", "circles"),
    "top hat": _HAT, "sun hat": _HAT, "cowboy hat": _HAT, "cap": _HAT,
    "chili": _PEPPER, "bell pepper": _PEPPER,
    "maple leaf": ("leaf", "leaves"), "sailboat": ("boat", "boats"), "tennis ball": ("tennis",),
}  # fmt: skip
"""What a name also answers to: a more general word, or one that no picture tells apart."""

EVERYTHING = ("objects", "things", "items", "everything", "object", "thing", "item")
"""Words for whatever stands out."""

ARTICLES = ("the", "all", "every", "each", "a", "an", "of")
"""Words that change nothing."""

_ASKING = ("point", "to", "user", "assistant", "shape", "shapes", "colored", "coloured")


def vocabulary(names: Mapping[str, Name] | None = None) -> tuple[str, ...]:
    """Every lower-case word that a question can contain, sorted.

    Args:
        names: of things; those of drawn scenes if None.
    """
    words = {*COLOURS, "grey", *EVERYTHING, *ARTICLES, *_ASKING}
    for name in (KNOWN_NAMES if names is None else names).values():
        for phrase in (*name.words(many=False), *name.words(many=True)):
            words.update(phrase.split())
    return tuple(sorted(words))
