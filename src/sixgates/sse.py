"""The event-stream parser: the WHATWG grammar over network chunks, with arrival times and no repairs.

Grammar: HTML standard, section 9.2.6 "Interpreting an event stream". The parser is as liberal as the grammar
(LF, CR or CRLF, no space after the colon, comments, several data lines, a byte-order mark) and keeps what the
grammar throws away (blocks without data, an unterminated tail), since that is where clients part ways.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from sixgates.exchange import Chunk

_LINE = re.compile(rb"([^\r\n]*)(\r\n|\n|\r|\Z)")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Block:
    """The lines up to a blank line: fields in order, comments apart, and when its last byte arrived.

    `after_blank` says that one more blank line than needed stood before it.
    """

    number: int
    fields: tuple[tuple[str, str], ...]
    comments: tuple[str, ...]
    at: float
    terminated: bool = True
    valid_utf8: bool = True
    after_blank: bool = False

    @property
    def data(self) -> str | None:
        """The data lines joined by newlines; None when the block has none and so dispatches nothing."""
        lines = [value for name, value in self.fields if name == "data"]
        return "\n".join(lines) if lines else None

    def has(self, name: str) -> bool:
        """Whether a field of that name stands in the block."""
        return any(key == name for key, _ in self.fields)


@dataclass(slots=True)
class _Draft:
    fields: list[tuple[str, str]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    valid_utf8: bool = True
    after_blank: bool = False

    def add(self, line: bytes) -> None:
        try:
            text = line.decode()
        except UnicodeDecodeError:
            self.valid_utf8 = False
            text = line.decode(errors="replace")
        name, colon, value = text.partition(":")
        if colon and not name:
            self.comments.append(value.removeprefix(" "))
        else:
            self.fields.append((name, value.removeprefix(" ")))

    @property
    def empty(self) -> bool:
        return not self.fields and not self.comments


def parse(chunks: Sequence[Chunk]) -> tuple[Block, ...]:
    """The blocks of an event stream in order; the last one is unterminated when no blank line ends it."""
    return tuple(_blocks(chunks))


def _blocks(chunks: Sequence[Chunk]) -> Iterator[Block]:
    body = b"".join(chunk.data for chunk in chunks)
    ends = list(accumulate(len(chunk.data) for chunk in chunks))
    draft, number = _Draft(), 0
    for line, end in _lines(body):
        if line:
            draft.add(line)
        elif not draft.empty:
            yield _block(draft, number, _arrival(chunks, ends, end))
            draft, number = _Draft(), number + 1
        else:
            draft.after_blank = True
    if not draft.empty:
        yield _block(draft, number, chunks[-1].at, terminated=False)


def _block(draft: _Draft, number: int, at: float, *, terminated: bool = True) -> Block:
    fields, comments = tuple(draft.fields), tuple(draft.comments)
    return Block(number, fields, comments, at, terminated, draft.valid_utf8, draft.after_blank)


def _lines(body: bytes) -> Iterator[tuple[bytes, int]]:
    start = len(_BOM) if body.startswith(_BOM) else 0
    for match in _LINE.finditer(body, start):
        if match.start() == len(body):
            return
        yield match.group(1), match.end()


def _arrival(chunks: Sequence[Chunk], ends: Sequence[int], offset: int) -> float:
    return chunks[min(bisect_left(ends, offset), len(chunks) - 1)].at
