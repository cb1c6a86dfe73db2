"""Reports of tool calls, plain and streamed."""

from __future__ import annotations

import json

from tests.field.contract.offers import drops_calls
from tests.field.contract.report import Report
from tests.field.contract.wire import Events, in_choices, in_chunks, in_messages, part, refusing, where

from sixgates.exchange import Request
from sixgates.reference.mutants import (
    Document,
    Edit,
    body_of,
    in_events,
    on_chat,
    on_tool_stream,
    on_tools,
)
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY


def in_calls(change: object) -> Edit:
    """Change each call of a whole answer in place."""

    def edit(message: Document) -> None:
        for call in message.get("tool_calls") or []:
            change(call)  # type: ignore[operator]

    return in_messages(edit)


def in_pieces_of_calls(change: object) -> Edit:
    """Change each piece of a call in a stream in place."""

    def edit(choice: Document) -> None:
        for piece in choice["delta"].get("tool_calls") or []:
            change(piece)  # type: ignore[operator]

    return in_chunks(edit)


def _finish(reason: str, *of: str) -> object:
    def edit(choice: Document) -> None:
        if choice["finish_reason"] in of:
            choice["finish_reason"] = reason

    return edit


def _requires(request: Request) -> bool:
    return on_tools(request) and body_of(request).get("tool_choice") == "required"


def _no_calls(choice: Document) -> None:
    if choice["message"].get("tool_calls"):
        choice["message"] |= {"content": "", "tool_calls": []}
        choice["finish_reason"] = "tool_calls"


def _as_markup(choice: Document) -> None:
    calls = choice["message"].pop("tool_calls", None)
    if calls:
        name = calls[0]["function"]["name"]
        choice["message"]["content"] = f"<tool_call>\n<function={name}>\n</function>\n</tool_call>"
        choice["finish_reason"] = "stop"


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


def _numbers(call: Document) -> None:
    call["function"]["arguments"] = "[1, 2, 3]"


def _nothing(call: Document) -> None:
    call["function"]["arguments"] = "{}"


def _empty(call: Document) -> None:
    if call["function"]["arguments"] == "{}":
        call["function"]["arguments"] = ""


def _bare(piece: Document) -> None:
    if piece["function"].get("arguments") == "{}":
        piece["function"]["arguments"] = ""


def _lax(request: Request) -> bool:
    """Names a function, and no tool is strict."""
    body = body_of(request)
    lax = not any(tool.get("function", {}).get("strict") for tool in body.get("tools") or [])
    return on_tools(request) and lax and isinstance(body.get("tool_choice"), dict)


def _content_lost_in_streams(events: Events) -> None:
    if any("tool_calls" in choice["delta"] for event in events for choice in event["choices"]):
        for event in events:
            for choice in event["choices"]:
                if choice["delta"].get("content"):
                    choice["delta"]["content"] = ""


def _cut_says_calls(choice: Document) -> None:
    if choice["finish_reason"] == "length":
        choice["finish_reason"] = "tool_calls"


def _same_id(message: Document) -> None:
    for call in message.get("tool_calls") or []:
        call["id"] = call["function"]["name"]


def _one_call_lost(message: Document) -> None:
    message["tool_calls"] = (message.get("tool_calls") or [])[:1] or None


def _later_calls_lost(events: Events) -> Events:
    return [event for event in events if not any(map(_of_a_later_call, event["choices"]))]


def _of_a_later_call(choice: Document) -> bool:
    return any(piece["index"] for piece in choice["delta"].get("tool_calls") or [])


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
        "calls-say-stop",
        "Blaizzy/mlx-vlm#990",
        "an answer with calls ends with stop, plain and streamed",
        part(
            on_chat,
            lambda r: in_choices(_finish("stop", "tool_calls"))(in_chunks(_finish("stop", "tool_calls"))(r)),
        ),
        checks=("tools.finish.required",),
    ),
    Report(
        "calls-say-tool-call",
        "ml-explore/mlx-lm#782",
        "an answer with calls ends with tool_call",
        part(
            on_chat,
            lambda r: in_choices(_finish("tool_call", "tool_calls"))(
                in_chunks(_finish("tool_call", "tool_calls"))(r)
            ),
        ),
        checks=("chat.shape.finish_reason_enum",),
    ),
    Report(
        "required-says-calls-and-has-none",
        "vllm-project/vllm#53255",
        "a required call that does not come ends with tool_calls and an empty array",
        part(_requires, in_choices(_no_calls)),
        checks=("tools.finish.consistent", "tools.required.called"),
    ),
    Report(
        "call-as-markup",
        "lmstudio-ai/lmstudio-bug-tracker#2115",
        "a required call stands in the content as the model's own markup",
        part(_requires, in_choices(_as_markup)),
        checks=("tools.required.called",),
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
        "forced-call-ignores-its-schema",
        "vllm-project/vllm#37064",
        "the arguments of a forced call of a tool that is not strict are an array of numbers",
        part(_lax, in_calls(_numbers)),
        checks=("tools.call.no_args", "tools.call.arguments_json"),
    ),
    Report(
        "forced-call-made-up",
        "raullenchai/Rapid-MLX#1256",
        "a forced call has the arguments {} though its schema requires members",
        part(_requires, in_calls(_nothing)),
        outcome=ADVISORY,
        checks=("tools.call.arguments_loose",),
    ),
    Report(
        "no-arguments-is-an-empty-string",
        "openai/openai-agents-js#664",
        'a call without parameters has the arguments ""',
        part(on_tools, in_calls(_empty)),
        checks=("tools.call.no_args",),
    ),
    Report(
        "streamed-call-without-arguments-is-empty",
        "vercel/ai#6687",
        "a streamed call without parameters never has arguments",
        part(on_tool_stream, in_pieces_of_calls(_bare)),
        checks=("tools.stream.no_args",),
    ),
    Report(
        "cut-call-says-tool-calls",
        "14790897/MiqroForge-Desktop#1100",
        "a call that max_tokens cut ends with tool_calls, and half of its arguments",
        part(on_chat, lambda r: in_choices(_cut_says_calls)(in_chunks(_cut_says_calls)(r))),
        checks=("tools.finish.length_in_args",),
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
    Report(
        "call-id-is-the-name",
        "tetsuo-ai/agenc-core#417",
        "the id of a call is the name of its function, so that two calls share it",
        part(on_tools, in_messages(_same_id)),
        checks=("tools.id.unique_across",),
    ),
    Report(
        "round-trip-of-own-id-refused",
        "editor-code-assistant/eca#233",
        "a history with ids that the server did not make itself is refused",
        part(
            where(
                on_chat,
                lambda body: any(
                    isinstance(m, dict) and m.get("role") == "tool" for m in body.get("messages") or []
                ),
            ),
            refusing("Tool call id must be a-z, A-Z, 0-9, with a length of 9."),
        ),
        checks=("tools.roundtrip.basic",),
    ),
    Report(
        "second-call-lost",
        "vllm-project/vllm#26233",
        "of two calls in one turn only the first comes, whatever parallel_tool_calls says",
        part(on_chat, lambda r: in_messages(_one_call_lost)(in_events(_later_calls_lost)(r))),
        legal=True,
    ),
)
"""Each with its corruption."""
