"""Icon sets: the drawing of each concept in each set, as SVG."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from molmo_point.data.screens.packages import read_package

__all__ = ["HELD_OUT_ICON_SETS", "ICON_SETS", "icons_of"]

ICON_SETS = (
    "akar-icons", "ant-design", "bi", "boxicons", "bx", "bxs", "bytesize", "carbon", "charm", "ci",
    "cil", "circum", "clarity", "codicon", "dashicons", "entypo", "ep", "eva", "f7", "fa6-solid",
    "fe", "feather", "flowbite", "fluent-mdl2", "fontisto", "foundation", "gg", "gravity-ui",
    "grommet-icons", "guidance", "hugeicons", "humbleicons", "ic", "icomoon-free",
    "icon-park-outline", "iconamoon", "icons8", "ion", "jam", "la", "lets-icons", "lsicon",
    "lucide", "mage", "majesticons", "material-symbols", "mdi", "meteor-icons", "mi", "mingcute",
    "mono-icons", "mynaui", "nimbus", "oi", "pajamas", "pepicons-pop", "ph", "prime", "proicons",
    "quill", "radix-icons", "ri", "rivet-icons", "si", "stash", "system-uicons", "tabler",
    "teenyicons", "typcn", "uil", "uiw", "vaadin", "zmdi", "zondicons",
)  # fmt: skip
"""Sets of the training pages: packages `@iconify-json/<set>`."""

HELD_OUT_ICON_SETS = ("basil", "heroicons", "iconoir", "octicon", "solar")
"""Sets of held-out pages alone."""

# What the sets call a concept's icon, the commonest name first.
_NAMES = """
save: floppy-disk save floppy diskette save-2 device-floppy content-save save-3
delete: trash-can trash trash-2 bin delete-bin trash-bin-2 delete-2 trash-alt trash-bin-trash
edit: pencil pen edit edit-2 edit-pencil pen-solid create
add: plus add add-lg plus-lg add-large
close: times xmark x-lg x-mark x close cross
search: magnifying-glass search magnifer search-2
settings: gear cog settings settings-3 setting
home: home house home-2 home-angle home-simple
back: arrow-back arrow-left nav-arrow-left
next: arrow-forward arrow-right right-arrow-alt
download: download download-2 download-simple arrow-down-tray download-minimalistic
upload: upload upload-2 upload-simple arrow-up-tray upload-minimalistic
share: share share-nodes share-2 share-variant share-alt share-android share-network
copy: copy content-copy copy-2 file-copy square-2-stack-solid file-copy-2 documents
undo: undo arrow-back-up arrow-uturn-left undo-left-round arrow-u-up-left arrow-go-back
redo: redo arrow-forward-up arrow-uturn-right undo-right-round arrow-u-up-right arrow-go-forward
print: print printer printing-page printer-2
refresh: arrows-rotate refresh arrow-repeat arrow-path refresh-ccw refresh-2 renew sync \
arrows-clockwise
send: paper-plane send paper-plane-tilt send-plane paper-airplane plain send-diagonal send-alt
attach: paperclip attachment attach attach-2 paperclip-2 paper-clip
play: play play-circle play-arrow play-fill
pause: pause pause-circle
filter: funnel filter-alt filter filter-list filter-3
sort: sort sort-down arrows-down-up arrows-up-down arrow-up-down sort-ascending sort-vertical
menu: bars menu menu-2 bars-3 three-bars hamburger-menu
more: more-horiz dots-horizontal ellipsis three-dots dots dots-three more-horizontal \
ellipsis-horizontal kebab-horizontal overflow-menu-horizontal ellipsis-h menu-dots \
dots-horizontal-rounded more-1 more more-horiz dots-horizontal more-1 overflow-menu-horizontal \
ellipsis-h menu-dots dots-horizontal-rounded
help: circle-question question-circle help-circle help question question-mark-circle
call: phone call telephone phone-calling-rounded
show: eye view show visibility
hide: visibility-off eye-slash eye-off eye-closed view-off hide slash-eye low-vision
zoom in: magnifying-glass-plus zoom-in magnifer-zoom-in search-plus magnify-plus
zoom out: magnifying-glass-minus zoom-out magnifer-zoom-out search-minus magnify-minus
full screen: fullscreen expand maximize maximize-square arrows-pointing-out screen-full \
arrows-maximize corners-out
bold: bold text-bold format-bold type-bold text-b
italic: italic text-italic format-italic type-italic
underline: underline text-underline format-underlined type-underline format-underline
pay: credit-card card credit-card-2 bank-card
buy: cart-shopping cart shopping-cart shopping-cart-1 cart-large
confirm: check check-lg checkmark done check-2
reply: reply share-left mail-reply corner-up-left arrow-hook-up-left
archive: box-archive archive archive-2
mute: volume-xmark volume-mute speaker-slash volume-off volume-x volume-cross sound-off mute
info: circle-info info-circle info information-circle information
warning: triangle-exclamation exclamation-triangle alert-triangle warning-alt warning alert \
danger-triangle warning-triangle warning-alt warning-triangle error-warning exclamation-triangle
notifications: bell notification notifications notification-3
mail: envelope mail email letter
chat: comment chat message chat-left chat-1 message-circle chat-bubble chat-round chatbubble
camera: camera camera-2
pictures: image picture photo pic gallery image-2 media-image
video: video-camera camera-video videocam device-camera-video videocamera vidicon video
microphone: microphone mic mic-1
calendar: calendar calendar-2 calendar-days
clock: clock time time-five clock-circle schedule
map: map map-2 map-trifold
place: location-dot geo-alt location pin-alt map-pin map-marker place location-on map-point pin
account: user person account user-3 profile
team: users people team group user-group users-group-two-rounded user-multiple
lock: lock lock-closed lock-password locked
key: key key-2
favorites: star star-1
like: heart like-heart favorite heart-2
bookmark: bookmark bookmark-2 bookmarks
flag: flag flag-2
tag: tag pricetag price-tag-3 local-offer price-tag
folder: folder file-directory folder-2
document: file document file-earmark insert-drive-file page description
link: link link-45deg link-2 attachment-link
language: globe earth global language public globe-alt
light: sun brightness-high light-mode sun-1 sunny sun-2 sun-light
dark: moon dark-mode moon-stars weather-night half-moon
list: list-ul list-bulleted list-unordered list-bullet format-list-bulleted list-bullets list
grid: layout-grid grid grid-3x3-gap apps grid-view view-grid squares-2x2 grid-2 squares-four \
widget table-cells-large
statistics: chart-simple bar-chart chart-bar graph-bar chart bar-chart-2 stats-chart chart-2
cloud: cloud cloudy
code: code code-slash code-tags code-s-slash
bug: bug bug-2
gift: gift gift-2
music: music music-note music-2 musical-note music-notes music-note-2
sound: volume-high volume-up speaker-high volume volume-2 speaker-wave sound-high volume-loud
"""

# Where a set's icon of the usual name shows something else: the right one, or "" for none.
_EXCEPT = {
    "bi": {"menu": "list", "call": "telephone", "document": "file-earmark", "save": ""},
    "bx": {"place": "map", "map": "", "warning": "error", "sound": "volume-full"},
    "carbon": {"key": "", "full screen": "", "pay": "purchase", "list": ""},
    "eva": {"mute": "volume-off", "place": "pin"},
    "fa6-solid": {"undo": "", "redo": ""},
    "heroicons": {"language": "globe-alt"},
    "lucide": {"sound": "volume-2", "full screen": "maximize"},
    "material-symbols": {
        "delete": "delete", "mute": "volume-off", "camera": "photo-camera", "tag": "sell",
        "calendar": "calendar-month", "bug": "bug-report", "language": "public",
        "video": "videocam-outline",
    },
    "mdi": {"undo": "undo", "redo": "redo", "share": "share-variant"},
    "mingcute": {
        "save": "", "home": "home-3", "more": "", "microphone": "mic", "warning": "alert",
        "clock": "time",
    },
    "ph": {"bold": ""},
    "ri": {"notifications": "notification-3"},
    "solar": {
        "sound": "volume-loud", "save": "", "bold": "", "buy": "cart-large-2", "home": "home-2",
    },
    "tabler": {"place": "map-pin", "back": "arrow-left", "next": "arrow-right"},
    "uil": {"tag": "tag-alt", "buy": "shopping-cart-alt", "close": "times", "redo": ""},
}  # fmt: skip

# Where it shows something else and the set has no right one.
_NONE = """
akar-icons: back, next
ant-design: menu
bxs: map
bytesize: mute
ci: warning
cil: place
circum: light
entypo: copy, tag
ep: full screen, help, list, menu, mute
f7: place
fluent-mdl2: bookmark, folder, place
fontisto: mute
foundation: grid
gg: camera, language
grommet-icons: info, save, share
hugeicons: attach, dark, place
ic: camera, filter, mute
icomoon-free: mute, play
icon-park-outline: call, cloud, document, folder, like, link, mail, place, share, sound, tag, team
iconamoon: bold, download, place, upload
icons8: archive, dark, folder, share
jam: call
la: folder
lets-icons: clock, download, video
lsicon: sound
mage: place
mi: chat
mono-icons: chat
nimbus: grid, sound
oi: call, mute, place
pajamas: full screen, redo
pepicons-pop: camera, place
prime: mute, reply
proicons: call, next
quill: call, place, sort
radix-icons: video
stash: light, place
teenyicons: attach, place
typcn: attach, back, next
uiw: document
vaadin: mute, next
zmdi: mute, team
zondicons: mute
"""

_SUFFIXES = ("", "-line", "-outline", "-24", "-linear", "-regular", "-solid")
_PREFIXES = ("", "md-", "bx-", "ios-")


def _table() -> dict[str, tuple[str, ...]]:
    pairs = (line.split(":") for line in _NAMES.strip().splitlines())
    return {key: tuple(names.split()) for key, names in pairs}


def _none() -> dict[str, frozenset[str]]:
    pairs = (line.split(": ") for line in _NONE.strip().splitlines())
    return {icon_set: frozenset(concepts.split(", ")) for icon_set, concepts in pairs}


_CANDIDATES = _table()
_WRONG = _none()


@lru_cache(maxsize=128)
def icons_of(icon_set: str, folder: Path) -> dict[str, str]:
    """The concepts that a set has an icon for, each with its `<svg>` in the colour of the text.

    Args:
        icon_set: one of `ICON_SETS` or `HELD_OUT_ICON_SETS`.
        folder: where the packages are, see `packages.package_folder`.

    Raises:
        MolmoPointError: the package of the set is not there.
    """
    data = json.loads(read_package(folder, f"@iconify-json/{icon_set}/icons.json"))
    drawn, aliases = data["icons"], data.get("aliases", {})
    found = {}
    exceptions = _EXCEPT.get(icon_set, {})
    for key, usual in _CANDIDATES.items():
        if key in _WRONG.get(icon_set, ()):
            continue
        candidates = (exceptions[key],) if key in exceptions else usual
        names = (
            f"{prefix}{candidate}{suffix}"
            for candidate in candidates
            for prefix in _PREFIXES
            for suffix in _SUFFIXES
        )
        for name in names:
            name = aliases.get(name, {"parent": name})["parent"]
            if name in drawn and _of_its_own(aliases, name):
                found[key] = _svg(drawn[name], data)
                break
    return found


def _of_its_own(aliases: dict[str, dict[str, object]], name: str) -> bool:
    """Not one that a set draws by turning another."""
    return not {"rotate", "hFlip", "vFlip"} & set(aliases.get(name, {}))


def _svg(icon: dict[str, object], data: dict[str, object]) -> str:
    left, top = icon.get("left", 0), icon.get("top", 0)
    width = icon.get("width", data.get("width", 16))
    height = icon.get("height", data.get("height", 16))
    return (
        f'<svg viewBox="{left} {top} {width} {height}" width="1em" height="1em" '
        f'fill="currentColor">{icon["body"]}</svg>'
    )
