"""Which program comes next: the quotas of the kinds of programs, by stage of the curriculum."""

from __future__ import annotations

from random import Random

from foreframe_models.training.programs.drills import drill
from foreframe_models.training.programs.generator import (
    Maker,
    Sample,
    module_script,
    random_function,
)
from foreframe_models.training.programs.idioms import (
    COMPARISONS,
    FUNCTIONS,
    METHODS,
    OBJECTS,
    RARITIES,
)
from foreframe_models.training.programs.lean import lean_function

# (weight, level from which on it is drawn, maker)
KINDS: list[tuple[float, float, Maker]] = [
    (14, 0.0, random_function),
    (60, 0.0, lean_function),
    (60, 0.0, drill),
    (28, 0.15, FUNCTIONS),
    (30, 0.1, METHODS),
    (18, 0.15, COMPARISONS),
    (5, 0.3, module_script),
    (5, 0.4, OBJECTS),
    (4, 0.3, RARITIES),
]


def draw(rng: Random, level: float, *, drills: bool = True) -> Sample:
    """A program. `level` goes from 0 (straight lines) to 1 (everything).

    Without `drills` it is like what people write.
    """
    rows = [
        (weight, maker)
        for weight, least, maker in KINDS
        if level >= least and (drills or maker is not drill)
    ]
    maker = rng.choices([m for _, m in rows], [w for w, _ in rows])[0]
    return maker(rng, level)
