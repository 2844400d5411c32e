"""Models that are served: 2500-2599."""

from __future__ import annotations

from foreframe.errors.base import ForeframeError


class ServingError(ForeframeError):
    code = 2500


class NoSuchModel(ServingError):
    code = 2501


class CheckpointUnusable(ServingError):
    code = 2502


class DoesNotFit(ServingError):
    code = 2503


class NoGpu(ServingError):
    code = 2504


class BadLayout(ServingError):
    code = 2505


class ServerMissing(ServingError):
    code = 2506


class ServerFailed(ServingError):
    code = 2507
