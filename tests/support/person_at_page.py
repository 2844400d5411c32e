"""A person in front of the page of `foreframe serve`: what is done there, and what is seen."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, expect

WATCH_POLICY = """
document.addEventListener('securitypolicyviolation', (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""


class Person:
    """Drives a page with keys and clicks, and notes what goes wrong meanwhile."""

    def __init__(self, page: Page, address: str, pictures: Path) -> None:
        self.page, self.address, self.pictures = page, address, pictures
        self.troubles: list[str] = []
        self.expected: list[str] = []  # patterns of troubles that a test causes on purpose
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on("request", self._asked)
        page.add_init_script(WATCH_POLICY)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.troubles.append(f"asked another machine: {request.url}")

    def saw_no_trouble(self) -> None:
        """Raises AssertionError if something was logged, refused, or asked elsewhere."""
        left = [one for one in self.troubles if not any(re.search(p, one) for p in self.expected)]
        assert not left, left

    def open(self, path: str = "/") -> None:
        self.page.goto(self.address + path)
        expect(self.page.get_by_role("button", name="Help")).to_be_visible()

    def leave(self) -> None:
        """Goes away, before the server does."""
        self.page.goto("about:blank")

    # Before a session

    def paste(self, source: str) -> None:
        """Writes a program as a paste does, in place of what is there."""
        self.editor.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)
        expect(self.page.get_by_role("combobox", name="Function")).to_have_value(re.compile(r"\w+"))

    def start(self, args: str = "", *, check: bool = False) -> None:
        """Starts a session on a function and waits for its first line: the second step."""
        self.page.get_by_role("textbox", name="Arguments", exact=True).fill(args)
        if check:
            self.page.get_by_label("Check against a real run").check()
        self.page.get_by_role("button", name="Start", exact=True).click()
        self.stopped_at(step=2)

    # In a session

    @property
    def editor(self) -> Locator:
        return self.page.locator(".cm-content")

    @property
    def timeline(self) -> Locator:
        return self.page.get_by_role("slider", name="Timeline")

    @property
    def step(self) -> int:
        """The column of the timeline that is looked at, from 1."""
        return int(self.timeline.get_attribute("aria-valuenow") or 0)

    @property
    def steps(self) -> int:
        return int(self.timeline.get_attribute("aria-valuemax") or 0)

    def press(self, keys: str) -> None:
        self.page.keyboard.press(keys)

    def command(self, name: str) -> None:
        """Clicks a button of the tool bar."""
        self.page.get_by_role("toolbar").get_by_role("button", name=name, exact=True).click()

    def stopped_at(self, *, step: int | None = None, line: int | None = None) -> None:
        """Waits until the session stands there, and nothing is on its way."""
        if step is not None:
            expect(self.timeline).to_have_attribute("aria-valuenow", str(step))
        if line is not None:
            expect(self.page.locator(".changes-panel .place")).to_have_text(
                re.compile(rf":{line}$")
            )
        expect(self.page.locator(".workbench[data-busy]")).to_have_count(0)
        expect(self.page.get_by_role("button", name="Step over", exact=True)).to_be_enabled()

    def variable(self, name: str) -> Locator:
        """Its row in the panel of variables."""
        return self.page.get_by_role("treeitem", name=re.compile(rf"^{re.escape(name)}: "))

    def set_variable(self, name: str, value: str) -> None:
        self.variable(name).dblclick()
        field = self.page.get_by_role("textbox", name=f"New value of {name}")
        field.fill(value)
        field.press("Enter")

    def toggle_breakpoint(self, line: int) -> None:
        """Clicks into the gutter."""
        number = self.page.locator(
            ".cm-lineNumbers .cm-gutterElement", has_text=re.compile(rf"^{line}$")
        )
        number.click()

    def click_timeline(self, step: int) -> None:
        """Clicks into the head of a column that can be seen."""
        at = self.page.locator(".timeline-drawing .number", has_text=re.compile(rf"^{step}$"))
        self.timeline.scroll_into_view_if_needed()
        place = at.bounding_box()
        while (now := at.bounding_box()) != place:  # until it has been scrolled to
            place = now
        assert place is not None
        self.page.mouse.click(place["x"] + 4, place["y"] + 4)

    def fits(self) -> None:
        """Raises an error if the page stays wider than the screen."""
        self.page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")

    def sees_step(self, step: int) -> None:
        """Raises an error if a step's column of the timeline stays beyond the right edge."""
        is_seen = """(step) => [...document.querySelectorAll('.timeline-drawing .number')].some(
          (at) => at.textContent === step && at.getBoundingClientRect().right < innerWidth)"""
        self.page.wait_for_function(is_seen, arg=str(step))

    def picture(self, name: str) -> Path:
        """Takes a picture for people to look at."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        path = self.pictures / f"{name}.png"
        self.page.wait_for_timeout(120)  # what is drawn in the next frames
        self.page.screenshot(path=path)
        return path
