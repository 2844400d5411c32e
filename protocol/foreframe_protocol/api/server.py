"""The server itself: what it serves, and how it is."""

from __future__ import annotations

from pydantic import Field

from foreframe_protocol.api.bodies import Told


class ModelView(Told):
    """A model that is served or known. `figures`: of its card, numbers by name."""

    name: str
    dialect: str
    context_tokens: int | None = None
    parameters: int | None = None
    served: bool
    about: str = ""
    figures: dict[str, float] = Field(default_factory=dict)
    plots: list[str] = Field(default_factory=list, description="names of images at /models/{name}/")


class ModelList(Told):
    models: list[ModelView]


class Health(Told):
    """`engine`: as named at start; `ok`: it answers."""

    ok: bool
    version: str
    python: str
    engine: str
    model: str | None = None
    detail: str = ""
    sessions: int
    most_sessions: int
    allows_run: bool
    folders: list[str] = Field(default_factory=list)
    uptime_seconds: float
