"""A browser and a server for the tests of the page; pictures go to .build/screenshots/page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from page_server import ORACLE, SMALL, PageServer
from person_at_page import Person
from playwright.sync_api import Browser, Page, expect, sync_playwright

PICTURES = Path(__file__).parents[2] / ".build" / "screenshots" / "page"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
WAIT = 60_000  # milliseconds: a machine that trains meanwhile is slow


def chromium() -> str:
    """Where the browser is. Fails with what to do when there is none."""
    found = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if found is None:
        pytest.fail("the page's tests need Chromium: `make test-page` installs it, or set CHROMIUM")
    return found


expect.set_options(timeout=WAIT)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    """One for all tests, whose model is nearly always right; it may run programs.

    FOREFRAME_PAGE_URL names one that runs already, to test again quickly.
    """
    if url := os.environ.get("FOREFRAME_PAGE_URL"):
        running = PageServer(tmp_path_factory.mktemp("server"), ORACLE)
        running.address = url
        yield running
        return
    with PageServer(tmp_path_factory.mktemp("server"), ORACLE) as started:
        yield started


@pytest.fixture(scope="session")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    """The same with the model that ships, and without leave to run anything."""
    with PageServer(tmp_path_factory.mktemp("small"), SMALL) as started:
        yield started


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Any]:
    """Opens the page: `open_page(address, size=(w, h), theme="dark")` gives a Person before it.

    At the end: nothing was refused by the policy, no error was logged that was not expected, and
    nothing was asked of another machine.
    """
    people: list[Person] = []

    def opened(
        address: str, size: tuple[int, int] = (1280, 800), theme: str = "light", **context: Any
    ) -> Person:
        width, height = size
        made = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="reduce",
            has_touch=width < 600,
            **context,
        )
        made.set_default_timeout(WAIT)
        page: Page = made.new_page()
        person = Person(page, address, PICTURES)
        people.append(person)
        person.open()
        return person

    yield opened
    for person in people:
        person.page.context.close()
    for person in people:
        person.saw_no_trouble()
