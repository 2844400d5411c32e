"""Commands that let a person look at candidates, and take one.

Their first arguments are the document's `uri`, its `version`, and its `holes`: indexes from 0, or
the position of one, `{line, character}`.

`foreframe.candidates` `[uri, version, holes, seconds?]` → `{uri, version, holes, line, function,
isAll, candidates}`, best first. A candidate: `texts` (in the order of the holes), `along` (what
stood in the function's other holes when it was tried), `origin`,
`summary`, `right` (how many examples), `examples`. An example: `call` (`function`, `args`: to start
with), `wanted`, `predicted` (null: cut off), `right`, `basis` ("worked out", "predicted", "not
walked", "not tried"), `probability` that it comes out as wanted, `ran` where it was run, and all of
it as a `text`. After `seconds` it
is what there is by then; without, all that are tried, with progress, and an editor that does not
follow links to commands is shown a document (`text`) with the ways of the best.

`foreframe.candidateTrace` `[uri, version, holes, texts]` → such a candidate, with `source` (the
whole text, filled), `fills` (the ranges of `texts` and `along` in it), `function`, and for each
example `story`, `sentences` (`text`, `line`, `depth`), `frames` (`event`, `function`, `line`,
`depth`, `changed` locals, `value`) and `path` (`taken` lines, `skipped` ones as `[first,
last]`, `lines` with a `text` of their values), each with `confidence` where there is
one. Nothing is predicted for it.

`foreframe.insertCandidate` `[uri, version, holes, texts]` → `{applied}`: the texts are put into the
document, by an edit of the client's.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from foreframe.candidates import Candidate, Evidence
from foreframe.holes import Hole
from foreframe.language import views
from foreframe.language.analysis import Analysis
from foreframe.language.evidence import (
    MOST_TOLD,
    TRACE,
    Way,
    by_rules,
    candidate_told,
    fills,
    overview,
    tried,
    way_told,
)
from foreframe.language.fills import Found
from foreframe.language.places import place
from foreframe.language.predictor import FRAMES
from foreframe.language.progress import watched
from foreframe.reckoned_trace import reckoned_beginning, reckoned_trace
from foreframe_models.entry import Entry, EntryError

if TYPE_CHECKING:
    from foreframe.language.server import Language

CANDIDATES = "foreframe.candidates"
INSERT = "foreframe.insertCandidate"
LONGEST = 3600.0  # seconds for the others, after a candidate that all examples bear out


class Documents:
    """Texts as files, in a folder of this process that goes with it."""

    @cached_property
    def _folder(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="foreframe-")

    def write(self, name: str, text: str) -> Path:
        """The file of this name, with a new text."""
        path = Path(self._folder.name) / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name)}.md"
        path.write_text(text, encoding="utf-8")
        return path


def register_comparing(server: LanguageServer, language: Language) -> None:
    """Gives the server the three commands."""
    documents = Documents()

    @server.command(CANDIDATES)
    async def candidates(uri: str, version: Any, holes: Any, *seconds: Any) -> dict[str, Any]:
        """The candidates for holes, each with its evidence."""
        analysis, asked = await _asked(language, uri, version, holes)
        work = language.candidates(analysis, asked, seconds=_time(seconds), settle=LONGEST)
        if seconds:
            found: Found = await language.asked(uri, work)
        else:
            title = "Foreframe: trying candidates"
            found = await watched(language, uri, title, work, "nothing was compared")
        language.check(uri, analysis)
        wanted = await language.wanted(analysis, asked)
        told = [candidate_told(candidate, wanted) for candidate in found.candidates]
        answer: dict[str, Any] = {
            "uri": uri,
            "version": analysis.version,
            "holes": [hole.index for hole in asked],
            "line": asked[0].line,
            "function": asked[0].function,
            "isAll": found.is_all,
            "candidates": told,
        }
        if seconds or language.settings.command_links:
            return answer
        ways = [
            (await _looked_at(language, analysis, asked, one))["examples"]
            for one in found.candidates[:MOST_TOLD]
        ]
        stories = [[example["story"] for example in examples] for examples in ways]
        title = _title(analysis, asked)
        answer["text"] = overview(title, told, stories, found.is_all)
        await _show(server, documents, title, answer["text"])
        return answer

    @server.command(TRACE)
    async def trace(uri: str, version: Any, holes: Any, texts: list[str]) -> dict[str, Any]:
        """A candidate with the way that each of its examples takes."""
        analysis, asked = await _asked(language, uri, version, holes)
        candidate = await _known(language, uri, analysis, asked, texts)
        return await _looked_at(language, analysis, asked, candidate)

    @server.command(INSERT)
    async def insert(uri: str, version: Any, holes: Any, texts: list[str]) -> dict[str, Any]:
        """Puts a candidate into the document."""
        analysis, asked = await _asked(language, uri, version, holes)
        candidate = await _known(language, uri, analysis, asked, texts)
        document = lsp.OptionalVersionedTextDocumentIdentifier(uri, analysis.version)
        edits = list(views.fill_edits(analysis, asked, candidate))
        change = lsp.WorkspaceEdit(document_changes=[lsp.TextDocumentEdit(document, edits)])
        done = await server.workspace_apply_edit_async(
            lsp.ApplyWorkspaceEditParams(change, "Fill the hole")
        )
        return {"applied": done.applied}


def compare_actions(analysis: Analysis, uri: str, hole: Hole) -> list[lsp.CodeAction]:
    """What a person is offered at a hole, besides filling it."""
    titles = {"Compare the candidates for this hole": [hole]}
    others = analysis.holes_beside(hole)
    if len(others) > 1:
        titles[f"Compare ways to fill all {len(others)} holes"] = others
    return [
        lsp.CodeAction(
            title,
            kind=lsp.CodeActionKind.QuickFix,
            command=lsp.Command(
                title,
                CANDIDATES,
                arguments=[uri, analysis.version, [one.index for one in holes]],
            ),
        )
        for title, holes in titles.items()
    ]


def _time(seconds: Sequence[Any]) -> float | None:
    """How long to wait at most. Raises JsonRpcException."""
    if not seconds:
        return None
    if not isinstance(seconds[0], int | float) or not 0 <= seconds[0] <= LONGEST:
        raise JsonRpcException(f"seconds must be from 0 to {LONGEST:.0f}, not {seconds[0]!r}")
    return float(seconds[0])


async def _asked(
    language: Language, uri: str, version: Any, where: Any
) -> tuple[Analysis, list[Hole]]:
    """The document of a version, and its holes. Raises JsonRpcException."""
    analysis = await language.analysis(uri)
    if analysis.version != version:
        raise JsonRpcException("the document has changed since: ask again")
    if isinstance(where, dict):
        return analysis, [_hole_at(analysis, where)]
    count = len(analysis.holes)
    if not isinstance(where, list) or not all(type(at) is int and 0 <= at < count for at in where):
        raise JsonRpcException(
            f"holes must be a list of numbers below {count}, or a position, not {where!r}"
        )
    if not where or len(set(where)) < len(where):
        raise JsonRpcException("name at least one hole, and each of them once")
    return analysis, [analysis.holes[at] for at in where]


def _hole_at(analysis: Analysis, where: dict[str, Any]) -> Hole:
    try:
        at = lsp.Position(int(where["line"]), int(where["character"]))
    except (KeyError, TypeError, ValueError):
        raise JsonRpcException("a position must have a line and a character") from None
    line, column = place(analysis.lines, at)
    hole = analysis.hole_at(line, column) or next(
        (hole for hole in analysis.holes if hole.line == line), None
    )
    if hole is None:
        raise JsonRpcException(f"there is no ?? on line {line}")
    return hole


async def _known(
    language: Language, uri: str, analysis: Analysis, holes: Sequence[Hole], texts: Sequence[str]
) -> Candidate:
    """A candidate that was found already, or that the filling under way still finds."""
    for seconds in (0.0, None):
        work = language.candidates(analysis, holes, seconds=seconds, settle=LONGEST)
        found: Found = await language.asked(uri, work)
        language.check(uri, analysis)
        for candidate in found.candidates:
            if list(candidate.texts) == list(texts):
                return candidate
        if found.is_all:
            break
    shown = views.inline(", ".join(map(str, texts)))
    raise JsonRpcException(f"`{shown}` was not tried here: ask for the candidates again")


async def _looked_at(
    language: Language, analysis: Analysis, holes: Sequence[Hole], candidate: Candidate
) -> dict[str, Any]:
    """A candidate, with its ways through the text that it fills."""
    whole, all_texts = tried(analysis, holes, candidate)
    text = all_texts.filled(analysis.text, whole)
    filled = await asyncio.to_thread(Analysis.of, analysis.path, text, analysis.version)
    wanted = await language.wanted(analysis, holes)
    known = {one.example: one for one in candidate.evidence}
    told = candidate_told(candidate, wanted)
    for example, one in zip(wanted, told["examples"], strict=True):
        evidence = known.get(example)
        way = await asyncio.to_thread(_way, filled, evidence) if evidence else None
        one |= await asyncio.to_thread(way_told, filled, evidence, example, way)
    return told | {
        "source": all_texts.filled(analysis.source, whole),
        "fills": fills(analysis, whole, all_texts),
        "function": holes[0].function,
        "line": holes[0].line,
    }


def _way(filled: Analysis, evidence: Evidence) -> Way | None:
    """The way that was walked; what rules have worked out is walked by them again."""
    if evidence.trace is not None:
        return Way(evidence.trace, evidence.predicted is not None)
    if not by_rules(evidence) or evidence.example.stop is not None or filled.program is None:
        return None
    entry = Entry(evidence.example.function, evidence.example.args)
    try:
        if evidence.predicted is None:
            return Way(reckoned_beginning(filled.program, entry, FRAMES), is_whole=False)
        trace = reckoned_trace(filled.program, entry)
    except EntryError:
        return None
    return None if trace is None else Way(trace, is_whole=True)


def _title(analysis: Analysis, holes: Sequence[Hole]) -> str:
    where = f"line {holes[0].line}"
    if len(holes) > 1:
        where = f"{holes[0].function or 'the file'}, {len(holes)} at once"
    return f"Candidates for ?? in {Path(analysis.path).name}, {where}"


async def _show(server: LanguageServer, documents: Documents, title: str, text: str) -> None:
    """Opens a document for the person, where the client can."""
    window = server.client_capabilities.window
    if window and window.show_document and window.show_document.support:
        path = await asyncio.to_thread(documents.write, title, text)
        await server.window_show_document_async(
            lsp.ShowDocumentParams(path.as_uri(), take_focus=True)
        )
