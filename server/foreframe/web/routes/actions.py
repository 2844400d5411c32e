"""Actions on a session."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response, status

from foreframe.web.acting import act
from foreframe.web.idempotency import Answer, mark_of
from foreframe.web.routes.sessions import Ident
from foreframe.web.serving import Key, Served
from foreframe.web.working import while_there
from foreframe_protocol.api import Act, ActionAnswer, LookAhead

WAIT_SECONDS = 10.0
MOST_WAIT = 60.0

router = APIRouter(tags=["actions"])


GOES_ON: dict[int | str, dict[str, Any]] = {
    202: {"model": ActionAnswer, "description": "It goes on: events tell where it leads."}
}


EXAMPLES: dict[str, Any] = {
    words: {"value": value}
    for words, value in {
        "step over": {"kind": "step", "action": "step_over"},
        "back to the last breakpoint": {
            "kind": "step",
            "action": "run_to",
            "direction": "backward",
        },
        "to another step": {"kind": "go_to", "step": 2},
        "another value": {"kind": "set_variable", "name": "words", "value": "['a']"},
        "where it changed": {"kind": "search", "wanted": "change", "name": "words"},
        "what is likely to come": {"kind": "look_ahead", "frames": 5},
        "breakpoints": {
            "kind": "set_breakpoints",
            "breakpoints": [{"line": 3, "condition": "len(words) > 1"}],
        },
    }.items()
}


@router.post("/sessions/{id}/actions", response_model=ActionAnswer, responses=GOES_ON)
async def action(
    request: Request,
    serving: Served,
    id: Ident,  # noqa: A002
    asked: Annotated[Act, Body(openapi_examples=EXAMPLES)],
    wait: Annotated[float, Query(ge=0, le=MOST_WAIT)] = WAIT_SECONDS,
    idempotency_key: Key = None,
) -> Response:
    """Does one thing. 202: it goes on for longer than `wait`, and its events tell the rest."""

    body = asked.model_dump_json()
    mark = "" if idempotency_key is None else mark_of(idempotency_key, body)

    async def make() -> Answer:
        live = await serving.registry.find(id)
        serving.metrics.actions.labels(asked.kind).inc()
        acting = act(live, asked, wait, mark)
        if isinstance(asked, LookAhead):  # nothing comes of it but its answer
            answer, is_done = await while_there(request, acting)
        else:
            answer, is_done = await acting
        return Answer.of(answer, status.HTTP_200_OK if is_done else status.HTTP_202_ACCEPTED)

    answer = await serving.answers.once(id, idempotency_key, body, make)
    return answer.response()
