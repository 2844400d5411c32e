"""What a person can set for the language server, checked."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class HoleSettings(BaseModel):
    """`verify`: "predict" tries candidates by predicted execution; "run" also runs them for real,
    in a limited process of their own. Only a person's own choice makes it "run"."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    verify: Literal["predict", "run"] = "predict"
    reasoning: bool = False  # whether a model that can is to think before it proposes
    candidates: int = Field(default=16, ge=1, le=200)


class Settings(BaseModel):
    """The section `foreframe` of an editor's settings, as far as the server reads it."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    engine: str = "auto"
    confidence: float = Field(default=0.5, ge=0, le=1)  # below it, nothing is hinted or warned of
    inlay_hints: bool = True
    warnings: bool = True
    code_lenses: bool = True
    command_links: bool = False  # in hovers, for an editor that follows them
    holes: HoleSettings = HoleSettings()
