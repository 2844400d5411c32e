"""A session on the page, at three sizes in both themes, with a real server and the small model."""

from __future__ import annotations

import re
from typing import Any

import pytest
from page_server import PageServer
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SIZES = {"telephone": (360, 740), "laptop": (1280, 800), "wall": (3840, 2160)}
PROGRAM = """\
def doubled(n):
    twice = n + n
    return twice


def total(numbers):
    found = []
    for number in numbers:
        found.append(doubled(number))
    return found
"""
LOOP = """\
def count(words):
    seen = {}
    for word in words:
        seen[word] = len(word)
    return seen
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_a_person_walks_through_a_program(
    server: PageServer, open_page: Any, size: str, theme: str
) -> None:
    person = open_page(server.address, SIZES[size], theme)
    page = person.page
    name = f"{size}-{theme}"
    person.picture(f"{name}-1-empty")
    person.paste(PROGRAM)
    page.get_by_role("combobox", name="Function").select_option("total")
    person.fits()
    person.picture(f"{name}-2-start")
    person.start("[3, 4]")

    for keys, step, line in [("F10", 3, 8), ("n", 4, 9), ("Alt+n", 5, 8), ("F11", 6, 9)]:
        person.press(keys)
        person.stopped_at(step=step, line=line)
    person.press("s")
    person.stopped_at(step=7, line=2)
    expect(page.get_by_role("list", name="Stack")).to_contain_text(
        re.compile(r"doubled.*total", re.DOTALL)
    )
    person.press("Shift+F11")
    person.stopped_at(step=8)
    person.press("Shift+N")
    person.stopped_at(line=9)

    person.toggle_breakpoint(10)
    expect(page.locator(".ff-breakpoint.placed")).to_have_count(1)
    person.press("c")
    person.stopped_at(line=10)
    expect(page.locator(".changes-panel")).to_contain_text("breakpoint")
    person.fits()
    person.picture(f"{name}-3-breakpoint")
    person.sees_step(person.step)

    person.set_variable("numbers", "[7, 9]")
    expect(person.variable("numbers")).to_contain_text("[7, 9]")
    expect(person.variable("numbers").locator(".sign")).to_have_attribute("title", "edited")
    expect(page.get_by_label("Branch")).to_be_visible()
    expect(page.get_by_role("option", name=re.compile(r"numbers = \[7, 9\]"))).to_have_count(1)

    person.timeline.focus()
    person.press("Home")
    person.stopped_at(step=1)
    person.press("ArrowRight")
    person.stopped_at(step=2)
    person.click_timeline(3)
    person.stopped_at(step=3)
    person.press("End")
    person.stopped_at(step=person.steps)
    person.picture(f"{name}-4-branch")
    person.fits()


def test_the_keys_and_signs_are_told(server: PageServer, open_page: Any) -> None:
    person = open_page(server.address, theme="dark")
    person.press("?")
    help_ = person.page.get_by_role("dialog", name="Keys and signs")
    expect(help_).to_contain_text("Step over")
    person.picture("help")
    person.press("Escape")
    expect(help_).to_be_hidden()
    person.press("t")
    expect(person.page.locator("html")).to_have_attribute("data-theme", "light")


def test_a_checked_session_shows_what_is_real_beside_what_was_predicted(
    server: PageServer, open_page: Any
) -> None:
    person = open_page(server.address)
    person.paste(LOOP)
    person.start("['pea', 'bean', 'fig']", check=True)
    for step in range(3, 10):
        person.press("F10")
        person.stopped_at(step=step)
    expect(
        person.page.locator(".timeline-drawing .mark:is(.agrees, .differs)").first
    ).to_be_attached()
    expect(person.page.locator(".strip")).to_contain_text("Right, of the last 20 steps")
    person.picture("checked-light")
    person.press("t")
    person.press("t")
    person.picture("checked-dark")


def test_containers_open_and_their_parts_are_set(server: PageServer, open_page: Any) -> None:
    person = open_page(server.address)
    person.paste(LOOP)
    person.start("['pea', 'bean']")
    person.variable("words").focus()
    person.press("ArrowRight")
    expect(person.variable("[1]")).to_contain_text("'bean'")
    person.press("ArrowDown")
    person.press("Enter")
    person.page.keyboard.insert_text("'kale'")
    person.press("Enter")
    expect(person.variable("words")).to_contain_text("['kale', 'bean']")


def test_a_search_goes_to_what_is_looked_for(server: PageServer, open_page: Any) -> None:
    person = open_page(server.address)
    person.paste(LOOP)
    person.start("['pea']")
    for step in range(3, 7):
        person.press("F10")
        person.stopped_at(step=step)
    page = person.page
    page.get_by_label("Search for", exact=True).select_option("line")
    page.get_by_label("The line number to search for").fill("2")
    page.get_by_role("button", name="Search backward").click()
    person.stopped_at(line=2)
    page.get_by_label("The line number to search for").fill("5")
    page.get_by_role("button", name="Search backward").click()
    expect(page.get_by_role("search")).to_contain_text("not found in what is known before")
    page.get_by_label("The line number to search for").fill("99")
    page.get_by_role("button", name="Search forward").click()
    expect(page.locator(".problem")).to_contain_text("there is no code on line 99")


def test_many_steps_asked_for_quickly_are_all_taken(server: PageServer, open_page: Any) -> None:
    person = open_page(server.address)
    person.paste(LOOP)
    person.start("['pea', 'bean', 'fig']")
    for _ in range(4):
        person.press("F10")
    person.stopped_at(step=6)


def test_an_expression_is_evaluated_without_running_anything(
    server: PageServer, open_page: Any
) -> None:
    person = open_page(server.address)
    person.paste(LOOP)
    person.start("['pea', 'bean']")
    person.press("=")
    person.page.keyboard.insert_text("words[0] + '!'")
    person.press("Enter")
    expect(person.page.locator(".evaluated")).to_contain_text("'pea!'")
