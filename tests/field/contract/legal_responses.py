"""Legal forms of the Responses API, whole and streamed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.field.contract.legal import SDKS, legal
from tests.field.contract.report import Part
from tests.field.contract.wire import Events, appending, in_typed, on_responses, on_streamed_response

from sixgates.reference.mutants import Document, Edit, in_json, in_pieces


def _everywhere(change: Callable[[Document], Any]) -> Edit:
    """A change of a response wherever it is told: whole, and in each event that holds it."""

    def of_events(told: Events) -> None:
        for event in told:
            if isinstance(event.get("response"), dict):
                change(event["response"])

    whole, streamed = in_json(change), in_typed(of_events)
    return lambda response: streamed(whole(response))


def _in_items(change: Callable[[Document], Any]) -> Edit:
    """A change of each item, in whole responses and in the events of streams."""

    def of(response: Document) -> None:
        for item in response.get("output") or []:
            change(item)

    def of_events(told: Events) -> None:
        for event in told:
            if isinstance(event.get("item"), dict):
                change(event["item"])

    everywhere, streamed = _everywhere(of), in_typed(of_events)
    return lambda response: streamed(everywhere(response))


def _updating(**members: Any) -> Callable[[Document], None]:
    return lambda document: document.update(members)


def _without(*names: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        for name in names:
            document.pop(name, None)

    return change


def _call_without_id(item: Document) -> None:
    if item["type"] == "function_call":
        item.pop("id", None)


def _calls_without_ids(response: Document) -> None:
    for item in response["output"]:
        _call_without_id(item)


def _call_id_null(item: Document) -> None:
    if item["type"] == "function_call":
        item["id"] = None


def _calls_by_their_call_id(told: Events) -> None:
    """Calls have no id; the events of their arguments name the call_id."""
    names = {
        event["item"]["id"]: event["item"]["call_id"]
        for event in told
        if event.get("item", {}).get("type") == "function_call"
    }
    for event in told:
        if event.get("item_id") in names:
            event["item_id"] = names[event["item_id"]]
        for item in [event.get("item"), *(event.get("response") or {}).get("output", [])]:
            if item and item["type"] == "function_call":
                item.pop("id", None)


def _message_without_status(item: Document) -> None:
    if item["type"] == "message":
        item.pop("status", None)


def _phased(item: Document) -> None:
    if item["type"] == "message":
        item["phase"] = "final_answer"
    if item["type"] == "function_call":
        item["namespace"] = None


def _parts_without_logprobs(item: Document) -> None:
    for part in item.get("content") or []:
        part.pop("logprobs", None)


def _alive(told: Events) -> Events:
    return [*told[:2], {"type": "keepalive"}, *told[2:]]


def _padded(told: Events) -> None:
    for number, event in enumerate(told):
        if event["type"].endswith(".delta"):
            event["obfuscation"] = "x" * (number % 9)


def _queued(told: Events) -> Events:
    queued = {"type": "response.queued", "response": {**told[0]["response"], "status": "queued"}}
    return [told[0], queued, *told[1:]]


def _never_in_progress(told: Events) -> Events:
    return [event for event in told if event["type"] != "response.in_progress"]


def _counted_in_detail(response: Document) -> None:
    if response.get("usage"):
        response["usage"]["input_tokens_details"] |= {"cached_tokens": 0, "cache_write_tokens": 0}
        response["usage"] |= {"cost": 0.0001, "cost_details": {"upstream_inference_cost": None}}


def _commented(pieces: list[bytes]) -> list[bytes]:
    return [b": OPENROUTER PROCESSING\n\n", *pieces[:2], b": OPENROUTER PROCESSING\n\n", *pieces[2:]]


REPORTS = (
    legal(
        "calls-without-an-id-of-their-own",
        "anomalyco/opencode#45081",
        "calls have a call_id and no id; the events of their arguments name the call_id",
        Part(on_responses, in_json(_calls_without_ids)),
        Part(on_streamed_response, in_typed(_calls_by_their_call_id)),
        read_by=SDKS,
    ),
    legal(
        "plain-calls-without-an-id",
        "ggml-org/llama.cpp#24882",
        "calls have a call_id and no id in whole responses and items, as llama.cpp's had none",
        Part(on_responses, _in_items(_call_without_id)),
        read_by=SDKS,
    ),
    legal(
        "call-ids-null",
        "vllm-project/vllm#44608",
        "calls have null as id where they are done, as vLLM's had",
        Part(on_responses, _in_items(_call_id_null)),
        read_by=SDKS,
    ),
    legal(
        "response-tier-newer-than-the-list",
        "router-for-me/CLIProxyAPI#4355",
        "service_tier is a word that the specification has not yet",
        Part(on_responses, _everywhere(_updating(service_tier="fast"))),
        read_by=SDKS,
    ),
    legal(
        "response-created-with-a-fraction",
        "source: openai/openai-python src/openai/types/responses/response.py",
        "created_at has a fraction, which the official SDK types as a float",
        Part(on_responses, _everywhere(_updating(created_at=1700000000.25))),
        read_by=SDKS,
    ),
    legal(
        "response-with-further-members",
        "lmstudio-ai/lmstudio-bug-tracker#1420",
        "responses have members that are newer than the specification or of the server's own",
        Part(
            on_responses,
            _everywhere(
                _updating(
                    completed_at=1700000009,
                    background=False,
                    billing={"payer": "developer"},
                    max_tool_calls=None,
                    prompt_cache_key=None,
                    prompt_cache_retention=None,
                    safety_identifier=None,
                    top_logprobs=0,
                    user=None,
                    frequency_penalty=0.0,
                    kv_transfer_params=None,
                )
            ),
        ),
        read_by=SDKS,
    ),
    legal(
        "response-without-what-is-optional",
        "inferencerlabs/inferencer-feedback#42",
        "responses leave out what the specification lets them: instructions, metadata, reasoning, store, truncation",
        Part(on_responses, _everywhere(_without("reasoning", "store", "truncation", "previous_response_id"))),
        read_by=SDKS,
    ),
    legal(
        "response-reasoning-null",
        "llm-d/llm-d-inference-sim#462",
        "responses have null as reasoning, metadata and instructions",
        Part(on_responses, _everywhere(_updating(reasoning=None, metadata=None))),
        read_by=SDKS,
    ),
    legal(
        "response-parts-without-logprobs",
        "vllm-project/vllm#47838",
        "parts of a text have no logprobs where none were asked for",
        Part(on_responses, _in_items(_parts_without_logprobs)),
        read_by=SDKS,
    ),
    legal(
        "response-messages-without-status",
        "lmstudio-ai/lmstudio-bug-tracker#1420",
        "messages of the output have no status",
        Part(on_responses, _in_items(_message_without_status)),
        read_by=SDKS,
    ),
    legal(
        "response-items-in-phases",
        "found: items of OpenAI's own newer models",
        "messages say of which phase they are, calls of which namespace",
        Part(on_responses, _in_items(_phased)),
        read_by=SDKS,
    ),
    legal(
        "response-usage-with-cost",
        "langchain-ai/langchain#35559",
        "usage tells a price and what was written to the cache",
        Part(on_responses, _everywhere(_counted_in_detail)),
        read_by=SDKS,
    ),
    legal(
        "response-keepalive-events",
        "openai/openai-node#1964",
        "events of the type keepalive come while the model is silent, as OpenAI's own API sends them",
        Part(on_streamed_response, in_typed(_alive)),
        read_by=SDKS,
    ),
    legal(
        "response-deltas-obfuscated",
        "maximhq/bifrost#3530",
        "deltas are padded by a member obfuscation, as OpenAI's own are",
        Part(on_streamed_response, in_typed(_padded)),
        read_by=SDKS,
    ),
    legal(
        "response-queued-first",
        "maximhq/bifrost#5343",
        "a response is queued before it is in progress",
        Part(on_streamed_response, in_typed(_queued)),
        read_by=SDKS,
    ),
    legal(
        "response-never-in-progress",
        "microsoft/agent-framework#2975",
        "no event says that a response is in progress",
        Part(on_streamed_response, in_typed(_never_in_progress)),
        read_by=SDKS,
    ),
    legal(
        "response-comments",
        "vllm-project/vllm#54424",
        "comments keep the stream of a response alive",
        Part(on_streamed_response, in_pieces(_commented)),
        read_by=SDKS,
    ),
    legal(
        "response-done-sentinel",
        "found: Responses behind gateways that stream as chat does",
        "the stream of a response ends with [DONE]",
        Part(on_streamed_response, appending(b"data: [DONE]\n\n")),
        read_by=SDKS,
    ),
)
"""Each with its form."""
