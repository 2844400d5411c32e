"""Steps as rows of a database, and a timeline from them again: what they share is shared again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from typing import Any

from foreframe.errors import StoreDamaged
from foreframe.memory.codec import Malformed, Packer, defaults, read_nodes, unpack
from foreframe.timeline import Branch, Reason, Step, Stop, Timeline, nodes_of
from foreframe_protocol.states import Action, End, Trace

OWN_COLUMNS = frozenset({"number", "parent", "action", "trace", "end", "message", "branch"})
Row = Mapping[str, Any]


class RowWriter:
    """Writes the steps of one timeline, in the order of their numbers."""

    def __init__(self) -> None:
        self.packer = Packer()
        self._steps: list[Step] = []
        self._tips: dict[int, Step] = {}  # identity of a step's trace → the first that ends there

    def row(self, step: Step, origin: int | None) -> dict[str, object]:
        """A step as a row; `origin`: the branch that its own branch leaves, if it does."""
        base, base_step, nodes = self._new(step)
        self._steps.append(step)
        self._tips.setdefault(id(step.trace), step)
        return {
            "number": step.number,
            "parent": None if step.parent is None else step.parent.number,
            "branch": step.branch,
            "origin": origin,
            "action": None if step.action is None else step.action.value,
            "end": step.end.value,
            "message": step.message,
            "base_step": None if base_step is None else base_step.number,
            "base_length": base.length,
            "root": None if base_step is not None else self.packer.text(base.state),
            "frames": self.packer.nodes(nodes),
            "more": self._more(step),
        }

    def _new(self, step: Step) -> tuple[Trace, Step | None, list[Trace]]:
        """What a step's new frames hang on, the step that this belongs to, and the frames.

        Most steps go on from the end of another. A branch leaves another one in mid-step: for it,
        all that is known is looked through.
        """
        node, nodes, known = step.trace, [step.trace], self._tips
        while id(node) not in known and node.parent is not None:
            node = node.parent
            nodes.append(node)
        if id(node) not in known and self._steps:
            known = {id(one): owner for owner in reversed(self._steps) for one in nodes_of(owner)}
            nodes = [step.trace]
            while id(nodes[-1]) not in known and nodes[-1].parent is not None:
                nodes.append(nodes[-1].parent)
        base = nodes.pop()
        nodes.reverse()
        return base, known.get(id(base)), nodes

    def _more(self, step: Step) -> str:
        """The fields that have no column of their own."""
        told: dict[str, object] = {}
        for name, default in defaults(Step):
            value = getattr(step, name)
            if name not in OWN_COLUMNS and value != default:
                with suppress(TypeError):  # a kind of thing that has no text: only shown live
                    told[name] = self.packer.pack(value)
        return json.dumps(told, separators=(",", ":"))


def read_timeline(session: Row, rows: Sequence[Row]) -> Timeline:
    """The timeline that rows were made of, with its cursor. Raises StoreDamaged."""
    try:
        return _read(session, rows)
    except (Malformed, KeyError, IndexError, TypeError, ValueError) as error:
        raise StoreDamaged(
            f"session {session.get('id')} cannot be read ({type(error).__name__}: {error}): "
            "delete it with `foreframe sessions delete`"
        ) from error


def _read(session: Row, rows: Sequence[Row]) -> Timeline:
    known = {field.name for field in fields(Step)}
    steps: list[Step] = []
    branches: dict[int, Branch] = {}
    nodes: list[list[Trace]] = []  # of each step: what its frames hang on, then they
    for row in rows:
        if row["number"] != len(steps):
            raise ValueError(f"step {len(steps)} is missing")
        onto = _base(row, nodes)
        nodes.append([onto, *read_nodes(row["frames"], onto)])
        more = {name: unpack(told) for name, told in json.loads(row["more"]).items()}
        step = Step(
            row["number"],
            None if row["parent"] is None else steps[row["parent"]],
            None if row["action"] is None else Action(row["action"]),
            nodes[-1][-1],
            End(row["end"]),
            row["message"],
            branch=row["branch"],
            **{name: value for name, value in more.items() if name in known},
        )
        steps.append(step)
        branch = branches.get(step.branch)
        if branch is None:
            branches[step.branch] = Branch(step.branch, step, step, step.trace, row["origin"])
        else:
            branch.tip = step
    if not steps:
        raise ValueError("it has no steps")
    for branch in branches.values():
        branch.model = model_of(branch)
    here = branches[session["branch"]]
    why = Reason(session["reason"]), session["description"], session["text"]
    stop = Stop(_at(here.tip.trace, session["length"]), *why)
    ordered = [branches[number] for number in range(len(branches))]
    return Timeline.of(steps, ordered, here.number, stop)


def _base(row: Row, nodes: list[list[Trace]]) -> Trace:
    """What the frames of a step hang on."""
    length = row["base_length"]
    if row["base_step"] is None:
        return Trace(unpack(json.loads(row["root"])), length=length)
    return _at(nodes[row["base_step"]][-1], length)


def _at(node: Trace, length: int) -> Trace:
    """The frame of a trace after which it had this length."""
    while node.length > length and node.parent is not None:
        node = node.parent
    return node


def model_of(branch: Branch) -> Trace:
    """The trace that the world model goes on from at the end of a branch.

    It begins at the last change: what came before would contradict it, or is a guess itself.
    """
    changed = next((step for step in branch.steps() if step.change is not None), None)
    if changed is None:
        return branch.tip.trace
    begin = changed.trace
    nodes: list[Trace] = []
    node: Trace | None = branch.tip.trace
    while node is not None and node is not begin:
        nodes.append(node)
        node = node.parent
    model = Trace(begin.state, length=begin.length)
    for node in reversed(nodes):
        assert node.frame is not None
        model = model.append(node.frame)
    return model
