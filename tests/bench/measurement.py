"""What a benchmark gives: a number with its unit, and the bound it should keep."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measurement:
    """`value` in `unit`; `most` and `least` are its bounds, if it has any."""

    name: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def kept(self) -> bool | None:
        """Whether the bound is kept; None without one."""
        if self.most is not None:
            return self.value <= self.most
        if self.least is not None:
            return self.value >= self.least
        return None

    @property
    def bound(self) -> str:
        """The bound in words."""
        if self.most is not None:
            return f"<= {self.most:g}"
        return "" if self.least is None else f">= {self.least:g}"


def median(values: list[float]) -> float:
    """The middle one of an odd number of values, the upper middle one of an even number."""
    return sorted(values)[len(values) // 2]
