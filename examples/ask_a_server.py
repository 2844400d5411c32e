"""Steps through a call that nobody executes: `foreframe serve` in one terminal, this in another."""

from __future__ import annotations

import sys
from pathlib import Path

from foreframe.client import SyncClient

SOURCE = (Path(__file__).parent / "strawberry.py").read_text(encoding="utf-8")

with (
    SyncClient(*sys.argv[1:]) as client,
    client.session(source=SOURCE, function="count_letter", args="'berry', 'r'") as session,
):
    session.step_over()
    session.step_over()
    top = session.state.stack[-1]
    for name, value in top.locals.items():
        sure = "" if value.confidence is None else f", {value.confidence:.1%} sure"
        print(f"line {top.line}: {name} = {value.text} ({value.provenance.value}{sure})")

    session.set_variable("letter", "'b'")  # another future; the first one stays
    returned = session.run().state.value
    assert returned is not None
    print(f"with letter = 'b' it is predicted to return {returned.text}")
    print(f"{len(session.timeline().branches)} branches")
