"""The OpenAPI document: what every operation is, and what it can answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from foreframe.web.app import create_app
from foreframe.web.settings import ServeSettings
from foreframe_protocol import api


@pytest.fixture(scope="module")
def document() -> Any:
    app: Any = create_app(ServeSettings())
    return app.app.openapi()


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_all_of_the_table_is_there(document: Any) -> None:
    told = {name.replace(api.PREFIX, "") for name, _ in operations(document)}
    table = [line.split() for line in (api.__doc__ or "").splitlines() if " /" in line[:12]]
    wanted = {
        f"{line[0]} {path.rstrip(',')}"
        for line in table
        if line[0] in ("GET", "POST", "DELETE")
        for path in line[1:]
        if path.startswith("/")
    }
    assert len(wanted) > 20
    assert wanted <= told


def test_every_operation_says_what_it_is_and_how_it_fails(document: Any) -> None:
    names = {tag["name"] for tag in document["tags"]}
    for name, operation in operations(document):
        assert operation["description"], name
        assert set(operation["tags"]) <= names, name
        for status in ("default", "429", "503"):
            (kind,) = operation["responses"][status]["content"]
            assert kind == "application/problem+json", name
        assert "422" not in operation["responses"], name


def test_every_reference_leads_somewhere(document: Any) -> None:
    schemas = document["components"]["schemas"]
    todo, found = [document], set()
    while todo:
        match todo.pop():
            case {"$ref": str(reference)}:
                found.add(reference.removeprefix("#/components/schemas/"))
            case dict() as fields:
                todo += fields.values()
            case list() as items:
                todo += items
    assert found <= schemas.keys()
    assert "HTTPValidationError" not in schemas


@pytest.mark.parametrize(
    "body",
    [
        api.NewSession,
        api.RunRequest,
        api.PredictRequest,
        api.InputsRequest,
        api.CompareRequest,
        api.FillRequest,
        api.ExplainRequest,
        api.EvaluateRequest,
        api.BreakpointSpec,
    ],
)
def test_the_examples_are_valid(body: type[BaseModel]) -> None:
    (example,) = body.model_json_schema()["examples"]
    body.model_validate(example)


def test_every_action_is_shown_by_an_example_that_is_valid(document: Any) -> None:
    operation = document["paths"][f"{api.PREFIX}/sessions/{{id}}/actions"]["post"]
    content = operation["requestBody"]["content"]["application/json"]
    read = TypeAdapter(api.Act)
    kinds = {read.validate_python(one["value"]).kind for one in content["examples"].values()}
    assert {"step", "go_to", "set_variable", "search", "look_ahead", "set_breakpoints"} <= kinds
