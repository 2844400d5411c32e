"""Content-Length framing: any message in any pieces, and what becomes of rubbish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreframe_protocol.wire import MAX_BODY, MAX_HEADER, MAX_SKIP, Decoder, Malformed, encode

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MESSAGES = st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=4)
GOOD = {"seq": 7, "type": "request", "command": "threads"}


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def fed(*parts: bytes) -> list[object]:
    decoder = Decoder()
    return [item for part in parts for item in decoder.feed(part)]


@given(MESSAGES, st.lists(st.integers(1, 40), min_size=1))
def test_messages_arrive_whole_however_the_bytes_are_cut(messages, sizes):
    data = b"".join(encode(message) for message in messages)
    decoder, found, index = Decoder(), [], 0
    while data:
        size = sizes[index % len(sizes)]
        found += decoder.feed(data[:size])
        data, index = data[size:], index + 1
    assert found == messages
    assert decoder.end() is None


@given(st.binary(max_size=200))
def test_rubbish_never_raises_and_never_swallows_the_message_after_it(rubbish):
    if b"content-length" in rubbish.lower():
        return
    found = fed(b"Rubbish: 1\r\n\r\n" + rubbish, b"\r\n" + encode(GOOD))
    assert found[-1] == GOOD
    assert len([item for item in found if isinstance(item, Malformed)]) == 1


def test_a_lone_surrogate_is_sent_escaped():
    message = {"text": "\ud800"}
    assert fed(encode(message)) == [message]


def test_other_headers_and_any_case_are_accepted():
    body = b'{"a": 1}'
    head = b"Content-Type: application/json\r\ncontent-length:   %d\r\nX: y\r\n\r\n" % len(body)
    assert fed(head + body) == [{"a": 1}]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"seq": 12, "command": "next", ', "not valid JSON"),
        (b'{"seq": 12, "command": "next", "x": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"seq": 12, "command": "next", "x": "\xff"}', "not valid JSON"),
    ],
)
def test_bad_json_tells_whose_request_it_was(body, reason):
    (found,) = fed(framed(body))
    assert isinstance(found, Malformed)
    assert reason in found.reason
    assert (found.seq, found.command) == (12, "next")


@pytest.mark.parametrize("body", [b"[1]", b"3", b"null", b'"x"'])
def test_json_that_is_no_object_is_malformed(body):
    (found,) = fed(framed(body))
    assert isinstance(found, Malformed)
    assert found.seq is None


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: -5\r\n\r\n{}",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length:\r\n\r\n",
        b"Content-Size: 3\r\n\r\n{}",
        b'{"seq": 3, "command": "next"}\r\n\r\n',
        b"x" * (MAX_HEADER + 1),
    ],
)
def test_after_a_bad_header_the_next_message_is_read(head):
    found = fed(head, encode(GOOD))
    assert [type(item) for item in found] == [Malformed, dict]
    assert found[-1] == GOOD


def test_a_bad_header_tells_the_request_that_can_be_read_behind_it():
    (found, _) = fed(b'Length: 31\r\n\r\n{"seq": 3, "command": "next"}' + encode(GOOD))
    assert found.seq == 3
    assert found.command == "next"


def test_a_message_beyond_the_limit_is_skipped_without_being_kept():
    decoder = Decoder()
    (found,) = decoder.feed(b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 5))
    assert isinstance(found, Malformed)
    left = MAX_BODY + 5
    chunk = b"x" * (1 << 20)
    while left > 0:
        assert decoder.feed(chunk[:left]) == []
        left -= len(chunk)
    assert decoder.feed(encode(GOOD)) == [GOOD]


def test_a_stream_that_ends_in_a_message_says_so():
    decoder = Decoder()
    decoder.feed(encode(GOOD)[:-3])
    assert decoder.end() is not None


@pytest.mark.parametrize(
    "flood",
    [
        b"content-length:",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: x\r\n\r\n",
        b"\r\n",
        b"Content-Length: 999999999999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"x",
    ],
)
def test_a_flood_of_headers_is_told_about_once_and_does_not_pile_up(flood):
    decoder = Decoder()
    found = [item for _ in range(3) for item in decoder.feed(flood * (65_536 // len(flood)))]
    assert len(found) <= 1
    assert len(decoder._buffer) <= MAX_HEADER
    assert (found + decoder.feed(b"\r\n\r\n" + encode(GOOD)))[-1] == GOOD


@pytest.mark.parametrize("length", [MAX_SKIP + 1, 10**17])
def test_a_length_beyond_all_reason_does_not_swallow_what_follows(length):
    found = fed(b"Content-Length: %d\r\n\r\n" % length, encode(GOOD))
    assert [type(item) for item in found] == [Malformed, dict]


def test_a_header_with_two_lengths_is_no_header():
    body = b'{"a": 1}'
    found = fed(b"Content-Length: 8\r\nContent-Length: 2\r\n\r\n" + body, encode(GOOD))
    assert [type(item) for item in found] == [Malformed, dict]
    assert fed(b"Content-Length: 8\r\nContent-Length: 8\r\n\r\n" + body) == [{"a": 1}]


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_numbers_that_only_python_knows_are_no_json(number):
    (found,) = fed(framed(b'{"seq": 3, "command": "next", "x": ' + number + b"}"))
    assert isinstance(found, Malformed)
    assert found.seq == 3


def test_a_decoder_may_be_told_to_read_less():
    decoder = Decoder(most=20)
    (found,) = decoder.feed(framed(b'{"a": "%b"}' % (b"x" * 20)))
    assert isinstance(found, Malformed)
    assert decoder.feed(framed(b'{"a": 1}')) == [{"a": 1}]
