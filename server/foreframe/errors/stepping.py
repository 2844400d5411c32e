"""What is asked of a session: moments 2100-2199, expressions 2200-2299, the protocol 2300-2319."""

from __future__ import annotations

from foreframe.errors.base import ForeframeError


class SessionError(ForeframeError):
    code = 2100


class NotLaunched(SessionError):
    code = 2101


class NotStopped(SessionError):
    code = 2102


class StaleReference(SessionError):
    code = 2103


class SessionEnded(SessionError):
    code = 2104


class NoSuchPlace(SessionError):
    code = 2105


class ExpressionError(ForeframeError):
    code = 2200


class BadExpression(ExpressionError):
    code = 2201


class NotAllowed(ExpressionError):
    code = 2202


class NotKnown(ExpressionError):
    code = 2203


class Raises(ExpressionError):
    code = 2204


class NotALiteral(ExpressionError):
    code = 2205


class TooLarge(ExpressionError):
    code = 2206


class CannotSet(ExpressionError):
    code = 2207


class ProtocolError(ForeframeError):
    code = 2300


class UnknownCommand(ProtocolError):
    code = 2301


class BadArguments(ProtocolError):
    code = 2302


class MalformedMessage(ProtocolError):
    code = 2303


class OnlyForward(ProtocolError):
    code = 2350
