"""A phone over adb: what is sent, and what a dump of its widgets says.

No phone can be had where these run: a program that answers as adb does, and writes down what it was
asked, stands for it.
"""

import io
import sys

import pytest
from PIL import Image

from molmo_point import Points
from molmo_point.errors import DeviceError, QueryError
from molmo_point_adapters.android import AndroidSurface, element_of, read_elements
from molmo_point_adapters.screen.policy import Policy
from molmo_point_adapters.screen.screen_pointer import ScreenPointer

DUMP = """<?xml version='1.0' encoding='UTF-8'?><hierarchy rotation="0">
<node class="android.widget.FrameLayout" package="org.shop" bounds="[0,0][400,800]">
<node class="android.widget.Button" text="Add to cart" package="org.shop" clickable="true"
 resource-id="org.shop:id/add" bounds="[20,100][220,160]" />
<node class="android.widget.EditText" text="" content-desc="PIN" password="true" clickable="true"
 package="org.shop" bounds="[20,200][220,260]" />
<node class="android.view.View" clickable="true" package="org.shop" bounds="[20,300][220,360]">
<node class="android.widget.TextView" text="Row &amp; more" bounds="[30,310][90,350]" /></node>
<node class="android.view.View" clickable="true" content-desc="Row 3" package="org.shop"
 bounds="[20,400][220,460]">
<node class="android.widget.ImageView" content-desc="Delete" bounds="[30,410][60,450]" /></node>
<node class="android.widget.TextView" text="gone" bounds="[0,0][0,0]" />
</node></hierarchy>UI hierchary dumped to: /dev/tty"""

ADB = """#!{python}
import pathlib, sys
here = pathlib.Path(__file__).parent
words = sys.argv[1:]
if "screencap" in words:
    sys.stdout.buffer.write((here / "screen.png").read_bytes())
elif "uiautomator" in words:
    sys.stdout.write((here / "dump.xml").read_text())
elif "input" in words:
    with (here / "asked").open("a") as file:
        file.write(" ".join(words) + "\\n")
else:
    sys.exit("adb: unknown")
"""


class At:
    def __init__(self, x, y):
        self.xy = (x, y)

    def point(self, image, query):
        return Points.from_xy([self.xy], (image.shape[1], image.shape[0]), query=query)


@pytest.fixture
def adb(tmp_path):
    program = tmp_path / "adb"
    program.write_text(ADB.format(python=sys.executable))
    program.chmod(0o755)
    with io.BytesIO() as file:
        Image.new("RGB", (400, 800), "white").save(file, "PNG")
        (tmp_path / "screen.png").write_bytes(file.getvalue())
    (tmp_path / "dump.xml").write_text(DUMP)
    return program


def asked(adb):
    file = adb.parent / "asked"
    return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def pointer(adb):
    surface = AndroidSurface("serial-1", adb=str(adb))
    free = Policy(act=True, min_interval=0.0)
    return lambda x, y, policy=free: ScreenPointer(surface, At(x, y), policy=policy)


def test_a_near_miss_taps_the_button(adb, pointer):
    outcome = pointer(225, 130).click("the button")
    assert outcome.done, outcome
    assert str(outcome.element) == 'button "Add to cart"'
    assert outcome.element.selector == "org.shop:id/add"
    assert asked(adb) == ["-s serial-1 shell input tap 216 130"]


def test_other_gestures(adb, pointer):
    at = pointer(60, 330)
    assert at.right_click("row").element.name == "Row & more"
    assert pointer(60, 130).drag("a", "b").done
    assert at.scroll(200).done
    assert pointer(60, 230).type_into("pin", "1 2").done
    assert [line.removeprefix("-s serial-1 shell input ") for line in asked(adb)] == [
        "swipe 60 330 60 330 800",
        "swipe 60 130 60 130 600",
        "swipe 200 400 200 200 600",
        "tap 60 230",
        "text 1%s2",
    ]
    assert pointer(60, 230).type_into("pin", "50%sale").done
    assert [line.rpartition(" ")[2] for line in asked(adb)[-2:]] == ["50%", "sale"]
    with pytest.raises(QueryError, match="cannot hover"):
        at.hover("row")
    with pytest.raises(QueryError, match="ASCII"):
        pointer(60, 230).type_into("pin", "é")


def test_risky_words_inside_a_row_ask_for_a_person(adb, pointer):
    outcome = pointer(100, 430).click("row")
    assert outcome.status == "refused"
    assert '"delete" in' in outcome.reason
    assert asked(adb) == []


def test_a_dry_run_and_a_foreign_app_are_left_alone(adb, pointer):
    assert pointer(60, 130, Policy()).click("x").status == "dry run"
    elsewhere = Policy(act=True, origins=("android-app://org.bank",))
    assert pointer(60, 130, elsewhere).click("x").status == "refused"
    assert asked(adb) == []
    here = Policy(act=True, origins=("android-app://org.shop",))
    assert pointer(60, 130, here).click("x").done


def test_widgets_of_a_dump():
    elements = read_elements(DUMP)
    tappable = [one for one in elements if one.interactive]
    assert [one.name for one in tappable] == ["Add to cart", "PIN", "Row & more", "Row 3"]
    assert tappable[-1].text == "Row 3 Delete"
    assert element_of(elements, (30, 230), reach=0).secret
    assert element_of(elements, (300, 700), reach=8).name.startswith("Add to cart")
    with pytest.raises(DeviceError, match="does not say what it shows"):
        read_elements("ERROR: could not get idle state.")
    with pytest.raises(DeviceError, match="is damaged"):
        read_elements("<hierarchy><node></hierarchy>")


def test_adb_that_is_not_there_or_fails(adb):
    with pytest.raises(DeviceError, match="no program"):
        AndroidSurface(adb="/nowhere/adb").look()
    (adb.parent / "screen.png").unlink()
    with pytest.raises(DeviceError, match="adb exec-out failed"):
        AndroidSurface(adb=str(adb)).look()
