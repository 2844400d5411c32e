"""The world models of a server: all of them ask one engine."""

from __future__ import annotations

from weakref import WeakValueDictionary

from foreframe.dap.launch import OpenWorld, open_model
from foreframe.errors import BadOption
from foreframe.parties import WorldModel
from foreframe.web.metrics import MeteredEngine, Metrics
from foreframe_models.engines import open_engine
from foreframe_models.engines.base import Engine
from foreframe_models.world_model import WorldModel as Model

TOKENS_PER_FRAME = 30
LEAST_TOKENS = 20_000


class Worlds:
    """Gives a world model for each limit of frames, opens the engine once and closes it at the end.

    `open_world` other than `open_model` is asked for each, and may share what it likes.
    """

    def __init__(self, spec: str, open_world: OpenWorld = open_model, *, sessions: int = 1) -> None:
        """`sessions`: the most that there are at once. Raises BadOption for an engine that there
        is not."""
        self.spec = spec
        self._open_world = open_world
        self._known: WeakValueDictionary[int, WorldModel] = WeakValueDictionary()
        self.engine: Engine | None = None
        if open_world is open_model:
            try:
                self.engine = open_engine(spec, sessions=sessions)
            except ValueError as error:
                raise BadOption(f"--engine: {error}") from error

    def measure(self, metrics: Metrics) -> None:
        """Has what the engine does counted from now on."""
        if self.engine is not None:
            self.engine = MeteredEngine(self.engine, metrics)

    def of(self, max_frames: int) -> WorldModel:
        """A world model whose traces end after so many frames at most."""
        found = self._known.get(max_frames)
        if found is None:
            if self._open_world is open_model and self.engine is not None:
                tokens = max(LEAST_TOKENS, TOKENS_PER_FRAME * max_frames)
                found = Model(self.engine, max_frames=max_frames, max_tokens=tokens)
            else:
                found = self._open_world(self.spec, max_frames)
                self.engine = getattr(found, "engine", self.engine)
            self._known[max_frames] = found
        return found

    async def close(self) -> None:
        """Closes the engine."""
        if self.engine is not None:
            await self.engine.close()
