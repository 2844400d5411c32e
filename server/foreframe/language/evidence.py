"""What speaks for a candidate, to be looked at: its examples, and the way that each takes. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from lsprotocol import types as lsp

from foreframe.candidates import Basis, Candidate, Evidence
from foreframe.examples import Example
from foreframe.explaining import Detail, Sentence, explain
from foreframe.holes import Hole
from foreframe.language.analysis import Analysis
from foreframe.language.path_values import by_line, least_sure, sequence_text, steps_of
from foreframe.language.places import position
from foreframe.language.views import evidence_text, fenced, inline, summary
from foreframe.paths import lines_skipped, lines_taken
from foreframe_protocol.states import Event, Trace, Value, Verdict

TRACE = "foreframe.candidateTrace"
MOST_SENTENCES = 60  # after which a run is told by its calls
MOST_TOLD = 3  # candidates whose ways are told in the overview
SHOWN = 200  # characters of a value
BESIDE = 60  # of values beside a line
BASES = {Basis.RULES: "worked out", Basis.MODEL: "predicted"}
ORIGINS = {
    "model": "from the model",
    "form": "a form read off the code, its expression from the model",
    "scope": "a guess from what is in scope",
}
NOT_WALKED = "Not walked: an example before it does not come out."
NO_STEPS = "Worked out at once: it has no steps to be told."


@dataclass(frozen=True, slots=True)
class Way:
    """The way that an example takes with the holes filled. `is_whole`: to its end."""

    trace: Trace
    is_whole: bool


def example_told(example: Example, evidence: Evidence | None) -> dict[str, Any]:
    """An example, what it is foreseen to give, and how that is known."""
    told: dict[str, Any] = {"call": example.call, "wanted": example.wanted, "right": None}
    if example.stop is None:
        told |= {"function": example.function, "args": example.args}
    if evidence is None:
        return told | {"basis": "not tried"}
    is_walked = evidence.predicted is not None or evidence.trace is not None
    told["basis"] = BASES[evidence.basis] if is_walked or by_rules(evidence) else "not walked"
    told["right"] = evidence.verdict is Verdict.MATCH if told["basis"] != "not walked" else None
    told["predicted"] = evidence.predicted
    if evidence.probability is not None:
        told["probability"] = round(evidence.probability, 4)
    if evidence.ran is not None:
        told |= {"ran": evidence.ran, "right": bool(evidence.ran_right)}
    return told


def by_rules(evidence: Evidence) -> bool:
    return evidence.basis is Basis.RULES


def example_text(told: dict[str, Any]) -> str:
    """The same in one line."""
    sign = {True: "✓", False: "✗", None: "·"}[told["right"]]
    if told["basis"] in ("not tried", "not walked"):
        sure = told.get("probability")
        tail = "" if sure is None else f" (probability {sure:.0%})"
        return f"{sign} {told['call']}: {told['basis']}, {told['wanted']} wanted{tail}"
    got = told["predicted"] if told["predicted"] is not None else "cut off"
    row = f"{sign} {told['call']} → {got} {told['basis']}, {told['wanted']} wanted"
    if told["basis"] == "predicted" and "probability" in told:
        row += f" (probability {told['probability']:.0%})"
    return row + (f"; really {told['ran']}" if "ran" in told else "")


def candidate_told(candidate: Candidate, wanted: Sequence[Example]) -> dict[str, Any]:
    """A candidate with all examples that tell about its holes."""
    known = {one.example: one for one in candidate.evidence}
    examples = [example_told(one, known.get(one)) for one in wanted]
    return {
        "texts": list(candidate.texts),
        "along": list(candidate.along),
        "origin": ORIGINS[candidate.origin],
        "summary": summary(candidate, len(wanted)),
        "right": candidate.right,
        "examples": [one | {"text": example_text(one)} for one in examples],
    }


def way_told(
    filled: Analysis, evidence: Evidence | None, example: Example, way: Way | None
) -> dict[str, Any]:
    """The way of an example through the filled text: in sentences, in frames, and by lines."""
    if way is None or filled.program is None or not way.trace.length:
        is_known = evidence is not None and by_rules(evidence)
        story = NO_STEPS if is_known else NOT_WALKED
        return {"story": story, "sentences": [], "frames": [], "path": None}
    told = sentences(filled, way.trace)
    story = "\n".join(f"{'  ' * one.depth}{one}" for one in told)
    if not way.is_whole:
        story += f"\nCut off after {way.trace.length} frames."
    return {
        "story": story,
        "sentences": [
            {"text": str(one), "line": one.line, "depth": one.depth} | _sure(one.confidence)
            for one in told
        ],
        "frames": frames_told(way.trace),
        "path": path_told(filled, example, way.trace),
    }


def sentences(filled: Analysis, trace: Trace) -> list[Sentence]:
    """A trace in sentences: of a long one, one for each call."""
    assert filled.program is not None
    found = explain(filled.program, trace, None)
    return found if len(found) <= MOST_SENTENCES else explain(filled.program, trace, Detail.CALLS)


def frames_told(trace: Trace) -> list[dict[str, Any]]:
    """Each frame with the locals that have another value than before."""
    found: list[dict[str, Any]] = []
    before: dict[int, dict[str, str]] = {}  # depth → name → text
    for frame in trace.frames():
        known = {} if frame.event is Event.CALL else before.get(frame.depth, {})
        now = known if frame.locals is None else {n: v.text for n, v in frame.locals.items()}
        changed = [
            {"name": name} | _value(value)
            for name, value in (frame.locals or {}).items()
            if known.get(name) != value.text
        ]
        before[frame.depth] = now
        told: dict[str, Any] = {
            "event": frame.event.value,
            "function": frame.function,
            "line": frame.line,
            "depth": frame.depth,
            "changed": changed,
        } | _sure(frame.confidence)
        if frame.value is not None:
            told["value"] = _value(frame.value)
        found.append(told)
    return found


def path_told(filled: Analysis, example: Example, trace: Trace) -> dict[str, Any] | None:
    """The lines of the example's function that are taken, those passed by, and what they do."""
    assert filled.program is not None
    nodes = trace.nodes()
    begun = next(
        (at for at, n in enumerate(nodes) if n.frame and n.frame.function == example.function), None
    )
    if begun is None:
        return None
    here = nodes[begun]
    taken = lines_taken(here, nodes[begun + 1 :])
    scope = here.state.stack[-1]
    steps = steps_of(trace, example.function)
    return {
        "taken": taken,
        "skipped": [list(span) for span in lines_skipped(filled.program, scope, taken)],
        "lines": [
            {"line": line, "text": _beside(names)}
            | _sure(least_sure([value for values in names.values() for value in values]))
            for line, names in sorted(by_line(steps).items())
            if names
        ],
    }


def _beside(names: dict[str, list[Value]]) -> str:
    parts = []
    for name, values in names.items():
        sign = "=" if all(value.confidence is None for value in values) else "≈"
        told = sequence_text(values, BESIDE)
        is_last = name in ("returns", "raises")
        parts.append(f"{name} {told}" if is_last and sign == "=" else f"{name} {sign} {told}")
    return "   ".join(parts)


def _sure(confidence: float | None) -> dict[str, float]:
    return {} if confidence is None else {"confidence": round(confidence, 4)}


def _value(value: Value) -> dict[str, Any]:
    text = value.text if len(value.text) <= SHOWN else f"{value.text[:SHOWN]}…"
    return {"value": text, "provenance": value.provenance.value} | _sure(value.confidence)


def tried(
    analysis: Analysis, holes: Sequence[Hole], candidate: Candidate
) -> tuple[list[Hole], Candidate]:
    """What was tried: the holes that were asked for, and those of the function along with them."""
    others = [one for one in analysis.holes_beside(holes[0]) if one not in holes]
    if len(others) != len(candidate.along):
        return list(holes), candidate
    texts = candidate.texts + candidate.along
    return [*holes, *others], replace(candidate, texts=texts, along=())


def fills(analysis: Analysis, holes: Sequence[Hole], candidate: Candidate) -> list[dict[str, Any]]:
    """Where the texts stand in the filled text, as ranges of the protocol."""
    order = sorted(range(len(holes)), key=lambda at: (holes[at].line, holes[at].column))
    lines = analysis.lines
    starts = [sum(len(line) + 1 for line in lines[: hole.line - 1]) + hole.column for hole in holes]
    filled = candidate.filled(analysis.source, holes)
    after = filled.split("\n")
    found: dict[int, dict[str, Any]] = {}
    length = len(analysis.source)
    moved = 0  # how much longer the text is by the holes before
    for count, at in enumerate(order, 1):
        some = order[:count]
        part = Candidate(tuple(candidate.texts[n] for n in some), candidate.origin)
        now = len(part.filled(analysis.source, [holes[n] for n in some])) - length
        start = starts[at] + moved
        end = starts[at] + len("??") + now
        moved = now
        first, last = (filled.count("\n", 0, place) + 1 for place in (start, end))
        begins = (filled.rfind("\n", 0, place) + 1 for place in (start, end))
        left, right = (place - begin for place, begin in zip((start, end), begins, strict=True))
        found[at] = {
            "start": _place(after, first, left),
            "end": _place(after, last, right),
        }
    return [found[at] for at in range(len(holes))]


def _place(lines: Sequence[str], line: int, column: int) -> dict[str, int]:
    where = position(lines, line, column)
    return {"line": where.line, "character": where.character}


def documentation(
    analysis: Analysis, hole: Hole, candidate: Candidate, wanted: int, uri: str | None
) -> str | lsp.MarkupContent:
    """What a completion says of a candidate: the whole of a long one, and what speaks for it.

    `uri`: of the document, where the editor follows links to commands.
    """
    text, rows = candidate.texts[0], evidence_text(candidate, wanted)
    if uri is None or not candidate.evidence:
        return f"{text}\n\n{rows}" if "\n" in text else rows
    arguments = quote(json.dumps([uri, analysis.version, [hole.index], [text]]), safe="")
    link = f"[Look at its path](command:{TRACE}?{arguments})"
    shown = [fenced(text)] if "\n" in text else []
    # In two lines each: what is fenced is not wrapped, and a list of completions is narrow.
    narrow = "\n".join(row.replace(" → ", "\n  → ", 1) for row in rows.split("\n"))
    parts = [*shown, fenced(narrow, "text"), link]
    return lsp.MarkupContent(lsp.MarkupKind.Markdown, "\n\n".join(parts))


def overview(
    title: str,
    candidates: Sequence[dict[str, Any]],
    stories: Sequence[Sequence[str]],
    is_all: bool,
) -> str:
    """Candidates with their evidence as a document, for an editor that has no view for them.

    `stories`: of the first ones, those of their examples, in order. Markdown without HTML.
    """
    parts = [f"# {title}"]
    if not candidates:
        parts.append("Nothing was found that could stand here.")
    for number, told in enumerate(candidates):
        head = f"## {number + 1}. {inline(told['summary'])}"
        texts = [fenced(text) for text in told["texts"]]
        rows = "\n".join(one["text"] for one in told["examples"])
        parts += [head, *texts, f"{told['origin'].capitalize()}."]
        if rows:
            parts.append(fenced(rows, "text"))
        for one, story in zip(
            told["examples"], stories[number] if number < len(stories) else (), strict=False
        ):
            parts += [f"The way of `{inline(one['call'])}`:", fenced(story, "text")]
    if not is_all:
        parts.append("Others are still being tried.")
    return "\n\n".join(parts) + "\n"
