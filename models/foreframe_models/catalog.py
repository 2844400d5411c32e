"""Known models: what they are called and where the shipped one lies."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).parent / "weights" / "small"
"""The embedded model that comes with the package, as `training/export.py` writes it."""

CWM = "facebook/cwm"
"""The served model that Foreframe is made for."""
