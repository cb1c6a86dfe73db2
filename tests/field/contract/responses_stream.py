"""Reports of the events of the Responses API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.field.contract.report import Report
from tests.field.contract.wire import (
    Events,
    in_typed,
    on_streamed_response,
    part,
)

from sixgates.reference.mutants import Document, Edit
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY


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


def _ends_early(told: Events) -> Events:
    return told[:-1]


def _text_of_the_thought(told: Events) -> None:
    """Thoughts come as the text of the answer."""
    for event in told:
        if event["type"] == "response.reasoning_text.delta":
            event["type"] = "response.output_text.delta"


def _done_in_another_order(told: Events) -> Events:
    done = [event for event in told if event["type"] == "response.output_item.done"]
    if len(done) < 2:
        return told
    others = [event for event in told if event not in done]
    return [*others[:-1], *reversed(done), others[-1]]


REPORTS = (
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
)
"""Each with its corruption."""
