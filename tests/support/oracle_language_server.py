"""`foreframe lsp` with a world model that knows the truth, for tests: argv[1] is its delay."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from oracle_world import OracleWorld

from foreframe.language import handlers, predictor
from foreframe.language.server import make_server
from foreframe_models.proposals import Proposal

WORLDS: list[OracleWorld] = []


def open_world(engine: str, max_frames: int) -> OracleWorld:
    WORLDS.append(OracleWorld(max_frames=max_frames, delay=float(sys.argv[1])))
    return WORLDS[-1]


async def proposals(world, program, hole, wishes, *, count, **options):
    """Answers as a model might give them: the second one is right where the tests need it."""
    for number, text in enumerate(("0", "len(nums) - 1", "(left + right) // 2")[:count]):
        yield Proposal(text, -float(number))


predictor.proposals = proposals
handlers.COMPLETION_SECONDS = handlers.PATIENCE_SECONDS = 60.0  # tests run on busy machines
server = make_server("auto", open_world)


@server.feature("test/running")
def running(ls: object, params: object) -> dict[str, int]:
    """How many predictions run, and how many were cancelled."""
    return {
        "running": sum(world.running for world in WORLDS),
        "cancelled": sum(world.cancelled for world in WORLDS),
        "asked": sum(world.asked for world in WORLDS),
    }


server.start_io()
