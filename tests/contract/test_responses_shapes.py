"""What servers make of a thought and a call in a stream: what is legal, and what is one fault and not five."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.contract.response_streams import (
    CALL,
    THOUGHT,
    Edit,
    JudgeEdited,
    Told,
    alarms,
    of,
)

from sixgates import catalogue
from sixgates.exchange import Exchange
from sixgates.reference import mutants
from sixgates.reference.mutants import Document, MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources.reference import answers


def as_vllm(told: Told) -> None:
    """vLLM calls the parts of a thought by a name of its own."""
    for event in told:
        if event.get("part", {}).get("type") == "reasoning_text":
            event["type"] = event["type"].replace("content_part", "reasoning_part")


def _only(held: str, prefix: str) -> Edit:
    def edit(told: Told) -> Told:
        for event in told:
            for item in (event.get("item"), *event.get("response", {}).get("output", [])):
                if item and item["type"] == "reasoning":
                    item.pop("content", None) if held == "summary" else item.update(summary=[])
        kind = "summary_text" if held == "content" else "reasoning_text"
        return [
            event
            for event in told
            if not event["type"].startswith(prefix) and event.get("part", {}).get("type") != kind
        ]

    return edit


def encrypted_only(told: Told) -> Told:
    """A thought that nobody may read: no parts, and a cipher."""
    for event in told:
        for item in (event.get("item"), *event.get("response", {}).get("output", [])):
            if item and item["type"] == "reasoning":
                item.pop("content", None)
                item.update(summary=[], encrypted_content="gAAAAAB")
    return [event for event in told if "reasoning" not in event["type"] and not _of_thought(event)]


def _of_thought(event: Document) -> bool:
    return str(event.get("part", {}).get("type")) in {"reasoning_text", "summary_text"}


def two_summaries(told: Told) -> Told:
    """A second part of the summary, after the first."""
    part = [event for event in told if event["type"].startswith("response.reasoning_summary")]
    at = told.index(part[-1]) + 1
    for event in told:
        for item in (event.get("item"), *event.get("response", {}).get("output", [])):
            if item and item["type"] == "reasoning" and item["summary"]:
                item["summary"] = item["summary"] * 2
    return [*told[:at], *({**event, "summary_index": 1} for event in part), *told[at:]]


def with_a_search(told: Told) -> Told:
    """An item of a type that no table knows, between the others, with events of its own."""
    item = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    for event in told:
        if event.get("output_index") == 1:
            event["output_index"] = 2
    told[-1]["response"]["output"].insert(1, item)
    at = next(number for number, event in enumerate(told) if event.get("output_index") == 2)
    place = {"output_index": 1, "item_id": "ws_1"}
    own: Told = [
        {"type": "response.output_item.added", "output_index": 1, "item": {**item, "status": "in_progress"}},
        {"type": "response.web_search_call.searching", **place},
        {"type": "response.web_search_call.completed", **place},
        {"type": "response.output_item.done", "output_index": 1, "item": item},
    ]
    return [*told[:at], *own, *told[at:]]


LEGAL: dict[str, Edit] = {
    "parts as vLLM names them": as_vllm,
    "a summary alone": _only("summary", "response.reasoning_text"),
    "a thought alone": _only("content", "response.reasoning_summary"),
    "a cipher alone": encrypted_only,
    "two parts of a summary": two_summaries,
    "an item of another type": with_a_search,
}


@pytest.mark.parametrize("name", LEGAL)
def test_legal_thoughts_raise_no_alarm(name: str, judge_edited: JudgeEdited) -> None:
    """What servers differ in, and clients read all the same."""
    assert alarms(judge_edited(of(THOUGHT, LEGAL[name]))) == {}


def as_ollama(told: Told) -> Told:
    """No part of a thought is added or done, as Ollama 0.32.15 sends it."""
    return [event for event in told if not _of_thought(event)]


def test_a_thought_whose_parts_are_not_added_is_an_advisory(judge_edited: JudgeEdited) -> None:
    """No measured client waits for them."""
    judgement = judge_edited(of(THOUGHT, as_ollama))
    assert alarms(judgement) == {"stream.thought_part_added": "ADVISORY"}


def as_litellm(told: Told) -> Told:
    """Deltas of a summary without its index, as LiteLLM 1.106.2 sends them: Codex drops these."""
    told = [event for event in told if not event["type"].endswith("summary_part.added")]
    for event in told:
        if event["type"].endswith("summary_text.delta"):
            del event["summary_index"]
    return told


def test_deltas_without_an_index_are_one_failure(judge_edited: JudgeEdited) -> None:
    """They still add up: what has no index belongs to the part beside it."""
    judgement = judge_edited(of(THOUGHT, as_litellm))
    assert alarms(judgement) == {"stream.indices": "FAILED", "stream.thought_part_added": "ADVISORY"}


def as_llama_cpp(told: Told) -> Told:
    """Two calls at once: no item has an id, no event a place, and the deltas name the call_id."""
    own = [event for event in told if "output_index" in event]
    calls = []
    for name in ("call_a", "call_b"):
        for event in json.loads(json.dumps(own)):
            del event["output_index"]
            if "item" in event:
                del event["item"]["id"]
                event["item"]["call_id"] = name
            else:
                event["item_id"] = name
            calls.append(event)
    calls.sort(key=lambda event: event["type"] != "response.output_item.added")
    output = [event["item"] for event in calls if event["type"] == "response.output_item.done"]
    told[-1]["response"]["output"] = output
    return [*told[:2], *calls, told[-1]]


def test_two_calls_without_ids_are_told_apart_by_their_call_id(judge_edited: JudgeEdited) -> None:
    """The places that are missing are named; that ids were, or arguments mixed up, would be a false alarm."""
    found = alarms(judge_edited(of(CALL, as_llama_cpp)))
    assert {"stream.indices", "tools.call_item_fields"} <= set(found)
    assert not {
        "stream.item_id_stable",
        "tools.args_events",
        "stream.nothing_after_done",
        "stream.item_done",
    } & set(found)


def call_dropped(output: Any, **fields: Any) -> Edit:
    """A call that the limit cut is not told at all."""

    def edit(told: Told) -> Told:
        told[-1]["response"].update(output=output, **fields)
        return [*told[:2], told[-1]]

    return edit


def test_a_cut_call_may_be_dropped_where_the_response_says_so(judge_edited: JudgeEdited) -> None:
    """An incomplete response without an item promises nothing."""
    assert alarms(judge_edited(of("response-tool-cut-stream", call_dropped([])))) == {}


def test_a_cut_call_that_is_dropped_and_called_complete_fails(judge_edited: JudgeEdited) -> None:
    """As Ollama does: no item, `output: null`, completed; the agent takes it for the end of its work."""

    def edit(told: Told) -> Told:
        told[-1]["type"] = "response.completed"
        return call_dropped(None, status="completed", incomplete_details=None)(told) or told

    found = alarms(judge_edited(of("response-tool-cut-stream", edit)))
    assert found == {"shape": "FAILED", "stream.item_added_first": "FAILED"}


@pytest.mark.parametrize(("mutant", "thoughts"), [(None, 3), ("reasoning-item-refused", 0)])
def test_thoughts_are_replayed_only_where_they_may_come_back(mutant: str | None, thoughts: int) -> None:
    """A server that refuses a thought in the input is asked the same without."""
    reference = ReferenceProvider()
    provider = MutantProvider(mutants.load()[mutant], reference) if mutant else reference
    answer = answers(provider, catalogue.load().probes())[THOUGHT]
    assert isinstance(answer, Exchange)
    assert answer.response is not None
    assert answer.response.status == 200
    asked = json.loads(answer.request.body or b"{}")
    assert sum(item.get("type") == "reasoning" for item in asked["input"]) == thoughts
    assert ("reasoning" in asked) is (thoughts > 0)


def test_a_summary_may_come_back_as_the_server_chose_it(judge_edited: JudgeEdited) -> None:
    """OpenAI answers `auto` with the kind of summary that it became."""
    chosen = {"effort": "high", "summary": "detailed"}
    assert alarms(judge_edited(of(THOUGHT, lambda told: told[-1]["response"].update(reasoning=chosen)))) == {}
