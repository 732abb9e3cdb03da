"""Click on a page what is asked for in words: first as a dry run, then for real."""

from pathlib import Path

from PIL import Image

from molmo_point_adapters.browser.browser_pointer import BrowserPointer
from molmo_point_adapters.clicking.chromium import open_page
from molmo_point_adapters.screen.policy import Policy

PAGE = Path(__file__).parent / "panel.html"


def main() -> None:
    with open_page(str(PAGE), size=(640, 480)) as page:
        outcome = BrowserPointer(page).click("red circle")
        print(outcome)  # a dry run: nothing is touched
        Image.fromarray(outcome.draw()).save("aim.png")

        allowed = Policy(act=True, origins=("file://",))
        outcome = BrowserPointer(page, policy=allowed, log="log").click("red circle")
        print(outcome)
        print(page.inner_text("output"))
        if outcome.element is not None:
            print("again without a model:", outcome.element.selector)


if __name__ == "__main__":
    main()
