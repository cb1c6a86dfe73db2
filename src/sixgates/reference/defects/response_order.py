"""Defects of several items of one streamed response: their places, their order, their ids."""

from __future__ import annotations

from collections.abc import Callable

from sixgates.reference.defects.response_events import in_typed_events
from sixgates.reference.defects.response_lifecycle import (
    TEXTS,
    THOUGHTS,
    Told,
    numbered,
    on_thought_events,
    places,
)
from sixgates.reference.mutants import mutant
from sixgates.responses_surfaces import ITEM_ADDED, ITEM_DONE

_STREAM = "responses.stream"


def _under_the_thought(told: Told) -> None:
    thought = told[places(told, THOUGHTS[0], ITEM_ADDED)[0]]
    for place in places(told, TEXTS[0], TEXTS[0].delta):
        told[place].update(output_index=thought["output_index"], item_id=thought["item"]["id"])


def _one_too_many(told: Told) -> None:
    told[-1]["response"]["output"].append({**told[-1]["response"]["output"][-1], "id": "msg_never_added"})


def _one_id(told: Told) -> None:
    for event in told:
        for item in (event.get("item") or {}, *(event.get("response") or {}).get("output", [])):
            item.update({"id": "item_1"} if "id" in item else {})
        event.update({"item_id": "item_1"} if "item_id" in event else {})


def _done_in_another_order(told: Told) -> Told:
    first, second = (at for at, event in enumerate(told) if event["type"] == ITEM_DONE)
    return numbered([*told[:first], *told[first + 1 : second + 1], told[first], *told[second + 1 :]])


def _on_thoughts(name: str, edit: Callable[[Told], Told | None], *checks: str) -> None:
    mutant(name, on=on_thought_events, edit=in_typed_events(edit), caught_by=checks)


def _offset_by_the_thought(told: Told) -> None:
    """The index of the text counts the parts of the thought before it, as in vllm-project/vllm#45742."""
    text = TEXTS[0]
    types = (f"{text.parts[0]}.added", text.delta, text.whole, f"{text.parts[0]}.done")
    for place in places(told, text, *types):
        told[place]["content_index"] += 1


def _in_one_place(told: Told) -> None:
    for event in told:
        event.update({"output_index": 0} if "output_index" in event else {})


def _silent(told: Told) -> Told:
    return numbered(event for event in told if "reasoning" not in event["type"])


_on_thoughts("response-text-index-counts-the-thought", _offset_by_the_thought, f"{_STREAM}.indices")
_on_thoughts("response-items-in-one-place", _in_one_place, f"{_STREAM}.indices")
_on_thoughts("response-thought-only-when-done", _silent, f"{_STREAM}.thoughts_streamed")
_on_thoughts(
    "response-items-in-another-order-in-the-end",
    lambda told: told[-1]["response"]["output"].reverse(),
    f"{_STREAM}.done_events",
)
_on_thoughts("response-text-under-the-thought", _under_the_thought, f"{_STREAM}.indices")
_on_thoughts("response-item-only-in-the-end", _one_too_many, f"{_STREAM}.completed_output_full")
_on_thoughts("response-items-of-one-id", _one_id, "responses.item_ids_unique")
_on_thoughts("response-items-done-in-another-order", _done_in_another_order, f"{_STREAM}.done_events")
