"""What programs are made of, so that generated ones can be held against others: numbers only."""

from __future__ import annotations

import argparse
import ast
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from foreframe_models.dialects.listing import Listing
from foreframe_models.training.documents import TraceLimits, Untraceable, trace
from foreframe_models.training.programs.generator import Sample
from foreframe_models.training.programs.mixture import draw
from foreframe_models.vocabulary import Vocabulary


@dataclass
class Coverage:
    """Counts over programs and their traces."""

    programs: int = 0
    frames: int = 0
    for_frames: int = 0
    exception_frames: int = 0
    nodes: Counter[str] = field(default_factory=Counter)  # programs that hold this syntax node
    calls: Counter[str] = field(default_factory=Counter)  # programs that call this name or method
    names: set[str] = field(default_factory=set)
    strings: list[int] = field(default_factory=list)  # lengths of values
    values: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)

    def add(self, sample: Sample, vocabulary: Vocabulary) -> None:
        """Traces the program in this process. Raises Untraceable, SyntaxError."""
        frames, _ = trace(sample, TraceLimits(1000, 2.0, 400))
        listing = Listing(sample.source, vocabulary)
        self.programs += 1
        self.frames += len(frames)
        self.tokens.append(len(listing.tokens))
        tree = ast.parse(sample.source)
        self.nodes.update({type(node).__name__ for node in ast.walk(tree)})
        called: set[str] = set()
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
                    called.add(name)
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                    self.names.add(name)
        self.calls.update(called)
        for frame in frames:
            self.for_frames += frame.event == "line" and frame.line in listing.loops
            self.exception_frames += frame.event == "exception"
            found = list((frame.locals or {}).values())
            for value in [*found, *([frame.value] if frame.value else [])]:
                self.values.append(len(value.text))
                if value.text[:1] in "'\"":
                    self.strings.append(len(value.text) - 2)

    def report(self) -> dict[str, object]:
        """For a person or a log."""
        return {
            "programs": self.programs,
            "frames a trace": round(self.frames / max(1, self.programs), 1),
            "for frames": round(self.for_frames / max(1, self.frames), 3),
            "exception frames": round(self.exception_frames / max(1, self.frames), 4),
            "string lengths p50 p90 p99": _percentiles(self.strings),
            "value lengths p50 p90 p99": _percentiles(self.values),
            "program tokens p50 p90 p99": _percentiles(self.tokens),
        }


def _percentiles(numbers: Sequence[int]) -> list[int]:
    ordered = sorted(numbers) or [0]
    return [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.9, 0.99)]


def of_generated(count: int, seed: int, vocabulary: Vocabulary) -> Coverage:
    """Coverage of generated programs."""
    rng = Random(seed)
    return _of((draw(rng, 1.0) for _ in range(count)), vocabulary)


def of_file(path: Path, vocabulary: Vocabulary) -> Coverage:
    """Coverage of a JSONL with `code` and `input`."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return _of((Sample(row["code"] + "\n", "f", row["input"]) for row in rows), vocabulary)


def _of(samples: Iterable[Sample], vocabulary: Vocabulary) -> Coverage:
    coverage = Coverage()
    for sample in samples:
        try:
            coverage.add(sample, vocabulary)
        except (Untraceable, SyntaxError, ValueError):
            continue
    return coverage


def compare(generated: Coverage, other: Coverage) -> dict[str, object]:
    """Both reports, and what of the other the generated programs lack or hardly have."""
    shares: dict[str, list[float]] = {}
    for kind, ours, theirs in (
        ("node", generated.nodes, other.nodes),
        ("call", generated.calls, other.calls),
    ):
        for name, count in theirs.items():
            share = count / max(1, other.programs)
            own = ours[name] / max(1, generated.programs)
            if own < share / 3:
                shares[f"{kind} {name}"] = [round(own, 4), round(share, 4)]
    return {
        "generated": generated.report(),
        "given": other.report(),
        "names never generated": round(
            len(other.names - generated.names) / max(1, len(other.names)), 3
        ),
        "rarer than a third": dict(sorted(shares.items(), key=lambda item: -item[1][1])),
    }


def main() -> None:
    """Prints what generated programs have and lack beside those of a JSONL with `code`, `input`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--count", type=int, default=1000, help="generated programs")
    options = parser.parse_args()
    vocabulary = Vocabulary.standard()
    generated = of_generated(options.count, 0, vocabulary)
    print(json.dumps(compare(generated, of_file(options.file, vocabulary)), indent=1))


if __name__ == "__main__":
    main()
