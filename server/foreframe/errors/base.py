"""What all errors are, and a fault of Foreframe's own (2900)."""

from __future__ import annotations


class ForeframeError(Exception):
    """Told to a person as it stands."""

    code = 2900


class InternalError(ForeframeError):
    code = 2900
