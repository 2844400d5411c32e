"""Requests for words, not in the protocol: what has been predicted so far, and whether it ends.

`foreframe/explain` `{detail?, all?, retell?}` → `{detail, text, sentences, retold?}`: the frames up
to the cursor, or all that are known of its branch. `detail` is `steps`, `changes` or `calls`, by
the length if not said. A sentence: `text`, `frame` (its number), `line`, `depth`, `confidence`.
`retold`: the same in the model's own words, where it was asked to and can; none of it is predicted.

`foreframe/canRetell` → `{can, why?}`: whether what predicts here can retell, and why not.

`foreframe/halts` → `{answer, text, basis, frames?, line?, cycle?, confidence?}`: `ends`, `repeats`,
`grows` or `unknown`. `basis` is `worked out` where rules tell it from the literals of the launched
call, and nothing was changed on the way; else `predicted`, from all that is known of the branch.
Asks no model: step on to know more.
"""

from __future__ import annotations

from asyncio import to_thread
from typing import TYPE_CHECKING, cast

from foreframe.dap.conversation import Body
from foreframe.dap.current import Current
from foreframe.dap.launch import literals
from foreframe.explaining import Detail, Sentence, detail_for, explain
from foreframe.reckoned_halting import session_halting
from foreframe_models.engines.base import EngineError
from foreframe_models.entry import Entry
from foreframe_models.retelling import must_retell, retold

if TYPE_CHECKING:
    from foreframe_models.world_model import WorldModel
    from foreframe_protocol import dap_arguments as asked


class TellingRequests:
    """Tells what a session has predicted, in words."""

    def __init__(self, current: Current) -> None:
        self._current = current

    async def own_explain(self, arguments: asked.ExplainArguments) -> Body:
        timeline = self._current.session.timeline
        trace = timeline.tip if arguments.all else timeline.cursor.trace
        detail = Detail(arguments.detail) if arguments.detail else detail_for(trace.length)
        told = await to_thread(explain, self._current.launched.program, trace, detail)
        lines = [f"{'  ' * sentence.depth}{sentence}" for sentence in told]
        body: dict[str, object] = {
            "detail": detail.value,
            "text": "\n".join(lines),
            "sentences": [self._sentence(sentence) for sentence in told],
        }
        if arguments.retell:
            body["retold"] = await retold(self._world, list(map(str, told)))
        return body

    async def own_can_retell(self, arguments: asked.NoArguments) -> Body:
        try:
            await must_retell(self._world)
        except EngineError as error:
            return {"can": False, "why": str(error)}
        return {"can": True}

    @property
    def _world(self) -> WorldModel:
        """What predicts; its engine is what retells."""
        return cast("WorldModel", self._current.session.world)

    def _sentence(self, sentence: Sentence) -> dict[str, object]:
        body: dict[str, object] = {
            "text": sentence.text,
            "frame": sentence.frame,
            "line": self._current.line_out(sentence.line),
            "depth": sentence.depth,
        }
        if sentence.confidence is not None:
            body["confidence"] = round(sentence.confidence, 4)
        return body

    async def own_halts(self, arguments: asked.NoArguments) -> Body:
        launched, timeline = self._current.launched, self._current.session.timeline
        entry = Entry(launched.arguments.function or None, literals(launched.arguments.args))
        found = await to_thread(session_halting, launched.program, entry, timeline)
        body: dict[str, object] = {
            "answer": found.answer.value,
            "text": found.text,
            "basis": found.basis,
        }
        if found.frames is not None:
            body["frames"] = found.frames
        if found.line is not None:
            body["line"] = self._current.line_out(found.line)
        if found.cycle is not None:
            body["cycle"] = list(found.cycle)
        if found.confidence is not None:
            body["confidence"] = round(found.confidence, 4)
        return body
