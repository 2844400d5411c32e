"""Known models: what each is, where its weights are, and what it is good at; cards beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from foreframe_models.capacity import GIB, Geometry, Quantization, weight_bytes

SHIPPED = Path(__file__).parent / "weights" / "small"
"""The embedded model that comes with the package, as `training/export.py` writes it."""

CWM = "facebook/cwm"
"""The served model that Foreframe is made for."""

CARDS = Path(__file__).parent / "cards"
MOST_LAYERS = 10_000  # beyond that a config.json is not one of a language model


class UnknownModel(LookupError):
    """No card has that name, and no folder."""


class BadCheckpoint(ValueError):
    """A folder that is no checkpoint which can be served."""


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a model. Facts only; what nobody has measured is not there.

    `repository` is its Hugging Face id, `folder` a path; without either one has to be named.
    `stated_weights_gib`: what those say who weighed it; None: the arithmetic's number is taken.
    """

    name: str
    title: str
    dialect: str  # "cwm" or "compact"
    geometry: Geometry
    dtype: str
    quantization: Quantization
    licence: str
    repository: str | None = None
    folder: Path | None = None
    stated_weights_gib: float | None = None
    good_at: tuple[str, ...] = ()
    bad_at: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def source(self) -> str | None:
        """What vLLM is told to serve; None where the person has to say."""
        return str(self.folder) if self.folder is not None else self.repository

    @property
    def weights(self) -> int:
        """Bytes: the larger of what was stated and what the arithmetic says."""
        counted = weight_bytes(self.geometry, self.dtype, self.quantization)
        return max(counted, round((self.stated_weights_gib or 0) * GIB))

    @property
    def embedded(self) -> bool:
        """Whether it also runs inside Foreframe, without a server."""
        return self.folder is not None and self.folder.is_relative_to(SHIPPED)

    def quantized(self, quantization: Quantization) -> Card:
        """The same with its weights held otherwise. Raises BadCheckpoint where that cannot be."""
        if quantization is self.quantization:
            return self
        if self.quantization is not Quantization.NONE:
            raise BadCheckpoint(
                f"{self.name} is held in {self.quantization} already: it cannot be served in "
                f"{quantization}"
            )
        if quantization is Quantization.AWQ:
            raise BadCheckpoint(
                f"{self.name}'s weights are not in AWQ, which is made before serving and not while "
                "loading: serve cwm-awq with the --path of such a build, or take fp8"
            )
        return replace(self, quantization=quantization, stated_weights_gib=None)


@cache
def cards() -> Mapping[str, Card]:
    """The cards that ship, by name: CWM's first, the embedded model's last."""
    found = (read_card(file) for file in CARDS.glob("*.json"))
    ordered = sorted(found, key=lambda card: (card.embedded, card.name))
    return {card.name: card for card in ordered}


def read_card(file: Path) -> Card:
    """A card from its file. Raises ValueError or TypeError when it is none."""
    read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    read["geometry"] = Geometry(**read["geometry"])
    read["quantization"] = Quantization(read["quantization"])
    if read.get("folder"):
        read["folder"] = CARDS.parent / read["folder"]
    for name in ("good_at", "bad_at", "notes"):
        read[name] = tuple(read.get(name, ()))
    return Card(**read)


def find(name: str) -> Card:
    """The card of that name, or one made from the checkpoint in a folder.

    Raises UnknownModel, or BadCheckpoint for a folder that holds none.
    """
    if name in cards():
        return cards()[name]
    folder = Path(name).expanduser()
    if folder.is_dir():
        return card_of_folder(folder)
    raise UnknownModel(
        f"no model is called {name!r}: there are {', '.join(cards())}, or name the folder of a "
        "checkpoint"
    )


def placed(card: Card, path: str) -> Card:
    """The card's model at another place: a folder with a checkpoint, or a repository's id.

    What a folder's config.json says takes the place of what the card does. Raises BadCheckpoint.
    """
    folder = Path(path).expanduser()
    if folder.is_dir():
        there = card_of_folder(folder)
        return replace(
            card,
            geometry=there.geometry,
            dtype=there.dtype,
            quantization=there.quantization,
            folder=there.folder,
            stated_weights_gib=None,
        )
    if path.count("/") != 1 or path.startswith((".", "/", "~", "-")):
        raise BadCheckpoint(f"there is no folder {path}, and it is no repository's id either")
    return replace(card, repository=path, folder=None)


def card_of_folder(folder: Path) -> Card:
    """A card made from a checkpoint's config.json. Raises BadCheckpoint."""
    file = folder / "config.json"
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        return _card_of_config(folder.resolve(), read)
    except OSError as error:
        raise BadCheckpoint(f"{folder} holds no checkpoint: no config.json can be read") from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise BadCheckpoint(f"{file} does not describe a decoder to serve: {error!r}") from error


def _card_of_config(folder: Path, read: dict[str, Any]) -> Card:
    """Raises ValueError, TypeError or LookupError when something is missing or odd."""
    layers, heads = int(read["num_hidden_layers"]), int(read["num_attention_heads"])
    hidden = int(read["hidden_size"])
    window = read.get("sliding_window")
    if not 0 < layers < MOST_LAYERS or heads < 1:
        raise ValueError(f"{layers} layers and {heads} heads")
    kinds = read.get("layer_types")
    full = layers - (_sliding(kinds, layers) if window else 0)
    method = (read.get("quantization_config") or {}).get("quant_method", "none")
    geometry = Geometry(
        layers=layers,
        full_layers=full,
        heads=heads,
        kv_heads=int(read.get("num_key_value_heads") or heads),
        head_size=int(read.get("head_dim") or hidden // heads),
        hidden=hidden,
        intermediate=int(read["intermediate_size"]),
        vocabulary=int(read["vocab_size"]),
        context=int(read["max_position_embeddings"]),
        window=int(window) if window and full < layers else None,
        tied=bool(read.get("tie_word_embeddings", False)),
    )
    return Card(
        name=folder.name,
        title=f"the checkpoint in {folder}",
        dialect="compact" if (folder / "vocabulary.json").exists() else "cwm",
        geometry=geometry,
        dtype=str(read.get("dtype") or read.get("torch_dtype") or "bfloat16"),
        quantization=Quantization(method),
        licence="not known: see the checkpoint",
        folder=folder,
    )


def _sliding(kinds: list[str] | None, layers: int) -> int:
    """How many layers have a window. CWM's config may leave out which: all but every fourth."""
    if kinds is None:
        return layers - -(-layers // 4)
    return sum(kind == "sliding_attention" for kind in kinds[:layers])
