"""Errors as problems: each with the number that it has everywhere, and a status that fits."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from foreframe import errors
from foreframe.errors import ClientError, ForeframeError, InternalError, ServingError
from foreframe.web.problems import problem_of, response_of
from foreframe_models.engines import base as engines
from foreframe_models.engines.base import EngineError
from foreframe_models.entry import EntryError


def below(kind: type[Exception]) -> Iterator[type[Exception]]:
    for child in kind.__subclasses__():
        if not issubclass(child, ClientError | ServingError):  # never raised by a server
            yield child
            yield from below(child)


@pytest.mark.parametrize("kind", [*below(ForeframeError), *below(EngineError)])
def test_every_error_keeps_its_number_and_its_words(kind: type[Exception]) -> None:
    problem = problem_of(kind("what is wrong, and what to do"))
    assert problem.code == kind.code  # type: ignore[attr-defined]
    assert problem.detail == "what is wrong, and what to do"
    assert 400 <= problem.status < 600


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NoSuchProgram("x"), 404),
        (errors.NotPython("x"), 422),
        (errors.NotStopped("x"), 409),
        (errors.SessionEnded("x"), 409),
        (errors.NotKnown("x"), 422),
        (errors.NoSuchSession("x"), 404),
        (errors.StoreFull("x"), 507),
        (errors.RunNotAllowed("x"), 403),
        (errors.TooManySessions("x"), 429),
        (errors.WrongToken("x"), 401),
        (errors.CannotStart("x"), 502),
        (InternalError("x"), 500),
        (engines.EngineUnreachable("x"), 503),
        (engines.EngineAborted("x"), 502),
        (engines.PromptTooLong("x"), 422),
        (EntryError("x"), 422),
    ],
)
def test_the_status_says_whose_fault_it_is(error: Exception, status: int) -> None:
    assert problem_of(error).status == status


def test_a_fault_of_ours_keeps_its_text_to_itself(capsys: pytest.CaptureFixture[str]) -> None:
    problem = problem_of(RuntimeError("/home/someone/secret"))
    assert (problem.status, problem.code) == (500, 2900)
    assert "secret" not in problem.model_dump_json()
    assert "secret" in capsys.readouterr().err


def test_what_may_go_better_later_says_when() -> None:
    for error in (errors.TooManySessions("x"), engines.EngineUnreachable("x")):
        response = response_of(error, "/api/v1/sessions")
        assert int(response.headers["retry-after"]) > 0
        assert response.media_type == "application/problem+json"
        assert json.loads(bytes(response.body))["instance"] == "/api/v1/sessions"
    assert "retry-after" not in response_of(errors.NotPython("x")).headers
