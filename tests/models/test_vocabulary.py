"""The small model's vocabulary."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from foreframe_models.training.fresh import fresh_document
from foreframe_models.vocabulary import INDENTS, LINES, PARTS, SPARE, Vocabulary

VOCABULARY = Vocabulary.standard()
SHOWN = st.text() | st.recursive(
    st.integers() | st.floats() | st.text() | st.binary() | st.none() | st.booleans(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
    max_leaves=8,
).map(repr)


@given(SHOWN)
def test_a_values_text_comes_back_byte_for_byte(text: str) -> None:
    assert VOCABULARY.decode(VOCABULARY.value(text)) == text


@given(st.text())
def test_text_never_becomes_a_special_token(text: str) -> None:
    for token in ("<call>", "<L1>", "<end>", "<0x41>", "<spare0>", "<i2>"):
        ids = VOCABULARY.value(text + token)
        assert not any(map(VOCABULARY.is_special, ids))
        code = VOCABULARY.code(f"{text}\n{token}\n")
        assert not any(VOCABULARY.is_special(i) for _, ids in code.values() for i in ids)


def test_all_line_and_indent_tokens_are_there() -> None:
    assert VOCABULARY.tokens[VOCABULARY.line(LINES)] == f"<L{LINES}>"
    assert VOCABULARY.line_number(VOCABULARY.line(7)) == 7
    assert VOCABULARY.line_number(VOCABULARY.special["<call>"]) is None
    assert VOCABULARY.indent(INDENTS + 5) == VOCABULARY.special[f"<i{INDENTS - 1}>"]
    with pytest.raises(ValueError, match="no line token 321"):
        VOCABULARY.line(LINES + 1)


def test_code_loses_comments_and_free_spacing_only() -> None:
    loose = "def f( x ,y ):  # a comment\n\n    return {x:1 ,  'a  b' : y[1:2]}\n"
    tight = "def f(x, y):\n\n    return {x:1, 'a  b' : y[1:2]}\n"
    assert VOCABULARY.code(loose) == VOCABULARY.code(tight)
    assert _texts(loose)[1] == "0 def f ( x ,  y ) :"


def _texts(source: str) -> dict[int, str]:
    code = VOCABULARY.code(source)
    return {line: f"{column} {VOCABULARY.show(ids)}" for line, (column, ids) in code.items()}


def test_words_are_single_tokens_outside_of_strings_and_characters_inside() -> None:
    assert VOCABULARY.show(VOCABULARY.value("{'len': len}")) == "{ ' l e n ' :  len }"
    assert VOCABULARY.show(VOCABULARY.value(r"'\n\\x'")) == r"' \n \\ x '"
    assert VOCABULARY.show(VOCABULARY.value("1024")) == "1 0 2 4"


def test_a_string_over_several_lines_stays_on_its_lines() -> None:
    assert _texts("x = '''a\nb'''\ny = 1") == {
        1: "0 x = ' ' ' a",
        2: "0 b ' ' '",
        3: "0 y = 1",
    }


def test_it_is_saved_with_its_version_and_damage_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.json"
    VOCABULARY.save(path)
    assert Vocabulary.load(path).tokens == VOCABULARY.tokens
    body = json.loads(path.read_text())
    body["tokens"][-1] = "changed"
    path.write_text(json.dumps(body))
    with pytest.raises(ValueError, match="damaged"):
        Vocabulary.load(path)


def test_a_hugging_face_tokenizer_decodes_as_it_does(tmp_path: Path) -> None:
    VOCABULARY.save_tokenizer(tmp_path)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert tokenizer.get_vocab_size() == len(VOCABULARY)
    ids = [VOCABULARY.special["<call>"], *VOCABULARY.value("{'é': [1, 'a  b'], len: '中😀'}")]
    assert tokenizer.decode(ids, skip_special_tokens=True) == VOCABULARY.decode(ids)
    for index, text in enumerate(VOCABULARY.tokens):
        assert tokenizer.token_to_id(text.replace(" ", "▁")) == index


def test_training_shows_most_of_the_vocabulary_within_a_few_thousand_programs() -> None:
    rng = Random(5)
    seen: set[int] = set()
    for _ in range(2500):
        document = fresh_document(rng, 1.0, VOCABULARY, 2048)
        seen.update(document.ids if document else ())
    first_byte = min(VOCABULARY.bytes.values())
    plain = {i for i in VOCABULARY.plain.values() if VOCABULARY.tokens[i].isalpha()}
    assert len(plain & seen) > 0.95 * len(plain)
    unused = set(range(first_byte)) - seen
    reserved = {
        "<pad>",
        "<rev>",
        "<jump>",
        "<hole>",
        *(f"<spare{n}>" for n in range(PARTS, PARTS + SPARE)),
    }
    deep = {f"<i{n}>" for n in range(6, INDENTS)} | {f"<p{n}>" for n in range(7, PARTS)}
    rare = {VOCABULARY.tokens[i] for i in unused} - reserved - deep
    assert all(text.startswith("<L") or text == "<cut>" for text in rare), rare


def test_a_spare_token_can_get_a_use_and_no_other_can_change() -> None:
    first = VOCABULARY.tokens.index("<p0>")
    old = list(VOCABULARY.tokens)
    old[first] = "<spare0>"
    assert VOCABULARY.continues(old)
    assert VOCABULARY.continues(old[: len(VOCABULARY.special)])
    assert not Vocabulary(old).continues(VOCABULARY.tokens)
    assert not VOCABULARY.continues(old[:-1])
    old[-1] = "other"
    assert not VOCABULARY.continues(old)
