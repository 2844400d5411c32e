"""What can be wrong, each with a stable number: what it is, where, and what to do about it.

Numbers: 1000-1099 engines (`foreframe_models.engines.base`), 2000-2099 what a session is launched
with, 2100-2199 what is asked of a session in the wrong moment, 2200-2299 expressions, 2300-2399
the protocol, 2900 a fault of Foreframe's own.
"""

from __future__ import annotations


class ForeframeError(Exception):
    """Told to a person as it stands.

    ForeframeError
    ├── LaunchError
    │   ├── NoSuchProgram       2001
    │   ├── NotUtf8             2002
    │   ├── NotPython           2003
    │   ├── BadEntry            2004  no such function, or arguments that do not fit it
    │   ├── EmptyProgram        2005
    │   ├── ModeNotAvailable    2006
    │   ├── AttachNotAvailable  2007
    │   ├── RunFailed           2008  a program that was to be checked could not be run
    │   ├── ExtraMissing        2009  a part of Foreframe that was not installed
    │   └── BadOption           2010  an option that means nothing, or contradicts another
    ├── SessionError
    │   ├── NotLaunched         2101
    │   ├── NotStopped          2102
    │   ├── StaleReference      2103  of a stop that has been left
    │   ├── SessionEnded        2104
    │   └── NoSuchPlace         2105  a step, a branch or a line that cannot be gone to
    ├── ExpressionError
    │   ├── BadExpression       2201  not valid Python
    │   ├── NotAllowed          2202  would need to run code
    │   ├── NotKnown            2203  not among the predicted values
    │   ├── Raises              2204  evaluating it raises an exception
    │   ├── NotALiteral         2205  a variable can be set to literals only
    │   ├── TooLarge            2206  more than can be set
    │   └── CannotSet           2207  no variable, nor a part of one that can be set
    ├── ProtocolError
    │   ├── UnknownCommand      2301
    │   ├── BadArguments        2302
    │   └── MalformedMessage    2303
    └── InternalError           2900
    """

    code = 2900


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


class AttachNotAvailable(LaunchError):
    code = 2007


class RunFailed(LaunchError):
    code = 2008


class ExtraMissing(LaunchError):
    code = 2009


class BadOption(LaunchError):
    code = 2010


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


class InternalError(ForeframeError):
    code = 2900
