"""The language server's worker with a world model that knows the truth: argv[1] is its delay."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from oracle_world import OracleWorld

from foreframe.language import predictor
from foreframe.language.predictor import Predictor
from foreframe.language.worker import main


class Counted(Predictor):
    """Answers a run of `/count.py` with the world's own count of predictions."""

    async def run(self, analysis, example):
        if analysis.path == "/count.py":
            return self.world.running, self.world.cancelled
        return await super().run(analysis, example)


async def no_proposals(*args, **options):
    return
    yield


predictor.proposals = no_proposals
main(Counted(OracleWorld(delay=float(sys.argv[1]))))
