"""The real program beside a prediction: 2400-2499."""

from __future__ import annotations

from foreframe.errors.base import ForeframeError


class DebuggeeError(ForeframeError):
    code = 2400


class CannotStart(DebuggeeError):
    code = 2401


class CannotAttach(DebuggeeError):
    code = 2402


class DebuggeeLost(DebuggeeError):
    code = 2403


class RefusedByDebugpy(DebuggeeError):
    code = 2404


class NotSupportedByDebugpy(DebuggeeError):
    code = 2405


class DebuggeeSilent(DebuggeeError):
    code = 2406


class RealityDied(DebuggeeError):
    code = 2430


class RealityHangs(DebuggeeError):
    code = 2431
