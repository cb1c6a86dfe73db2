"""Reports of tool calls in streams."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.field.contract.offers import drops_calls
from tests.field.contract.report import Report
from tests.field.contract.wire import Events, in_chunks, part

from sixgates.exchange import Request
from sixgates.reference.mutants import (
    Document,
    Edit,
    body_of,
    in_events,
    on_tool_stream,
)
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY


Change = Callable[[Document], Any]


def in_pieces_of_calls(change: Change) -> Edit:
    """Change each piece of a call in a stream in place."""

    def edit(choice: Document) -> None:
        for piece in choice["delta"].get("tool_calls") or []:
            change(piece)

    return in_chunks(edit)


def _also_as_text(events: Events) -> None:
    for event in events:
        for choice in event["choices"]:
            for piece in choice["delta"].get("tool_calls") or []:
                if piece["function"].get("arguments"):
                    choice["delta"]["content"] = piece["function"]["arguments"]


def _name_everywhere(events: Events) -> None:
    name = None
    for event in events:
        for choice in event["choices"]:
            for piece in choice["delta"].get("tool_calls") or []:
                name = piece["function"].get("name", name)
                piece["function"]["name"] = name


def _id_inside(piece: Document) -> None:
    if "id" in piece:
        piece["function"]["id"] = piece.pop("id")


def _without_later_ids(piece: Document) -> None:
    if piece["index"] > 0:
        piece.pop("id", None)


def _all_first(piece: Document) -> None:
    piece["index"] = 0


def _without_arguments(piece: Document) -> None:
    if piece["function"].get("arguments") == "":
        del piece["function"]["arguments"]


def _null_arguments(piece: Document) -> None:
    if not piece["function"].get("arguments"):
        piece["function"]["arguments"] = None


def _as_objects(events: Events) -> Events:
    """Whole calls in one chunk, their arguments an object."""
    whole: dict[int, str] = {}
    for event in events:
        for choice in event["choices"]:
            for piece in choice["delta"].get("tool_calls") or []:
                whole[piece["index"]] = whole.get(piece["index"], "") + piece["function"].get("arguments", "")
    kept = []
    for event in events:
        pieces = [p for c in event["choices"] for p in c["delta"].get("tool_calls") or []]
        if pieces and not any("id" in piece for piece in pieces):
            continue
        for piece in pieces:
            try:
                piece["function"]["arguments"] = json.loads(whole[piece["index"]])
            except ValueError:
                piece["function"]["arguments"] = {}
        kept.append(event)
    return kept


def _type_missing(piece: Document) -> None:
    piece.pop("type", None)


def _bare(piece: Document) -> None:
    if piece["function"].get("arguments") == "{}":
        piece["function"]["arguments"] = ""


def _content_lost_in_streams(events: Events) -> None:
    if any("tool_calls" in choice["delta"] for event in events for choice in event["choices"]):
        for event in events:
            for choice in event["choices"]:
                if choice["delta"].get("content"):
                    choice["delta"]["content"] = ""


def _stopped_with_tools(request: Request) -> bool:
    return on_tool_stream(request) and bool(body_of(request).get("stop"))


def _half_the_text(events: Events) -> Events:
    texts = [event for event in events if any(choice["delta"].get("content") for choice in event["choices"])]
    return [event for event in events if event not in texts[len(texts) // 2 :]]


REPORTS = (
    Report(
        "stream-drops-calls",
        "ddalcu/mlx-serve#287",
        "with stream no call ever comes: empty content and stop",
        part(on_tool_stream, drops_calls),
        checks=("tools.stream.not_dropped",),
    ),
    Report(
        "streamed-call-also-as-text",
        "oobabooga/textgen#7427",
        "a streamed call comes a second time as content",
        part(on_tool_stream, in_events(_also_as_text)),
        outcome=ADVISORY,
        checks=("tools.content.null_with_calls", "tools.led.same_streamed"),
    ),
    Report(
        "name-in-every-piece",
        "ggml-org/llama.cpp#13800",
        "each piece of a streamed call repeats the name",
        part(on_tool_stream, in_events(_name_everywhere)),
        checks=("tools.stream.name_once",),
    ),
    Report(
        "id-inside-the-function",
        "ggml-org/llama.cpp#13800",
        "the id of a streamed call stands inside its function",
        part(on_tool_stream, in_pieces_of_calls(_id_inside)),
        checks=("tools.id.stable_stream",),
    ),
    Report(
        "pieces-without-index",
        "sgl-project/sglang#5661",
        "the pieces of a streamed call have no index",
        part(on_tool_stream, in_pieces_of_calls(lambda piece: piece.pop("index"))),
        checks=("tools.stream.index_present",),
    ),
    Report(
        "second-call-without-id",
        "sgl-project/sglang#7049",
        "the second call of a stream has no id",
        part(on_tool_stream, in_pieces_of_calls(_without_later_ids)),
        checks=("tools.id.stable_stream",),
    ),
    Report(
        "parallel-calls-share-index-0",
        "BerriAI/litellm#33678",
        "all calls of a stream have index 0, so that clients join them",
        part(on_tool_stream, in_pieces_of_calls(_all_first)),
        checks=("tools.stream.index_distinct",),
    ),
    Report(
        "first-piece-without-arguments",
        "moeru-ai/xsai#235",
        "the first piece of a streamed call has no arguments, not even empty ones",
        part(on_tool_stream, in_pieces_of_calls(_without_arguments)),
        outcome=ADVISORY,
        checks=("tools.stream.args_first",),
    ),
    Report(
        "null-arguments-in-pieces",
        "1jehuang/jcode#225",
        "the arguments of a streamed call are null",
        part(on_tool_stream, in_pieces_of_calls(_null_arguments)),
        checks=("tools.stream.args_strings",),
    ),
    Report(
        "arguments-as-an-object-in-streams",
        "BerriAI/litellm#37792",
        "a streamed call comes whole, its arguments an object",
        part(on_tool_stream, in_events(_as_objects)),
        checks=("tools.stream.args_strings",),
    ),
    Report(
        "pieces-without-type",
        "vercel/ai#12901",
        "the first piece of a streamed call has no type",
        part(on_tool_stream, in_pieces_of_calls(_type_missing)),
        checks=("tools.stream.type_function",),
    ),
    Report(
        "streamed-call-without-arguments-is-empty",
        "vercel/ai#6687",
        "a streamed call without parameters never has arguments",
        part(on_tool_stream, in_pieces_of_calls(_bare)),
        checks=("tools.stream.no_args",),
    ),
    Report(
        "content-before-a-call-lost-in-streams",
        "sgl-project/sglang#34214",
        "a stream leaves out the text that stands before a call",
        part(on_tool_stream, in_events(_content_lost_in_streams)),
        outcome=ADVISORY,
        checks=("tools.led.same_streamed",),
    ),
    Report(
        "stop-with-tools-loses-text",
        "vllm-project/vllm#42210",
        "a stream with tools that a stop word ends loses the text before it",
        part(_stopped_with_tools, in_events(_half_the_text)),
        outcome=ADVISORY,
        checks=("params.stop.with_tools",),
    ),
)
"""Each with its corruption."""
