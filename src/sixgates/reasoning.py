"""An answer together with the thought before it, whether they came whole or as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from sixgates.completion import Completion
from sixgates.exchange import Exchange
from sixgates.select import Json
from sixgates.views import ChatStream, Document

TEXTS = ("reasoning_content", "reasoning")
"""The fields that servers write a thought in as text."""


@dataclass(frozen=True, slots=True)
class Reasoned:
    """The first choice: the completion, and the message or the deltas that it came in."""

    completion: Completion
    pieces: tuple[Json, ...]

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The answer of an exchange; raises Unmet unless it is a 200 with a choice."""
        completion = Completion.of(exchange)
        if completion.streamed:
            return cls(completion, ChatStream.of(exchange).choices[0].deltas)
        return cls(completion, (Document.of(exchange).message,))

    @property
    def text(self) -> str:
        """The content."""
        return self.completion.text

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that hold a thought in some piece."""
        names = (*TEXTS, "reasoning_details")
        return tuple(name for name in names if any(filled(piece[name]) for piece in self.pieces))

    @property
    def thought(self) -> bool:
        """Whether the model thought before it answered, and the server says so."""
        return bool(self.fields)

    @property
    def written(self) -> tuple[str, ...]:
        """The pieces of the content, or of the thought where the token limit came before any content."""
        told = (tuple(self._pieces(field)) for field in ("content", *TEXTS))
        return next((pieces for pieces in told if pieces), ())

    def told(self, field: str) -> str:
        """The thought as one of the fields tells it; what is no string is left out (a check names it)."""
        return "".join(self._pieces(field))

    def _pieces(self, field: str) -> Iterator[str]:
        values = (piece[field].value for piece in self.pieces)
        return (value for value in values if isinstance(value, str) and value)


def filled(value: Json) -> bool:
    """Whether there is more than null or an empty string or array."""
    return value.given and value.value != "" and value.value != []
