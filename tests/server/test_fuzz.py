"""A few thousand mutated messages: `make fuzz` sends 200,000 of them."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import fuzzed
import pytest
from mutations import Mutator, is_harmless, walk

SESSIONS = {"dap": 24, "lsp": 30, "socket": 60}  # about a thousand messages each, but of the LSP


@pytest.fixture(autouse=True)
def _at_once_and_quietly(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("foreframe.language.server.QUIET_SECONDS", 0.0)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("kind", SESSIONS)
async def test_no_mutated_message_makes_a_server_fail_or_leave_anything_behind(
    kind: str, tmp_path: Path
):
    async with fuzzed.application() as app:
        before = asyncio.all_tasks()
        for seed in range(SESSIONS[kind]):
            mutator = Mutator(seed)
            if kind == "socket":
                count, wrong = await fuzzed.socket(mutator, app)
            else:
                count, wrong = await getattr(fuzzed, kind)(mutator, tmp_path)
            assert count
            assert not wrong, f"seed {seed}: {wrong}"
        await asyncio.sleep(0.05)
        assert len(asyncio.all_tasks() - before) < 5


async def test_what_is_not_mutated_works(tmp_path: Path):
    class Same(Mutator):
        def messages(self, valid):
            return list(valid)

        def bytes(self, data):
            return data

    async with fuzzed.application() as app:
        for count, wrong in (
            await fuzzed.dap(Same(0), tmp_path),
            await fuzzed.lsp(Same(0), tmp_path),
            await fuzzed.socket(Same(0), app),
        ):
            assert count > 10
            assert wrong == []


def test_the_same_seed_gives_the_same_messages_and_another_others():
    valid = fuzzed.socket_conversation()
    assert Mutator(3).messages(valid) == Mutator(3).messages(valid)
    assert len({str(Mutator(seed).messages(valid)) for seed in range(50)}) > 45
    assert valid == fuzzed.socket_conversation()


def test_every_place_of_a_message_can_be_reached():
    assert len(walk({"a": [1, {"b": 2}]})) == 4
    assert not is_harmless(b'{"mode": "check"}')
