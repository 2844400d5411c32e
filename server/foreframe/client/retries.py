"""When a request is sent again, and after how long."""

from __future__ import annotations

import email.utils
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

COME_BACK = frozenset({429, 503})  # statuses of a server that has not begun with the request


@dataclass(frozen=True, slots=True)
class Retries:
    """How often, and within which bounds. `attempts` counts the first one.

    `most_wait`: seconds; a server that says to come back later than that is believed at once.
    """

    attempts: int = 4
    first_wait: float = 0.2
    most_wait: float = 20.0

    def wait(self, tried: int, random: Random) -> float:
        """Seconds before the next attempt, after `tried` of them: doubling, spread by chance."""
        bound = min(self.most_wait, self.first_wait * 2.0 ** (tried - 1))
        return bound * (0.5 + random.random() / 2)

    def come_back(self, tried: int, status: int, retry_after: str | None) -> float | None:
        """Seconds until a server that was too busy is asked again; None if it is not.

        A random part is added to what it says, so that not all come back at the same moment.
        """
        if status not in COME_BACK or retry_after is None or tried >= self.attempts:
            return None
        seconds = _seconds(retry_after)
        if seconds is None or seconds > self.most_wait:
            return None
        return seconds


def _seconds(retry_after: str) -> float | None:
    """A `Retry-After` header: seconds, or a date."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        then = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
