"""What comes next, predicted before it is asked for: a hidden tip that grows beyond the timeline's.

A walk is frames, whatever it is walked for: one that goes into every call serves each action that a
person may take, as far as it has come. So there is one hidden walk, and none for each action; the
actions only say how far it should go. Nobody sees a frame of it, nothing is judged, logged or
printed, until a step takes it.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections import deque
from typing import TYPE_CHECKING

from foreframe.parties import WorldModel
from foreframe.timeline import NO_USAGE, Stop
from foreframe_models.engines.base import EngineError
from foreframe_protocol.states import Action, End, Goal, Prediction, Trace, Usage, left_entry

if TYPE_CHECKING:
    from foreframe_models.program.control_flow import Program

PRIORITY = 10  # behind everything that a person waits for, which is 0
DELAY_SECONDS = 0.02  # an editor looks at a stop first: stack, scopes, variables
PATIENCE_SECONDS = 5.0  # for what is under way, and more where the engine is known to be slow:
PATIENCE_STOPS = 3  # as many times what a stop took at most; then a step asks anew, with priority
FRAMES = 100  # the most beyond the cursor
FEWEST = 8  # frames that are worth predicting whatever the person does
ACTIONS = 3  # as many of the widest of the latest actions are to find their frames there
LATEST = 8  # actions that are remembered


class Ahead:
    """Predicts on from the end of what is known, at low priority, one stop after the other.

    `tokens` bounds what is generated after each stop; 0 turns it off. Belongs to one session. What
    was predicted stays good as long as the timeline ends where it goes on from: over steps back,
    changed breakpoints, failures. A branch that begins has another end, which leaves it behind.
    """

    def __init__(
        self,
        world: WorldModel,
        program: Program,
        tokens: int = 0,
        *,
        delay: float = DELAY_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.world, self.program, self.tokens = world, program, tokens
        self.delay, self.patience = delay, patience
        self.usage = NO_USAGE  # of all that was predicted, taken or not
        self.taken = 0  # frames
        self._root: Trace | None = None  # what the first ready frame follows
        self._ready: deque[tuple[Trace, Usage]] = deque()
        self._stop: Stop | None = None  # where the person is
        self._known = 0  # frames between there and the root
        self._is_far = False  # whether the person may want to go beyond the next few stops
        self._left = 0  # tokens, until the next stop
        self._widths: deque[int] = deque(maxlen=LATEST)  # in frames, of the latest actions
        self._task: asyncio.Task[None] | None = None
        self._is_asking = False
        self._slowest = 0.0  # seconds that a stop took

    def begin(self, stop: Stop, root: Trace, known: int, *, is_far: bool) -> None:
        """The person stands at `stop`; `root` is where the world model goes on, `known` frames on.

        Goes on with what is under way if that is still of use. Must be called from a running
        event loop.
        """
        if self.tokens <= 0:
            return
        if root is not self._root:
            self.drop()
            self._root = root
        self._stop, self._known, self._is_far = stop, known, is_far
        self._left = self.tokens
        if (self._task is None or self._task.done()) and self._goes_on():
            self._task = asyncio.create_task(self._work())

    def learn(self, frames: int) -> None:
        """An action of the person has gone over so many frames."""
        if frames > 0:
            self._widths.append(frames)

    async def next(self, root: Trace) -> tuple[Trace, Usage] | None:
        """Takes the frame after `root`, and what it has cost: one that is ready, or under way.

        None: the step has to ask by itself, and nothing is under way any more.
        """
        if root is not self._root:
            self.drop()
            return None
        if not self._ready:
            await self._join()
        if not self._ready or root is not self._root:
            return None
        node, usage = self._ready.popleft()
        self._root = node
        self.taken += 1
        return node, usage

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way."""
        return self._task is None or self._task.done()

    def ready(self, root: Trace) -> list[Trace]:
        """What is predicted after `root`, nearest first. It stays ready to be taken."""
        return [node for node, _ in self._ready] if root is self._root else []

    def rest(self) -> asyncio.Task[None] | None:
        """Ends what is under way, at the engine too; what is ready stays. The task, if any."""
        task, self._task = self._task, None
        if task is None or task.done():
            return None
        task.cancel()
        return task

    def drop(self) -> None:
        """Ends what is under way, and forgets what is ready."""
        self.rest()
        self._root = None
        self._ready.clear()

    async def settled(self) -> None:
        """Comes back when nothing is under way."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Ends for good."""
        task = self.rest()
        self.drop()
        self.tokens = 0
        if task is not None:
            await asyncio.wait([task])

    async def _join(self) -> None:
        """Waits for the stop that is under way, and for no other one."""
        task = self._task
        if task is None or task.done():
            return
        if self._is_asking:
            self._left = 0
            patience = self.patience + PATIENCE_STOPS * self._slowest
            await asyncio.wait([task], timeout=patience)
        if not task.done():
            task.cancel()
            await asyncio.wait([task])

    async def _work(self) -> None:
        """One stop after the other, as far as they are worth it."""
        await asyncio.sleep(self.delay)
        while self._goes_on():
            self._is_asking = True
            try:
                if not self._keep(await self._ask()):
                    return
            except EngineError as error:
                if error.partial is not None:
                    self._keep(error.partial)
                return  # nobody has asked: told when a step asks, and fails as well
            except Exception as error:  # a fault of our own costs only what it would have gained
                traceback.print_exception(error, file=sys.stderr)
                self.tokens = 0
                return
            finally:
                self._is_asking = False

    async def _ask(self) -> Prediction:
        tip = self._tip()
        assert tip is not None
        return await self.world.predict(
            self.program,
            tip,
            Goal(Action.STEP_INTO),
            priority=PRIORITY,
            max_tokens=self._left,
        )

    def _keep(self, prediction: Prediction) -> bool:
        """Makes frames ready. False when nothing can come after them."""
        usage = prediction.usage
        self.usage += usage
        self._slowest = max(self._slowest, usage.seconds)
        self._left -= usage.generated_tokens + usage.forced_tokens
        nodes: list[Trace] = []
        node, tip = prediction.trace, self._tip()
        while node is not tip:
            nodes.append(node)
            assert node.parent is not None
            node = node.parent
        for node in reversed(nodes):
            self._ready.append((node, usage))
            usage = NO_USAGE  # a prediction is paid once, with its first frame
        return prediction.end is End.REACHED

    def _tip(self) -> Trace | None:
        """The furthest frame predicted."""
        return self._ready[-1][0] if self._ready else self._root

    def _goes_on(self) -> bool:
        """Whether one more stop is worth predicting."""
        tip, stop = self._tip(), self._stop
        if tip is None or stop is None or self._left <= 0:
            return False
        if tip.frame is not None and left_entry(tip.frame):
            return False
        frames = self._known + len(self._ready)
        if frames >= FRAMES:
            return False
        return self._is_far or frames < self._wanted() or not self._covers_step_over(stop)

    def _wanted(self) -> int:
        """How many frames beyond the cursor the next few actions may take."""
        return max(FEWEST, ACTIONS * max(self._widths, default=0))

    def _covers_step_over(self, stop: Stop) -> bool:
        """Whether the next line of the scope that is shown is known, be there a call or not."""
        if self._known:
            return True
        goal = Goal(Action.STEP_OVER)
        return any(node.frame and goal.reached(stop.state, node.frame) for node, _ in self._ready)
