"""The forms that a timeline can be written in, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from foreframe.errors import NoSuchPlace
from foreframe.exports import cwm, jsonl, perfetto
from foreframe.timeline import Timeline

MEDIA_TYPES: Mapping[str, str] = {
    "jsonl": "application/jsonl",
    "cwm": "text/plain",
    "perfetto": "application/json",
}


def exported(timeline: Timeline, form: str, title: str, branch: int | None = None) -> Iterable[str]:
    """The text of an export, in parts. `branch`: for "cwm", the current one if not said.

    Raises NoSuchPlace.
    """
    if form == "jsonl":
        return jsonl.lines(timeline)
    if form == "perfetto":
        return [perfetto.text(timeline, title)]
    number = timeline.branch.number if branch is None else branch
    if number >= len(timeline.branches):
        raise NoSuchPlace(
            f"there is no branch {number}: there are {len(timeline.branches)}, from 0"
        )
    return [cwm.text(timeline.branches[number])]
