"""Streams against the plain answer, after [DONE], and while nothing comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Judgement
from sixgates.reference.defects.chat_stream import in_deltas
from sixgates.verdict import Outcome

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
Reply = Callable[..., Response]


def _other(_: int, delta: dict[str, object]) -> None:
    if delta.get("content") == " boat":
        delta["content"] = " ship"


def _streamed_otherwise(exchange: Exchange) -> Response | None:
    if exchange.probe == "chat-stream-usage" and exchange.response is not None:
        return in_deltas(_other)(exchange.response)
    return None


def test_another_text_is_found_where_plain_answers_agree(judge_edited: JudgeEdited) -> None:
    (finding,) = judge_edited(_streamed_otherwise).verdict("chat.stream.equals_nonstream").findings
    assert finding.where == "content"
    assert ("boat" in finding.expected, "ship" in finding.got) == (True, True)


@pytest.mark.parametrize("status", [200, 400])
def test_another_text_shows_nothing_where_plain_answers_differ_or_are_refused(
    status: int, judge_edited: JudgeEdited, reply: Reply
) -> None:
    again = reply(status, {"choices": [{"message": {"role": "assistant", "content": "Hi, a ship"}}]})

    def edit(exchange: Exchange) -> Response | None:
        return again if exchange.probe == "chat-defaults" else _streamed_otherwise(exchange)

    verdict = judge_edited(edit).verdict("chat.stream.equals_nonstream")
    assert (verdict.outcome, verdict.reason) == (
        Outcome.NOT_EXERCISED,
        "no second plain answer had the same text, so that a stream need not have it",
    )


def test_an_equal_text_needs_no_second_answer(judge_edited: JudgeEdited, reply: Reply) -> None:
    judgement = judge_edited(
        lambda exchange: (
            reply(400, {"error": {"message": "no"}}) if exchange.probe == "chat-defaults" else None
        )
    )
    assert judgement.verdict("chat.stream.equals_nonstream").outcome is Outcome.PASSED


def _with(piece: bytes, at: int) -> Callable[[Exchange], Response | None]:
    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe != "chat-stream" or exchange.response is None:
            return None
        chunks = list(exchange.response.chunks)
        chunks.insert(len(chunks) if at < 0 else at, Chunk(piece, 1.0))
        return replace(exchange.response, chunks=tuple(chunks))

    return edit


@pytest.mark.parametrize(
    ("piece", "got"),
    [(b"event: end\n\n", "event: end"), (b"0\n\n", "0: "), (b"more", "more: ")],
)
def test_bytes_after_done_are_shown(piece: bytes, got: str, judge_edited: JudgeEdited) -> None:
    (finding,) = judge_edited(_with(piece, -1)).verdict("chat.stream.done_sentinel").findings
    assert (finding.expected, finding.got) == ("nothing after [DONE]", got)


@pytest.mark.parametrize("piece", [b": bye\n\n", b"\n", b"\r\n"])
def test_comments_and_blank_lines_after_done_are_fine(piece: bytes, judge_edited: JudgeEdited) -> None:
    assert judge_edited(_with(piece, -1)).verdict("chat.stream.done_sentinel").outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "data", [": keep-alive", "ping", "PING", "[keepalive]", "keep-alive", "", '{"type":"ping"}', "heartbeat"]
)
def test_a_keep_alive_in_the_data_is_found(data: str, judge_edited: JudgeEdited) -> None:
    verdict = judge_edited(_with(f"data: {data}\n\n".encode(), 1)).verdict("chat.stream.keepalive_comments")
    (finding,) = verdict.findings
    assert finding.expected == "a comment, which starts with a colon"


@pytest.mark.parametrize("piece", [b": ping\n\n", b":\n\n", b'data: {"choices": [], "id": "ping"}\n\n'])
def test_comments_and_empty_chunks_keep_a_connection(piece: bytes, judge_edited: JudgeEdited) -> None:
    verdict = judge_edited(_with(piece, 1)).verdict("chat.stream.keepalive_comments")
    assert verdict.outcome is Outcome.PASSED


def _timed(first: float, last: float) -> Callable[[Exchange], Response | None]:
    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe != "chat-stream" or exchange.response is None:
            return None
        chunks = exchange.response.chunks
        step = (last - first) / len(chunks)
        return replace(
            exchange.response,
            chunks=tuple(Chunk(chunk.data, first + number * step) for number, chunk in enumerate(chunks)),
        )

    return edit


def test_a_long_wait_for_the_first_token_is_no_burst(judge_edited: JudgeEdited) -> None:
    """A long prompt or a queue comes before it."""
    verdict = judge_edited(_timed(12.0, 14.0)).verdict("chat.stream.incremental")
    assert verdict.outcome is Outcome.PASSED


def test_one_burst_at_the_end_is_found(judge_edited: JudgeEdited) -> None:
    (finding,) = judge_edited(_timed(5.0, 5.12)).verdict("chat.stream.incremental").findings
    assert finding.got.endswith(" moments, the first after 5.00 s of 5.11 s")
