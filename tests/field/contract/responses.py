"""Reports of the Responses API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.field.contract.report import Part, Report
from tests.field.contract.wire import (
    Events,
    in_response,
    in_typed,
    on_responses,
    on_streamed_response,
    part,
    refusing,
    rewriting,
    where,
)

from sixgates.exchange import Request
from sixgates.reference.mutants import Document, Edit, asking, body_of
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY


def _says_completed(response: Document) -> None:
    response["status"] = "completed"
    response["incomplete_details"] = None
    for item in response["output"]:
        if "status" in item:
            item["status"] = "completed"


def _all_say_completed(told: Events) -> None:
    for event in told:
        if event["type"] == "response.incomplete":
            event["type"] = "response.completed"
        if isinstance(event.get("item"), dict) and event["item"].get("status") == "incomplete":
            event["item"]["status"] = "completed"
    _says_completed(told[-1]["response"])


def _whole(edit: Edit, streamed: Edit) -> Edit:
    return lambda response: streamed(edit(response))


def _fenced(response: Document) -> None:
    for item in response["output"]:
        for piece in item.get("content") or []:
            if piece["type"] == "output_text":
                piece["text"] = f"```json\n{piece['text']}\n```"


def _structured(request: Request) -> bool:
    wanted = (body_of(request).get("text") or {}).get("format") or {}
    return on_responses(request) and wanted.get("type") == "json_schema"


def _numbering(told: Events) -> None:
    """Every delta of a thought counts its part up."""
    count = 0
    for event in told:
        if event["type"].startswith("response.reasoning"):
            event["content_index"] = count
            count += event["type"].endswith(".delta")


def _kind(told: Events, item: str) -> set[Any]:
    return {
        event["output_index"]
        for event in told
        if event["type"] == "response.output_item.added" and event["item"]["type"] == item
    }


def _without_parts(told: Events) -> Events:
    """The parts of thoughts are never added, and never done."""
    thoughts = _kind(told, "reasoning")
    return [
        event
        for event in told
        if not (event.get("output_index") in thoughts and ".content_part." in event["type"])
    ]


def _closed_early(told: Events) -> Events:
    """The item is done after its first delta, and more deltas come after that."""
    messages = _kind(told, "message")
    ours = [event for event in told if event.get("output_index") in messages]
    done = [event for event in ours if event["type"].endswith(".done")]
    deltas = [event for event in ours if event["type"].endswith(".delta")]
    if len(deltas) < 2:
        return told
    others = [event for event in told if event not in done]
    at = others.index(deltas[0]) + 1
    return [*others[:at], *done, *others[at:]]


def _dropping(holds: Callable[[Document], bool]) -> Edit:
    return in_typed(lambda told: [event for event in told if not holds(event)])


def _of_call(event: Document) -> bool:
    return isinstance(event.get("item"), dict) and event["item"]["type"] == "function_call"


def _call_never_done(event: Document) -> bool:
    return event["type"] == "response.output_item.done" and _of_call(event)


def _output_lost(told: Events) -> None:
    told[-1]["response"]["output"] = []


def _two_identities(told: Events) -> None:
    for number, item in enumerate(told[-1]["response"]["output"]):
        item["id"] = f"other_{number}"
        if "call_id" in item:
            item["call_id"] = f"chatcmpl-tool-{number}"


def _never_added(event: Document) -> bool:
    return event["type"] in {"response.output_item.added", "response.content_part.added"}


def _echo(name: str, value: Any) -> Edit:
    def edit(response: Document) -> None:
        response[name] = value

    return in_response(edit)


def _ends_early(told: Events) -> Events:
    return told[:-1]


def _text_of_the_thought(told: Events) -> None:
    """Thoughts come as the text of the answer."""
    for event in told:
        if event["type"] == "response.reasoning_text.delta":
            event["type"] = "response.output_text.delta"


def _tool_results_in_parts(body: Document) -> bool:
    return any(
        isinstance(item, dict) and isinstance(item.get("output"), list)
        for item in (body["input"] if isinstance(body.get("input"), list) else [])
    )


def _done_in_another_order(told: Events) -> Events:
    done = [event for event in told if event["type"] == "response.output_item.done"]
    if len(done) < 2:
        return told
    others = [event for event in told if event not in done]
    return [*others[:-1], *reversed(done), others[-1]]


REPORTS = (
    Report(
        "cut-response-says-completed",
        "Blaizzy/mlx-vlm#1215",
        "a Response that max_output_tokens cut says completed",
        part(on_responses, _whole(in_response(_says_completed), in_typed(_all_say_completed))),
        checks=("responses.incomplete",),
    ),
    Report(
        "response-schema-in-a-fence",
        "jundot/omlx#613",
        "text.format json_schema comes in a Markdown fence",
        part(_structured, in_response(_fenced)),
        checks=("responses.text_format",),
    ),
    Report(
        "response-schema-ignored",
        "lmstudio-ai/lmstudio-bug-tracker#2403",
        "text.format json_schema has no effect",
        (Part(_structured, rewrite=asking(text=None)),),
        checks=("responses.text_format",),
    ),
    Report(
        "reasoning-indices-count-up",
        "vllm-project/vllm#35184",
        "each delta of a thought has the next content_index",
        part(on_streamed_response, in_typed(_numbering)),
        checks=("responses.stream.indices",),
    ),
    Report(
        "reasoning-parts-never-added",
        "vllm-project/vllm#24938",
        "the parts of a thought are never added",
        part(on_streamed_response, in_typed(_without_parts)),
        outcome=ADVISORY,
        checks=("responses.stream.thought_part_added",),
    ),
    Report(
        "deltas-after-done",
        "diegosouzapw/OmniRoute#13693",
        "a message is done after its first delta, and the rest of its text comes after that",
        part(on_streamed_response, in_typed(_closed_early)),
        checks=("responses.stream.nothing_after_done",),
    ),
    Report(
        "call-added-never-done",
        "NousResearch/hermes-agent#92764",
        "a streamed call is added and never done: agents drop it",
        part(on_streamed_response, _dropping(_call_never_done)),
        checks=("responses.stream.item_done",),
    ),
    Report(
        "completed-without-output",
        "bytedance/deer-flow#1928",
        "the last event of a stream has an empty output",
        part(on_streamed_response, in_typed(_output_lost)),
        checks=("responses.stream.completed_output_full",),
    ),
    Report(
        "items-with-two-identities",
        "vllm-project/vllm#56285",
        "the response in the end gives items other ids than the stream did",
        part(on_streamed_response, in_typed(_two_identities)),
        checks=("responses.stream.completed_output_full",),
    ),
    Report(
        "deltas-without-item",
        "SaladDay/cc-switch-cli#387",
        "text comes before any item was added",
        part(on_streamed_response, _dropping(_never_added)),
        checks=("responses.stream.item_added_first",),
    ),
    Report(
        "no-terminal-event",
        "dativo-io/talon#254",
        "a stream whose upstream died ends without a terminal event",
        part(on_streamed_response, in_typed(_ends_early)),
        checks=("responses.stream.terminal_event",),
    ),
    Report(
        "thought-as-output-text",
        "mudler/LocalAI#9658",
        "the thought of a streamed Response comes in deltas of text",
        part(on_streamed_response, in_typed(_text_of_the_thought)),
        checks=("responses.stream.deltas", "responses.stream.part_added"),
    ),
    Report(
        "items-done-in-another-order",
        "BerriAI/litellm#36356",
        "the items of a stream are done in another order than that of their index",
        part(on_streamed_response, in_typed(_done_in_another_order)),
        outcome=ADVISORY,
        checks=("responses.stream.done_events",),
    ),
    Report(
        "tool-choice-echoed-auto",
        "ogx-ai/ogx#3548",
        "a Response says that its tool_choice was auto, whatever was asked",
        part(on_responses, _echo("tool_choice", "auto")),
        outcome=ADVISORY,
        checks=("responses.echo",),
    ),
    Report(
        "tool-choice-echoed-none",
        "vllm-project/vllm#23227",
        "a Response says that its tool_choice was none though nothing was asked",
        part(where(on_responses, lambda body: "tool_choice" not in body), _echo("tool_choice", "none")),
        outcome=ADVISORY,
        checks=("responses.echo",),
    ),
    Report(
        "parallel-echoed-true",
        "found: echo of parallel_tool_calls",
        "a Response says that parallel calls were allowed, though they were not",
        part(
            where(on_responses, lambda body: body.get("parallel_tool_calls") is False),
            _echo("parallel_tool_calls", True),
        ),
        outcome=ADVISORY,
        checks=("responses.echo",),
    ),
    Report(
        "result-in-parts-refused",
        "ggml-org/llama.cpp#23465",
        "the output of a call as an array of parts is refused",
        part(
            where(on_responses, _tool_results_in_parts),
            refusing("Output of tool call should be 'Input text'"),
        ),
        outcome=ADVISORY,
        checks=("responses.tools.output_parts",),
    ),
    Report(
        "previous-response-forgotten",
        "openai/codex#3841",
        "previous_response_id is accepted, and the earlier conversation is not there",
        (Part(on_responses, rewrite=asking(previous_response_id=None)),),
        checks=("capability.stored_responses",),
    ),
    Report(
        "instructions-not-read",
        "tenstorrent/tt-inference-server#2433",
        "instructions are taken and not given to the model",
        (Part(on_responses, rewrite=rewriting(lambda body: body.pop("instructions", None))),),
        outcome=ADVISORY,
        checks=("responses.instructions",),
    ),
)
"""Each with its corruption."""
