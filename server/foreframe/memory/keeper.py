"""Keeps a session on disk as it grows: a thread writes, and stepping does not wait for the disk."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from foreframe.errors import KeepingError, NoSuchSession, StoreTooNew
from foreframe.timeline import Step, Stop, Timeline

SETTLE_SECONDS = 0.5  # that a stop waits at most to be on disk before it is told
OPEN_SECONDS = 5.0  # the same, while the file is being opened for the first time
CLOSE_SECONDS = 5.0  # that the end of a session waits for its last steps
FIRST_RETRY, LAST_RETRY = 0.5, 30.0  # seconds between tries while the disk does not take them


@dataclass(frozen=True, slots=True)
class Served:
    """What a server must know of a session to open it again. `launch`: how it was begun, JSON."""

    token: str
    launch: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a session is of. `function` None: the module."""

    program: str
    source: str
    function: str | None
    args: str
    engine: str
    served: Served | None = None


class Keeper:
    """Writes the steps of one timeline to a workspace's file; tells the person of trouble, once.

    Steps that cannot be written stay on the timeline and are tried again: when the disk has room,
    when the lock is gone. A stop is told when what led to it is committed, or after
    SETTLE_SECONDS: a server that is killed loses no step that was seen.
    """

    def __init__(
        self,
        file: Path,
        workspace: Path,
        subject: Subject,
        tell: Callable[[str], None],
        *,
        session: int | None = None,
        waits: bool = True,
    ) -> None:
        """`tell` is called from another thread.

        `session`: the number under which all steps that the timeline has are kept already.
        `waits`: a stop does, until it is kept; else `when_kept` tells.
        """
        self.file, self.workspace, self.subject = file, workspace, subject
        self.session = session  # its number, once it has one
        self._waits = waits
        self._known = 0  # steps that are kept already
        self._then: list[tuple[int, Callable[[], None]]] = []  # what waits for a change to be kept
        self.trouble: KeepingError | None = None  # what is in the way now
        self._tell = tell
        self._timeline: Timeline | None = None
        self.key = ""  # of the request that is under way: on disk together with where it leads
        self._stop: tuple[Stop, int, str] | None = None  # the last one, its branch, its key
        self._thread: threading.Thread | None = None
        self._said: set[int] = set()  # numbers of errors
        self._news = threading.Condition()
        self._asked = self._done = 0  # changes that are to be on disk; those that are
        self._is_closing = self._is_over = self._is_open = False

    def follow(self, timeline: Timeline) -> None:
        """Keeps all steps of a timeline, from when one is added to those that it has.

        To be called before others subscribe, so that what they hear of is on disk.
        """
        self._timeline = timeline
        self._known = 0 if self.session is None else len(timeline.steps)
        self._thread = threading.Thread(target=self._work, name="keeper", daemon=True)
        self._thread.start()
        timeline.record(self._stepped)
        timeline.subscribe(self._stopped)

    def close(self) -> None:
        """Writes what is left, and waits for it for CLOSE_SECONDS at most."""
        with self._news:
            self._is_closing = True
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)

    def _stepped(self, step: Step) -> None:
        self._ask()
        if step.change is not None and self._timeline is not None:
            self._stopped(self._timeline.cursor)  # no stop follows: it is there already

    def _stopped(self, stop: Stop) -> None:
        assert self._timeline is not None
        self._stop = stop, self._timeline.branch.number, self.key
        if not self._asked:  # nothing is kept of a session that has made no step
            return
        self._ask()
        if not self._waits:
            return
        with self._news:
            asked = self._asked
            self._news.wait_for(
                lambda: self._done >= asked or self.trouble is not None or self._is_over,
                SETTLE_SECONDS if self._is_open else OPEN_SECONDS,
            )

    def when_kept(self, then: Callable[[], None]) -> None:
        """Calls `then` when all there is by now is on disk, or when something is in the way.

        From the keeper's thread; at once where nothing has to be waited for.
        """
        with self._news:
            if self._asked > self._done and self.trouble is None and not self._is_over:
                self._then.append((self._asked, then))
                return
        then()

    def _release(self) -> None:
        """Calls what has been waited for long enough."""
        with self._news:
            is_all = self.trouble is not None or self._is_over
            ready = [then for asked, then in self._then if is_all or asked <= self._done]
            self._then = [one for one in self._then if one[1] not in ready]
        for then in ready:
            then()

    def _ask(self) -> None:
        with self._news:
            self._asked += 1
            self._news.notify_all()

    # In the thread

    def _work(self) -> None:
        try:
            self._keep()
        except Exception as error:  # a fault of our own must not end the session
            traceback.print_exception(error, file=sys.stderr)
            fault = KeepingError(f"internal error, please report it: {error!r}")
            self._say(fault, "this session is not kept any more")
        finally:
            with self._news:
                self._is_over = True
                self._news.notify_all()
            self._release()

    def _keep(self) -> None:
        """Writes whenever there is something new, until the session ends."""
        from foreframe.memory.writing import Writer  # late: launching does not wait for this

        timeline = self._timeline
        assert timeline is not None
        writer = Writer(self.file, self.workspace, self.subject, timeline)
        if self.session is not None:
            writer.go_on(self.session, self._known)
        retry, is_last = FIRST_RETRY, False
        try:
            while not is_last:
                is_last = self._wait(retry)
                asked = self._asked
                known = timeline.cursor, timeline.branch.number, ""
                stop, branch, key = self._stop or known
                trouble: KeepingError | None = None
                try:
                    if asked > self._done:
                        writer.write(stop, branch, self._say, key)
                        self.session = writer.session
                except (NoSuchSession, StoreTooNew) as error:
                    self._say(error, "this session is not kept any more")
                    return
                except KeepingError as error:
                    trouble = error
                    self._say(error, "the session goes on, and is kept as soon as that is possible")
                retry = FIRST_RETRY if trouble is None else min(2 * retry, LAST_RETRY)
                self._note(trouble, asked)
        finally:
            writer.close()
        if self.trouble is not None:
            self._tell(f"the last steps of this session could not be kept: {self.trouble}")

    def _wait(self, retry: float) -> bool:
        """Until there is something to write, or to try again; whether for the last time."""
        with self._news:
            if self.trouble is None:
                self._news.wait_for(lambda: self._asked > self._done or self._is_closing)
            else:
                self._news.wait_for(lambda: self._is_closing, retry)
            return self._is_closing

    def _note(self, trouble: KeepingError | None, asked: int) -> None:
        """What has become of a try."""
        with self._news:
            was, self.trouble = self.trouble, trouble
            if trouble is None:
                self._done, self._is_open = asked, True
            self._news.notify_all()
        self._release()
        if was is not None and trouble is None:
            self._tell(f"this session is kept again, from its beginning, in {self.file}")

    def _say(self, error: KeepingError, so: str) -> None:
        """Tells of a kind of trouble, the first time."""
        if error.code not in self._said:
            self._said.add(error.code)
            self._tell(f"{error}: {so} (error {error.code})")
