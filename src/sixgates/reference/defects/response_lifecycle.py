"""Defects in the life of an item of a streamed response: the same ones of texts, thoughts, summaries and calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sixgates.exchange import Request
from sixgates.reference.defects.response_events import in_typed_events
from sixgates.reference.defects.responses import on_call_events, on_events
from sixgates.reference.mutants import Applies, Document, body_of, mutant
from sixgates.responses_surfaces import ITEM_ADDED, ITEM_DONE, SURFACES, Surface

Told = list[Document]
Fault = Callable[[Told, Surface], Told | None]


def on_thought_events(request: Request) -> bool:
    """The streamed response that starts with a thought."""
    return on_events(request) and "reasoning" in body_of(request)


STREAM_OF: Mapping[str, Applies] = {
    "response.output_text": lambda request: on_events(request) and not on_call_events(request),
    "response.reasoning_text": on_thought_events,
    "response.reasoning_summary_text": on_thought_events,
    "response.function_call_arguments": on_call_events,
}
"""The streams of the reference in which each kind of text comes."""
BROUGHT = tuple(surface for surface in SURFACES if surface.text in STREAM_OF)
NUMBERED = tuple(surface for surface in BROUGHT if surface.index)
THOUGHTS = tuple(surface for surface in NUMBERED if surface.item == "reasoning")
TEXTS = tuple(surface for surface in NUMBERED if surface.item == "message")
CALLS = tuple(surface for surface in BROUGHT if not surface.index)


def numbered(told: Iterable[Document]) -> Told:
    """The events numbered from 0."""
    return [{**event, "sequence_number": number} for number, event in enumerate(told)]


def places(told: Told, surface: Surface, *types: str) -> list[int]:
    """The places of the events of these types that are of an item of the surface's type."""
    kinds = {event["output_index"]: event["item"]["type"] for event in told if event["type"] == ITEM_ADDED}
    return [
        at
        for at, event in enumerate(told)
        if event["type"] in types and kinds.get(event["output_index"]) == surface.item
    ]


def _without(*wanted: Callable[[Surface], str]) -> Fault:
    def fault(told: Told, surface: Surface) -> Told:
        gone = set(places(told, surface, *(name(surface) for name in wanted)))
        return numbered(event for at, event in enumerate(told) if at not in gone)

    return fault


def _moved(after: Callable[[Surface], str]) -> Fault:
    """The last delta comes after another event."""

    def fault(told: Told, surface: Surface) -> Told:
        late = told[places(told, surface, surface.delta)[-1]]
        last = places(told, surface, after(surface))[-1]
        before = [event for event in told[: last + 1] if event is not late]
        return numbered([*before, late, *told[last + 1 :]])

    return fault


def _twice(kind: Callable[[Surface], str]) -> Fault:
    def fault(told: Told, surface: Surface) -> Told:
        last = places(told, surface, kind(surface))[-1]
        return numbered([*told[: last + 1], *told[last:]])

    return fault


def _lost(told: Told, surface: Surface) -> Told:
    last = places(told, surface, surface.delta)[-1]
    return numbered([*told[:last], *told[last + 1 :]])


def _in(kind: Callable[[Surface], str], change: Callable[[Document, Surface], Any]) -> Fault:
    def fault(told: Told, surface: Surface) -> None:
        for place in places(told, surface, kind(surface)):
            change(told[place], surface)

    return fault


def _counting(told: Told, surface: Surface) -> None:
    for number, place in enumerate(places(told, surface, surface.delta)):
        told[place][surface.index or ""] = number


def _counting_without_parts(told: Told, surface: Surface) -> Told:
    """Each delta is a part of its own, which nothing adds, as in vllm-project/vllm#35184."""
    _counting(told, surface)
    for place in places(told, surface, surface.whole):
        told[place][surface.index or ""] = len(places(told, surface, surface.delta)) - 1
    return _without(_part("added"), _part("done"))(told, surface) or told


def _last_response(change: Callable[[Document, Surface], Any]) -> Fault:
    """A change of the surface's item in the response of the last event."""

    def fault(told: Told, surface: Surface) -> None:
        item = next(item for item in told[-1]["response"]["output"] if item["type"] == surface.item)
        change({"item": item}, surface)

    return fault


def _part(end: str) -> Callable[[Surface], str]:
    return lambda surface: f"{surface.parts[0]}.{end}"


def _added(_: Surface) -> str:
    return ITEM_ADDED


def _done(_: Surface) -> str:
    return ITEM_DONE


def _whole(surface: Surface) -> str:
    return surface.whole


def _delta(surface: Surface) -> str:
    return surface.delta


def _other_text(event: Document, surface: Surface) -> None:
    item = event["item"]
    if surface.index:
        item[surface.held] = [{**item[surface.held][0], "text": "Something else."}]
    else:
        item[surface.held] = "{}"


def _set(**fields: Any) -> Callable[[Document, Surface], None]:
    return lambda event, _: event.update(fields)


def _elsewhere(event: Document, surface: Surface) -> None:
    event[surface.index or ""] = 5


def _nowhere(event: Document, surface: Surface) -> None:
    del event[surface.index or ""]


def _part_of_chat(told: Told, surface: Surface) -> None:
    for place in places(told, surface, f"{surface.parts[0]}.added"):
        told[place]["part"]["type"] = "text"


def _prefilled(told: Told, surface: Surface) -> None:
    for place in places(told, surface, f"{surface.parts[0]}.added"):
        told[place]["part"]["text"] = "Hi!"


_ADDS_UP = {True: "responses.stream.deltas", False: "responses.tools.args_events"}
_STREAM = "responses.stream"


def _faults(name: str, fault: Fault, surfaces: Iterable[Surface], topic: str = "") -> None:
    """A mutant for each surface; without a topic, the check is that of what adds up."""
    for surface in surfaces:
        mutant(
            f"{surface.text.replace('.', '-').replace('_', '-')}-{name}",
            on=STREAM_OF[surface.text],
            edit=in_typed_events(lambda told, surface=surface: fault(told, surface)),  # type: ignore[misc]
            caught_by=[f"{_STREAM}.{topic}" if topic else _ADDS_UP[bool(surface.index)]],
        )


_faults("of-an-item-never-added", _without(_added), BROUGHT, "item_added_first")
_faults("of-an-item-never-done", _without(_done), BROUGHT, "item_done")
_faults("of-an-item-done-twice", _twice(_done), BROUGHT, "item_done")
_faults("of-another-item-id", _in(_delta, _set(item_id="item_other")), BROUGHT, "item_id_stable")
_faults("of-another-output-index", _in(_delta, _set(output_index=7)), BROUGHT, "indices")
_faults("in-another-place", _in(_delta, _elsewhere), TEXTS, "part_added")
_faults("in-another-place", _in(_delta, _elsewhere), THOUGHTS, "indices")
_faults("in-no-place", _in(_delta, _nowhere), NUMBERED, "indices")
_faults("with-indices-that-count-up", _counting, THOUGHTS, "indices")
_faults("with-indices-that-count-up-alone", _counting_without_parts, THOUGHTS, "indices")
_faults("part-never-added", _without(_part("added")), TEXTS, "part_added")
_faults("part-never-added", _without(_part("added")), THOUGHTS, "thought_part_added")
_faults("part-never-done", _without(_part("done")), NUMBERED, "done_events")
_faults("part-done-twice", _twice(_part("done")), NUMBERED, "done_events")
_faults("never-whole", _without(_whole), NUMBERED, "done_events")
_faults("after-it-was-whole", _moved(_whole), BROUGHT, "nothing_after_done")
_faults("after-its-part", _moved(_part("done")), NUMBERED, "nothing_after_done")
_faults("after-its-item", _moved(_done), BROUGHT, "nothing_after_done")
_faults("lost", _lost, BROUGHT)
_faults("never-streamed", _without(_delta), BROUGHT)
_faults("whole-but-other", _in(_whole, lambda event, surface: event.update({surface.said: "Else."})), BROUGHT)
_faults("done-as-another", _in(_done, _other_text), BROUGHT)
_faults(
    "part-done-as-another",
    _in(_part("done"), lambda event, _: event["part"].update(text="Something else.")),
    NUMBERED,
)
_faults("ends-as-another", _last_response(_other_text), BROUGHT, "completed_output_full")
_faults(
    "of-an-item-done-as-another",
    _in(_done, lambda event, _: event["item"].update(type="web_search_call")),
    BROUGHT,
    "item_id_stable",
)
_faults("part-of-chat", _part_of_chat, TEXTS, "part_added")
_faults("part-of-chat", _part_of_chat, THOUGHTS, "thought_part_added")
_faults("part-added-with-its-text", _prefilled, TEXTS, "deltas")
