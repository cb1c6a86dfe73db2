"""Every string of an answer, whichever surface it came through: the one place where text fidelity is judged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from sixgates.exchange import Exchange, Finding
from sixgates.select import Findings, Json, Unmet, parse_json
from sixgates.sse import parse
from sixgates.views import DONE

_HALF = re.compile("[\ud800-\udfff]")
WORDS = "Unicode text: no half of a surrogate pair"


@dataclass(frozen=True, slots=True)
class Strings:
    """The JSON documents of an answer, whole or streamed, refused or not; what is no JSON is left out."""

    documents: tuple[Json, ...]

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The documents of an exchange; none where nothing came back, which other checks judge."""
        response = exchange.response
        if response is None:
            return cls(())
        if response.media_type != "text/event-stream":
            return cls(tuple(_parsed(response.body, "")))
        blocks = [block for block in parse(response.chunks) if block.data and block.data != DONE]
        told = tuple(each for block in blocks for each in _parsed(block.data or "", f"event {block.number}"))
        return cls(told or tuple(_parsed(response.body, "")))  # JSON that only says that it is a stream

    def each(self) -> Iterator[Json]:
        """Every string, names of members included, with its place."""
        for document in self.documents:
            yield from _walked(document)


def broken_text(strings: Strings) -> Findings:
    """A finding for each string that holds half of a surrogate pair, which no encoding can write."""
    for string in strings.each():
        half = _HALF.search(string.value)
        if half:
            at = half.start()
            around = json.dumps(string.value[max(at - 20, 0) : at + 20])
            yield Finding(string.where or "/", WORDS, f"{around}, at character {at}")


def _parsed(text: str | bytes, where: str) -> Iterator[Json]:
    try:
        yield parse_json(text, where)
    except Unmet:
        return


def _walked(document: Json) -> Iterator[Json]:
    waiting: list[Json] = [document]  # no recursion: a document may be nested as deep as the parser allows
    while waiting:
        here = waiting.pop()
        value: Any = here.value
        if isinstance(value, str):
            yield here
        elif isinstance(value, dict):
            yield from (Json(name, here.where) for name in value)
            waiting += [here[name] for name in reversed(value)]
        elif isinstance(value, list):
            waiting += [here[number] for number in reversed(range(len(value)))]
