"""Errors as `application/problem+json`, with the stable numbers that the debug adapter gives."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from foreframe import errors
from foreframe.errors import BadEntry, BadRequest, ForeframeError, InternalError, NoSuchResource
from foreframe_models.dialects.way_back import NoPast
from foreframe_models.engines import base as engines
from foreframe_models.engines.base import EngineError
from foreframe_models.entry import EntryError
from foreframe_models.retelling import CannotRetell
from foreframe_protocol.api import Problem

MEDIA_TYPE = "application/problem+json"
SHOWN = 2000  # characters of a detail
RETRY_SECONDS = 5
STATUS: tuple[tuple[type[Exception], int], ...] = (  # the first that fits
    (errors.NoSuchProgram, 404),
    (errors.NoSuchSession, 404),
    (errors.ProgramChanged, 422),
    (errors.StoreFull, 507),
    (errors.StoreLocked, 503),
    (errors.KeepingError, 500),
    (errors.SessionError, 409),
    (errors.DebuggeeError, 502),
    (errors.RunFailed, 422),
    (InternalError, 500),
    (ForeframeError, 422),
    (EntryError, 422),
    (engines.PromptTooLong, 422),
    (engines.CannotJump, 422),
    (NoPast, 422),
    (CannotRetell, 422),
    (engines.EngineUnreachable, 503),
    (engines.EngineOutOfMemory, 503),
    (engines.WeightsMissing, 503),
    (EngineError, 502),
)


def title_of(status: int) -> str:
    """What a status is called; 499, which nobody reads, is no standard's."""
    found = next((known for known in HTTPStatus if known == status), None)
    return "Client Closed Request" if found is None else found.phrase


def problem_of(error: Exception) -> Problem:
    """What a client is told of an error; one of our own is printed, and told without its text."""
    own = getattr(error, "status", None)
    known = (status for kind, status in STATUS if isinstance(error, kind))
    status = own if isinstance(own, int) else next(known, 0)
    code = getattr(error, "code", None)
    if isinstance(error, EntryError):
        code = BadEntry.code
    if not status or not isinstance(code, int):
        traceback.print_exception(error, file=sys.stderr)
        return Problem(
            title="Internal Server Error",
            status=500,
            detail=f"a fault of Foreframe's own ({type(error).__name__}): please report it",
            code=InternalError.code,
        )
    return Problem(title=title_of(status), status=status, detail=str(error)[:SHOWN], code=code)


def response_of(error: Exception, instance: str | None = None) -> Response:
    """The answer to a request that has failed."""
    problem = problem_of(error).model_copy(update={"instance": instance})
    after = getattr(error, "retry_after", None)
    if after is None and problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        after = RETRY_SECONDS
    headers = {} if after is None else {"Retry-After": str(after)}
    body = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, problem.status, headers, MEDIA_TYPE)


def faults_of(errors: Iterable[Mapping[str, Any]]) -> str:
    """What is wrong with a request, as pydantic lists it, in a few words for each fault."""
    found = []
    for one in errors:
        place = ".".join(str(part) for part in one["loc"] if part != "body")
        message = str(one["msg"]).removeprefix("Value error, ")
        found.append(f"{place}: {message}" if place else message)
    return "; ".join(dict.fromkeys(found))


def install(app: FastAPI) -> None:
    """Has every error of `app` told as a problem."""

    async def told(request: Request, error: Exception) -> Response:
        return response_of(error, request.url.path)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return response_of(BadRequest(faults_of(error.errors())), request.url.path)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        wrong = NoSuchResource(str(error.detail))
        if error.status_code == HTTPStatus.NOT_FOUND:
            wrong = NoSuchResource("nothing is at this address: /api/v1/openapi.json tells what is")
        wrong.status = error.status_code
        response = response_of(wrong, request.url.path)
        response.headers.update(error.headers or {})
        return response

    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, refused)
    for kind in (ForeframeError, EngineError, EntryError, Exception):
        app.add_exception_handler(kind, told)
