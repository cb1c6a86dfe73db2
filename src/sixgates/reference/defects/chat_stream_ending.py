"""Defects of how streamed chat completions end."""

from collections.abc import Callable
from typing import Any

from sixgates.exchange import Request
from sixgates.probes.chat import BASE
from sixgates.probes.interleaved import parallel_streams
from sixgates.reference.defects.chat_stream import entries, in_chunks, in_entries, on_text_stream
from sixgates.reference.mutants import (
    Document,
    Edit,
    asking,
    body_of,
    in_events,
    in_pieces,
    mutant,
    on_chat,
    on_stream,
    on_usage_stream,
)
from sixgates.reference.writing import NUMBERS


def _finish(value: Any) -> Edit:
    def change(_: int, entry: Document) -> None:
        if entry["finish_reason"]:
            entry["finish_reason"] = value

    return in_entries(change)


def _finishing(events: list[Document]) -> int:
    return next(number for number, event in enumerate(events) if entries([event])[0]["finish_reason"])


def _finish_twice(events: list[Document]) -> list[Document]:
    at = _finishing(events)
    return [*events[: at + 1], *events[at:]]


def _say_more(events: list[Document]) -> list[Document]:
    at = _finishing(events)
    more = {**events[at], "choices": [{"index": 0, "delta": {"content": "more"}, "finish_reason": None}]}
    return [*events[: at + 1], more, *events[at + 1 :]]


def on_one_token(request: Request) -> bool:
    """Streams of one token."""
    return on_stream(request) and body_of(request).get("max_tokens") == 1


def on_stopped(request: Request) -> bool:
    """Streams with a stop word."""
    return on_stream(request) and "stop" in body_of(request)


def on_unasked(request: Request) -> bool:
    """Streams that do not ask for usage."""
    return on_text_stream(request) and not on_usage_stream(request)


def on_parallel(number: int) -> Callable[[Request], bool]:
    """One of the parallel streams."""
    wanted = {**(parallel_streams[number - 1].body or {}), "model": "reference"}
    return lambda request: on_chat(request) and body_of(request) == wanted


def _taking_turns(events: list[Document]) -> None:
    """Every second piece is one of the other stream; what they displace comes later."""
    said = [entry["delta"] for entry in entries(events) if entry["delta"].get("content")]
    own, other = [delta["content"] for delta in said], NUMBERS.split(" ")
    turns = [
        piece for number, pair in enumerate(zip(own, other, strict=False)) for piece in _turn(number, *pair)
    ]
    for delta, piece in zip(said, turns, strict=False):
        delta["content"] = piece


def _turn(number: int, own: str, other: str) -> tuple[str, str]:
    return own, other if number == 0 else f" {other}"


mutant(
    "stream-finish-twice", on=on_stream, edit=in_events(_finish_twice), caught_by=["chat.stream.finish_once"]
)
mutant("stream-finish-never", on=on_stream, edit=_finish(None), caught_by=["chat.stream.finish_present"])
mutant(
    "stream-finish-empty-on-the-way",
    on=on_stream,
    edit=in_entries(lambda _, entry: entry.update(finish_reason=entry["finish_reason"] or "")),
    caught_by=["chat.stream.finish_not_empty_string"],
)
for _word, _value in {"eos": "eos", "error": "error", "object": {"type": "stop"}}.items():
    mutant(
        f"stream-finish-{_word}",
        on=on_stream,
        edit=_finish(_value),
        caught_by=["chat.stream.finish_reason_enum"],
    )
mutant(
    "stream-finish-always-stop",
    on=on_one_token,
    edit=_finish("stop"),
    caught_by=["chat.stream.finish_length"],
)
mutant(
    "stream-max-tokens-ignored",
    on=on_one_token,
    rewrite=asking(max_tokens=8),
    caught_by=["chat.stream.max_tokens_1"],
)
mutant(
    "stream-says-more-after-the-finish",
    on=on_stream,
    edit=in_events(_say_more),
    caught_by=["chat.stream.no_content_after_finish"],
)
mutant(
    "stream-stop-ignored",
    on=on_stopped,
    rewrite=asking(stop=None),
    caught_by=["chat.stream.empty_completion"],
)
mutant(
    "stream-usage-ignored",
    on=on_usage_stream,
    rewrite=asking(stream_options=None),
    caught_by=["chat.stream.usage_final"],
)


def _usage_with_the_finish(events: list[Document]) -> None:
    usage = events.pop()["usage"]
    events[-1]["usage"] = usage


mutant(
    "stream-usage-in-the-finish-chunk",
    on=on_usage_stream,
    edit=in_events(_usage_with_the_finish),
    caught_by=["chat.stream.usage_place"],
)
mutant(
    "stream-usage-before-the-finish",
    on=on_usage_stream,
    edit=in_events(lambda events: [*events[:-2], events[-1], events[-2]]),
    caught_by=["chat.stream.usage_place"],
)
for _count in ("prompt_tokens", "completion_tokens", "total_tokens"):
    mutant(
        f"stream-usage-without-{_count.replace('_', '-')}",
        on=on_usage_stream,
        edit=in_chunks(lambda _, chunk, name=_count: (chunk["usage"] or {}).pop(name, None)),  # type: ignore[misc]
        caught_by=["chat.stream.usage_place" if _count == "total_tokens" else "chat.stream.usage_final"],
    )
mutant(
    "stream-usage-unasked",
    on=on_unasked,
    rewrite=asking(stream_options={"include_usage": True}),
    caught_by=["chat.stream.usage_opt_in"],
)


def _running_totals(number: int, chunk: Document) -> None:
    chunk["usage"] = chunk["usage"] or {
        "prompt_tokens": 7,
        "completion_tokens": number,
        "total_tokens": number + 7,
    }


mutant(
    "stream-usage-in-every-chunk",
    on=on_usage_stream,
    edit=in_chunks(_running_totals),
    caught_by=["chat.stream.usage_null_before"],
)
mutant(
    "stream-usage-empty-before",
    on=on_usage_stream,
    edit=in_chunks(lambda _, chunk: chunk.update(usage=chunk["usage"] or {})),
    caught_by=["chat.stream.usage_null_before"],
)
mutant(
    "parallel-stream-interrupted",
    on=on_parallel(1),
    edit=in_pieces(lambda pieces: [*pieces[:4], pieces[-1]]),
    caught_by=["chat.stream.concurrent_isolation"],
)
mutant(
    "parallel-stream-without-done",
    on=on_parallel(2),
    edit=in_pieces(lambda pieces: pieces[:-1]),
    caught_by=["chat.stream.concurrent_isolation"],
)
mutant(
    "parallel-streams-share-an-id",
    on=on_stream,
    edit=in_chunks(lambda _, chunk: chunk.update(id="chatcmpl-1")),
    caught_by=["chat.stream.concurrent_isolation"],
)
mutant(
    "parallel-streams-mixed",
    on=on_parallel(1),
    edit=in_events(_taking_turns),
    caught_by=["chat.stream.concurrent_not_mixed"],
)
mutant(
    "parallel-streams-swapped",
    on=on_parallel(2),
    rewrite=asking(messages=BASE["messages"]),
    caught_by=["chat.stream.concurrent_not_mixed"],
)
