"""Progress of a prediction that takes long, in an editor's own way of showing it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

DELAY = 0.5  # seconds before anything is shown
INTERVAL = 0.25  # seconds between updates


class Progress:
    """Reports one action at a time: `start` when it begins, `end` when it leads to something."""

    def __init__(
        self, event: Callable[[str, Mapping[str, object]], None], frames: Callable[[], int]
    ) -> None:
        self._event, self._frames = event, frames
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None
        self._shown = ""  # the id of what the client shows
        self._frames_shown = -1
        self.is_enabled = False

    def start(self, title: str) -> None:
        """An action has begun."""
        self.end()
        if self.is_enabled:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self._show, title)

    def end(self) -> None:
        """The action is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._shown:
            self._event("progressEnd", {"progressId": self._shown})
            self._shown = ""

    def is_shown(self, progress_id: str) -> bool:
        """Whether this is the progress that the client shows."""
        return bool(self._shown) and progress_id == self._shown

    def _show(self, title: str) -> None:
        self._number += 1
        self._shown = f"prediction-{self._number}"
        self._frames_shown = self._frames()
        self._event(
            "progressStart",
            {
                "progressId": self._shown,
                "title": title,
                "cancellable": True,
                "message": self._message(),
            },
        )
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._update)

    def _update(self) -> None:
        if self._frames() != self._frames_shown:
            self._frames_shown = self._frames()
            message = self._message()
            self._event("progressUpdate", {"progressId": self._shown, "message": message})
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._update)

    def _message(self) -> str:
        return f"{self._frames_shown} frames" if self._frames_shown else "waiting for the model"
