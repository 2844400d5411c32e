"""What `foreframe fill` finds: as lines for a person, as JSON lines, as a diff alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from rich.table import Table
from rich.text import Text

from foreframe.candidates import Basis, Candidate, Evidence
from foreframe.explaining import explain
from foreframe.fill_asked import candidate_view
from foreframe.terminal.fill import Group, diff_of
from foreframe.terminal.table import (
    DOUBT,
    QUIET,
    RIGHT,
    WRONG_STYLE,
    Marks,
    console_for,
    percent,
    printable,
)
from foreframe_models.program.control_flow import Program
from foreframe_models.program.source import ProgramError
from foreframe_protocol.states import Verdict

SHOWN_CHARS = 120  # of a value; --json has all of it
SHOWN_OTHERS = 2  # candidates after the best, in the end
SHOWN_EXAMPLES = 8  # of a function; --json has all
SHOWN_WRONG = 6  # candidates of a function that do not come out right, while they are tried
ORIGINS = {"model": "model", "form": "form", "scope": "guess"}


class Lines:
    """Lines for a person: candidates as they are tried, then the best with what speaks for it."""

    def __init__(self, out: TextIO, path: Path, *, trace: bool) -> None:
        self.out, self.console = out, console_for(out)
        self.path, self.trace = path, trace
        self.marks = Marks(plain=self.console.options.ascii_only)
        self.gives = "->" if self.console.options.ascii_only else "→"
        self.wrong = 0  # candidates of this function that did not come out right

    def group(self, group: Group) -> None:
        """What is filled, and what is wanted of it."""
        self.wrong = 0
        numbers = ", ".join(dict.fromkeys(str(hole.line) for hole in group.chosen))
        lines = "lines" if "," in numbers else "line"
        count = "a hole" if len(group.chosen) == 1 else f"{len(group.chosen)} holes"
        others = len(group.holes) - len(group.chosen)
        and_others = f", tried with {others} more that stay open" if others else ""
        self.print(Text(f"{group.name}: {count} in {lines} {numbers}{and_others}", style="bold"))
        for example in group.examples[:SHOWN_EXAMPLES]:
            self.print(
                Text(f"  wanted: {shortened(f'{example.call} {self.gives} {example.wanted}')}")
            )
        if group.examples[SHOWN_EXAMPLES:]:
            self.print(Text(f"  {self.marks.more} and {self.more(group)}", style=QUIET))
        if not group.examples:
            what = f"'{group.function}(1) -> 2'" if group.function else "a function's holes"
            self.print(Text(f"  no example: nothing can be tried (--example {what})", style=DOUBT))

    def candidate(self, group: Group, one: Candidate) -> None:
        """A row: whether its examples come out right, and if not what comes out."""
        self.wrong += one.right < len(group.examples) or not group.examples
        if one.right == len(group.examples) > 0 or self.wrong <= SHOWN_WRONG:
            self.row(group, one, telling(one))

    def best(self, group: Group) -> None:
        """The best with all its evidence, those next to it, what it changes, how it would run."""
        if group.best is None:
            self.print(Text("  nothing was found that could stand there", style=WRONG_STYLE))
            return
        if self.wrong > SHOWN_WRONG:
            what = "that come out wrong" if group.examples else "that cannot be tried"
            left = f"  {self.marks.more} and {self.wrong - SHOWN_WRONG} more {what} (--json: all)"
            self.print(Text(left, style=QUIET))
        ranked = group.ranked
        best, *others = ranked
        self.print(Text(heading(group), style="bold"))
        rest = [Text(f"{self.marks.more} and {self.more(group)}", QUIET)]
        is_long = len(best.evidence) > SHOWN_EXAMPLES
        self.row(group, best, best.evidence[:SHOWN_EXAMPLES], rest if is_long else ())
        if others[:SHOWN_OTHERS]:
            self.print(Text("then:", style=QUIET))
        for other in others[:SHOWN_OTHERS]:
            self.row(group, other, [])
        right = sum(group.bears_out(one) for one in ranked)
        if group.is_right and right > 1:
            many = f"{right} of {len(ranked)} that were tried come out right"
            self.print(Text(f"{many}: another example would tell them apart", style=DOUBT))
        self.print(Text(""))
        diff = diff_of(self.path, group.analysis.source, group.filled)
        for number, line in enumerate(diff.splitlines()):
            style = {"+": RIGHT, "-": WRONG_STYLE, "@": QUIET}.get(line[:1], "")
            head = number < 2  # the file's name
            self.print(Text(printable(line.expandtabs(4)), style=QUIET if head else style))
        if self.trace:
            self.story(group, best)
        self.print(Text(""))

    def story(self, group: Group, best: Candidate) -> None:
        """How each example would run, in sentences."""
        for call, sentences in stories(group, best):
            self.print(Text(f"\n{shortened(call)}", style="bold"))
            for sentence in sentences:
                self.print(Text(f"  {printable(sentence)}"))
            if not sentences:
                self.print(Text("  worked out at once, or not walked: no steps to tell", QUIET))

    def end(self, groups: Sequence[Group], diff: str, *, written: bool) -> None:
        ran = any(e.ran is not None for g in groups for c in g.found for e in c.evidence)
        how = "The examples were also run, confined." if ran else "Nothing was executed."
        right = sum(group.is_right for group in groups)
        of = "all examples come out right"
        if right < len(groups):
            of = "not all examples come out right, or not for certain"
        what = f"{right} of {len(groups)} functions filled so that their examples come out right"
        if len(groups) == 1:
            what = f"{groups[0].name}: {of}"
        done = f" {self.path} is written." if written else ""
        self.print(Text(f"{what}.{done} {how}", style=QUIET))

    def more(self, group: Group) -> str:
        return f"{len(group.examples) - SHOWN_EXAMPLES} more examples"

    def row(
        self,
        group: Group,
        one: Candidate,
        evidence: Sequence[Evidence],
        rest: Sequence[Text] = (),
    ) -> None:
        """Sign, how many are right, the texts, whose they are, each of `evidence`, the rest."""
        wanted = len(group.examples)
        is_right = bool(wanted) and one.right == wanted
        sign = self.marks.right if is_right else self.marks.wrong if wanted else self.marks.unknown
        style = RIGHT if is_right else WRONG_STYLE if wanted else QUIET
        told = [self.evidence(e) for e in evidence] or [Text("" if wanted else "not tried", QUIET)]
        table = Table.grid(padding=(0, 1, 0, 0))
        for width in (1, len(self.marks.right), 2 * len(str(wanted)) + 1):
            table.add_column(width=width, no_wrap=True)
        table.add_column(ratio=4, overflow="fold")
        table.add_column(width=5, no_wrap=True)
        table.add_column(ratio=6, overflow="fold")
        table.expand = True
        count = f"{one.right}/{wanted}" if wanted else ""
        texts = Text()
        for number, text in enumerate(one.texts):
            texts.append(" ; " if number else "", QUIET).append(printable(one_line(text)))
        origin = Text(ORIGINS[one.origin], style=QUIET)
        table.add_row("", Text(sign, style), Text(count, style), texts, origin, told[0])
        for more in (*told[1:], *rest):
            table.add_row("", "", "", "", "", more)
        with self.console.capture() as drawn:
            self.console.print(table)
        self.out.writelines(f"{line.rstrip()}\n" for line in drawn.get().splitlines())
        self.out.flush()

    def evidence(self, one: Evidence) -> Text:
        """What an example gives, and how that is known."""
        got = shortened(one.predicted) if one.predicted is not None else "no end in sight"
        if one.predicted is None and one.probability is not None and one.trace is None:
            got = "not walked"
        right = one.verdict is Verdict.MATCH if one.ran_right is None else one.ran_right
        how = "worked out" if one.basis is Basis.RULES else "predicted"
        if one.ran is not None:
            how = "run" if one.ran == one.predicted else f"run; {how}: {got}"
            got = shortened(one.ran)
        elif one.basis is Basis.MODEL and one.probability is not None:
            how = f"predicted, {percent(min(1.0, one.probability))} for what is wanted"
        given = f"{shortened(one.example.call, 40)} {self.gives} {got}"
        return Text.assemble((given, "" if right else DOUBT), (f" ({how})", QUIET))

    def print(self, text: Text) -> None:
        self.console.print(text, soft_wrap=True)
        self.out.flush()


def heading(group: Group) -> str:
    """What the best of a group is."""
    if group.is_right:
        return "best:"
    if not group.examples:
        return "the first of them, not tried:"
    if group.best is not None and group.bears_out(group.best):
        return "best, as predicted, though not for certain (--run makes it so):"
    return "best, though not right:"


def telling(one: Candidate) -> list[Evidence]:
    """The evidence that tells the most of a candidate: where it goes wrong, and how."""
    wrong = [
        e
        for e in one.evidence
        if not (e.verdict is Verdict.MATCH if e.ran_right is None else e.ran_right)
    ]
    seen = [e for e in wrong if e.predicted is not None or e.ran is not None]
    return [*seen, *wrong, *one.evidence[-1:]][:1]


class Records:
    """JSON lines: a group, its candidates as they are tried, its best; in the end a summary."""

    def __init__(self, out: TextIO, path: Path, *, trace: bool) -> None:
        self.out, self.path, self.trace = out, path, trace

    def group(self, group: Group) -> None:
        holes = [
            {"line": h.line, "column": h.column, "missing": h.missing, "chosen": h in group.chosen}
            for h in group.holes
        ]
        wanted = [
            {"call": e.call, "wanted": e.wanted, "line": e.line, "from": e.kind}
            for e in group.examples
        ]
        self.tell({"function": group.function, "holes": holes, "examples": wanted})

    def candidate(self, group: Group, one: Candidate) -> None:
        self.tell({"function": group.function, "candidate": self.told(group, one)})

    def best(self, group: Group) -> None:
        best = group.best
        if best is None:
            self.tell({"function": group.function, "best": None})
            return
        told: dict[str, object] = {"function": group.function, "best": self.told(group, best)}
        told["is_right"] = group.is_right
        told["diff"] = diff_of(self.path, group.analysis.source, group.filled)
        if self.trace:
            told["stories"] = [
                {"example": call, "sentences": list(lines)} for call, lines in stories(group, best)
            ]
        self.tell(told)

    def end(self, groups: Sequence[Group], diff: str, *, written: bool) -> None:
        right = sum(group.is_right for group in groups)
        summary = {"groups": len(groups), "right": right, "written": written, "diff": diff}
        self.tell({"summary": summary})

    def told(self, group: Group, one: Candidate) -> dict[str, object]:
        view = candidate_view(one, group.analysis, group.holes)
        return view.model_dump(mode="json", exclude={"source"}, exclude_none=True)

    def tell(self, record: dict[str, object]) -> None:
        print(json.dumps(record), file=self.out, flush=True)


class DiffAlone:
    """Only what makes all examples come out right, for `patch`."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def group(self, group: Group) -> None:
        """Nothing is told of what is looked for."""

    def candidate(self, group: Group, one: Candidate) -> None:
        """Nor of what is tried."""

    def best(self, group: Group) -> None:
        """The end tells of all."""

    def end(self, groups: Sequence[Group], diff: str, *, written: bool) -> None:
        self.out.write(diff)
        self.out.flush()


def stories(group: Group, best: Candidate) -> Iterator[tuple[str, list[str]]]:
    """How each example that was walked would run, in sentences; none where it was not."""
    try:
        program = Program.parse(group.whole, group.analysis.path)
    except ProgramError:  # errors elsewhere
        program = None
    for evidence in best.evidence:
        trace = evidence.trace
        told = [] if trace is None or program is None else explain(program, trace)
        yield (
            f"{evidence.example.call} -> {evidence.predicted}",
            [f"{'  ' * sentence.depth}{sentence}" for sentence in told],
        )


def one_line(text: str) -> str:
    """A statement of several lines, for a row: `if x: y = 1`."""
    return " ".join(line.strip() for line in text.split("\n"))


def shortened(text: str, most: int = SHOWN_CHARS) -> str:
    """A value for a line: its beginning, and how long it is, where it is long."""
    if len(text) <= most:
        return printable(text)
    return f"{printable(text[:most])}... ({len(text):,} characters)"
