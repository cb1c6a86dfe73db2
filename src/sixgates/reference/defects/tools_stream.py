"""Defects of streamed tool calls."""

from collections.abc import Callable

from sixgates.reference.defects.chat_stream import entries, in_entries
from sixgates.reference.defects.tools import on_choice, on_cut
from sixgates.reference.mutants import (
    Applies,
    Document,
    Edit,
    asking,
    in_events,
    in_pieces,
    mutant,
    on_stream,
    with_body,
)


def streamed(applies: Applies) -> Applies:
    """The same, streamed."""
    return lambda request: on_stream(request) and applies(request)


_forced = streamed(on_choice("named", "required"))
_named, _required = streamed(on_choice("named")), streamed(on_choice("required"))


def in_pieces_of_calls(change: Callable[[int, Document], object]) -> Edit:
    """Change each piece of a call in place, given its number."""

    def edit(events: list[Document]) -> None:
        deltas = (entry["delta"] for entry in entries(events))
        for number, call in enumerate(call for delta in deltas for call in delta.get("tool_calls", [])):
            change(number, call)

    return in_events(edit)


def _first(change: Callable[[Document], object]) -> Edit:
    return in_pieces_of_calls(lambda number, call: change(call) if number == 0 else None)


def _later(change: Callable[[Document], object]) -> Edit:
    return in_pieces_of_calls(lambda number, call: change(call) if number else None)


def _bare_object(_: int, entry: Document) -> None:
    if "tool_calls" in entry["delta"]:
        entry["delta"]["tool_calls"] = entry["delta"]["tool_calls"][0]


def _one_bare_object(number: int, entry: Document) -> None:
    if number == 2:
        _bare_object(number, entry)


mutant(
    "tool-stream-crashes",
    on=_forced,
    edit=with_body(b'{"error": {"message": "IndexError"}}', status=500),
    caught_by=["tools.stream.answered"],
)
mutant(
    "tool-stream-of-a-bare-object",
    on=_forced,
    edit=in_entries(_bare_object),
    caught_by=["tools.stream.array"],
)
mutant(
    "tool-stream-with-a-bare-object",
    on=_forced,
    edit=in_entries(_one_bare_object),
    caught_by=["tools.stream.array"],
)
mutant(
    "tool-stream-of-strings",
    on=_forced,
    edit=in_entries(lambda number, entry: number != 2 or entry["delta"].update(tool_calls=["call"])),
    caught_by=["tools.stream.array"],
)
mutant(
    "tool-stream-without-index",
    on=_forced,
    edit=in_pieces_of_calls(lambda _, call: call.pop("index")),
    caught_by=["tools.stream.index_present"],
)
mutant(
    "tool-stream-counts-from-one",
    on=_forced,
    edit=in_pieces_of_calls(lambda _, call: call.update(index=1)),
    caught_by=["tools.stream.index_zero_based"],
)


def _second_call_same_index(events: list[Document]) -> list[Document]:
    opening = next(event for event in events if "tool_calls" in entries([event])[0]["delta"])
    call = {**entries([opening])[0]["delta"]["tool_calls"][0], "id": "call_other"}
    second = {**opening, "choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]}
    return [*events[:-1], second, events[-1]]


mutant(
    "tool-stream-calls-share-an-index",
    on=_forced,
    edit=in_events(_second_call_same_index),
    caught_by=["tools.stream.index_distinct"],
)
mutant(
    "tool-stream-without-id",
    on=_forced,
    edit=_first(lambda call: call.pop("id")),
    caught_by=["tools.id.stable_stream"],
)
mutant(
    "tool-stream-id-empty",
    on=_forced,
    edit=_first(lambda call: call.update(id="")),
    caught_by=["tools.id.stable_stream"],
)
mutant(
    "tool-stream-id-and-name-repeated",
    on=_forced,
    edit=_later(lambda call: (call.update(id="call_a"), call["function"].update(name="get_weather"))),
    caught_by=["tools.stream.name_once"],
)


def _id_repeated(events: list[Document]) -> None:
    calls = [call for entry in entries(events) for call in entry["delta"].get("tool_calls", [])]
    for call in calls:
        call["id"] = calls[0]["id"]


mutant(
    "tool-stream-id-repeated",
    on=_forced,
    edit=in_events(_id_repeated),
    caught_by=["tools.stream.id_once"],
)
mutant(
    "tool-stream-id-changes",
    on=_forced,
    edit=in_pieces_of_calls(lambda number, call: call.update(id=f"call_{number}")),
    caught_by=["tools.stream.index_distinct"],
)
mutant(
    "tool-stream-without-type",
    on=_forced,
    edit=_first(lambda call: call.pop("type")),
    caught_by=["tools.stream.type_function"],
)
mutant(
    "tool-stream-type-null-later",
    on=_forced,
    edit=_later(lambda call: call.update(type=None)),
    caught_by=["tools.stream.no_later_nulls"],
)
mutant(
    "tool-stream-arguments-null-first",
    on=_forced,
    edit=_first(lambda call: call["function"].update(arguments=None)),
    caught_by=["tools.stream.args_strings"],
)
mutant(
    "tool-stream-arguments-objects",
    on=_forced,
    edit=_later(lambda call: call["function"].update(arguments={})),
    caught_by=["tools.stream.args_strings"],
)
mutant(
    "tool-stream-loses-the-last-piece",
    on=_forced,
    edit=_later(lambda call: call["function"].update(arguments=call["function"]["arguments"].rstrip("}"))),
    caught_by=["tools.stream.args_concat"],
)


def _other_city(call: Document) -> None:
    call["function"]["arguments"] = call["function"]["arguments"].replace("Paris", "Rome")


mutant(
    "tool-stream-other-arguments",
    on=_named,
    edit=_later(_other_city),
    caught_by=["tools.stream.args_equal_nonstream"],
)
mutant(
    "tool-stream-drops-the-call",
    on=_required,
    rewrite=asking(tool_choice="none"),
    caught_by=["tools.required.called", "tools.stream.not_dropped"],
)
mutant(
    "tool-stream-ends-with-stop",
    on=_required,
    edit=in_entries(lambda _, entry: entry.update(finish_reason=entry["finish_reason"] and "stop")),
    caught_by=["tools.finish.required"],
)
mutant(
    "tool-stream-ends-otherwise-than-plain",
    on=_named,
    edit=in_entries(lambda _, entry: entry.update(finish_reason=entry["finish_reason"] and "tool_calls")),
    caught_by=["tools.finish.named"],
)
mutant(
    "tool-stream-cut-without-done",
    on=streamed(on_cut),
    edit=in_pieces(lambda pieces: pieces[:-1]),
    caught_by=["tools.finish.length_in_args"],
)
