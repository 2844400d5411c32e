"""Which program, and what of it, a request is about."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from foreframe_protocol.api import examples
from foreframe_protocol.api.bodies import MOST_SOURCE, MOST_TEXT, Asked, shown


class RunRequest(Asked):
    """A program and what of it is to be walked through: a call, or the module without `function`.

    Either `source`, or `file`: a path inside the folders that the server was started with.
    """

    model_config = shown(examples.CALL)

    source: str | None = Field(None, max_length=MOST_SOURCE)
    file: str | None = Field(None, max_length=4096)
    function: str | None = Field(None, max_length=1000)
    args: str = Field(
        "", max_length=MOST_TEXT, description="Literals, as in a call: 'abc', [1], k=2"
    )
    max_frames: int = Field(1000, ge=1, le=100_000)

    @model_validator(mode="after")
    def _one_program(self) -> Self:
        if (self.source is None) is (self.file is None):
            raise ValueError("give either `source` or `file`")
        return self


class BreakpointSpec(Asked):
    """A line to stop at."""

    model_config = shown(examples.BREAKPOINT)

    line: int = Field(ge=1)
    condition: str | None = Field(None, max_length=MOST_TEXT)
    hit_condition: str | None = Field(None, max_length=100)
    log_message: str | None = Field(None, max_length=MOST_TEXT)
