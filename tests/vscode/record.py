"""Writes a recording that answers every step through one run of a program, for `recorded:PATH`.

The answers are the real frames with changes that make predictions wrong or unsure, so that tests
know what they will see. With words it is a model that chats, and retells a run in them.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
from dataclasses import asdict, replace
from pathlib import Path

from foreframe.reality import observe
from foreframe.source_file import load_program
from foreframe_models import chat
from foreframe_models.dialects.cwm import CwmDialect
from foreframe_models.engines.recorded import BYTE_MODEL, RecordedEngine, byte_text
from foreframe_models.entry import Entry
from foreframe_models.world_model import WorldModel
from foreframe_protocol.states import Frame, Provenance, Value

CHAT = {chat.START: 300, chat.STOP: 301, chat.TURN: 302}
SURE, UNSURE = math.log(0.97), math.log(0.31)


def predicted(value: Value | None) -> Value | None:
    return None if value is None else replace(value, provenance=Provenance.PREDICTED)


def as_predicted(frame: Frame) -> Frame:
    shown = None if frame.locals is None else {n: predicted(v) for n, v in frame.locals.items()}
    return replace(frame, locals=shown, value=predicted(frame.value))


def logprobs(ids: tuple[int, ...], unsure: str) -> list[float | None]:
    """One log-probability per byte: the value of `unsure` is doubted, all else is held sure."""
    text = bytes(i if i < 128 else 0 for i in ids)
    found: list[float | None] = [None] * len(ids)
    begin = 0
    mark = f'"{unsure}": "'.encode()
    while (begin := text.find(b'": "', begin)) >= 0:
        begin += 4
        doubted = text[:begin].endswith(mark)
        found[begin] = UNSURE if doubted else SURE
    return found


async def record(
    path: Path, function: str | None, args: str, unsure: str, words: str, to: Path
) -> None:
    program = load_program(path)
    entry = Entry(function, args)
    run = await observe(program, entry)
    engine = RecordedEngine([])
    world, dialect = WorldModel(engine), CwmDialect(engine, BYTE_MODEL)
    trace = await world.start(program, entry)
    prompt = await dialect.context(program, trace) + await dialect.write(program, trace)
    places, texts = [prompt], []
    for frame in map(as_predicted, run.frames[1:]):
        trace = trace.append(frame)
        texts.append(await dialect.write(program, trace))
        places.append(places[-1] + texts[-1])
    with to.open("w", encoding="utf-8") as file:
        if words:
            model = replace(BYTE_MODEL, specials={**BYTE_MODEL.specials, **CHAT})
            file.write(json.dumps({"model": asdict(model)}) + "\n")
        # The longest prompt first: an exchange answers every prompt that starts with its own.
        for index in range(len(texts) - 1, -1, -1):
            answer = tuple(i for text in texts[index:] for i in text)
            exchange = {
                "prompt": places[index],
                "answer": answer,
                "texts": [byte_text((token,)) for token in answer],
                "logprobs": logprobs(answer, unsure),
            }
            file.write(json.dumps(exchange) + "\n")
        if words:
            file.write(json.dumps({"answer": [*words.encode(), CHAT[chat.TURN]]}) + "\n")


if __name__ == "__main__":
    program, function, args, unsure, words, to = sys.argv[1:]
    asyncio.run(record(Path(program), function or None, args, unsure, words, Path(to)))
