"""What the language server asks of the engine, ended there: by a keystroke, and by a button."""

import asyncio

import pytest
import pytest_lsp
from language_client import at, begin, change, completion, document, open_text, server
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient

from foreframe.language.analysis import Analysis
from foreframe.language.handlers import completion_item, untried


@pytest_lsp.fixture(config=server(30))
async def slow(lsp_client: LanguageClient):
    await begin(lsp_client)
    yield
    await lsp_client.shutdown_session()


async def counts(slow: LanguageClient) -> dict[str, int]:
    answer = await slow.protocol.send_request_async("test/running", {})
    return {"running": answer.running, "cancelled": answer.cancelled}


async def until(slow: LanguageClient, is_running: bool) -> None:
    for _ in range(1000):
        if ((await counts(slow))["running"] > 0) is is_running:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"running did not become {is_running}")


# no example can be run by itself, and rules know no `math`: only filling asks for predictions
ASKED = "import math\n# f([3, 9]) -> 9\ndef f(nums):\n    return math.floor(??)\n"


def test_guesses_that_have_not_been_tried_yet_are_told_as_such():
    analysis = Analysis("/f.py", ASKED)
    (hole,) = analysis.holes
    items = [completion_item(analysis, hole, one, 0, 1) for one in untried(hole)]
    assert items[0].label_details.description == "not tried yet"
    assert items[0].documentation == "Not tried yet: ask again in a moment."
    assert not items[0].preselect


async def test_a_keystroke_ends_the_old_request_at_the_engine(slow: LanguageClient):
    text = ASKED
    uri = open_text(slow, text)
    asked = asyncio.create_task(completion(slow, uri, at(text, "??", 2)))
    await until(slow, True)
    change(slow, uri, "x = 1\n")
    await until(slow, False)
    assert (await counts(slow))["cancelled"] >= 1
    with pytest.raises(JsonRpcException, match="changed"):
        await asked


async def test_the_progress_has_a_button_that_ends_the_filling_at_the_engine(
    slow: LanguageClient,
):
    text = ASKED
    slow.workspace_did_change_configuration(
        lsp.DidChangeConfigurationParams({"foreframe": {"warnings": False, "inlayHints": False}})
    )
    uri = open_text(slow, text)
    where = lsp.Range(at(text, "??"), at(text, "??"))
    action, _ = await slow.text_document_code_action_async(
        lsp.CodeActionParams(document(uri), where, lsp.CodeActionContext(diagnostics=[]))
    )
    resolved = asyncio.create_task(slow.code_action_resolve_async(action))
    await until(slow, True)
    (token,) = slow.progress_reports
    slow.window_work_done_progress_cancel(lsp.WorkDoneProgressCancelParams(token))
    await until(slow, False)
    with pytest.raises(JsonRpcException, match="nothing was filled"):
        await resolved
    assert slow.progress_reports[token][-1].kind == "end"
