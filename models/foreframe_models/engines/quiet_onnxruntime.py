"""onnxruntime with its telemetry off: by default it gathers events on disk for its maker."""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read once, when it is first imported

import onnxruntime as ort  # type: ignore[import-untyped]

__all__ = ["ort"]
