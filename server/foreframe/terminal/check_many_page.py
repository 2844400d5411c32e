"""Many checked programs as one page: a row a program, and the totals of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from foreframe.terminal.check_page import (
    Markup,
    card,
    document,
    folded,
    joined,
    meter,
    share,
    tag,
)
from foreframe.terminal.evaluate_table import TITLES

if TYPE_CHECKING:
    from foreframe.terminal.check_many import Row
    from foreframe_models.evaluation.report import Report


def page(rows: Sequence[Row], report: Report, model: str, name: str) -> str:
    """The whole page."""
    title = f"foreframe check: {name}"
    frames = sum(row.frames for row in rows)
    past, alone = sum(row.right for row in rows), sum(row.alone for row in rows)
    cards = [
        card("Output right", share(report.right, report.n), f"{report.right} of {report.n}",
             (report.right, report.n)),
        card("With the true past", share(past, frames), f"{past} of {frames} frames",
             (past, frames)),
        card("Alone", share(alone, frames), f"{alone} of {frames} frames", (alone, frames)),
    ]  # fmt: skip
    for what, sure in report.calibrations.items():
        if sure.error is not None:
            cards.append(card(f"Calibration of {what}", f"{sure.error:.3f}", "ECE, 0 is best"))
    heads = (
        "",
        "program",
        "with the true past",
        "",
        "alone",
        "",
        "where it first goes wrong alone",
    )
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    body = tag("tbody", *(program(row) for row in rows))
    how = f"{model}; {len(rows)} programs, each predicted and really run in a process of its own."
    return document(
        title,
        joined(
            [
                tag("h1", tag("span", "foreframe check ", class_="quiet"), name),
                tag("p", how, class_="quiet"),
                tag("section", *cards, class_="cards"),
                totals(report),
                folded("Programs", tag("div", tag("table", head, body), class_="wide")),
            ]
        ),
    )


def program(row: Row) -> Markup:
    """A row of the table."""
    kind = "right" if row.output else "wrong"
    return tag(
        "tr",
        tag("td", "✓" if row.output else "✗", class_=f"sign {kind}"),
        tag("th", row.name, scope="row"),
        tag("td", f"{row.right}/{row.frames}", class_="n"),
        tag("td", meter(row.right, row.frames)),
        tag("td", f"{row.alone}/{row.frames}", class_="n"),
        tag("td", meter(row.alone, row.frames)),
        tag("td", tag("code", row.first) if row.first else ""),
    )


def totals(report: Report) -> Markup:
    """The metrics of walking alone."""
    walked = report.metrics.get("free_running")
    if not isinstance(walked, Mapping):
        return Markup("")
    rows = []
    for name, title in TITLES.items():
        value = walked[name]
        told = "-" if value is None else f"{100 * value:.1f} %"
        rows.append(tag("tr", tag("th", title, scope="row"), tag("td", told, class_="n")))
    return folded("Walking alone, mean over traces", tag("table", *rows, class_="source"))
