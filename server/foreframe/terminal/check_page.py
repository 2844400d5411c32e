"""A checked run as one page that needs nothing else: no script, no file beside it, no network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

from foreframe.check_report import CheckReport, Score, what_is_wrong
from foreframe.checking import ORDER, Comparison, where
from foreframe.history import shown_stack
from foreframe.terminal.check_style import STYLE
from foreframe.terminal.check_table import Steps
from foreframe.terminal.table import percent
from foreframe.timeline import Stop
from foreframe_protocol.alignment import ValueCheck
from foreframe_protocol.states import Event, Value, Verdict

if TYPE_CHECKING:
    from foreframe.terminal.check import Checked

SHOWN_CHARS = 300  # of one value
MAX_OUTPUT = 20_000  # characters of what the program has written
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
SIGNS = {
    Verdict.MATCH: ("✓", "right"),
    Verdict.DIFFERS: ("≠", "wrong"),
    Verdict.MISSING: ("✗", "wrong"),
    Verdict.EXTRA: ("+", "wrong"),
    Verdict.NOT_COMPARABLE: ("~", "quiet"),
}
WORDS = {
    Verdict.MATCH: "match",
    Verdict.DIFFERS: "differs",
    Verdict.MISSING: "not predicted",
    Verdict.EXTRA: "does not exist",
    Verdict.NOT_COMPARABLE: "not comparable",
}


class Markup(str):
    """Text that is HTML already. All other text is escaped."""

    __slots__ = ()


def tag(name: str, *content: str, **attributes: str | None) -> Markup:
    """An element. `class_` is `class`; attributes that are None are left out."""
    given = "".join(
        f' {key.rstrip("_")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(part if isinstance(part, Markup) else escape(part) for part in content)
    return Markup(f"<{name}{given}>{inner}</{name}>")


def joined(parts: Iterable[str]) -> Markup:
    """Parts one after the other."""
    return Markup("".join(p if isinstance(p, Markup) else escape(p) for p in parts))


def page(checked: Checked, report: CheckReport) -> str:
    """The whole page of one run."""
    title = f"foreframe check: {checked.title}"
    start = "from what was observed" if checked.resync == "reality" else "from the one before"
    how = f"{checked.engine}, each step predicted {start}. The program was executed under debugpy."
    body = joined(
        [
            tag(
                "header", tag("h1", tag("span", "foreframe check ", class_="quiet"), checked.title)
            ),
            tag("p", how, class_="quiet"),
            summary(report, checked.stops),
            source(checked),
            stops_table(checked.stops),
            scores("By scope", report.scopes),
            scores("By variable", report.variables),
            written(checked),
        ]
    )
    return document(title, body)


def document(title: str, body: Markup) -> str:
    """A page around its body."""
    head = joined(
        [
            Markup('<meta charset="utf-8">'),
            Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            Markup('<meta name="color-scheme" content="light dark">'),
            Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
            tag("title", title),
            tag("style", Markup(STYLE)),
        ]
    )
    html = tag("html", tag("head", head), tag("body", tag("main", body)), lang="en")
    return f"<!doctype html>\n{html}\n"


def share(right: int, of: int) -> str:
    """A share for a person."""
    return "-" if not of else f"{100 * right / of:.0f}%" if right < of else "100%"


def card(title: str, number: str, of: str, bar: tuple[int, int] | None = None) -> Markup:
    """One number of the summary."""
    parts = [tag("div", title, class_="quiet"), tag("div", number, class_="number")]
    if bar is not None:
        parts.append(meter(*bar))
    return tag("div", *parts, tag("div", of, class_="quiet"), class_="card")


def meter(right: int, of: int) -> Markup:
    """How much of something is right, as a bar."""
    width = f"width:{100 * right / of if of else 0:.1f}%"
    return tag("div", tag("div", style=width), class_="meter", title=f"{right} of {of} right")


def summary(report: CheckReport, stops: list[Stop]) -> Markup:
    """The report in a few numbers."""
    frames, values = (report.frames_right, report.frames), (report.values_right, report.values)
    cards = [
        card("Frames right", share(*frames), f"{frames[0]} of {frames[1]}", frames),
        card("Values right", share(*values), f"{values[0]} of {values[1]}", values),
    ]
    for name, sure in report.calibrations.items():
        if sure.error is not None:
            note = f"over {sure.count}, 0 is best"
            cards.append(card(f"Calibration of {name}", f"{sure.error:.3f}", f"ECE {note}"))
    if report.not_predicted:
        cards.append(card("Not predicted", str(report.not_predicted), "stops"))
    if report.not_comparable:
        cards.append(card("Not comparable", str(report.not_comparable), "values"))
    told: list[Markup] = []
    first = next((n for n, s in enumerate(stops, 1) if s.comparison and not s.comparison.right), 0)
    if report.first is not None and first:
        link = tag("a", f"stop {first}, {report.first.place}", href=f"#s{first}")
        told.append(tag("p", "First divergence at ", link, f": {report.first.text}."))
    elif report.frames:
        told.append(tag("p", "Every stop was as predicted.", class_="right"))
    if report.lost:
        told.append(tag("p", f"The real program was lost: {report.lost}", class_="wrong"))
    return joined([tag("section", *cards, class_="cards"), *told])


def source(checked: Checked) -> Markup:
    """The program, each line with how often it was told right."""
    tally: dict[int, list[bool]] = {}
    for stop in checked.stops:
        if stop.comparison is not None and stop.trace.frame is not None:
            tally.setdefault(stop.trace.frame.line, []).append(stop.comparison.right)
    rows = []
    for number, text in enumerate(checked.program.lines, 1):
        found = tally.get(number, [])
        right, of = sum(found), len(found)
        kind = None if not found else "right" if right == of else "wrong" if not right else "mixed"
        rows.append(
            tag(
                "tr",
                tag("td", str(number), class_="n"),
                tag("td", f"{right}/{of}" if found else "", class_="n"),
                tag("td", meter(right, of) if found else ""),
                tag("td", tag("code", text.expandtabs(4) or " ")),
                class_=kind,
            )
        )
    table = tag("table", *rows, class_="source")
    return folded(f"The program, and how often each line was right ({len(tally)} lines)", table)


def folded(title: str, *content: Markup, is_open: bool = True) -> Markup:
    """A part of the page that can be folded away."""
    body = joined([tag("summary", tag("h2", title)), *content])
    return Markup(f"<details{' open' if is_open else ''}>{body}</details>")


def stops_table(stops: list[Stop]) -> Markup:
    """A row a stop, wrong ones unfolded."""
    heads = ("", "stop", "place", "line", "what is told there", "sure")
    steps = Steps()
    rows = [stop_row(number, stop, steps) for number, stop in enumerate(stops, 1)]
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    return folded(
        "Stop by stop", tag("div", tag("table", head, tag("tbody", *rows)), class_="wide")
    )


def stop_row(number: int, stop: Stop, steps: Steps) -> Markup:
    """One stop: where, what has changed or differs, and all values behind a fold."""
    comparison, frame = stop.comparison, stop.trace.frame
    assert frame is not None
    if stop.observation is None:
        return tag(
            "tr", tag("td", "!"), tag("td", str(number)),
            tag("td", stop.text or stop.description, colspan="4"), class_="wrong",
        )  # fmt: skip
    told = steps.told(stop)
    sign, kind = ("·", "quiet")
    if comparison is not None:
        sign, kind = ("✓", "right") if comparison.right else ("✗", "wrong")
    sure = told.confidence
    return tag(
        "tr",
        tag("td", sign, class_=f"sign {kind}", title=kind),
        tag("td", tag("a", str(number), href=f"#s{number}"), class_="n"),
        tag("td", place_of(stop)),
        tag("td", tag("code", frame.source.strip())),
        tag("td", changes(stop, told.changed), *all_values(comparison)),
        tag("td", "" if sure is None else percent(sure), class_="n quiet"),
        id=f"s{number}",
        class_=kind,
    )


def place_of(stop: Stop) -> Markup:
    """Where the program stands, and where it was predicted to."""
    real = tag("code", where(stop.trace))
    comparison = stop.comparison
    if comparison is None or comparison.frame.same_place:
        return real
    predicted = tag("code", where(comparison.predicted))
    return joined([real, tag("div", "≠ predicted ", predicted, class_="wrong")])


def changes(stop: Stop, changed: tuple[str, ...]) -> Markup:
    """The values that are new here, and those that are wrong."""
    comparison = stop.comparison
    if comparison is None:
        return tag("span", "nothing was predicted", class_="quiet")
    frame = comparison.frame
    parts = []
    if frame.value is not None:
        word = "returned" if frame.predicted.event is Event.RETURN else "raised"
        parts.append(tag("div", f"{word} ", judged(frame.value)))
    for name, check in frame.locals.items():
        if name in changed or check.verdict not in (Verdict.MATCH, Verdict.NOT_COMPARABLE):
            parts.append(tag("div", tag("b", name), " = ", judged(check)))
    if not parts and not frame.same_place:
        parts.append(tag("div", what_is_wrong(comparison), class_="quiet"))
    return joined(parts)


def judged(check: ValueCheck) -> Markup:
    """A value, and the real one where it is another."""
    mine = tag("code", shown(check.predicted))
    if check.verdict is Verdict.MATCH:
        return mine
    sign, kind = SIGNS[check.verdict]
    if check.verdict is Verdict.EXTRA:
        return joined([mine, tag("span", f" {sign} does not exist", class_=kind)])
    other = tag("span", f" {sign} really ", tag("code", shown(check.real)), class_=kind)
    if check.verdict is Verdict.MISSING:
        return joined([tag("span", "not predicted,", class_="wrong"), other])
    return joined([mine, other])


def all_values(comparison: Comparison | None) -> list[Markup]:
    """Every scope of the stack, folded away."""
    if comparison is None or not any(scope.values for scope in comparison.scopes):
        return []
    tables = []
    for one in reversed(comparison.scopes):
        scope = one.real or one.predicted
        assert scope is not None
        values = sorted(one.values.items(), key=lambda pair: ORDER.index(pair[1].verdict))
        rows = [value_row(name, check) for name, check in values]
        title = f"{scope.function}:{scope.line}"
        if one.real is None or one.predicted is None:
            title += " (predicted only)" if one.real is None else " (really only)"
        tables.append(tag("table", tag("caption", title), *rows, class_="values"))
    depth = len(shown_stack(comparison.real.state))
    count = sum(len(scope.values) for scope in comparison.scopes)
    label = f"{count} values in {depth} scope{'s' if depth > 1 else ''}"
    return [Markup(f"<details>{tag('summary', label, class_='quiet')}{joined(tables)}</details>")]


def value_row(name: str, check: ValueCheck) -> Markup:
    """A value on both sides."""
    sign, kind = SIGNS[check.verdict]
    confidence = check.predicted.confidence if check.predicted is not None else None
    return tag(
        "tr",
        tag("td", sign, class_=f"sign {kind}", title=WORDS[check.verdict]),
        tag("th", name, scope="row"),
        tag("td", tag("code", shown(check.predicted))),
        tag("td", "" if confidence is None else percent(confidence), class_="n quiet"),
        tag("td", tag("code", shown(check.real))),
    )


def shown(value: Value | None) -> str:
    """A value's text, at most SHOWN_CHARS of it."""
    if value is None:
        return "-"
    if len(value.text) > SHOWN_CHARS:
        return f"{value.text[:SHOWN_CHARS]}… ({len(value.text):,} characters)"
    return value.text + ("…" if value.cut else "")


def scores(title: str, found: Mapping[str, Score]) -> Markup:
    """Scores by name, the worst first."""
    if not found:
        return Markup("")
    worst = sorted(found.items(), key=lambda pair: (-pair[1].wrong, -pair[1].right))
    rows = [
        tag(
            "tr",
            tag("th", name, scope="row"),
            tag("td", f"{one.right}/{one.right + one.wrong}", class_="n"),
            tag("td", meter(one.right, one.right + one.wrong)),
            tag("td", f"{one.not_comparable} not comparable" if one.not_comparable else ""),
        )
        for name, one in worst
    ]
    return folded(title, tag("table", *rows), is_open=len(rows) <= 12)


def written(checked: Checked) -> Markup:
    """What the program wrote, and what is to be known."""
    parts = []
    if checked.output:
        text = "".join(text for _, text in checked.output)
        more = "\n…" if len(text) > MAX_OUTPUT else ""
        parts.append(folded("What the program wrote", tag("pre", text[:MAX_OUTPUT] + more)))
    if checked.notes:
        notes = dict.fromkeys(note.strip() for note in checked.notes)
        parts.append(folded("Notes", tag("ul", *(tag("li", note) for note in notes))))
    return joined(parts)
