"""The API's description as an OpenAPI document: with the errors that every operation can give."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from foreframe.web.problems import MEDIA_TYPE
from foreframe_protocol.api import Problem

DESCRIPTION = """\
Steps through Python programs whose every stop a code world model predicts. **Nothing is executed**,
unless the server was started with `--allow-run` and a request asks for it.

A session is begun with `POST /api/v1/sessions` and moved with `POST .../actions`. What happens is
told by `GET .../events` (server-sent events, gone on with by `Last-Event-ID`) or by a WebSocket at
`/api/v1/sessions/{id}/socket?after=N`, which takes actions, too:
`{"request": 1, "action": {"kind": "step"}}` is answered by
`{"kind": "answer", "request": 1, "answer": {...}, "problem": null}`.

Errors are `application/problem+json`; `code` is a number that stays the same.
"""
TAGS = (
    ("sessions", "Begun, listed, looked at, ended, and those on disk."),
    ("actions", "Steps forward and back, edits, breakpoints, searches."),
    ("timeline", "Steps, branches, values and events of a session."),
    ("telling", "What a run does, in words: explanations, and whether it ends."),
    ("predicting", "Actions and inputs, without a session."),
    ("comparing", "Predictions beside what really happens."),
    ("filling", "The `??` holes of a program."),
    ("server", "The server and its models."),
)
PROBLEMS = {
    "default": (
        "What is wrong, in words and as a number",
        {
            "title": "Not Found",
            "status": 404,
            "detail": "there is no session 'abc'",
            "code": 2601,
            "instance": "/api/v1/sessions/abc",
        },
    ),
    "429": (
        "As many sessions as may be are open: `Retry-After` says when to come back",
        {
            "title": "Too Many Requests",
            "status": 429,
            "detail": "200 sessions are open, which is the limit (--most-sessions): delete one, or "
            "try again later",
            "code": 2602,
        },
    ),
    "503": (
        "Too much at once, or the engine is not there: `Retry-After` says when to come back",
        {
            "title": "Service Unavailable",
            "status": 503,
            "detail": "the server has enough to do: try again in a second",
            "code": 2637,
        },
    ),
}
LATER = (429, 503)  # statuses that say when to come back


def describe(app: FastAPI) -> None:
    """Has `app` described so."""
    app.description = DESCRIPTION
    app.openapi_tags = [{"name": name, "description": text} for name, text in TAGS]
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = completed(plain())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """A document with this server's errors in the place of FastAPI's, and with its token."""
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    parts["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "Where the server was started with one.",
        }
    }
    document["security"] = [{"token": []}, {}]
    for operations in document["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            answers.pop("422", None)
            for status, (text, example) in PROBLEMS.items():
                answers[status] = problem(text, example)
    return document


def problem(text: str, example: dict[str, object]) -> dict[str, Any]:
    """An answer that tells of an error."""
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    headers = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
    told: dict[str, Any] = {"description": text, "content": {MEDIA_TYPE: content}}
    return {**told, "headers": headers} if example["status"] in LATER else told
