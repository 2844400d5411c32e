"""A document that is typed into, over stdio: what is shown moves with it."""

import sys
from pathlib import Path

import pytest_lsp
from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

SCRIPT = Path(__file__).parent.parent / "support/oracle_language_server.py"
TEXT = """\
# first(2) -> 3
def first(n):
    return n + 1

x = '😀字'
def second(n):
    return ??

def third(n): return n
"""
URI = "file:///typed.py"


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[sys.executable, str(SCRIPT), "0"]))
async def client(lsp_client: LanguageClient):
    await lsp_client.initialize_session(
        lsp.InitializeParams(capabilities=client_capabilities("visual-studio-code"))
    )
    item = lsp.TextDocumentItem(URI, "python", 1, TEXT)
    lsp_client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
    yield
    await lsp_client.shutdown_session()


class Typist:
    """Makes edits, and looks at where the lenses are."""

    def __init__(self, client: LanguageClient) -> None:
        self.client, self.version = client, 1

    def edit(self, line: int, start: int, end: int, text: str) -> None:
        """Replaces a part of a line, from 0, in UTF-16 units."""
        self.version += 1
        place = lsp.Range(lsp.Position(line, start), lsp.Position(line, end))
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(self.version, URI),
                [lsp.TextDocumentContentChangePartial(place, text)],
            )
        )

    async def lenses(self) -> dict[str, int]:
        """Function → the line of its lens, from 0."""
        params = lsp.CodeLensParams(lsp.TextDocumentIdentifier(URI))
        found = await self.client.text_document_code_lens_async(params)
        return {
            str(lens.command.arguments[2]): lens.range.start.line
            for lens in found or ()
            if lens.command and lens.command.command == "foreframe.predictFromHere"
        }

    async def completion(self, line: int, character: int) -> list[str]:
        params = lsp.CompletionParams(
            lsp.TextDocumentIdentifier(URI), lsp.Position(line, character)
        )
        found = await self.client.text_document_completion_async(params)
        assert isinstance(found, lsp.CompletionList)
        return [item.label for item in found.items]


async def test_what_stands_below_an_edit_moves_with_it(client: LanguageClient):
    typist = Typist(client)
    assert await typist.lenses() == {"first": 1, "second": 5, "third": 8}
    typist.edit(4, 0, 0, "y = 1\n\n")
    assert await typist.lenses() == {"first": 1, "second": 7, "third": 10}
    typist.edit(6, 7, 7, "é")  # behind an emoji, which has two units
    assert await typist.lenses() == {"first": 1, "second": 7, "third": 10}
    assert "n" in await typist.completion(8, 13)


async def test_an_error_that_is_being_typed_hides_nothing_else(client: LanguageClient):
    typist = Typist(client)
    await typist.lenses()
    for at, key in enumerate('z = """(def'):
        typist.edit(3, at, at, key)
        assert (await typist.lenses())["first"] == 1
    typist.edit(3, 0, 11, 'z = ("")')
    assert await typist.lenses() == {"first": 1, "second": 5, "third": 8}


async def test_what_is_asked_behind_many_keystrokes_is_told_of_the_last(client: LanguageClient):
    typist = Typist(client)
    for at in range(30):
        typist.edit(3, at, at, "\n" if at == 29 else " ")
    assert await typist.lenses() == {"first": 1, "second": 6, "third": 9}
