"""The event-stream parser: as liberal as the grammar, and exact where the grammar is."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixgates.exchange import Chunk
from sixgates.sse import Block, parse

EVENTS = b"data: one\n\ndata: two\n\n"


def parsed(body: bytes) -> tuple[Block, ...]:
    """The blocks of a body that arrived at once."""
    return parse([Chunk(body, 1.0)])


def data(body: bytes) -> list[str | None]:
    """The data of each block."""
    return [block.data for block in parsed(body)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (EVENTS, ["one", "two"]),
        (b"data:one\n\n", ["one"]),
        (b"data:  one\n\n", [" one"]),
        (b"data: one\r\n\r\ndata: two\r\n\r\n", ["one", "two"]),
        (b"data: one\r\rdata: two\r\r", ["one", "two"]),
        (b"\xef\xbb\xbfdata: one\n\n", ["one"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b"data\n\n", [""]),
        (b": hello\n\n", [None]),
        (b"event: ping\n\n", [None]),
        (b"\n\n\n", []),
        (b"", []),
    ],
)
def test_the_grammar_decides_what_the_data_is(body: bytes, expected: list[str | None]) -> None:
    """Line ends, spaces, comments, several data lines and a byte-order mark are read as the standard says."""
    assert data(body) == expected


def test_an_event_without_blank_line_is_kept_and_marked() -> None:
    """Clients lose such an event; the parser shows it."""
    (block,) = parsed(b"data: one\n")
    assert (block.data, block.terminated) == ("one", False)


def test_a_needless_blank_line_is_marked_on_the_block_after_it() -> None:
    """A client that remembers an id dispatches an empty event there."""
    assert [block.after_blank for block in parsed(b"data: one\n\n\ndata: two\n\n")] == [False, True]


def test_undecodable_bytes_are_marked_and_replaced() -> None:
    """Bytes that are no UTF-8 neither raise nor vanish."""
    (block,) = parsed(b"data: \xf0\x9f\n\n")
    assert (block.valid_utf8, block.data) == (False, "\ufffd")


def test_a_character_split_between_chunks_is_whole() -> None:
    """The network may cut anywhere."""
    body = "data: 🫠\n\n".encode()
    (block,) = parse([Chunk(body[:8], 1.0), Chunk(body[8:], 2.0)])
    assert (block.valid_utf8, block.data, block.at) == (True, "🫠", 2.0)


def test_a_block_arrives_with_the_chunk_that_holds_its_last_byte() -> None:
    """Times are those of the blank line that ends the block."""
    blocks = parse(
        [Chunk(b"data: one\n", 1.0), Chunk(b"\ndata: two\n\nda", 2.0), Chunk(b"ta: three\n\n", 3.0)]
    )
    assert [block.at for block in blocks] == [2.0, 2.0, 3.0]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=6))
def test_chunks_never_change_what_was_said(body: bytes, cuts: list[int]) -> None:
    """Any bytes parse without an error, the same however the network cut them."""
    edges = sorted({0, len(body), *(min(cut, len(body)) for cut in cuts)})
    pieces = [Chunk(body[start:end], 1.0) for start, end in pairwise(edges)]
    assert parse(pieces or [Chunk(b"", 1.0)]) == parsed(body)
