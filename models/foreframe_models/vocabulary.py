"""The small model's vocabulary: special tokens, line numbers, indents, bytes, characters and words.

Words stand for themselves outside of string literals only; inside, every character is a token, so
that a model sees what string operations work on. Digits are single. Characters beyond printable
ASCII are written as their UTF-8 bytes. Text from a user's file can only become plain tokens.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from foreframe_models.program.parts import MAX_PARTS

SPECIALS = (
    "<pad> <bos> <end> <prog> <trace> <scope> <call> <line> <ret> <exc> <unwind> "
    "<=> <;> <del> <+> <@> <-> <^> <it> <fn> <cut> <rev> <jump> <hole>"
).split()
PARTS = MAX_PARTS  # tokens that open the value of an expression within a line, by its index
SPARE = 8
LINES = 320
INDENTS = 12

# repr writes these as two characters that mean one
ESCAPES = ("\\n", "\\t", "\\r", "\\\\", "\\'", '\\"')
PAIRS = (", ", ": ")
OPERATORS = (
    "== != <= >= // ** += -= *= /= //= %= **= &= |= ^= << >> <<= >>= -> := ..."
).split()  # fmt: skip

KEYWORDS = (
    "False None True and as assert async await break class continue def del elif else except "
    "finally for from global if import in is lambda nonlocal not or pass raise return try while "
    "with yield match case"
)
BUILTINS = (
    "abs all any bin bool bytes callable chr dict divmod enumerate filter float frozenset getattr "
    "hasattr hash hex int isinstance iter len list map max min next object oct ord pow print "
    "property range repr reversed round set setattr slice sorted staticmethod classmethod str sum "
    "super tuple type zip self cls dataclass field __init__ __repr__ __name__ __main__ __len__ "
    "__eq__ __add__ __iter__ __getitem__ __str__ "
    "Exception ValueError KeyError IndexError TypeError ZeroDivisionError AttributeError "
    "StopIteration RuntimeError NotImplementedError AssertionError Counter defaultdict deque "
    "dataclasses collections math itertools functools"
)
METHODS = (
    "append extend insert pop remove reverse sort clear copy index count keys values items get "
    "update setdefault popitem fromkeys add discard union intersection difference issubset "
    "issuperset isdisjoint symmetric_difference upper lower title capitalize swapcase strip "
    "lstrip rstrip split rsplit splitlines join replace find rfind rindex startswith endswith "
    "isalpha isdigit isalnum isspace isupper islower istitle isdecimal isnumeric isidentifier "
    "isascii isprintable zfill center ljust rjust partition rpartition expandtabs encode decode "
    "translate maketrans casefold removeprefix removesuffix format bit_length is_integer popleft "
    "appendleft most_common rotate key default sep end send close floor ceil sqrt gcd "
    "utf ascii start stop step"
)
NAMES = (
    "a b c d e f g h i j k l m n o p q r s t u v w x y z "
    "text string word words line lines char chars ch letter letters sentence token tokens "
    "num nums number numbers digit digits lst arr array elements element item val value row col "
    "rows cols grid matrix cell result results res ans answer out output total cnt counts "
    "counter current cur curr prev previous first last left right low high mid begin size length "
    "width height idx pos position data dic dictionary mapping table temp tmp new old seen stack "
    "queue node tree graph path name names user users age price prices amount balance score scores "
    "point points color colors flag found done valid status state target limit threshold best "
    "worst acc mask bits base exp power factor divisor remainder quotient product average mean "
    "maximum minimum vowels consonants prefix suffix pattern sub part parts piece chunk chunks "
    "group groups pairs pair entry record records log message msg error errors code label tag tags "
    "head tail odd even evens odds primes depth level levels order orders offset shift rate "
    "ratio weight weights speed distance delta diff gap cost costs stock cart qty bonus tax kind "
    "func fn callback helper process compute check convert build make parse solve main run "
    "transform is_valid new_text new_list new_dict my_list max_val min_val "
    "inventory account shape area radius side owner body email city country "
    "year month day hour minute second time date rank player team win loss turn move board "
    "Point Node Stack Queue Account Item Animal Dog Shape Person Student Book"
)
SPARE_TOKEN = re.compile(r"<spare\d+>")
WORD = re.compile(r"[^\W\d]\w*")


def _byte(value: int) -> str:
    return f"<0x{value:02X}>"


def _plain() -> list[str]:
    """The tokens that stand for their own text, each once."""
    characters = [chr(code) for code in range(32, 127)]
    words = " ".join((KEYWORDS, BUILTINS, METHODS, NAMES)).split()
    return list(dict.fromkeys((*characters, *ESCAPES, *PAIRS, *OPERATORS, *words)))


class Vocabulary:
    """Token texts in order of id, and the ways text becomes ids and ids text."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tuple(tokens)
        special = len(SPECIALS) + PARTS + SPARE + INDENTS + LINES
        self.special = {text: index for index, text in enumerate(self.tokens[:special])}
        self.first_line = self.special["<L1>"]
        self.first_indent = self.special["<i0>"]
        self.first_part = self.special.get("<p0>", len(self.tokens))
        self.bytes = {
            int(text[3:5], 16): index
            for index, text in enumerate(self.tokens)
            if index >= special and re.fullmatch(r"<0x[0-9A-F]{2}>", text)
        }
        self.plain = {
            text: index
            for index, text in enumerate(self.tokens)
            if index >= special + len(self.bytes)
        }
        self._of_byte = {index: value for value, index in self.bytes.items()}
        self._values: dict[str, tuple[int, ...]] = {}

    @classmethod
    def standard(cls) -> Vocabulary:
        """The vocabulary that new models are trained with."""
        return cls(
            [
                *SPECIALS,
                *(f"<p{n}>" for n in range(PARTS)),
                *(f"<spare{n}>" for n in range(PARTS, PARTS + SPARE)),
                *(f"<i{n}>" for n in range(INDENTS)),
                *(f"<L{n}>" for n in range(1, LINES + 1)),
                *(_byte(n) for n in (*range(32), 127, *range(128, 256))),
                *_plain(),
            ]
        )

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits that change with any token."""
        return hashlib.sha256("\0".join(self.tokens).encode()).hexdigest()[:12]

    def continues(self, tokens: Sequence[str]) -> bool:
        """Whether `tokens`, in order of id, are these but for spare ones that have a use by now.

        They may be all tokens, or the special ones alone.
        """
        mine = self.tokens if len(tokens) > len(self.special) else tuple(self.special)
        return len(mine) == len(tokens) and all(
            new == old or SPARE_TOKEN.fullmatch(old) for new, old in zip(mine, tokens, strict=True)
        )

    def save(self, path: Path) -> None:
        """Writes the vocabulary as JSON."""
        body = {"version": self.version, "tokens": self.tokens}
        path.write_text(json.dumps(body, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Reads what `save` wrote. Raises ValueError when the file was changed since."""
        body = json.loads(path.read_text(encoding="utf-8"))
        vocabulary = cls(body["tokens"])
        if vocabulary.version != body["version"]:
            raise ValueError(f"{path} is damaged: its tokens do not give its version")
        return vocabulary

    def line(self, number: int) -> int:
        """The id of `<Lnumber>`. Raises ValueError outside of 1..320."""
        if not 1 <= number <= LINES:
            raise ValueError(f"no line token {number}: they end at {LINES}")
        return self.first_line + number - 1

    def line_number(self, token: int) -> int | None:
        """The number of a line token, None of any other."""
        number = token - self.first_line + 1
        return number if 1 <= number <= LINES else None

    def part(self, token: int) -> int | None:
        """The index that the token of a part stands for, None of any other token."""
        index = token - self.first_part
        return index if 0 <= index < PARTS else None

    def indent(self, level: int) -> int:
        """The id of an indent; deeper ones than the deepest are written as that."""
        return self.first_indent + min(level, INDENTS - 1)

    def is_special(self, token: int) -> bool:
        """Whether the id is of a token that text never becomes."""
        return token < len(self.special)

    # text → ids

    def characters(self, text: str) -> Iterator[int]:
        """One id a character; UTF-8 bytes where it has no token."""
        for character in text:
            token = self.plain.get(character)
            if token is not None:
                yield token
            else:
                for value in character.encode("utf-8", "surrogatepass"):
                    yield self.bytes[value]

    def string(self, text: str) -> Iterator[int]:
        """The inside of a string literal: characters, and escapes as one token."""
        start = 0
        while (at := text.find("\\", start)) >= 0:
            yield from self.characters(text[start:at])
            pair = text[at : at + 2]
            if pair in ESCAPES:
                yield self.plain[pair]
            else:
                yield from self.characters(pair)
            start = at + 2
        yield from self.characters(text[start:])

    def word(self, text: str) -> Iterator[int]:
        """A name or keyword: its own token, or its characters."""
        token = self.plain.get(text)
        if token is not None:
            yield token
        else:
            yield from self.characters(text)

    def value(self, text: str) -> tuple[int, ...]:
        """The text of a value. `decode` gives exactly this text back."""
        ids = self._values.get(text)
        if ids is None:
            if len(self._values) > 50_000:
                self._values.clear()
            ids = self._values[text] = tuple(self._value(text))
        return ids

    def _value(self, text: str) -> Iterator[int]:
        for match in VALUE.finditer(text):
            piece = match.group()
            if match.lastgroup == "string":
                yield from self.string(piece)
            else:
                yield from self.word(piece)

    def code(self, source: str) -> dict[int, tuple[int, list[int]]]:
        """Line number → (indent in columns, ids) of the lines that hold code.

        Comments, blank lines and spaces between tokens are left out.
        """
        lines: dict[int, tuple[int, list[int]]] = {}
        number, column, fresh = 1, 0, True
        for match in CODE.finditer(source):
            kind, piece = match.lastgroup, match.group()
            if kind == "newline":
                number, column, fresh = number + 1, 0, True
            elif kind == "space":
                if fresh:
                    column = len(piece.expandtabs(4))
                number += piece.count("\n")
            elif kind != "comment":
                for part_number, part in enumerate(piece.split("\n")):
                    if part_number:
                        number, column = number + 1, 0
                    ids = lines.setdefault(number, (column, []))[1]
                    if kind == "comma":
                        part = ", "
                    ids += self.string(part) if kind == "string" else self.word(part)
                fresh = False
        return lines

    # ids → text

    def decode(self, ids: Iterable[int]) -> str:
        """The text of plain tokens and bytes, put together; special tokens are left out."""
        parts: list[str] = []
        held = bytearray()
        for token in ids:
            value = self._of_byte.get(token)
            if value is not None:
                held.append(value)
                continue
            if held:
                parts.append(held.decode("utf-8", "replace"))
                held.clear()
            if not self.is_special(token):
                parts.append(self.tokens[token])
        if held:
            parts.append(held.decode("utf-8", "replace"))
        return "".join(parts)

    def show(self, ids: Iterable[int]) -> str:
        """All tokens, for a person's eyes."""
        return " ".join(self.tokens[token] for token in ids)

    def tokenizer(self) -> dict[str, object]:
        """The same ids as a Hugging Face tokenizer.json: BPE without merges, bytes as fallback.

        It decodes as `decode` does; encoding with it gives characters, which no one needs.
        """
        texts = {text.replace(" ", "▁"): index for index, text in enumerate(self.tokens)}
        added = [
            {
                "id": index,
                "content": text,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for text, index in self.special.items()
        ]
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            "pre_tokenizer": None,
            "post_processor": None,
            "decoder": {
                "type": "Sequence",
                "decoders": [
                    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                    {"type": "ByteFallback"},
                    {"type": "Fuse"},
                ],
            },
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": False,
                "byte_fallback": True,
                "ignore_merges": False,
                "vocab": texts,
                "merges": [],
            },
        }

    def save_tokenizer(self, folder: Path) -> None:
        """Writes tokenizer.json and tokenizer_config.json, as transformers and vLLM read them."""
        body = json.dumps(self.tokenizer(), ensure_ascii=False)
        (folder / "tokenizer.json").write_text(body, encoding="utf-8")
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<bos>",
            "eos_token": "<end>",
            "pad_token": "<pad>",
            "clean_up_tokenization_spaces": False,
        }
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n")


_STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
VALUE = re.compile(rf"(?P<string>{_STRING})|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|, |: |.", re.DOTALL)
_OPERATOR = "|".join(sorted(map(re.escape, OPERATORS), key=len, reverse=True))
_TRIPLE = r"'''(?:[^\\]|\\.)*?'''|" + r'"""(?:[^\\]|\\.)*?"""'
_ONE_LINE = r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\""""
CODE = re.compile(
    rf"(?P<comment>\#[^\n]*)|(?P<string>[rbfuRBFU]{{0,2}}(?:{_TRIPLE}|{_ONE_LINE}))"
    rf"|(?P<newline>\n)|(?P<space>[ \t\f\r]+|\\\r?\n)|(?P<word>[^\W\d]\w*)"
    rf"|(?P<operator>{_OPERATOR})|(?P<comma>,)|(?P<colon>:[ ](?=[^\s#]))|(?P<other>.)",
    re.DOTALL,
)
