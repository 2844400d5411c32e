"""Work that a person waits for: shown by the client, with a button that ends it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

if TYPE_CHECKING:
    from foreframe.language.server import Language


async def watched(
    language: Language, uri: str, title: str, work: Coroutine[Any, Any, Any], ended: str
) -> Any:
    """What work for a document gives.

    Raises JsonRpcException when a person ends it; `ended` says what that means.
    """
    server = language.server
    token = f"foreframe-{time.monotonic_ns()}"
    shown = await _begin(server, token, title)
    task = asyncio.create_task(language.asked(uri, work))
    if shown:
        cancel = server.work_done_progress.tokens[token]
        cancel.add_done_callback(lambda _: task.cancel())  # by the person, who has the button
    try:
        return await task
    except asyncio.CancelledError:
        task.cancel()
        current = asyncio.current_task()
        if current is not None and current.cancelling():
            raise
        raise JsonRpcException(f"cancelled: {ended}") from None
    finally:
        if shown:
            server.work_done_progress.end(token, lsp.WorkDoneProgressEnd())
            del server.work_done_progress.tokens[token]


async def _begin(server: LanguageServer, token: str, title: str) -> bool:
    """Shows that something is under way, where the client can."""
    window = server.client_capabilities.window
    if not (window and window.work_done_progress):
        return False
    await server.work_done_progress.create_async(token)
    server.work_done_progress.begin(token, lsp.WorkDoneProgressBegin(title, cancellable=True))
    return True
