"""Candidates for holes, looked at over the language server: their examples, and their ways."""

import json
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from foreframe.candidates import Candidate
from foreframe.language.analysis import Analysis
from foreframe.language.evidence import fills

SCRIPT = Path(__file__).parent.parent / "support/oracle_language_server.py"
COMMAND = [sys.executable, str(SCRIPT), "0"]
CLAMP = '''\
def clamp(n: int, low: int, high: int) -> int:
    """Keeps a number within bounds. 😀

    >>> clamp(5, 0, 3)
    3
    >>> clamp(-2, -1, 3)
    -1
    """
    if n > high:
        n = ??
    elif n < low:
        n = low
    return n
'''
# Rules know no `math`: this has to be predicted.
ROOT = "import math\n# root(9) -> 3\n# root(16) -> 4\ndef root(n):\n    return math.isqrt(??)\n"


@pytest_lsp.fixture(config=ClientServerConfig(server_command=COMMAND))
async def client(lsp_client: LanguageClient):
    capabilities = client_capabilities("visual-studio-code")
    await lsp_client.initialize_session(lsp.InitializeParams(capabilities=capabilities))
    lsp_client.workspace_did_change_configuration(
        lsp.DidChangeConfigurationParams({"foreframe": {"commandLinks": True}})
    )
    yield
    await lsp_client.shutdown_session()


def open_text(client: LanguageClient, text: str, uri: str = "file:///f.py") -> str:
    item = lsp.TextDocumentItem(uri, "python", 1, text)
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
    return uri


def read(uri: str) -> str:
    return Path(unquote(urlparse(uri).path)).read_text(encoding="utf-8")


async def ask(client: LanguageClient, command: str, *arguments: Any) -> Any:
    params = lsp.ExecuteCommandParams(f"foreframe.{command}", list(arguments))
    return await client.workspace_execute_command_async(params)


async def test_candidates_come_best_first_with_what_each_example_gives(client: LanguageClient):
    uri = open_text(client, CLAMP)
    found = await ask(client, "candidates", uri, 1, [0])
    assert (found["isAll"], found["line"], found["function"]) == (True, 10, "clamp")
    first, *others = found["candidates"]
    assert first["texts"] == ["high"]
    assert first["summary"] == "2 of 2 examples right, as worked out"
    assert first["examples"][0] == {
        "call": "clamp(5, 0, 3)",
        "function": "clamp",
        "args": "5, 0, 3",
        "wanted": "3",
        "right": True,
        "basis": "worked out",
        "predicted": "3",
        "probability": 1.0,
        "text": "✓ clamp(5, 0, 3) → 3 worked out, 3 wanted",
    }
    wrong = next(one for one in others if one["texts"] == ["0"])
    assert [one["right"] for one in wrong["examples"]] == [False, None]
    assert wrong["examples"][1]["basis"] == "not tried"


async def test_the_way_of_a_candidate_is_told_in_sentences_frames_and_lines(
    client: LanguageClient,
):
    uri = open_text(client, CLAMP)
    await ask(client, "candidates", uri, 1, [0])
    told = await ask(client, "candidateTrace", uri, 1, [0], ["high"])
    first, second = told["examples"]
    assert "Line 9: `n > high` holds, line 10 is next." in first["story"]
    assert "Line 10: `n` goes from 5 to 3." in first["story"]
    line = next(frame for frame in first["frames"] if frame["line"] == 13)
    assert line["changed"] == [{"name": "n", "value": "3", "provenance": "given"}]
    assert first["path"]["taken"] == [1, 9, 10, 13]
    assert first["path"]["skipped"] == [[11, 11], [12, 12]]
    assert {"line": 10, "text": "n = 3"} in first["path"]["lines"]
    assert second["path"]["taken"] == [1, 9, 11, 12, 13]
    assert told["source"] == CLAMP.replace("??", "high")
    assert told["fills"] == [
        {"start": {"line": 9, "character": 12}, "end": {"line": 9, "character": 16}}
    ]


async def test_what_rules_show_to_be_wrong_has_a_way_too(client: LanguageClient):
    uri = open_text(client, CLAMP)
    await ask(client, "candidates", uri, 1, [0])
    told = await ask(client, "candidateTrace", uri, 1, [0], ["0"])
    assert told["examples"][0]["path"]["taken"] == [1, 9, 10, 13]
    assert told["examples"][0]["predicted"] == "0"
    assert told["examples"][1]["path"] is None


async def test_looking_at_a_candidate_that_is_known_asks_the_engine_for_nothing(
    client: LanguageClient,
):
    client.workspace_did_change_configuration(
        lsp.DidChangeConfigurationParams({"foreframe": {"warnings": False, "inlayHints": False}})
    )
    uri = open_text(client, ROOT)
    found = await ask(client, "candidates", uri, 1, [0], 60.0)
    best = found["candidates"][0]
    assert best["texts"] == ["n"]
    assert {one["basis"] for one in best["examples"]} == {"predicted"}

    async def asked() -> int:
        answer = await client.protocol.send_request_async("test/running", {})
        return int(answer.asked)

    before = await asked()
    told = await ask(client, "candidateTrace", uri, 1, [0], ["n"])
    assert await asked() == before
    assert "returns" in told["examples"][0]["story"]
    assert told["examples"][1]["path"]["taken"]
    wrong = next(one for one in found["candidates"] if one["right"] == 0)
    told = await ask(client, "candidateTrace", uri, 1, [0], wrong["texts"])
    assert await asked() == before
    assert told["examples"][1]["story"] == "Not walked: an example before it does not come out."


async def test_several_holes_are_compared_together(client: LanguageClient):
    text = CLAMP.replace("n = low", "n = ??")
    text = text.replace("    -1\n", "    -1\n    >>> clamp(-9, -4, 3)\n    -4\n")
    uri = open_text(client, text)
    found = await ask(client, "candidates", uri, 1, [0, 1])
    assert found["candidates"][0]["texts"] == ["high", "low"]
    told = await ask(client, "candidateTrace", uri, 1, [0, 1], ["high", "low"])
    assert [(one["start"]["line"], one["end"]["character"]) for one in told["fills"]] == [
        (11, 16),
        (13, 15),
    ]
    assert [example["right"] for example in told["examples"]] == [True, True, True]


async def test_what_stood_in_the_other_holes_is_told_and_looked_at(client: LanguageClient):
    text = CLAMP.replace("n = low", "n = ??")
    uri = open_text(client, text)
    found = await ask(client, "candidates", uri, 1, [0])
    best = found["candidates"][0]
    assert best["right"] == 2
    assert len(best["texts"]) == len(best["along"]) == 1
    told = await ask(client, "candidateTrace", uri, 1, [0], best["texts"])
    assert "??" not in told["source"]
    assert [one["start"]["line"] for one in told["fills"]] == [9, 11]
    assert [one["path"]["taken"][-1] for one in told["examples"]] == [13, 13]


def test_a_text_of_several_lines_is_shown_whole():
    text = "def f(xs):\n    n = 0\n    ??\n    return n\n"
    analysis = Analysis("/f.py", text)
    several = Candidate(("for x in xs:\n    n += x",), "model")
    (fill,) = fills(analysis, analysis.holes, several)
    assert fill["start"] == {"line": 2, "character": 4}
    assert fill["end"] == {"line": 3, "character": len("        n += x")}
    assert several.filled(text, analysis.holes).split("\n")[4] == "    return n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((2, [0], ["high"]), "the document has changed since: ask again"),
        ((1, [0], ["import os"]), r"`import os` was not tried here"),
        ((1, [7], ["high"]), "a list of numbers below 1"),
        ((1, "all", ["high"]), "a list of numbers below 1"),
        ((1, [], []), "at least one hole"),
        ((1, [0, 0], ["high", "high"]), "each of them once"),
        ((1, {"line": 0, "character": 0}, ["high"]), r"no \?\? on line 1"),
        ((1, {"line": "x"}, ["high"]), "a line and a character"),
        ((1, [0], ["high", "low"]), "was not tried here"),
    ],
)
async def test_what_is_not_known_or_out_of_date_is_told(
    client: LanguageClient, arguments: tuple[Any, ...], says: str
):
    uri = open_text(client, CLAMP)
    for command in ("candidateTrace", "insertCandidate"):
        with pytest.raises(JsonRpcException, match=says):
            await ask(client, command, uri, *arguments)


async def test_a_candidate_is_put_into_the_document_by_an_edit_of_the_client(
    client: LanguageClient,
):
    edits: list[lsp.ApplyWorkspaceEditParams] = []

    @client.feature(lsp.WORKSPACE_APPLY_EDIT)
    def apply(params: lsp.ApplyWorkspaceEditParams) -> lsp.ApplyWorkspaceEditResult:
        edits.append(params)
        return lsp.ApplyWorkspaceEditResult(applied=True)

    uri = open_text(client, CLAMP)
    where = {"line": 9, "character": 12}
    assert await ask(client, "insertCandidate", uri, 1, where, ["high"]) == {"applied": True}
    change = edits[0].edit.document_changes[0]
    assert change.text_document.version == 1
    assert [edit.new_text for edit in change.edits] == ["high"]


async def test_a_completion_links_to_the_way_where_the_editor_follows_links(
    client: LanguageClient,
):
    uri = open_text(client, CLAMP)
    params = lsp.CompletionParams(lsp.TextDocumentIdentifier(uri), lsp.Position(9, 14))
    item = (await client.text_document_completion_async(params)).items[0]
    assert item.documentation.kind is lsp.MarkupKind.Markdown
    assert "```text\n✓ clamp(5, 0, 3)\n  → 3 worked out" in item.documentation.value
    link = re.search(r"\(command:foreframe\.candidateTrace\?([^)]*)\)", item.documentation.value)
    arguments = json.loads(unquote(link[1]))
    assert arguments == [uri, 1, [0], ["high"]]
    told = await ask(client, "candidateTrace", *arguments)
    assert "returns `n`, which is 3" in told["examples"][0]["story"]


async def test_an_editor_without_a_view_of_its_own_is_shown_a_document(client: LanguageClient):
    client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams({"foreframe": {}}))
    uri = open_text(client, CLAMP)
    where = lsp.Range(lsp.Position(9, 14), lsp.Position(9, 14))
    actions = await client.text_document_code_action_async(
        lsp.CodeActionParams(
            lsp.TextDocumentIdentifier(uri), where, lsp.CodeActionContext(diagnostics=[])
        )
    )
    *_, compare = actions
    assert compare.title == "Compare the candidates for this hole"
    told = await ask(client, "candidates", uri, 1, [0])
    (shown,) = client.shown_documents
    text = read(shown.uri)
    assert text == told["text"]
    assert text.startswith("# Candidates for ?? in f.py, line 10\n\n## 1. 2 of 2 examples right")
    assert "The way of `clamp(5, 0, 3)`:\n\n```text\nclamp is called with" in text
