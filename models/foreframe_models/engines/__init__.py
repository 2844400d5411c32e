"""What runs a language model: token ids in, token ids and log-probabilities out."""

from __future__ import annotations

from pathlib import Path

from foreframe_models.engines.base import Engine

SPECS = (
    "auto | embedded | embedded:FOLDER | recorded:FILE | http://HOST:PORT | https://HOST:PORT | "
    "http://A:PORT,http://B:PORT | http://HOST:PORT#replicas=N"
)


def open_engine(spec: str, *, sessions: int = 1) -> Engine:
    """The engine that `spec` names; nothing is loaded or connected before its `open()`.

    `auto` is the embedded engine with the model that ships. Each engine's libraries are imported
    only when it is asked for. `sessions`: so many go on at once, each with prompts of its own that
    an embedded model should find again. Raises ValueError when `spec` names no engine, and
    WeightsMissing for a recording that cannot be read.
    """
    kind, _, place = spec.strip().partition(":")
    match kind:
        case "http" | "https" if "," in place or "#" in place:
            from foreframe_models.engines.replicas import open_replicas

            return open_replicas(spec)
        case "http" | "https" if place.startswith("//") and len(place) > 2:
            from foreframe_models.engines.vllm import VllmEngine

            return VllmEngine(spec.strip())
        case "auto" | "embedded" if not place or kind == "embedded":
            from foreframe_models import catalog
            from foreframe_models.engines.embedded import EmbeddedEngine

            folder = Path(place).expanduser() if place else catalog.SHIPPED
            return EmbeddedEngine(folder, sessions=sessions)
        case "recorded" if place:
            from foreframe_models.engines.recorded import RecordedEngine

            return RecordedEngine.load(Path(place).expanduser())
    raise ValueError(f"unknown engine {spec!r}: expected {SPECS}")
