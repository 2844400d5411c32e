"""A language server over stdio for tests, and what is asked of it."""

import sys
from pathlib import Path

from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

SCRIPT = Path(__file__).parent / "oracle_language_server.py"


def server(delay: float) -> ClientServerConfig:
    return ClientServerConfig(server_command=[sys.executable, str(SCRIPT), str(delay)])


async def begin(client: LanguageClient) -> None:
    capabilities = client_capabilities("visual-studio-code")
    assert capabilities.text_document is not None
    capabilities.text_document.inline_completion = lsp.InlineCompletionClientCapabilities()
    await client.initialize_session(lsp.InitializeParams(capabilities=capabilities))


def open_text(client: LanguageClient, text: str, uri: str = "file:///f.py") -> str:
    item = lsp.TextDocumentItem(uri, "python", 1, text)
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
    return uri


def change(client: LanguageClient, uri: str, text: str, version: int = 2) -> None:
    client.text_document_did_change(
        lsp.DidChangeTextDocumentParams(
            lsp.VersionedTextDocumentIdentifier(version, uri),
            [lsp.TextDocumentContentChangeWholeDocument(text)],
        )
    )


def at(text: str, what: str, offset: int = 0) -> lsp.Position:
    """The position of the first `what`, in UTF-16 units."""
    before = text[: text.index(what) + offset]
    line = before.rsplit("\n", 1)[-1]
    return lsp.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)


def document(uri: str) -> lsp.TextDocumentIdentifier:
    return lsp.TextDocumentIdentifier(uri)


async def completion(client: LanguageClient, uri: str, position: lsp.Position):
    params = lsp.CompletionParams(document(uri), position)
    return await client.text_document_completion_async(params)
