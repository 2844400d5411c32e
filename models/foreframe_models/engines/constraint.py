"""A grammar at one point of an answer: which tokens may come next, and which must."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper
from numpy.typing import NDArray

from foreframe_models.engines.base import EngineAborted, EngineRefused

GRAMMARS_KEPT = 64


class _Tokens:
    """A vocabulary in the shape that llguidance asks for."""

    bos_token_id = None

    def __init__(
        self,
        tokens: Sequence[bytes],
        specials: Sequence[int],
        eos: int,
        encode: Callable[[bytes], list[int]],
    ) -> None:
        self.tokens, self.special_token_ids, self.eos_token_id = tokens, specials, eos
        self._encode = encode

    def __call__(self, text: bytes) -> list[int]:
        return self._encode(text)


class GrammarVocabulary:
    """The vocabulary that grammars are compiled against, made once for a model.

    A token listed in `specials` is only ever named by its id (`<[7]>`), so its text does not
    matter; the others are also matched by the text of strings and expressions in a grammar, which
    `encode` turns into ids.
    """

    def __init__(
        self,
        tokens: Sequence[bytes],
        specials: Sequence[int],
        eos: int,
        encode: Callable[[bytes], list[int]] = lambda _: [],
    ) -> None:
        wrapped = TokenizerWrapper(_Tokens(tokens, specials, eos, encode))
        self._tokenizer = LLTokenizer(wrapped, n_vocab=len(tokens), eos_token=eos, slices=[])
        self.size, self.eos = len(tokens), eos
        self._compiled: dict[str, LLMatcher] = {}  # at their start, the one used last at the end

    @classmethod
    def of_ids(cls, size: int, eos: int) -> GrammarVocabulary:
        """A vocabulary whose grammars name tokens by id only."""
        tokens = [b"<|%d|>" % i for i in range(size)]
        return cls(tokens, range(size), eos)

    def constraint(self, grammar: str) -> Constraint:
        """The grammar at its start. Raises EngineRefused when it does not compile.

        The last ones are kept compiled: in a loop the same come again and again, and compiling one
        costs as much as generating a token or two.
        """
        matcher = self._compiled.pop(grammar, None)
        if matcher is None:
            matcher = LLMatcher(self._tokenizer, grammar, log_level=0)
            if matcher.is_error():
                raise EngineRefused(f"the grammar is wrong: {_first_line(matcher.get_error())}")
        self._compiled[grammar] = matcher
        if len(self._compiled) > GRAMMARS_KEPT:
            del self._compiled[next(iter(self._compiled))]
        return Constraint(matcher.deep_copy(), self)


class Constraint:
    """Follows one answer through a grammar."""

    def __init__(self, matcher: LLMatcher, vocabulary: GrammarVocabulary) -> None:
        self._matcher, self._vocabulary = matcher, vocabulary

    def forced(self) -> list[int]:
        """The ids that must come next, as far as they are known; often none."""
        return self._matcher.compute_ff_tokens()

    def allowed(self) -> NDArray[np.bool_]:
        """[vocabulary] True for each id that may come next; eos where the answer may end.

        Raises EngineAborted when the grammar passes llguidance's limits here.
        """
        bits = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        self._check()
        mask = np.unpackbits(bits, count=self._vocabulary.size, bitorder="little")
        return mask.view(np.bool_)

    def advance(self, ids: Sequence[int]) -> None:
        """Takes `ids`. Raises EngineAborted when the grammar does not allow one of them."""
        if not self._matcher.consume_tokens(list(ids)):
            self._check()

    @property
    def complete(self) -> bool:
        """Whether the answer may end here."""
        return self._matcher.is_accepting()

    @property
    def finished(self) -> bool:
        """Whether the answer must end here: it is complete and nothing can follow."""
        return self._matcher.is_stopped()

    def _check(self) -> None:
        if self._matcher.is_error():
            raise EngineAborted(f"the grammar failed: {_first_line(self._matcher.get_error())}")


def _first_line(message: str) -> str:
    """llguidance's errors go on with a dump of the parser."""
    return message.strip().split("\n", 1)[0]
