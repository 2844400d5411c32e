"""Grammars that are followed token by token, each compiled once."""

from __future__ import annotations

import pytest

from foreframe_models.engines import constraint
from foreframe_models.engines.base import EngineAborted, EngineRefused
from foreframe_models.engines.constraint import Constraint, GrammarVocabulary

GRAMMAR = "start: <[1]> (<[2]> | <[3]> <[4]>)"


@pytest.fixture
def vocabulary() -> GrammarVocabulary:
    return GrammarVocabulary.of_ids(8, 0)


def choices(at: Constraint) -> list[int]:
    return [token for token, allowed in enumerate(at.allowed()) if allowed]


def test_two_answers_to_one_grammar_go_their_own_ways(vocabulary: GrammarVocabulary):
    one, other = vocabulary.constraint(GRAMMAR), vocabulary.constraint(GRAMMAR)
    one.advance([1, 3])
    assert choices(other) == [1]
    other.advance([1, 2])
    assert other.finished
    assert (choices(one), one.finished) == ([4], False)


def test_a_grammar_that_was_followed_begins_anew_the_next_time(vocabulary: GrammarVocabulary):
    first = vocabulary.constraint(GRAMMAR)
    first.advance([1, 2])
    assert first.finished
    again = vocabulary.constraint(GRAMMAR)
    assert choices(again) == [1]
    again.advance([1])
    assert choices(again) == [2, 3]


def test_what_went_wrong_in_one_answer_is_not_remembered(vocabulary: GrammarVocabulary):
    with pytest.raises(EngineAborted):
        vocabulary.constraint(GRAMMAR).advance([5])
    assert choices(vocabulary.constraint(GRAMMAR)) == [1]
    for _ in range(2):
        with pytest.raises(EngineRefused, match="the grammar is wrong"):
            vocabulary.constraint("start: no_such_rule")


def test_a_grammar_is_compiled_again_only_when_many_others_came_between(
    vocabulary: GrammarVocabulary, monkeypatch: pytest.MonkeyPatch
):
    compiled: list[str] = []
    compiler = constraint.LLMatcher

    def counted(tokenizer: object, grammar: str, **options: int) -> object:
        compiled.append(grammar)
        return compiler(tokenizer, grammar, **options)

    monkeypatch.setattr(constraint, "LLMatcher", counted)
    monkeypatch.setattr(constraint, "GRAMMARS_KEPT", 2)
    texts = [f"start: <[{token}]>" for token in (1, 2, 3)]
    for text in (texts[0], texts[1], texts[0], texts[2], texts[0], texts[1]):
        vocabulary.constraint(text)
    assert compiled == [texts[0], texts[1], texts[2], texts[1]]
