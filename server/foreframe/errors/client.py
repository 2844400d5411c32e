"""A client of a server: 2650-2659."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreframe.errors.base import ForeframeError

if TYPE_CHECKING:
    from foreframe_protocol.api import Problem


class ClientError(ForeframeError):
    code = 2650


class ServerUnreachable(ClientError):
    code = 2651


class BadAnswer(ClientError):
    code = 2652


class BadServer(ClientError):
    code = 2653


class ApiError(ClientError):
    """A server's problem. `code` is the number that the server gave."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title)
        self.problem, self.code = problem, problem.code
