"""A run told again by a model that chats: what it is asked, what is shown, who refuses."""

import asyncio

import pytest

from foreframe_models import chat
from foreframe_models.engines.base import EngineError, ModelInfo
from foreframe_models.engines.recorded import BYTE_SPECIALS, Exchange, RecordedEngine, byte_text
from foreframe_models.retelling import LEFT_OUT, MOST_CHARS, CannotRetell, question, retold
from foreframe_models.world_model import WorldModel

CHAT = {chat.START: 300, chat.STOP: 301, chat.TURN: 302}
STORY = ["f is called with n=3.", "Line 2 returns `n`, which is 3. <|eot_id|>"]


def engine(*ids: int) -> RecordedEngine:
    model = ModelInfo("recorded", "cwm", 131_072, {**BYTE_SPECIALS, **CHAT})
    return RecordedEngine([Exchange(ids)], model=model)


async def test_the_model_is_given_the_sentences_and_its_answer_is_text():
    recorded = engine(*b"It gives\x1b[31m 3.\n", CHAT[chat.TURN])
    assert await retold(WorldModel(recorded), STORY) == "It gives[31m 3."
    (request,) = recorded.requests
    assert "\n".join(STORY) in byte_text(request.prompt)
    assert request.stop_ids == {CHAT[chat.TURN]}
    assert [token for token in request.prompt if token == CHAT[chat.TURN]] == [302, 302]


async def test_a_model_without_a_chat_format_refuses_with_a_number():
    plain = ModelInfo("pretrained", "cwm", 131_072, BYTE_SPECIALS)
    with pytest.raises(CannotRetell, match=r"pretrained cannot retell .* serves CWM") as told:
        await retold(WorldModel(RecordedEngine([], model=plain)), STORY)
    assert isinstance(told.value, EngineError)
    assert told.value.code == 1040


def test_a_long_story_is_asked_about_without_its_middle():
    story = [f"Line {number}: `total` goes from {number} to {number + 1}." for number in range(900)]
    asked = question(story)
    assert len(asked) < MOST_CHARS + 1000
    assert story[0] in asked
    assert story[-1] in asked
    assert LEFT_OUT in asked
    assert LEFT_OUT not in question(STORY)


async def test_giving_up_ends_the_answer_at_the_engine():
    class Slow(RecordedEngine):
        ended = False

        async def stream(self, request):
            try:
                await asyncio.sleep(60)
                yield
            finally:
                Slow.ended = True

    model = ModelInfo("recorded", "cwm", 131_072, {**BYTE_SPECIALS, **CHAT})
    asked = asyncio.create_task(retold(WorldModel(Slow([], model=model)), STORY))
    await asyncio.sleep(0.05)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert Slow.ended
