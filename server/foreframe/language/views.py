"""What the language server shows, from what is known: lenses, hints, hovers, diagnostics. Pure."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from lsprotocol import types as lsp

from foreframe.candidates import Basis, Candidate
from foreframe.examples import Example
from foreframe.explaining import Detail, explain
from foreframe.holes import HOLE, Hole, Missing
from foreframe.language.analysis import Analysis
from foreframe.language.path_values import by_line, least_sure, sequence_text, steps_of, values_of
from foreframe.language.places import end_of, span
from foreframe.language.predictor import PredictedRun
from foreframe.paths import before
from foreframe.trying import MOST_FRAMES
from foreframe_protocol.states import Event, Verdict

SOURCE = "Foreframe"
EXPLAIN = "foreframe.explain"
LEFT_OPEN = {
    Missing.VALUE: "a value",
    Missing.CONDITION: "a condition",
    Missing.RETURNED: "what is returned",
    Missing.ARGUMENT: "an argument",
    Missing.BOUND: "a bound",
    Missing.ITERABLE: "what is gone through",
    Missing.STATEMENT: "a whole statement",
    Missing.PART: "a part of the expression",
}
CERTAIN = 0.995  # what is at least so sure is not told how sure


def diagnostics(
    analysis: Analysis, runs: Sequence[PredictedRun], least: float
) -> list[lsp.Diagnostic]:
    """Hints for holes; warnings for exceptions that examples are predicted to end with.

    Nothing is said of what is not known: a run that was cut off, or a path less sure than `least`.
    """
    lines = analysis.lines
    found = [
        lsp.Diagnostic(
            span(lines, hole.line, hole.column, hole.column + len(HOLE)),
            f"a hole: {LEFT_OPEN[hole.missing]} is left open",
            severity=lsp.DiagnosticSeverity.Hint,
            code="hole",
            source=SOURCE,
        )
        for hole in analysis.holes
    ]
    for run in runs:
        warning = exception_warning(analysis, run, lines, least)
        if warning is not None:
            found.append(warning)
    return found


def exception_warning(
    analysis: Analysis, run: PredictedRun, lines: Sequence[str], least: float
) -> lsp.Diagnostic | None:
    """A predicted exception that nobody wanted, where it is raised."""
    outcome = run.outcome
    if outcome is None or not outcome.startswith("raises ") or run.example.raised is not None:
        return None
    sure = run.confidence
    if sure is not None and sure < least:
        return None
    raised = [n.frame for n in run.trace.nodes() if n.frame and n.frame.event is Event.EXCEPTION]
    if not raised:
        return None
    first = raised[0]
    text = lines[first.line - 1] if first.line <= len(lines) else ""
    start = len(text) - len(text.lstrip())
    verb = "is predicted to raise" if run.basis is Basis.MODEL else "raises"
    told = f"{run.example.call} {verb} {outcome.removeprefix('raises ')}"
    tail = "" if sure is None or sure >= CERTAIN else f" ({sure:.0%} sure)"
    tail = tail if run.basis is Basis.MODEL else ", worked out from its literals"
    path = " → ".join(str(line) for line in path_lines(run)[-12:])
    return lsp.Diagnostic(
        span(lines, first.line, start, len(text.rstrip())),
        f"{told}{tail}. Lines on the way: {path}",
        severity=lsp.DiagnosticSeverity.Warning,
        code="predicted-exception",
        source=SOURCE,
    )


def path_lines(run: PredictedRun) -> list[int]:
    """The lines that a run goes through, in order."""
    return [n.frame.line for n in run.trace.nodes() if n.frame and n.frame.event is Event.LINE]


def lenses(analysis: Analysis, uri: str) -> list[lsp.CodeLens]:
    """Above each function: predict it, fill its holes, does it end."""
    found: list[lsp.CodeLens] = []
    examples = {example.function: example for example in reversed(analysis.examples)}
    open_ = {hole.function for hole in analysis.holes}
    for name, placed in analysis.functions.items():
        at = lsp.Position(placed.line - 1, placed.node.col_offset)  # behind nothing but spaces
        where = lsp.Range(at, at)
        args = examples[name].args if name in examples else None
        commands: list[tuple[str, str, list[Any]]] = [
            ("Predict", "foreframe.predictFromHere", [uri, placed.line - 1, name, args])
        ]
        if name in open_:
            commands.append(("Fill holes", "foreframe.fillHoles", [uri, name]))
        if args is not None and analysis.may_go_on(name):
            commands.append(("Does it end?", "foreframe.halts", [uri, name, args]))
        if args is not None:
            commands.append(("Explain", EXPLAIN, [uri, name, args]))
        found += (
            lsp.CodeLens(where, lsp.Command(title, command, arguments=arguments))
            for title, command, arguments in commands
        )
    return found


def example_for(analysis: Analysis, function: str) -> Example | None:
    """The example whose values are shown in a function: its first one."""
    return next((e for e in analysis.examples if e.function == function), None)


def inlay_hints(
    analysis: Analysis, run: PredictedRun, first: int, last: int, least: float
) -> list[lsp.InlayHint]:
    """At the ends of lines: the values that this run is predicted to give there."""
    placed = analysis.functions.get(run.example.function)
    if placed is None:
        return []
    lines = analysis.lines
    found: list[lsp.InlayHint] = []
    steps = steps_of(run.trace, run.example.function)
    for line, names in sorted(by_line(steps).items()):
        if not first <= line <= last or line == placed.line:
            continue
        shown = {n: v for n, v in names.items() if (least_sure(v) or 1.0) >= least}
        if not shown:
            continue
        text = "   ".join(f"{n} = {sequence_text(v, 40)}" for n, v in shown.items())
        sure = min((least_sure(v) or 1.0 for v in shown.values()), default=1.0)
        how = "" if sure >= CERTAIN else f", at least {sure:.0%} sure"
        told = "Predicted" if run.basis is Basis.MODEL else "Worked out"
        found.append(
            lsp.InlayHint(
                end_of(lines, line),
                f"≈ {text}",
                tooltip=f"{told} for {run.example.call}{how}. Nothing was executed.",
                padding_left=True,
            )
        )
    return found


def hover(analysis: Analysis, run: PredictedRun, name: str, uri: str | None = None) -> str | None:
    """The values of a name along a run, as Markdown without any HTML; None if it has none.

    `uri`: of the document, where the editor follows links to commands.
    """
    values = values_of(steps_of(run.trace, run.example.function), name)
    if not values:
        return None
    sure = least_sure(values)
    how = "" if sure is None or sure >= CERTAIN else f", the least sure {sure:.0%}"
    ended = "" if run.outcome is not None else " The prediction was cut off."
    code = fenced(sequence_text(values, 300))
    told = "predicted" if run.basis is Basis.MODEL else "worked out from its literals"
    what = f"`{name}` in `{inline(run.example.call)}`, {told}{how}:"
    text = f"{what}\n\n{code}\n\nNothing was executed.{ended}"
    if uri is None:
        return text
    arguments = quote(json.dumps([uri, run.example.function, run.example.args]), safe="")
    return f"{text}\n\n[Explain this run](command:{EXPLAIN}?{arguments})"


def story(analysis: Analysis, run: PredictedRun) -> str:
    """A run told in sentences, as plain text."""
    assert analysis.program is not None
    sentences = explain(analysis.program, run.trace, None)
    if len(sentences) > 60:
        sentences = explain(analysis.program, run.trace, Detail.CALLS)
    return "\n".join(f"{'  ' * sentence.depth}{sentence}" for sentence in sentences)


def fenced(text: str, language: str = "python") -> str:
    """Text as a code block of Markdown that nothing in it can end."""
    longest, count = 2, 0
    for character in text:
        count = count + 1 if character == "`" else 0
        longest = max(longest, count)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def inline(text: str) -> str:
    """Text that can stand between single backticks."""
    return text.replace("`", "'").replace("\n", " ")[:80]


def evidence_text(candidate: Candidate, wanted: int) -> str:
    """What speaks for a candidate, in a line for each example. `wanted`: how many there are."""
    if not candidate.evidence and wanted:
        return "Not tried yet: ask again in a moment."
    if not candidate.evidence:
        return "Not tried: there is no example. Add one, such as a doctest."
    rows = []
    if candidate.along:
        rows.append(f"Tried with {', '.join(map(inline, candidate.along))} in the other holes.")
    for one in candidate.evidence:
        sign = "✓" if one.verdict is Verdict.MATCH else "✗"
        got = one.predicted if one.predicted is not None else "cut off"
        how = "worked out from literals" if one.basis is Basis.RULES else "predicted"
        if one.basis is Basis.RULES and one.predicted is None:
            got = f"no end within {MOST_FRAMES} steps,"
        row = f"{sign} {one.example.call} → {got} {how}, {one.example.wanted} wanted"
        if one.basis is Basis.MODEL and one.probability is not None:
            row += f" (probability {one.probability:.0%})"
        if one.ran is not None:
            row += f"; really {one.ran}"
        rows.append(row)
    return "\n".join(rows)


def summary(candidate: Candidate, wanted: int) -> str:
    """Evidence in a few words."""
    if not candidate.evidence:
        return "not tried yet" if wanted else "not tried"
    least = min(one.likely for one in candidate.evidence)
    how = "as predicted" if least >= CERTAIN else f"as predicted, {least:.0%} sure"
    if candidate.evidence and all(e.basis is Basis.RULES for e in candidate.evidence):
        how = "as worked out"
    if any(e.ran_right is not None for e in candidate.evidence):
        how = "as run"
    return f"{candidate.right} of {wanted} examples right, {how}"


def hole_range(analysis: Analysis, hole: Hole) -> lsp.Range:
    """Where a hole stands."""
    lines = analysis.lines
    return span(lines, hole.line, hole.column, hole.column + len(HOLE))


def fill_edits(
    analysis: Analysis, holes: Sequence[Hole], candidate: Candidate
) -> list[lsp.TextEdit]:
    """The edits that put a candidate's texts in place of the holes."""
    return [
        lsp.TextEdit(hole_range(analysis, hole), text)
        for hole, text in zip(holes, candidate.fitted(analysis.source, holes), strict=True)
    ]


def inline_values(
    analysis: Analysis, range_: lsp.Range, stopped: int
) -> list[lsp.InlineValueVariableLookup]:
    """The names of the scope where a debugger stands, up to its line; it has their values.

    Left out are lines that cannot have run before it came there, as those of another branch.
    """
    function, lines = analysis.function_at(stopped), analysis.lines
    nodes = list(analysis.scope_nodes(function))
    ran: set[int] | None = None
    if function is not None:
        own = analysis.functions[function].lines
        spans = before("\n".join(lines[own.start - 1 : own.stop - 1]), stopped - own.start + 1)
        if spans is not None:
            ran = {at + own.start - 1 for first, last in spans for at in range(first, last + 1)}
    bound = {
        node.id if isinstance(node, ast.Name) else node.arg
        for node, _ in nodes
        if (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
        or isinstance(node, ast.arg)
    }
    found: list[lsp.InlineValueVariableLookup] = []
    for node, shift in nodes:
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) if name in bound:
                line = node.lineno + shift
                if range_.start.line <= line - 1 < stopped and (ran is None or line in ran):
                    text = lines[line - 1].encode("utf-8")
                    start = len(text[: node.col_offset].decode("utf-8", "replace"))
                    where = span(lines, line, start, start + len(name))
                    found.append(lsp.InlineValueVariableLookup(where, True, name))
    return found
