"""What a session is launched with: 2000-2099, 2320-2321, 2380, and tokens 2640-2641."""

from __future__ import annotations

from foreframe.errors.base import ForeframeError


class LaunchError(ForeframeError):
    code = 2000


class NoSuchProgram(LaunchError):
    code = 2001


class NotUtf8(LaunchError):
    code = 2002


class NotPython(LaunchError):
    code = 2003


class BadEntry(LaunchError):
    code = 2004


class EmptyProgram(LaunchError):
    code = 2005


class ModeNotAvailable(LaunchError):
    code = 2006


class RunFailed(LaunchError):
    code = 2008


class ExtraMissing(LaunchError):
    code = 2009


class BadOption(LaunchError):
    code = 2010


class NoHole(BadOption):
    code = 2051


class BadExample(BadOption):
    code = 2052


class NotFilled(LaunchError):
    code = 2053


class TokenNeeded(BadOption):
    code = 2640


class TokenUnreadable(BadOption):
    code = 2641


class BadOutcome(LaunchError):
    code = 2320


class NoGuess(LaunchError):
    code = 2321


class BadState(LaunchError):
    code = 2380
