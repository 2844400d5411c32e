"""The language server on its wire: requests in, views out. Started by `foreframe lsp`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from lsprotocol import types as lsp
from pydantic import ValidationError
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from foreframe import __version__
from foreframe.examples import Example
from foreframe.filling import Budget, Candidate, wanted_for
from foreframe.holes import Hole
from foreframe.language import notebooks, views
from foreframe.language.analysis import Analysis
from foreframe.language.calls import calls_for, chosen_for
from foreframe.language.fills import Found
from foreframe.language.garbage import Garbage
from foreframe.language.predictor import FRAMES, Foresight, PredictedRun, Predictor
from foreframe.language.protocol import Protocol
from foreframe.language.reader import Reader
from foreframe.language.remote import RemotePredictor, worker_command
from foreframe.language.settings import Settings
from foreframe_models.engines import open_engine
from foreframe_models.engines.base import EngineError
from foreframe_models.entry import EntryError
from foreframe_models.world_model import WorldModel

QUIET_SECONDS = 0.4  # without a keystroke before anything is predicted by itself
EXAMPLES_RUN = 6  # of a file, by itself
OpenWorld = Callable[[str, int], WorldModel]


class OutOfDate(JsonRpcException):
    """The document has changed since the request: what was found does not fit it."""

    CODE = lsp.LSPErrorCodes.ContentModified.value
    MESSAGE = "the document has changed since"


def open_world(engine: str, max_frames: int) -> WorldModel:
    """The world model behind an engine's name. Raises ValueError."""
    return WorldModel(open_engine(engine), max_frames=max_frames, max_tokens=60 * max_frames)


def foresight(open_world_: OpenWorld, engine: str) -> Foresight:
    """What predicts: in a process of its own, or here with a world of the caller's.

    Raises ValueError for an engine that there is not.
    """
    if open_world_ is not open_world:
        return Predictor(open_world_(engine, FRAMES))
    open_engine(engine)  # so that it is told at once
    return RemotePredictor(worker_command(engine))


class Language:
    """The documents that are open, what is known of them, and the one predictor."""

    def __init__(self, server: LanguageServer, open_world: OpenWorld, engine: str) -> None:
        self.server, self.open_world = server, open_world
        self.settings = Settings(engine=engine)
        self.predictor = foresight(open_world, engine)
        self._readers: dict[str, Reader] = {}
        self._lenses: dict[str, tuple[Analysis, list[lsp.CodeLens]]] = {}
        self._background: dict[str, asyncio.Task[None]] = {}
        self._asked: dict[str, set[asyncio.Task[Any]]] = {}
        self._garbage = Garbage()
        self._closing: asyncio.Task[None] | None = None  # of the predictor before

    # Documents

    async def analysis(self, uri: str) -> Analysis:
        """The document as it is now, which is read once for all who ask."""
        document = self.server.workspace.get_text_document(uri)
        return await self._reader(uri).read(document.source, document.version)

    def _reader(self, uri: str) -> Reader:
        if uri not in self._readers:
            analyse = partial(self._analysed, path_of(uri))
            self._readers[uri] = Reader(analyse, self._garbage)
        return self._readers[uri]

    def lenses(self, uri: str, analysis: Analysis) -> list[lsp.CodeLens]:
        """Those of a document, made once: an editor asks again and again."""
        known = self._lenses.get(uri)
        if known is None or known[0] is not analysis:
            known = self._lenses[uri] = analysis, views.lenses(analysis, uri)
        return known[1]

    def _analysed(
        self, path: str, source: str, version: int | None, before: Analysis | None
    ) -> Analysis:
        """A text, with the calls of its functions that people have made in the opened folder."""
        root = self.server.workspace.root_path
        calls = calls_for(Path(path), Path(root)) if root else []
        return Analysis.of(path, source, version, calls, before)

    async def close(self) -> None:
        """Ends all that is asked, at the engine too, and frees the model."""
        asked = [task for tasks in self._asked.values() for task in tasks]
        for task in (*asked, *self._background.values()):
            task.cancel()
        await self.predictor.close()

    def check(self, uri: str, analysis: Analysis) -> None:
        """Raises OutOfDate when the document is no longer the one that was analysed."""
        if self.server.workspace.get_text_document(uri).version != analysis.version:
            raise OutOfDate

    def changed(self, uri: str) -> None:
        """A keystroke: what was asked for the old text is ended, at the engine too."""
        self._end(uri)
        document = self.server.workspace.get_text_document(uri)
        self._reader(uri).begin(document.source, document.version)
        self._background[uri] = asyncio.create_task(self._look(uri))

    def closed(self, uri: str) -> None:
        """The document is no longer shown."""
        self._end(uri)
        self._readers.pop(uri, None)
        self._lenses.pop(uri, None)
        self._publish(uri, None, [])

    def _end(self, uri: str) -> None:
        """Ends all that goes on for a document's text, whether somebody waits for it or not."""
        for task in (*self._asked.pop(uri, ()), *filter(None, [self._background.pop(uri, None)])):
            task.cancel()
        reader = self._readers.get(uri)
        if reader is not None and reader.last is not None:
            self.predictor.drop(reader.last)

    async def asked(self, uri: str, work: Coroutine[Any, Any, Any]) -> Any:
        """Work for a request, ended when the document changes. None then."""
        task = asyncio.create_task(work)
        self._asked.setdefault(uri, set()).add(task)
        try:
            return await task
        except asyncio.CancelledError:
            task.cancel()
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            raise OutOfDate from None
        finally:
            self._asked.get(uri, set()).discard(task)

    async def _look(self, uri: str) -> None:
        """When a person pauses: holes and predicted exceptions are shown, hints made ready."""
        await asyncio.sleep(QUIET_SECONDS)
        analysis = await self.analysis(uri)
        self._publish(uri, analysis, [])
        self._garbage.tidy()
        if not (self.settings.warnings or self.settings.inlay_hints):
            return
        runs: list[PredictedRun] = []
        for example in runnable(analysis)[:EXAMPLES_RUN]:
            try:
                runs.append(await self.predictor.run(analysis, example))
            except EntryError:
                continue
            except EngineError as error:
                self.server.window_log_message(
                    lsp.LogMessageParams(lsp.MessageType.Warning, f"error {error.code}: {error}")
                )
                return
            self._publish(uri, analysis, runs)
        if runs and self.settings.inlay_hints and self._refreshes_hints():
            self.server.workspace_inlay_hint_refresh(None)

    def _refreshes_hints(self) -> bool:
        workspace = self.server.client_capabilities.workspace
        return bool(workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support)

    def _publish(self, uri: str, analysis: Analysis | None, runs: Sequence[PredictedRun]) -> None:
        least = self.settings.confidence if self.settings.warnings else 2.0
        found = views.diagnostics(analysis, runs, least) if analysis else []
        version = analysis.version if analysis else None
        self.server.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri, found, version)
        )

    # Filling

    async def candidates(
        self,
        analysis: Analysis,
        holes: Sequence[Hole],
        *,
        seconds: float | None = None,
        patience: float | None = None,
        settle: float = 0.0,
    ) -> Found:
        """Candidates for holes, best first.

        They come `settle` seconds after one with all examples right, after `patience` seconds as
        soon as there is any, and after `seconds` in any case.
        """
        wanted = await self.wanted(analysis, holes)
        chosen = self.settings.holes
        budget = Budget(
            candidates=chosen.candidates,
            runs=chosen.verify == "run",
            reasoning=chosen.reasoning,
        )

        def enough(candidate: Candidate) -> bool:
            return bool(wanted) and candidate.right == len(wanted)

        try:
            return await self.predictor.best(
                analysis,
                holes,
                wanted,
                budget,
                seconds=seconds,
                patience=patience,
                enough=enough,
                settle=settle,
            )
        except EngineError as error:
            raise JsonRpcException(f"error {error.code}: {error}") from error

    async def wanted(self, analysis: Analysis, holes: Sequence[Hole]) -> list[Example]:
        """The examples that tell about holes, with what was chosen for them in the last session."""
        known = list(analysis.examples)
        root = self.server.workspace.root_path
        if root:
            path = Path(analysis.path)
            known += await asyncio.to_thread(
                chosen_for, path, Path(root), analysis.source, analysis.holes
            )
        found = (one for hole in holes for one in wanted_for(hole, analysis, known))
        return list(dict.fromkeys(found))

    def configure(self, body: object) -> None:
        """New settings; what is wrong in them is told, and the old ones stay."""
        section = body.get("foreframe", body) if isinstance(body, dict) else {}
        try:
            settings = Settings.model_validate(section)
            if settings.engine != self.settings.engine:
                old, self.predictor = self.predictor, foresight(self.open_world, settings.engine)
                self._closing = asyncio.create_task(old.close())
        except (ValidationError, ValueError) as error:
            self.server.window_show_message(
                lsp.ShowMessageParams(lsp.MessageType.Warning, f"foreframe settings: {error}")
            )
            return
        self.settings = settings


def path_of(uri: str) -> str:
    """A path to name a document by; notebooks' cells and unsaved files have one too."""
    return unquote(urlparse(uri).path) or uri


def runnable(analysis: Analysis) -> list[Example]:
    """The examples of functions that the file has, the first of each function first."""
    seen: dict[str, list[Example]] = {}
    for example in analysis.examples:
        if example.function in analysis.functions:
            seen.setdefault(example.function, []).append(example)
    first = [examples[0] for examples in seen.values()]
    return first + [e for examples in seen.values() for e in examples[1:]]


class Server(LanguageServer):
    """pygls' server, and what it knows."""

    protocol: Protocol
    language: Language


def make_server(engine: str = "auto", world: OpenWorld = open_world) -> Server:
    """A server that is ready to be started on stdio, or for one client of a port."""
    server = Server(
        "foreframe", __version__, protocol_cls=Protocol, notebook_document_sync=notebooks.SYNC
    )
    server.language = Language(server, world, engine)
    register(server, server.language)
    return server


def register(server: LanguageServer, language: Language) -> None:
    """Gives the server its handlers."""
    from foreframe.language.handlers import register_edits, register_sight

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: lsp.DidOpenTextDocumentParams) -> None:
        language.changed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: lsp.DidChangeTextDocumentParams) -> None:
        language.changed(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: lsp.DidCloseTextDocumentParams) -> None:
        language.closed(params.text_document.uri)

    @server.feature(lsp.SHUTDOWN)
    async def shutdown(_: None) -> None:
        await language.close()

    @server.feature(lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def did_change_configuration(params: lsp.DidChangeConfigurationParams) -> None:
        language.configure(params.settings)

    notebooks.register_notebooks(server, language)
    register_sight(server, language)
    register_edits(server, language)
