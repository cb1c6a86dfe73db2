"""Streams at the same time: what a mixture is, and what is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixgates.checks.chat_stream_interleaved import STRANGE, mixed
from sixgates.exchange import Exchange, Response
from sixgates.judge import Judgement
from sixgates.reference.defects.chat_stream import in_deltas
from sixgates.verdict import Outcome

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
STORY = "Hi! A small boat left the harbour"
NUMBERS = "1, 2, 3, 4, 5, 6, 7"


@pytest.mark.parametrize(
    ("said", "is_mixed"),
    [
        ("Hi! 1, A 2, small 3,", True),
        ("1, 2, 3, 4", True),
        ("Hi! A small1, 2, 3", True),
        ("Hi! A small boat", False),
        ("Hi! A tiny boat left", False),
        ("Hi!1,", False),
        ("", False),
    ],
)
def test_a_mixture_is_made_of_two_beginnings(said: str, is_mixed: bool) -> None:
    assert mixed(said, STORY, NUMBERS) is is_mixed


@given(st.lists(st.booleans(), max_size=30), st.text("abc ", max_size=30), st.text("xyz,", max_size=30))
def test_whatever_takes_turns_is_found(turns: list[bool], own: str, other: str) -> None:
    """Letter by letter, as long as enough of the other stands there."""
    mine, yours, said = iter(own), iter(other), ""
    strange = 0
    for mine_next in turns:
        letter = next(mine if mine_next else yours, None)
        if letter is None:
            break
        said += letter
        strange += not mine_next
    assert mixed(said, own, other) is (strange >= STRANGE)


def _numbers(_: int, delta: dict[str, object]) -> None:
    if delta.get("content"):
        delta["content"] = "1, 2, 3, 4" if "Hi" in str(delta["content"]) else ""


def test_a_mixture_is_told_with_both_texts(judge_edited: JudgeEdited) -> None:
    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe != "chat-stream-parallel-1" or exchange.response is None:
            return None
        return in_deltas(_numbers)(exchange.response)

    (finding,) = judge_edited(edit).verdict("chat.stream.concurrent_not_mixed").findings
    assert finding.where == "chat-stream-parallel-1: content"
    assert finding.expected.startswith('only text of its own answer, "Hi! A small boat')
    assert finding.got == 'text of the other\'s, too: "1, 2, 3, 4"'


def test_a_text_that_sampling_made_another_is_no_mixture(judge_edited: JudgeEdited) -> None:
    """Batches change the last digits of a model's numbers, and so its words."""

    def other(_: int, delta: dict[str, object]) -> None:
        if delta.get("content") == " boat":
            delta["content"] = " ship"

    def edit(exchange: Exchange) -> Response | None:
        if not exchange.probe.startswith("chat-stream-parallel") or exchange.response is None:
            return None
        return in_deltas(other)(exchange.response)

    assert judge_edited(edit).verdict("chat.stream.concurrent_not_mixed").outcome is Outcome.PASSED


def test_cut_streams_are_not_looked_at_for_mixtures(judge_edited: JudgeEdited) -> None:
    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe != "chat-stream-parallel-1" or exchange.response is None:
            return None
        return replace(exchange.response, chunks=exchange.response.chunks[:3])

    judgement = judge_edited(edit)
    assert judgement.verdict("chat.stream.concurrent_isolation").outcome is Outcome.FAILED
    assert judgement.verdict("chat.stream.concurrent_not_mixed").outcome is Outcome.BLOCKED
