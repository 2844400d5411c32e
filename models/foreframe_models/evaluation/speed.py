"""What predictions cost: milliseconds and tokens of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles

from foreframe_models.evaluation.metrics import Share
from foreframe_models.evaluation.outcomes import Outcome
from foreframe_protocol.states import Usage


def speed(outcomes: Sequence[Outcome]) -> dict[str, Share]:
    """What predictions cost: milliseconds and tokens of a frame.

    `walk`: of whole traces in one go, the mean of each. `step`: one request for one frame.
    """
    walks = [o.walk for o in outcomes if o.walk.frames]
    walked = [walk.usage.seconds / len(walk.frames) for walk in walks]
    stepped = [s.usage.seconds for o in outcomes for s in o.steps if s.predicted is not None]
    usage = sum((walk.usage for walk in walks), Usage())
    frames = sum(len(walk.frames) for walk in walks)
    return {
        "frames_per_second": ratio(frames, usage.seconds),
        "walk_ms_p50": milliseconds(walked, 50),
        "walk_ms_p95": milliseconds(walked, 95),
        "step_ms_p50": milliseconds(stepped, 50),
        "step_ms_p95": milliseconds(stepped, 95),
        "tokens_per_frame": ratio(usage.generated_tokens + usage.forced_tokens, frames),
        "generated_per_frame": ratio(usage.generated_tokens, frames),
    }


def ratio(part: float, whole: float) -> Share:
    """None of nothing."""
    return part / whole if whole else None


def milliseconds(seconds: Sequence[float], percentile: int) -> Share:
    """A percentile of durations."""
    if len(seconds) < 2:
        return 1000 * seconds[0] if seconds else None
    return 1000 * quantiles(seconds, n=100, method="inclusive")[percentile - 1]
