"""Reports of tool calls, plain or either way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.field.contract.report import Report
from tests.field.contract.wire import Events, in_choices, in_chunks, in_messages, part, refusing, where

from sixgates.exchange import Request
from sixgates.reference.mutants import (
    Document,
    Edit,
    body_of,
    in_events,
    on_chat,
    on_tools,
)
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY


Change = Callable[[Document], Any]


def in_calls(change: Change) -> Edit:
    """Change each call of a whole answer in place."""

    def edit(message: Document) -> None:
        for call in message.get("tool_calls") or []:
            change(call)

    return in_messages(edit)


def _finish(reason: str, *of: str) -> Change:
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


def _numbers(call: Document) -> None:
    call["function"]["arguments"] = "[1, 2, 3]"


def _nothing(call: Document) -> None:
    call["function"]["arguments"] = "{}"


def _empty(call: Document) -> None:
    if call["function"]["arguments"] == "{}":
        call["function"]["arguments"] = ""


def _lax(request: Request) -> bool:
    """Names a function, and no tool is strict."""
    body = body_of(request)
    lax = not any(tool.get("function", {}).get("strict") for tool in body.get("tools") or [])
    return on_tools(request) and lax and isinstance(body.get("tool_choice"), dict)


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


REPORTS = (
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
        "cut-call-says-tool-calls",
        "14790897/MiqroForge-Desktop#1100",
        "a call that max_tokens cut ends with tool_calls, and half of its arguments",
        part(on_chat, lambda r: in_choices(_cut_says_calls)(in_chunks(_cut_says_calls)(r))),
        checks=("tools.finish.length_in_args",),
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
