"""The same walk through debugpy as it comes and through ours: same lines, same locals."""

from pathlib import Path

from stock_debugpy import StockDebugpy

from foreframe.debuggee import Debuggee, LaunchTarget, SourceBreakpoint
from foreframe_protocol.states import Action

SOURCE = """\
class Stack:
    def __init__(self):
        self.items = []

    def push(self, x):
        self.items.append(x)
        return len(self.items)

def squares(n):
    for i in range(n):
        yield i * i

def risky(x):
    try:
        return 10 // x
    except ZeroDivisionError:
        return None

start = 1
stack = Stack()
for value in squares(2):
    depth = stack.push(value)
found = [risky(x) for x in (1, 0)]
names = {"a": [1, 2], "b": (3,), "c": {4}}
text = "it's" + ' "so"'
"""
START = 19


class Deaf:
    def output(self, category: str, text: str) -> None: ...

    def event(self, name: str, body: object) -> None: ...


async def test_both_stop_at_the_same_lines_with_the_same_locals(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(SOURCE)
    ours = await Debuggee.launch(LaunchTarget(file=str(path)), Deaf())
    stock = await StockDebugpy.launch(str(path))
    try:
        await ours.set_breakpoints(str(path), [SourceBreakpoint(START)])
        seen = await ours.start(stop_on_entry=False)
        thread = await stock.start(str(path), START)
        stops = 0
        goes_on = True
        while goes_on and not seen.ended:
            told = await stock.look(thread)
            places = [(name, line) for name, line, _ in told if name != "<listcomp>"]
            assert [(s.function.rpartition(".")[2], s.line) for s in seen.shown] == places
            for scope, (_, _, values) in zip(seen.shown, told, strict=False):
                shown = {n: v.text for n, v in scope.locals.items() if " at 0x" not in v.text}
                assert shown == {name: values[name] for name in shown}
            stops += 1
            seen = await ours.step(Action.STEP_INTO)
            goes_on = await stock.step("stepIn", thread)
        assert seen.ended
        assert not goes_on
        assert stops > 30
    finally:
        await stock.close()
        await ours.close()
