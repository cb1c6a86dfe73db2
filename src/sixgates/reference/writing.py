"""The reference's stand-in for a model: the start of a fixed story, one token a word, cut by limit and stop words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

STORY = (
    "Hi! A small boat left the harbour at dawn. The wind was kind, the sea was calm, and the sailor sang of "
    "home. At noon a gull landed on the mast and stayed. By night they had found the island, drawn a map of its "
    "shores, and slept under the stars until the tide turned and it was time to sail back with the news. "
)
THOUGHT = ("A", " short", " answer", " will", " do.")
ROOM_TO_THINK = 48
"""The token limit from which on the reference thinks before it answers."""


NUMBERS = ", ".join(map(str, range(1, 1001)))


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call before it is put on the wire, its arguments in tokens."""

    id: str
    name: str
    tokens: tuple[str, ...]
    head: int = 0
    """How many tokens came before the arguments and count."""

    @property
    def arguments(self) -> str:
        """The arguments as text."""
        return "".join(self.tokens)


@dataclass(frozen=True, slots=True)
class Answer:
    """One choice before it is put on the wire: text or tool calls, in tokens, why it ended, the thought before it."""

    tokens: tuple[str, ...]
    finish: str
    calls: tuple[Call, ...] = ()
    thought: tuple[str, ...] = ()

    @property
    def spent(self) -> int:
        """How many tokens were written."""
        called = sum(call.head + len(call.tokens) for call in self.calls)
        return len(self.thought) + len(self.tokens) + called


def sampled(text: str, seed: int) -> str:
    """The sentences of a text from another one on; which one, the seed decides."""
    sentences = text.split(". ")
    first = 1 + seed % (len(sentences) - 2)
    return ". ".join([*sentences[first:-1], *sentences[:first], ""])


def written(text: str, limit: int, stops: Sequence[str] = ()) -> Answer:
    """A text as the model writes it: up to the first stop word, at most `limit` tokens."""
    cut = min((at for stop in stops if (at := text.find(stop)) >= 0), default=-1)
    stopped = text if cut < 0 else text[:cut]
    words = stopped.split(" ")
    tokens = tuple(word if number == 0 else f" {word}" for number, word in enumerate(words) if stopped)
    return Answer(tokens[:limit], "length" if len(tokens) > limit else "stop")


def thinking(text: str, limit: int, stops: Sequence[str] = ()) -> Answer:
    """The same after a thought, which counts, where the limit leaves room for one."""
    thought = THOUGHT if limit >= ROOM_TO_THINK else ()
    return replace(written(text, limit - len(thought), stops), thought=thought)


def tokens_in(*values: Any) -> int:
    """How many tokens a prompt has: the words of its JSON."""
    return sum(len(json.dumps(value, ensure_ascii=False).split()) for value in values)
