"""A trace as a table that grows row by row, for terminals of any width and ground, and for none."""

from __future__ import annotations

from typing import TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from foreframe.evaluated import NEXT_OF, Evaluated, elements
from foreframe.terminal.story import Ending, Story, Told
from foreframe_models.confidence import of_way
from foreframe_protocol.alignment import WRONG, ValueCheck
from foreframe_protocol.states import End, Event, Frame, Provenance, Value, Verdict

PIPED_WIDTH = 120  # columns where there is no terminal to ask
SHOWN_CHARS = 200  # of one value; --json has all of it
SURE, LIKELY = 0.9, 0.6  # confidences from which a value is not marked, is marked once

# Only colours that are legible on light and dark grounds, and never a colour without a sign.
RIGHT, WRONG_STYLE, DOUBT, QUIET = "green", "red", "magenta", "dim"


class Marks:
    """The signs of a table, for terminals that can show them and for those that cannot."""

    def __init__(self, plain: bool) -> None:
        self.right, self.wrong, self.unknown = ("ok", "no", "--") if plain else ("✓", "✗", "·")
        self.real = "really" if plain else "←"
        self.more = "..." if plain else "…"
        self.back = "in" if plain else "↳"
        self.gone = "-"


class TracePrinter:
    """Prints the rows of one trace. Column widths are set once, from the program's text."""

    def __init__(
        self,
        out: TextIO,
        *,
        steps: int,
        places: int,
        sources: int,
        checked: bool,
        micro: bool = False,
    ) -> None:
        """`steps`, `places`, `sources`: characters of the longest number, `scope:line`, line.

        `micro`: expressions have rows of their own.
        """
        self.out, self.console = out, console_for(out)
        self.marks = Marks(plain=self.console.options.ascii_only)
        self.checked, self.micro = checked, micro
        self.last: tuple[str, int] | None = None  # scope and line of the row above
        self.lines: dict[int, str] = {}  # those seen
        self.ended = False  # whether it is told that the real run has
        self.said: dict[tuple[str, int, str], str] = {}  # of a name in a scope: what is wrong
        self.widths = column_widths(self.console.width, steps, places, sources)

    def title(self, text: str) -> None:
        """What is traced, by what; then the header."""
        title = fitted(printable(text[:2000]), 3 * self.console.width, self.marks.more)
        self.console.print(Text(title, style="bold"))
        quiet = [Text(t, style=QUIET) for t in ("step", "scope:line", "source", "what changed")]
        self.row(*quiet, Text("sure", style=QUIET), Text("ok?" if self.checked else "", QUIET))

    def frame(self, told: Told) -> None:
        """One frame, and the real place where it should have been."""
        frame = told.frame
        if self.micro:
            for one, found in zip(told.evaluated, told.checks, strict=True):
                self.expression(one, found)
        self.row(
            Text(str(told.step), style=QUIET),
            Text(self.place(frame)),
            Text(self.source(frame)),
            self.changes(told),
            self.confidence(told),
            self.verdict(told),
        )
        check = told.check
        if check is not None and not check.same_place:
            self.elsewhere(check.real, first=told.parts)
        self.last = frame.function, frame.line
        self.lines[frame.line] = frame.source.expandtabs(4)
        if self.micro and told.upcoming is not None:
            self.expression(told.upcoming, None)

    def expression(self, one: Evaluated, check: ValueCheck | None) -> None:
        """A row below the line that evaluates it; the line again after rows of another."""
        place = one.scope.function, one.scope.line
        where = "" if place == self.last else f"{self.marks.back} {place[0]}:{place[1]}"
        self.last = place
        line = self.lines.get(one.scope.line, "")
        source = " " * (len(line) - len(line.lstrip()) + 2) + printable(one.source)
        value = one.value
        if one.source.startswith(NEXT_OF):
            text = Text(printable(elements(value)))
        else:
            text = Text("= ") + self.value(value, check)
        self.row(
            Text(""),
            Text(fitted(where, self.widths[1], self.marks.more), style=QUIET),
            Text(fitted(source, self.widths[2], self.marks.more), style=QUIET),
            text,
            self.sure(value.confidence),
            Text("") if check is None else self.mark(check.verdict not in WRONG),
        )

    def elsewhere(self, real: Frame | None, *, first: bool) -> None:
        """The real place, where the prediction stands at another."""
        if real is None:
            if not self.ended:
                ended = Text("the real run has ended", QUIET)
                self.row(Text(""), Text(self.marks.real, style=QUIET), Text(""), ended)
            self.ended = True
            return
        note = "here they part" if first else ""
        if real.event is not Event.LINE:
            note = f"{note} ({real.event})".strip()
        self.row(
            Text(""),
            Text(self.place(real, f"{self.marks.real} "), style=QUIET),
            Text(self.source(real), style=QUIET),
            Text(note, style=QUIET),
        )

    def end(self, story: Story, ending: Ending) -> None:
        """The last lines: how it ended, and how much is right."""
        if ending.message and ending.end is not End.FAILED:  # a failure is told on stderr
            self.console.print(Text(printable(ending.message), style=DOUBT))
        usage, frames = ending.usage, len(story.told)
        sure = of_way(told.frame for told in story.told)
        self.console.print(
            Text(
                f"{frames} frames predicted by {ending.engine} in {usage.seconds:.1f} s: "
                f"{usage.generated_tokens} tokens generated, {usage.forced_tokens} forced"
                + ("" if sure is None else f"; sure of the whole way: {percent(sure)}"),
                style=QUIET,
            )
        )
        found = story.tally(ending.end)
        if found is not None and story.run is not None:
            if story.run.end is not End.FINISHED:
                self.console.print(Text(printable(story.run.message), style=DOUBT))
            all_right = found.frames == found.frames_right and found.values == found.values_right
            self.console.print(Text(str(found), style=RIGHT if all_right else WRONG_STYLE))

    def row(self, *cells: Text) -> None:
        """Prints cells under the table's columns; a cell too long goes on below itself."""
        table = Table.grid(padding=(0, 1, 0, 0))
        step, where, source, change, sure, ok = self.widths
        table.add_column(width=step, justify="right", no_wrap=True)
        table.add_column(width=where, no_wrap=True)
        table.add_column(width=source, no_wrap=True)
        table.add_column(width=change, overflow="fold")
        table.add_column(width=sure, justify="right", no_wrap=True)
        table.add_column(width=ok, no_wrap=True)
        table.add_row(*cells)
        with self.console.capture() as drawn:
            self.console.print(table)
        for line in drawn.get().splitlines():
            self.out.write(line.rstrip(" ") + "\n")
        self.out.flush()

    def place(self, frame: Frame, before: str = "") -> str:
        """`before` and `scope:line`; where that is too wide, the scope's name is shortened."""
        line = f":{frame.line}"
        room = self.widths[1] - len(before) - len(line)
        return before + fitted(printable(frame.function), room, self.marks.more) + line

    def source(self, frame: Frame) -> str:
        """The frame's line, as much of it as fits."""
        return fitted(printable(frame.source.expandtabs(4)), self.widths[2], self.marks.more)

    def changes(self, told: Told) -> Text:
        """What this frame tells: new values, a returned value, an exception, and what is wrong."""
        frame, check = told.frame, told.check
        called = frame.event is Event.CALL and told.step > 1
        parts: list[Text] = []
        if frame.value is not None:
            found = check.value if check is not None else None
            word = "return " if frame.event is Event.RETURN else "raise "
            parts.append(Text(word, style="bold") + self.value(frame.value, found))
        checks = check.locals if check is not None else {}
        for name, value in (frame.locals or {}).items():
            wrong = name in checks and checks[name].verdict in WRONG
            again = wrong and self.is_said(frame, name, checks[name])
            if name in told.changed or (wrong and not again):
                parts.append(Text(f"{printable(name)} = ") + self.value(value, checks.get(name)))
            elif wrong:
                parts.append(Text(f"{printable(name)} {self.marks.wrong}", style=WRONG_STYLE))
        for name, missing in checks.items():
            if missing.predicted is None:
                again = self.is_said(frame, name, missing)
                what = Text(self.marks.wrong, WRONG_STYLE) if again else self.judged(missing)
                parts.append(Text(f"{printable(name)} ") + what)
        parts += [Text(f"{self.marks.gone}{printable(name)}", QUIET) for name in told.deleted]
        return Text("call " if called else "", style="bold") + Text(", ").join(parts)

    def is_said(self, frame: Frame, name: str, check: ValueCheck) -> bool:
        """Whether the same was wrong with this name when it was last told."""
        key, wrong = (frame.function, frame.depth, name), self.judged(check).plain
        before, self.said[key] = self.said.get(key), wrong
        return before == wrong

    def value(self, value: Value, check: ValueCheck | None) -> Text:
        """A value, its doubt, and its verdict."""
        if value.provenance is Provenance.UNKNOWN:
            text = Text("?", style=DOUBT)
        else:
            text = Text(self.shortened(value))
        if value.confidence is not None and value.confidence < SURE:
            mark = "?" if value.confidence >= LIKELY else "??"
            text += Text(f" {mark}{percent(value.confidence)}", style=DOUBT)
        if check is not None and check.verdict is not Verdict.MATCH:
            text += Text(" ") + self.judged(check)
        return text

    def judged(self, check: ValueCheck) -> Text:
        """What is wrong with a value, by sign and colour; empty where nothing is."""
        real = self.shortened(check.real) if check.real is not None else ""
        match check.verdict:
            case Verdict.DIFFERS:
                return Text(f"{self.marks.wrong} really {real}", style=WRONG_STYLE)
            case Verdict.MISSING:
                return Text(f"{self.marks.wrong} missing, really {real}", style=WRONG_STYLE)
            case Verdict.EXTRA:
                return Text(f"{self.marks.wrong} does not exist", style=WRONG_STYLE)
            case Verdict.NOT_COMPARABLE:
                return Text(f"{self.marks.unknown} not comparable", style=QUIET)
        return Text("")

    def shortened(self, value: Value) -> str:
        """A value's text, at most SHOWN_CHARS of it."""
        text = value.text
        if len(text) > SHOWN_CHARS:
            return f"{printable(text[:SHOWN_CHARS])}{self.marks.more} ({len(text):,} characters)"
        return printable(text) + (self.marks.more if value.cut else "")

    def confidence(self, told: Told) -> Text:
        """How sure the model is of this row, as a number; `given` where nothing was predicted."""
        if told.confidence is None:
            shown = told.frame.locals or {}
            given = told.step == 1 and all(v.provenance is Provenance.GIVEN for v in shown.values())
            return Text("given" if given else "", style=QUIET)
        return self.sure(told.confidence)

    def sure(self, sure: float | None) -> Text:
        """A probability, marked where it is low."""
        if sure is None:
            return Text("")
        if sure >= SURE:
            return Text(percent(sure), style=RIGHT)
        mark = "?" if sure >= LIKELY else "??"
        return Text(f"{mark}{percent(sure)}", style=DOUBT)

    def verdict(self, told: Told) -> Text:
        """Whether the row is right."""
        if told.check is None:
            return Text(self.marks.unknown if self.checked else "", style=QUIET)
        return self.mark(told.check.right)

    def mark(self, right: bool) -> Text:
        """The sign of what is right or wrong."""
        if right:
            return Text(self.marks.right, style=RIGHT)
        return Text(self.marks.wrong, style=WRONG_STYLE)


def console_for(out: TextIO) -> Console:
    """A console on `out`: as wide as the terminal; wide and without colours where there is none."""
    if out.isatty():
        return Console(file=out, highlight=False, markup=False, emoji=False, soft_wrap=False)
    return Console(
        file=out, highlight=False, markup=False, emoji=False, width=PIPED_WIDTH, no_color=True
    )


def column_widths(
    width: int, steps: int, places: int, sources: int
) -> tuple[int, int, int, int, int, int]:
    """Widths of step, scope:line, source, what changed, confidence and verdict.

    They and five single spaces between fill `width` columns; source and changes share what the
    others leave, the changes at least half.
    """
    step, sure, ok = max(4, steps), 5, 3
    where = min(max(places, len("scope:line")), max(10, width // 4))
    left = max(16, width - step - where - sure - ok - 6)
    source = min(max(sources, len("source")), left // 2)
    return step, where, source, left - source, sure, ok


def fitted(text: str, width: int, more: str) -> str:
    """`text`, cut to `width` terminal cells with the sign `more` at its end."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - len(more))).rstrip() + more


def percent(confidence: float) -> str:
    """A probability for a person; 100 % only where it is."""
    return f"{min(99, int(confidence * 100)) if confidence < 1 else 100}%"


def printable(text: str) -> str:
    """`text` with everything escaped that a terminal would not print as it stands."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
