"""What is launched and where it stands, as one client sees it: shared by all that answer it."""

from __future__ import annotations

from foreframe.dap.launch import Launch
from foreframe.errors import NotLaunched, NotStopped
from foreframe.session import Session
from foreframe.timeline import Stop


class Current:
    """The one launch and session of a client. `first_line` and `first_column`: 0 or 1."""

    def __init__(self) -> None:
        self.launch: Launch | None = None
        self.live: Session | None = None
        self.has_begun = False
        self.first_line = self.first_column = 1

    @property
    def launched(self) -> Launch:
        """Raises NotLaunched."""
        if self.launch is None:
            raise NotLaunched("nothing has been launched yet")
        return self.launch

    @property
    def session(self) -> Session:
        """Raises NotLaunched."""
        if self.live is None:
            raise NotLaunched("there is no session: launch a program first")
        return self.live

    @property
    def begun(self) -> Session:
        """A session that can be stepped. Raises NotLaunched or NotStopped."""
        session = self.session
        if not self.has_begun:
            raise NotStopped("the session has not begun: configurationDone must come first")
        return session

    @property
    def stop(self) -> Stop:
        """Where the session stands. Raises NotLaunched or NotStopped."""
        session = self.session
        if session.is_over:
            raise NotStopped("the program has ended")
        if session.is_running or not self.has_begun:
            raise NotStopped("the program is being predicted: pause it first")
        return session.timeline.cursor

    def line_in(self, line: int) -> int:
        """A line of the client's as ours, which count from 1."""
        return line + 1 - self.first_line

    def line_out(self, line: int) -> int:
        """A line of ours as the client counts."""
        return line - 1 + self.first_line
