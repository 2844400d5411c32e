"""The language server over stdio, by pytest-lsp's client."""

import asyncio
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
import pytest_lsp
from language_client import at, begin, change, completion, document, open_text, server
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient

FIND = '''\
def find(nums: list[int], target: int) -> int:
    """>>> find([1, 3, 5, 7], 5)
    2
    """
    left, right = 0, ??
    while left <= right:
        mid = ??
        if nums[mid] == target:
            return mid
        if nums[mid] < target:
            left = mid + 1
        else:
            right = mid - 1
    return -1
'''
COUNT = """\
# count('😀aba', 'a') -> 2
def count(text, letter):
    n = 0
    for 字 in text:
        if 字 == letter:
            n += 1
    return n
"""


@pytest_lsp.fixture(config=server(0))
async def client(lsp_client: LanguageClient):
    await begin(lsp_client)
    yield
    await lsp_client.shutdown_session()


async def diagnostics(client: LanguageClient, uri: str, count: int) -> list[lsp.Diagnostic]:
    while len(client.diagnostics.get(uri, ())) < count:
        await asyncio.wait_for(
            client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS), 20
        )
    return list(client.diagnostics[uri])


async def test_completion_at_a_hole_offers_what_execution_bears_out_first(client: LanguageClient):
    text = FIND.replace("mid = ??", "mid = (left + right) // 2")
    uri = open_text(client, text)
    found = await completion(client, uri, at(text, "??", 2))
    first = found.items[0]
    assert first.label == "len(nums) - 1"
    assert "1 of 1 examples right" in first.label_details.description
    assert "✓ find([1, 3, 5, 7], 5) → 2" in first.documentation
    assert first.text_edit.range == lsp.Range(at(text, "??"), at(text, "??", 2))
    assert await completion(client, uri, at(text, "nums")) is None


async def test_all_holes_of_a_function_are_filled_by_an_action_with_a_preview(
    client: LanguageClient,
):
    uri = open_text(client, FIND)
    where = at(FIND, "??")
    actions = await client.text_document_code_action_async(
        lsp.CodeActionParams(
            document(uri), lsp.Range(where, where), lsp.CodeActionContext(diagnostics=[])
        )
    )
    assert [a.title for a in actions] == [
        "Fill this hole",
        "Fill all 2 holes in find",
        "Compare the candidates for this hole",
        "Compare ways to fill all 2 holes",
    ]
    assert all(a.edit is None for a in actions[:2])
    resolved = await client.code_action_resolve_async(actions[1])
    edit = resolved.edit.document_changes[0]
    assert {e.new_text for e in edit.edits} == {"len(nums) - 1", "(left + right) // 2"}
    assert edit.text_document.version == 1
    assert all(a.needs_confirmation for a in resolved.edit.change_annotations.values())


async def test_ghost_text_is_there_only_when_the_examples_bear_it_out(client: LanguageClient):
    text = FIND.replace("mid = ??", "mid = (left + right) // 2")
    uri = open_text(client, text)
    context = lsp.InlineCompletionContext(lsp.InlineCompletionTriggerKind.Automatic)
    await completion(client, uri, at(text, "??", 2))

    async def ghost(text: str):
        return await client.text_document_inline_completion_async(
            lsp.InlineCompletionParams(context, document(uri), at(text, "??", 2))
        )

    found = await ghost(text)
    assert found is None or found.items[0].insert_text == "len(nums) - 1"
    without = text.replace(">>> find([1, 3, 5, 7], 5)", "nothing")
    change(client, uri, without)
    assert await ghost(without) is None


async def test_holes_are_hinted_at_and_predicted_exceptions_warned_of(client: LanguageClient):
    text = "# f([]) -> 0\ndef f(xs):\n    return xs[0]\n\ndef g():\n    return ??  # '??'\n"
    uri = open_text(client, text)
    found = {d.code: d for d in await diagnostics(client, uri, 2)}
    assert found["hole"].severity is lsp.DiagnosticSeverity.Hint
    assert found["hole"].range == lsp.Range(at(text, "??"), at(text, "??", 2))
    warning = found["predicted-exception"]
    assert warning.severity is lsp.DiagnosticSeverity.Warning
    assert "f([]) raises IndexError: list index out of range, worked out" in warning.message
    assert warning.range.start.line == 2


async def test_a_wanted_exception_is_no_warning(client: LanguageClient):
    text = "# f([]) -> raises IndexError\ndef f(xs):\n    return xs[0]\n\nx = ??\n"
    uri = open_text(client, text)
    assert [d.code for d in await diagnostics(client, uri, 1)] == ["hole"]
    await client.text_document_hover_async(
        lsp.HoverParams(document(uri), at(text, "xs[0]"))
    )  # predicted by now
    assert [d.code for d in client.diagnostics[uri]] == ["hole"]


async def test_hovers_and_hints_show_predicted_values_at_places_in_utf_16(client: LanguageClient):
    uri = open_text(client, COUNT)
    hover = await client.text_document_hover_async(
        lsp.HoverParams(document(uri), at(COUNT, "字 =="))
    )
    assert "'😀', 'a', 'b', 'a'" in hover.contents.value
    assert "Nothing was executed" in hover.contents.value
    assert (
        await client.text_document_hover_async(lsp.HoverParams(document(uri), at(COUNT, "count(")))
        is None
    )
    whole = lsp.Range(lsp.Position(0, 0), lsp.Position(20, 0))
    hints = await client.text_document_inlay_hint_async(lsp.InlayHintParams(document(uri), whole))
    labels = {hint.position.line: hint.label for hint in hints}
    assert labels[2] == "≈ n = 0"
    assert labels[5] == "≈ n = 1, 2"
    assert labels[6] == "≈ returns = 2"


async def test_a_hover_links_to_the_run_in_words_where_the_editor_follows_links(
    client: LanguageClient,
):
    uri = open_text(client, COUNT)
    where = lsp.HoverParams(document(uri), at(COUNT, "字 =="))
    plain = await client.text_document_hover_async(where)
    assert "command:" not in plain.contents.value
    client.workspace_did_change_configuration(
        lsp.DidChangeConfigurationParams({"foreframe": {"commandLinks": True}})
    )
    linked = await client.text_document_hover_async(where)
    link = re.search(r"\(command:foreframe\.explain\?([^)]*)\)", linked.contents.value)
    arguments = json.loads(unquote(link[1]))
    assert arguments == [uri, "count", "'😀aba', 'a'"]
    told = await client.workspace_execute_command_async(
        lsp.ExecuteCommandParams("foreframe.explain", arguments)
    )
    assert "returns `n`" in told["text"]


CELL = "vscode-notebook-cell:/a/b.ipynb#W0sZmlsZQ%3D%3D"
OTHER = "vscode-notebook-cell:/a/b.ipynb#W1sZmlsZQ%3D%3D"


async def test_the_cells_of_a_notebook_are_served_each_by_itself(client: LanguageClient):
    text = "%time 1\n" + FIND.replace("mid = ??", "mid = (left + right) // 2")
    code = lsp.NotebookCellKind.Code
    client.notebook_document_did_open(
        lsp.DidOpenNotebookDocumentParams(
            lsp.NotebookDocument(
                "file:///a/b.ipynb", "jupyter-notebook", 1, [lsp.NotebookCell(code, CELL)]
            ),
            [lsp.TextDocumentItem(CELL, "python", 1, text)],
        )
    )
    assert [d.code for d in await diagnostics(client, CELL, 1)] == ["hole"]
    found = await completion(client, CELL, at(text, "??", 2))
    assert found.items[0].label == "len(nums) - 1"

    structure = lsp.NotebookDocumentCellChangeStructure(
        lsp.NotebookCellArrayChange(1, 0, [lsp.NotebookCell(code, OTHER)]),
        did_open=[lsp.TextDocumentItem(OTHER, "python", 1, COUNT)],
    )
    whole = lsp.TextDocumentContentChangeWholeDocument("x = ??\ny = ??\n")
    content = lsp.NotebookDocumentCellContentChanges(
        lsp.VersionedTextDocumentIdentifier(2, CELL), [whole]
    )
    client.notebook_document_did_change(
        lsp.DidChangeNotebookDocumentParams(
            lsp.VersionedNotebookDocumentIdentifier(2, "file:///a/b.ipynb"),
            lsp.NotebookDocumentChangeEvent(
                cells=lsp.NotebookDocumentCellChanges(structure, text_content=[content])
            ),
        )
    )
    assert len(await diagnostics(client, CELL, 2)) == 2
    hover = await client.text_document_hover_async(
        lsp.HoverParams(document(OTHER), at(COUNT, "字 =="))
    )
    assert "'😀', 'a', 'b', 'a'" in hover.contents.value


async def test_a_hole_in_a_file_of_5000_lines_is_filled(client: LanguageClient):
    rest = "".join(f"\n\ndef step_{n}(a):\n    return step_{n + 1}(a)\n" for n in range(1000))
    text = FIND.replace("mid = ??", "mid = (left + right) // 2") + rest
    uri = open_text(client, text)
    found = await completion(client, uri, at(text, "??", 1))
    assert found.items[0].label == "len(nums) - 1"


async def test_a_hole_in_an_f_string_is_filled_and_one_in_a_string_left_alone(
    client: LanguageClient,
):
    wanted = "# f('ab') -> '<2> ??'\n# f('abc') -> '<3> ??'\n"
    text = f"{wanted}def f(text):\n    return f'<{{??}}> ' + '??'\n"
    uri = open_text(client, text)
    assert len(await diagnostics(client, uri, 1)) == 1
    found = await completion(client, uri, at(text, "{??", 2))
    assert found.items[0].label == "len(text)"


async def test_a_hole_of_a_whole_line_is_completed_with_statements(client: LanguageClient):
    text = "# f([1, 2]) -> 3\n# f([]) -> 0\ndef f(xs):\n    n = 0\n    for x in xs:\n        ??\n"
    text += "    return n\n"
    uri = open_text(client, text)
    found = await completion(client, uri, at(text, "??", 2))
    assert found.items[0].label == "n += x"
    assert "2 of 2 examples right, as worked out" in found.items[0].label_details.description
    assert found.items[0].detail == "a guess from what is in scope"


async def test_lenses_stand_above_functions(client: LanguageClient):
    uri = open_text(client, FIND)
    lenses = await client.text_document_code_lens_async(lsp.CodeLensParams(document(uri)))
    titles = [lens.command.title for lens in lenses]
    assert titles == ["Predict", "Fill holes", "Does it end?", "Explain"]
    assert list(lenses[0].command.arguments) == [uri, 0, "find", "[1, 3, 5, 7], 5"]


async def test_commands_say_whether_it_ends_and_tell_the_run(client: LanguageClient):
    uri = open_text(client, COUNT)

    async def execute(command: str):
        return await client.workspace_execute_command_async(
            lsp.ExecuteCommandParams(command, [uri, "count", "'ab', 'b'"])
        )

    assert (await execute("foreframe.halts"))["answer"] == "ends"
    assert "returns `n`, which is 1." in (await execute("foreframe.explain"))["text"]


async def test_a_model_that_does_not_chat_refuses_to_retell_a_run(client: LanguageClient):
    uri = open_text(client, COUNT)
    with pytest.raises(JsonRpcException, match=r"error 1040: .* cannot retell"):
        await client.workspace_execute_command_async(
            lsp.ExecuteCommandParams("foreframe.retell", [uri, "count", "'ab', 'b'"])
        )


async def test_inline_values_name_the_variables_of_the_scope_and_nothing_in_strings(
    client: LanguageClient,
):
    text = "def f(a):\n    b = 'a b'\n    c = [a for x in b]\n    return c\n"
    uri = open_text(client, text)
    stopped = lsp.Range(lsp.Position(3, 0), lsp.Position(3, 0))
    found = await client.text_document_inline_value_async(
        lsp.InlineValueParams(
            document(uri),
            lsp.Range(lsp.Position(0, 0), lsp.Position(4, 0)),
            lsp.InlineValueContext(1, stopped),
        )
    )
    places = {(v.variable_name, v.range.start.line, v.range.start.character) for v in found}
    assert places >= {("a", 0, 6), ("b", 1, 4), ("c", 2, 4), ("c", 3, 11)}
    assert not any(line == 1 and column > 4 for _, line, column in places)


async def test_inline_values_leave_out_lines_that_cannot_have_run_before_the_stop(
    client: LanguageClient,
):
    text = "import os\n\nclass C:\n    def f(self, a):\n        if a:\n            b = 1\n"
    text += "            return b\n        elif a is None:\n            b = 2\n        else:\n"
    text += "            b = 3\n        while b:\n            b = (\n                b - 1\n"
    text += "            )\n        return b\n"
    uri = open_text(client, text)

    async def lines(stopped: int) -> set[int]:
        where = lsp.Range(lsp.Position(stopped - 1, 0), lsp.Position(stopped - 1, 0))
        found = await client.text_document_inline_value_async(
            lsp.InlineValueParams(
                document(uri),
                lsp.Range(lsp.Position(0, 0), lsp.Position(20, 0)),
                lsp.InlineValueContext(1, where),
            )
        )
        return {value.range.start.line + 1 for value in found}

    assert await lines(9) == {4, 5, 8, 9}
    assert await lines(11) == {4, 5, 8, 11}
    assert await lines(16) == {4, 5, 8, 9, 11, 12, 13, 14, 16}


async def test_a_file_with_errors_elsewhere_is_served_all_the_same(client: LanguageClient):
    text = "def broken(:\n    pass\n\n" + FIND.replace("mid = ??", "mid = (left + right) // 2")
    uri = open_text(client, text)
    found = await completion(client, uri, at(text, "??", 1))
    assert found.items[0].label == "len(nums) - 1"


async def test_a_malicious_example_runs_nothing(client: LanguageClient, tmp_path: Path):
    mark = tmp_path / "mark"
    text = f"# f(open({str(mark)!r}, 'w')) -> 1\ndef f(x):\n    return ??\n"
    uri = open_text(client, text)
    found = await completion(client, uri, at(text, "??", 1))
    assert "no example" in found.items[0].documentation
    await diagnostics(client, uri, 1)
    assert not mark.exists()


async def test_what_is_certain_to_be_wrong_is_not_put_in(client: LanguageClient):
    uri = open_text(client, "# f(3) -> 'no such'\n# f(4) -> 17.5\ndef f(n):\n    return n + ??\n")
    where = lsp.Position(3, 15)
    actions = await client.text_document_code_action_async(
        lsp.CodeActionParams(
            document(uri), lsp.Range(where, where), lsp.CodeActionContext(diagnostics=[])
        )
    )
    with pytest.raises(JsonRpcException, match="nothing was found that makes all 2 examples"):
        await client.code_action_resolve_async(actions[0])
