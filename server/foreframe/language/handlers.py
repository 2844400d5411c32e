"""The language server's handlers: what is seen in the text, and what edits it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from foreframe.examples import Example, Kind
from foreframe.explaining import OWN_WORDS
from foreframe.filling import Candidate
from foreframe.guesses import guesses
from foreframe.halting import Halting, does_it_end
from foreframe.holes import HOLE, Hole
from foreframe.language import views
from foreframe.language.analysis import Analysis
from foreframe.language.comparing import compare_actions, register_comparing
from foreframe.language.evidence import ORIGINS, documentation
from foreframe.language.fills import Found
from foreframe.language.places import place
from foreframe.language.predictor import FRAMES, PredictedRun
from foreframe.language.progress import watched
from foreframe.reckoned_halting import reckoned_halting
from foreframe_models.engines.base import EngineError
from foreframe_models.entry import Entry, EntryError

if TYPE_CHECKING:
    from foreframe.language.server import Language

GHOST_SECONDS = 0.3  # in which ghost text has to be there
# After which guesses that have not been tried yet are told, as such; with the way there and back a
# person waits a second.
COMPLETION_SECONDS = 0.92
UNTRIED = 8  # of them
PATIENCE_SECONDS = 0.5  # after which a completion is what there is, and marked as incomplete
SETTLE_FILL_SECONDS = 0.6  # for others, before the best is put in
SETTLE_SECONDS = 0.2  # for others, after a candidate that all examples bear out
PREVIEW = "fill"


def register_sight(server: LanguageServer, language: Language) -> None:
    """Lenses, hints, hovers, inline values: nothing of these changes the text."""

    @server.feature(lsp.TEXT_DOCUMENT_CODE_LENS)
    async def code_lens(params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        if not language.settings.code_lenses:
            return []
        uri = params.text_document.uri
        return language.lenses(uri, await language.analysis(uri))

    @server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    async def inlay_hint(params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        """Only of runs that are known: hints come by a refresh when others are."""
        if not language.settings.inlay_hints:
            return []
        analysis = await language.analysis(params.text_document.uri)
        first, last = params.range.start.line + 1, params.range.end.line + 1
        found: list[lsp.InlayHint] = []
        for name in analysis.functions:
            example = views.example_for(analysis, name)
            run = language.predictor.known(analysis, example) if example else None
            if run is not None:
                least = language.settings.confidence
                found += views.inlay_hints(analysis, run, first, last, least)
        return found

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        uri = params.text_document.uri
        analysis = await language.analysis(uri)
        line, column = place(analysis.lines, params.position)
        name, function = analysis.name_at(line, column), analysis.function_at(line)
        example = views.example_for(analysis, function) if function else None
        if name is None or example is None:
            return None
        try:
            run = await language.asked(uri, language.predictor.run(analysis, example))
        except (EngineError, EntryError):
            return None
        language.check(uri, analysis)
        link = uri if language.settings.command_links else None
        text = views.hover(analysis, run, name, link)
        if text is None:
            return None
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text))

    @server.feature(lsp.TEXT_DOCUMENT_INLINE_VALUE)
    async def inline_value(params: lsp.InlineValueParams) -> list[lsp.InlineValue]:
        analysis = await language.analysis(params.text_document.uri)
        stopped = params.context.stopped_location.start.line + 1
        return list(views.inline_values(analysis, params.range, stopped))

    @server.command("foreframe.halts")
    async def halts(uri: str, function: str, args: str) -> dict[str, Any]:
        """Says whether a call ends; shown to the person by the client."""
        analysis = await language.analysis(uri)
        halting = await _by_rules(analysis, function, args)
        if halting is None:
            run = await _run(language, uri, analysis, function, args)
            halting = await asyncio.to_thread(_judged, analysis, run)
        return {
            "answer": halting.answer.value,
            "text": halting.text,
            "line": halting.line,
            "confidence": halting.confidence,
            "basis": halting.basis,
        }

    @server.command(views.EXPLAIN)
    async def explain(uri: str, function: str, args: str) -> dict[str, str]:
        """A call told in sentences."""
        analysis = await language.analysis(uri)
        run = await _run(language, uri, analysis, function, args)
        return {"text": await asyncio.to_thread(views.story, analysis, run)}

    @server.command("foreframe.retell")
    async def retell(uri: str, function: str, args: str) -> dict[str, str]:
        """The same, and after it in the model's own words, marked; refused by one that has none."""
        analysis = await language.analysis(uri)
        run = await _run(language, uri, analysis, function, args)
        story = await asyncio.to_thread(views.story, analysis, run)
        try:
            told = await language.asked(uri, language.predictor.retell(story.split("\n")))
        except EngineError as error:
            raise JsonRpcException(f"error {error.code}: {error}") from error
        return {"text": f"{story}\n\n{OWN_WORDS}\n{told or 'nothing.'}", "retold": told}


def _judged(analysis: Analysis, run: PredictedRun) -> Halting:
    """Whether a predicted run ends. To be called in a thread: the program may not be compiled."""
    assert analysis.program is not None
    return does_it_end(analysis.program, run.trace)


async def _by_rules(analysis: Analysis, function: str, args: str) -> Halting | None:
    """Whether a call ends, where that follows from its literals."""
    if function not in analysis.functions:
        return None
    program = await asyncio.to_thread(lambda: analysis.program)
    assert program is not None
    entry = Entry(function, args)
    try:
        known = await asyncio.to_thread(reckoned_halting, program, entry, FRAMES)
    except EntryError:
        return None  # asking the model tells what is wrong with it
    return known[0] if known else None


async def _run(
    language: Language, uri: str, analysis: Analysis, function: str, args: str
) -> PredictedRun:
    if function not in analysis.functions:
        raise JsonRpcException(f"there is no function {function} in this file")
    example = Example(function, args, 0, Kind.COMMENT)
    try:
        found = await language.asked(uri, language.predictor.run(analysis, example))
    except EngineError as error:
        raise JsonRpcException(f"error {error.code}: {error}") from error
    except EntryError as error:
        raise JsonRpcException(str(error)) from error
    assert isinstance(found, PredictedRun)
    return found


def register_edits(server: LanguageServer, language: Language) -> None:
    """Completion, ghost text and code actions at holes, and commands that compare candidates."""
    register_comparing(server, language)

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=["?"]))
    async def completion(params: lsp.CompletionParams) -> lsp.CompletionList | None:
        uri, came = params.text_document.uri, time.monotonic()
        analysis = await language.analysis(uri)
        hole = _hole_at(analysis, params.position)
        if hole is None:
            return None
        work = language.candidates(
            analysis,
            [hole],
            seconds=_left(COMPLETION_SECONDS, came),
            patience=PATIENCE_SECONDS,
            settle=SETTLE_SECONDS,
        )
        found: Found = await language.asked(uri, work)
        language.check(uri, analysis)
        wanted = len(await language.wanted(analysis, [hole]))
        link = uri if language.settings.command_links else None
        items = [
            completion_item(analysis, hole, candidate, rank, wanted, link)
            for rank, candidate in enumerate(found.candidates or untried(hole))
        ]
        return lsp.CompletionList(is_incomplete=not found.is_all, items=items)

    @server.feature(lsp.TEXT_DOCUMENT_INLINE_COMPLETION, lsp.InlineCompletionOptions())
    async def inline_completion(
        params: lsp.InlineCompletionParams,
    ) -> lsp.InlineCompletionList | None:
        """Ghost text: only what all examples bear out, and only if it is there at once.

        What it began goes on, for when it is asked for again.
        """
        uri, came = params.text_document.uri, time.monotonic()
        analysis = await language.analysis(uri)
        hole = _hole_at(analysis, params.position)
        wanted = len(await language.wanted(analysis, [hole])) if hole is not None else 0
        if hole is None or not wanted:
            return None
        work = language.candidates(analysis, [hole], seconds=_left(GHOST_SECONDS, came))
        found: Found = await language.asked(uri, work)
        language.check(uri, analysis)
        best = next(iter(found.candidates), None)
        if best is None or best.right < wanted:
            return None
        edit = views.fill_edits(analysis, [hole], best)[0]
        return lsp.InlineCompletionList([lsp.InlineCompletionItem(edit.new_text, range=edit.range)])

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions(
            code_action_kinds=[lsp.CodeActionKind.QuickFix], resolve_provider=True
        ),
    )
    async def code_action(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        """What can be filled here. The work is done when one of them is chosen."""
        uri = params.text_document.uri
        analysis = await language.analysis(uri)
        line, _ = place(analysis.lines, params.range.start)
        hole = _hole_at(analysis, params.range.start) or next(
            (hole for hole in analysis.holes if hole.line == line), None
        )
        if hole is None:
            return []
        base = {"uri": uri, "version": analysis.version}
        found = [
            lsp.CodeAction(
                "Fill this hole",
                kind=lsp.CodeActionKind.QuickFix,
                data=base | {"holes": [hole.index]},
            )
        ]
        others = analysis.holes_beside(hole)
        if len(others) > 1:
            where = f"all {len(others)} holes in {hole.function or 'this file'}"
            found.append(
                lsp.CodeAction(
                    f"Fill {where}",
                    kind=lsp.CodeActionKind.QuickFix,
                    data=base | {"holes": [other.index for other in others]},
                )
            )
        return found + compare_actions(analysis, uri, hole)

    @server.feature(lsp.CODE_ACTION_RESOLVE)
    async def code_action_resolve(action: lsp.CodeAction) -> lsp.CodeAction:
        if action.data is None:  # one that is a command
            return action
        data: Any = action.data
        uri = str(data["uri"])
        action.edit = await fill_edit(language, uri, data["holes"], data["version"])
        return action

    @server.command("foreframe.fillHoles")
    async def fill_holes(uri: str, function: str) -> dict[str, Any]:
        """Fills all holes of a function, after a look at the edit."""
        analysis = await language.analysis(uri)
        holes = [hole.index for hole in analysis.holes if hole.function == function]
        if not holes:
            return {"filled": 0}
        edit = await fill_edit(language, uri, holes, analysis.version)
        answer = await server.workspace_apply_edit_async(
            lsp.ApplyWorkspaceEditParams(edit, f"Fill the holes of {function}")
        )
        return {"filled": len(holes) if answer.applied else 0}


def _left(seconds: float, came: float) -> float:
    """What is left of the time for a request that came then."""
    return max(0.0, came + seconds - time.monotonic())


def untried(hole: Hole) -> list[Candidate]:
    """Guesses, for a person who has waited long enough."""
    return [Candidate((text,), "scope") for text in guesses(hole)[:UNTRIED]]


def completion_item(
    analysis: Analysis,
    hole: Hole,
    candidate: Candidate,
    rank: int,
    wanted: int,
    uri: str | None = None,
) -> lsp.CompletionItem:
    """A candidate as a completion that takes the hole's place.

    `uri`: of the document, where the editor follows links to commands.
    """
    edit = views.fill_edits(analysis, [hole], candidate)[0]
    first, *others = candidate.texts[0].split("\n")
    return lsp.CompletionItem(
        f"{first} …" if others else first,
        kind=lsp.CompletionItemKind.Value,
        label_details=lsp.CompletionItemLabelDetails(description=views.summary(candidate, wanted)),
        detail=ORIGINS[candidate.origin],
        documentation=documentation(analysis, hole, candidate, wanted, uri),
        sort_text=f"{rank:04}",
        filter_text=HOLE,
        preselect=rank == 0 and candidate.right > 0,
        text_edit=lsp.TextEdit(views.hole_range(analysis, hole), edit.new_text),
    )


async def fill_edit(
    language: Language, uri: str, indexes: list[int], version: int | None
) -> lsp.WorkspaceEdit:
    """The best way to fill these holes, as an edit that is previewed first, with progress."""
    analysis = await language.analysis(uri)
    if analysis.version != version:
        raise JsonRpcException("the document has changed since: ask again")
    holes = [analysis.holes[index] for index in indexes]
    work = language.candidates(analysis, holes, settle=SETTLE_FILL_SECONDS)
    title = "Foreframe: filling holes"
    found: Found = await watched(language, uri, title, work, "nothing was filled")
    language.check(uri, analysis)
    if not found.candidates:
        raise JsonRpcException("nothing was found that could stand here")
    best = found.candidates[0]
    wanted = len(await language.wanted(analysis, holes))
    if best.is_wrong:
        shown = ", ".join(text.replace("\n", "⏎") for text in best.texts)
        raise JsonRpcException(
            f"nothing was found that makes all {wanted} examples come out right: the best is "
            f"{shown}, and gives {best.evidence[-1].predicted or 'no end'} for "
            f"{best.evidence[-1].example.call}"
        )
    note = views.summary(best, wanted)
    edits = [
        lsp.AnnotatedTextEdit(PREVIEW, edit.range, edit.new_text)
        for edit in views.fill_edits(analysis, holes, best)
    ]
    document = lsp.OptionalVersionedTextDocumentIdentifier(uri, analysis.version)
    return lsp.WorkspaceEdit(
        document_changes=[lsp.TextDocumentEdit(document, edits)],
        change_annotations={
            PREVIEW: lsp.ChangeAnnotation("Fill holes", needs_confirmation=True, description=note)
        },
    )


def _hole_at(analysis: Analysis, at: lsp.Position) -> Hole | None:
    return analysis.hole_at(*place(analysis.lines, at))
