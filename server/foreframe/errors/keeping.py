"""Sessions that are kept on disk: 2330-2349."""

from __future__ import annotations

from foreframe.errors.base import ForeframeError


class KeepingError(ForeframeError):
    code = 2330


class StoreUnusable(KeepingError):
    code = 2331


class StoreLocked(KeepingError):
    code = 2332


class StoreFull(KeepingError):
    code = 2333


class StoreDamaged(KeepingError):
    code = 2334


class StoreTooNew(KeepingError):
    code = 2335


class NoSuchSession(KeepingError):
    code = 2336


class ValueNotWhole(KeepingError):
    code = 2337


class NotWritten(KeepingError):
    code = 2338


class ProgramChanged(KeepingError):
    code = 2339
