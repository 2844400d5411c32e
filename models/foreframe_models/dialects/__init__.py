"""How frames are written for a model, and read back from its tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foreframe_models.dialects.base import Dialect
    from foreframe_models.engines.base import Engine, ModelInfo


def open_dialect(engine: Engine, info: ModelInfo) -> Dialect:
    """The dialect that a model speaks."""
    if info.dialect == "cwm":
        from foreframe_models.dialects.cwm import CwmDialect

        return CwmDialect(engine, info)
    from foreframe_models.dialects.compact import CompactDialect

    return CompactDialect(engine, info)
