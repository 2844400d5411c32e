"""What the page does besides stepping: questions, lists, models, errors, and a server that dies."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from page_server import ORACLE, PageServer
from playwright.sync_api import Route, expect

from foreframe_models.catalog import SHIPPED

pytestmark = pytest.mark.browser

SIZES = {"telephone": (360, 740), "laptop": (1280, 800), "wall": (3840, 2160)}
HOSTILE = "'<img src=x onerror=document.title=1>'"
SAME = """\
def same(text):
    kept = text
    return kept
"""
HOLE = """\
def twice(n):
    \"\"\"
    >>> twice(2)
    4
    >>> twice(5)
    10
    \"\"\"
    return ??
"""


def test_a_hostile_value_is_shown_as_text(server: PageServer, open_page: Any) -> None:
    person = open_page(server.address)
    person.paste(SAME)
    person.start(HOSTILE)
    person.press("F10")
    person.stopped_at(step=3)
    expect(person.variable("kept")).to_contain_text("<img src=x onerror=")
    expect(person.page.locator(".cm-content")).to_contain_text("<img src=x onerror=")
    expect(person.page.locator(".timeline-drawing")).to_contain_text("<img")
    assert person.page.locator("img[src=x]").count() == 0
    assert "same(" in person.page.title()
    person.picture("hostile")


def test_the_policy_stops_what_the_page_does_not_do(server: PageServer, open_page: Any) -> None:
    person = open_page(server.address)
    person.expected = ["policy: ", "Content Security Policy"]
    ran = person.page.evaluate(
        """() => {
          const script = document.createElement('script');
          script.textContent = 'window.ran = true';
          document.head.append(script);
          const style = document.createElement('style');
          style.textContent = 'body { margin: 77px }';
          document.head.append(style);
          return [window.ran === true, getComputedStyle(document.body).margin];
        }"""
    )
    assert ran == [False, "0px"]
    expect(person.page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    assert any("policy: script-src" in one for one in person.troubles)


def test_a_hole_is_filled_and_used(small_server: PageServer, open_page: Any) -> None:
    person = open_page(small_server.address)
    page = person.page
    person.paste(HOLE)
    page.get_by_role("tab", name="Fill holes").click()
    page.get_by_role("button", name="Fill holes").click()
    best = page.locator(".candidate").first
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(best).to_contain_text(re.compile(r"[012]/2"))
    expect(best.locator(".evidence li")).to_have_count(2)
    person.picture("holes")
    text = best.locator(".candidate-text").inner_text()
    best.get_by_role("button", name="use").click()
    expect(person.editor).to_contain_text(f"return {text}")


def test_a_run_is_explained_and_whether_it_ends(server: PageServer, open_page: Any) -> None:
    person = open_page(server.address, theme="dark")
    page = person.page
    person.paste(SAME)
    person.start("[1, 2]")
    person.press("c")
    person.stopped_at()
    page.get_by_role("tab", name="Explain").click()
    page.get_by_role("button", name="Explain", exact=True).click()
    expect(page.locator(".sentences li").first).to_be_visible()
    person.picture("explained")
    page.get_by_role("tab", name="Does it end?").click()
    page.get_by_role("button", name="Does it end?").click()
    expect(page.locator(".verdict-line")).to_be_visible()
    person.picture("ends")


def test_an_error_is_told_with_its_number_and_what_to_do(
    server: PageServer, open_page: Any
) -> None:
    person = open_page(server.address)
    person.expected = ["status of 4"]
    person.paste(SAME)
    page = person.page
    page.get_by_role("textbox", name="Arguments", exact=True).fill("1, 2, 3")
    page.get_by_role("button", name="Start", exact=True).click()
    problem = page.locator(".problem")
    expect(problem.locator(".problem-number")).to_have_text(re.compile(r"^\d{4}$"))
    expect(problem.locator(".problem-text")).not_to_be_empty()
    person.picture("problem")
    problem.get_by_role("button", name="Dismiss").click()
    expect(problem).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_models_are_told_with_figures_and_plots(
    small_server: PageServer, open_page: Any, size: str, theme: str
) -> None:
    person = open_page(small_server.address, SIZES[size], theme)
    person.page.get_by_role("link", name="Models").click()
    served = person.page.locator(".model-card", has=person.page.locator(".badge.served"))
    expect(served.first).to_be_visible()
    expect(served.first.locator(".figure-table").first).to_be_visible()
    person.fits()
    person.picture(f"models-{size}-{theme}")
    for title in ("Is its sureness right?", "What does it get right?", "How did it learn?"):
        part = served.locator(".measured-part").filter(has_text=title)
        part.scroll_into_view_if_needed()
        expect(part).to_be_visible()
        person.picture(f"measured-{title.split()[-1][:-1]}-{size}-{theme}")
    person.fits()


def test_plots_say_in_words_and_numbers_what_they_draw(
    small_server: PageServer, open_page: Any
) -> None:
    person = open_page(small_server.address)
    page = person.page
    page.get_by_role("link", name="Models").click()
    told = json.loads((SHIPPED / "measured.json").read_text())
    served = page.get_by_role("article", name="small", exact=True)
    for one in told["reliability"]:
        diagram = served.get_by_role(
            "img", name=f"small, {one['name']}: {one['count']} predictions"
        )
        filled = [part for part in one["bins"] if part["count"]]
        expect(diagram.locator("circle")).to_have_count(len(filled))
        expect(diagram).to_have_accessible_name(re.compile(rf"of {filled[-1]['count']}\.$"))
    figure = served.locator("figure").filter(has_text=told["reliability"][0]["name"]).first
    figure.get_by_text("as a table").click()
    expect(figure.get_by_role("row")).to_have_count(
        1 + len([part for part in told["reliability"][0]["bins"] if part["count"]])
    )
    assert told["accuracy"][0]["name"] == "frames by event"
    bars = served.get_by_role("table", name="Frames, by event")
    row = max(told["accuracy"][0]["rows"], key=lambda one: one["count"])
    first = bars.get_by_role("row").first
    expect(first).to_contain_text(f"{row['right']:.1%}".replace("%", " %"))
    expect(first).to_contain_text(f"of {row['count']}")
    width, whole = (first.locator(part).bounding_box() for part in (".bar-fill", ".bar"))
    assert width is not None
    assert whole is not None
    assert abs(width["width"] / whole["width"] - row["right"]) < 0.02
    expect(served.get_by_role("img", name=re.compile("Whole frames right"))).to_be_visible()
    expect(served.locator("img")).to_have_count(0)  # the picture of the same curve
    other = page.get_by_role("article", name="cwm", exact=True)
    expect(other).to_contain_text("Calibration and accuracy: not measured.")


def test_the_model_that_ships_takes_a_step(small_server: PageServer, open_page: Any) -> None:
    person = open_page(small_server.address)
    page = person.page
    page.get_by_role("button", name="Letters in a word").click()
    page.get_by_role("button", name="Start", exact=True).click()
    person.stopped_at(step=2)
    person.press("F10")
    person.stopped_at(step=3)
    expect(person.variable("count")).to_contain_text("0")
    expect(person.variable("count").locator(".sign")).to_have_attribute("title", "predicted")


def test_sessions_are_listed_opened_and_forgotten(server: PageServer, open_page: Any) -> None:
    person = open_page(server.address)
    page = person.page
    person.paste(SAME)
    person.start("'to be found again'")
    person.press("F10")
    person.stopped_at(step=3)
    person.press("Shift+F5")
    live = page.get_by_role("region", name="Open sessions")
    row = live.locator(".session-row", has_text="to be found again")
    expect(row).to_contain_text("3 steps")
    person.picture("sessions")
    row.locator(".session-open").click()
    person.stopped_at(step=3)
    expect(person.variable("kept")).to_contain_text("found again")
    page.go_back()
    row.get_by_role("button", name="Forget").click()
    row.get_by_role("button", name="Forget").click()
    expect(row).to_have_count(0)


def test_a_server_that_dies_and_comes_back_costs_nothing(tmp_path: Path, open_page: Any) -> None:
    mortal = PageServer(tmp_path, ORACLE)
    mortal.start()
    try:
        person = open_page(mortal.address)
        person.expected = ["net::ERR_", "WebSocket"]
        person.paste(SAME)
        person.start("[1, 2]")
        person.press("F10")
        person.stopped_at(step=3)
        mortal.kill()
        lost = person.page.locator("#lost")
        expect(lost).to_contain_text("Disconnected")
        expect(person.page.get_by_role("button", name="Step over", exact=True)).to_be_disabled()
        person.picture("disconnected")
        mortal.start()
        lost.get_by_role("button", name="Try now").click()
        expect(lost).to_be_hidden()
        person.stopped_at(step=3)
        person.press("F10")
        person.stopped_at(step=4)
    finally:
        mortal.kill()


def test_a_session_of_an_earlier_server_is_gone_on_with(tmp_path: Path, open_page: Any) -> None:
    with PageServer(tmp_path, ORACLE) as earlier:
        person = open_page(earlier.address)
        person.paste(SAME)
        person.start("'kept for later'")
        person.press("F10")
        person.stopped_at(step=3)
        person.leave()
    with PageServer(tmp_path, ORACLE) as later:
        person = open_page(later.address)
        past = person.page.get_by_role("region", name="Past sessions")
        past.get_by_role("button", name="kept for later").click()
        person.stopped_at(step=3)
        expect(person.variable("kept")).to_contain_text("for later")
        person.press("F10")
        person.stopped_at(step=4)
        person.leave()


def test_a_token_is_asked_for_and_never_written_into_an_address(
    tmp_path: Path, open_page: Any
) -> None:
    with PageServer(tmp_path, ORACLE, token="a-secret-of-sixteen-letters") as closed:
        person = open_page(closed.address)
        person.expected = ["status of 401"]
        asked: list[str] = []
        person.page.on("request", lambda request: asked.append(request.url))
        person.page.on("websocket", lambda socket: asked.append(socket.url))
        dialog = person.page.get_by_role("dialog", name="token")
        expect(dialog).to_be_visible()
        person.picture("token")
        dialog.get_by_label("Token").fill("another-one-of-some-length")
        person.press("Enter")
        expect(dialog).to_contain_text("That was another one.")
        dialog.get_by_label("Token").fill("a-secret-of-sixteen-letters")
        person.press("Enter")
        expect(dialog).to_be_hidden()
        live = person.page.get_by_role("region", name="Open sessions")
        expect(live).to_contain_text("None.")
        person.paste(SAME)
        person.start("1")
        assert asked
        assert not [url for url in asked if "secret" in url or "token" in url]
        person.leave()


def many(start: int, count: int, total: int) -> dict[str, Any]:
    """Part of a timeline of `total` steps, as the server would tell it."""
    value = {"provenance": "predicted", "confidence": 0.9, "cut": False}
    steps = [
        {
            "number": n, "parent": n - 1 if n else None, "branch": 0, "reason": "step_over",
            "change": None, "end": "reached", "message": "", "frame": n + 1, "event": "line",
            "function": "same", "line": 2 + n % 2, "depth": 0, "value": None,
            "locals": {
                f"v{k}": {"text": str(n // (k + 1)), **value} for k in range(12)
            },
            "changed": ["v0"], "right": n % 7 != 0, "verdicts": {"v0": "match"}, "real": None,
            "confidence": 0.9, "usage": {"requests": 1, "seconds": 0.01},
        }
        for n in range(start, min(total, start + count))
    ]  # fmt: skip
    branch = {
        "number": 0, "parent": None, "first": 0, "tip": total - 1, "change": None,
        "frames": total, "is_current": True,
    }  # fmt: skip
    cursor = {"branch": 0, "step": total - 1, "frame": total}
    return {"steps": steps, "total": total, "branches": [branch], "cursor": cursor}


def test_ten_thousand_steps_are_drawn_as_far_as_they_can_be_seen(
    server: PageServer, open_page: Any
) -> None:
    person = open_page(server.address)
    page = person.page

    def answer(route: Route) -> None:
        asked = re.search(r"start=(\d+)&count=(\d+)", route.request.url)
        assert asked
        body = many(int(asked[1]), int(asked[2]), 10_000)
        route.fulfill(status=200, content_type="application/json", body=json.dumps(body))

    page.route("**/timeline?*", answer)
    person.paste(SAME)
    page.get_by_role("textbox", name="Arguments", exact=True).fill("1")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(person.timeline).to_have_attribute("aria-valuemax", "10000")
    page.get_by_role("button", name="Zoom out (-)").click()
    drawn = "document.querySelectorAll('.timeline-drawing *').length"
    assert page.evaluate(drawn) < 3000
    person.timeline.focus()
    scroll = """async () => {
      const scroller = document.querySelector('.timeline-scroller');
      let worst = 0;
      for (let at = 0; at < 40; at++) {
        scroller.scrollLeft = (at / 40) * scroller.scrollWidth;
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        worst = Math.max(worst, document.querySelectorAll('.timeline-drawing *').length);
      }
      return worst;
    }"""
    assert page.evaluate(scroll) < 3000
    person.picture("many-steps")
    page.get_by_role("button", name="All steps (0)").click()
    page.wait_for_timeout(200)
    assert page.evaluate(drawn) < 3000
    person.picture("all-steps")


TOKENS = ["front", "quiet", "faint", "accent", "right", "wrong", "given", "predicted",
          "predicted-1", "predicted-2", "observed", "edited", "code-keyword", "code-string",
          "code-number", "code-comment", "code-function"]  # fmt: skip
CONTRAST = """(names) => {
  const probe = document.createElement('span');
  document.body.append(probe);
  const light = (name) => {
    probe.style.color = `var(--${name})`;
    const [r, g, b] = getComputedStyle(probe).color.match(/[\\d.]+/g).map((c) => {
      const s = c / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const backs = ['back', 'card', 'here-back'].map(light);
  const worst = (name) => Math.min(...backs.map((back) => ratio(light(name), back)));
  const found = names.map((name) => [name, worst(name)]);
  return found.filter(([, one]) => one < 4.5);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_of_text_can_be_read(server: PageServer, open_page: Any, theme: str) -> None:
    person = open_page(server.address, theme=theme)
    assert person.page.evaluate(CONTRAST, TOKENS) == []


def test_everything_is_reached_with_the_tabulator_and_seen(
    server: PageServer, open_page: Any
) -> None:
    person = open_page(server.address)
    person.paste(SAME)
    person.start("[1]")
    person.page.locator(".brand").focus()
    reached = set()
    for _ in range(45):
        person.press("Tab")
        told = person.page.evaluate(
            """() => {
              const focus = document.activeElement;
              const style = getComputedStyle(focus);
              const after = getComputedStyle(focus, '::after');
              const isSeen = style.outlineStyle !== 'none' || after.borderStyle === 'solid'
                || focus.shadowRoot !== null || focus === document.body;
              return [focus.getAttribute('aria-label') ?? focus.textContent.trim(), isSeen];
            }"""
        )
        assert told[1], f"the focus on {told[0]} cannot be seen"
        reached.add(told[0])
    for name in ["Step over", "Timeline: steps of the session", "Output", "Help", "Search for"]:
        assert name in reached, sorted(reached)
