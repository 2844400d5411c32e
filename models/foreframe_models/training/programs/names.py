"""Names for generated programs: from the vocabulary, put together, and invented."""

from __future__ import annotations

import builtins
import keyword
from random import Random

from foreframe_models.vocabulary import BUILTINS, METHODS, NAMES

TAKEN = frozenset(keyword.kwlist) | frozenset(dir(builtins)) | {"self", "cls"}
PLAIN = tuple(n for n in NAMES.split() if n not in TAKEN and n[0].islower())
CLASSES = tuple(n for n in NAMES.split() if n[0].isupper())
VERBS = tuple(
    "get set add find make count check build filter merge clean format update compute parse sum "
    "split join sort convert remove replace reverse rotate encode count_of process handle is has "
    "apply collect select group scan swap shift trim pack unpack mark match fold walk visit".split()
)
NOUNS = tuple(
    "text word list value item key index name char total number string pair token data map line "
    "digit vowel letter prefix suffix element sum dict group record order score price user code "
    "path node chunk part field entry row cell set array seq buffer window budget signal sample "
    "ticket basket packet city animal plant planet metal river stone engine wheel garden".split()
)
MODIFIERS = tuple(
    "new old my is max min num last first all temp total curr next has sorted".split()
)
# rare in code as variables, but a debugger meets them: methods' and builtins' names
METHOD_NAMES = tuple(n for n in METHODS.split() if n.islower() and n not in TAKEN)
_ONSETS = "b c d f g h j k l m n p qu r s t v w x z br cl dr fl gr pl st tr sh ch th".split()
_VOWELS = "a e i o u ai ea io ou".split()
_CODAS = ["", "", "", "n", "r", "s", "t", "l", "m", "x", "ck", "nd", "st"]
WORDS = (*PLAIN, *NOUNS, *VERBS, *BUILTINS.split()[:60])


def invented(rng: Random) -> str:
    """A word that no language has."""
    count = rng.choice((1, 2, 2, 2, 3))
    return "".join(
        rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(count)
    )


def plain(rng: Random) -> str:
    """A usual name for a variable, mostly one token."""
    return rng.choice(PLAIN)


def variable(rng: Random) -> str:
    """A name for a variable. May be one that is in use already."""
    kind = rng.random()
    if kind < 0.62:
        name = rng.choice(PLAIN)
    elif kind < 0.80:
        name = f"{rng.choice(NOUNS + PLAIN + MODIFIERS * 6)}_{rng.choice(NOUNS)}"
    elif kind < 0.87:
        name = invented(rng)
    elif kind < 0.91:
        name = f"{rng.choice(PLAIN)}{rng.randrange(1, 10)}"
    elif kind < 0.94:
        name = rng.choice(NOUNS)
    elif kind < 0.96:
        name = rng.choice(METHOD_NAMES)
    elif kind < 0.98:
        first, second = rng.choice(NOUNS), rng.choice(NOUNS)
        name = first + second.capitalize()
    else:
        name = rng.choice(("_", "")) + rng.choice(VERBS) + rng.choice(("_", "ed_")) + invented(rng)
    return f"{name}_" if name in TAKEN else name


def function(rng: Random) -> str:
    """A name for a function."""
    kind = rng.random()
    if kind < 0.35:
        return "f"
    if kind < 0.8:
        name = f"{rng.choice(VERBS)}_{rng.choice(NOUNS)}"
    elif kind < 0.9:
        name = rng.choice(VERBS)
    else:
        name = invented(rng)
    return f"{name}_" if name in TAKEN else name


def class_name(rng: Random) -> str:
    """A name for a class."""
    if rng.random() < 0.6:
        return rng.choice(CLASSES)
    word = rng.choice(NOUNS) if rng.random() < 0.6 else invented(rng)
    return word.capitalize() + rng.choice(("", "", "Box", "List", "Info"))
