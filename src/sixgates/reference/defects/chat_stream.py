"""Defects of the chunks of streamed chat completions."""

from collections.abc import Callable
from typing import Any

from sixgates.exchange import Request
from sixgates.reference.mutants import (
    Document,
    Edit,
    asking,
    body_of,
    in_events,
    mutant,
    on_stream,
    on_tool_stream,
    on_usage_stream,
)


def entries(events: list[Document]) -> list[Document]:
    """The entries of all `choices` of a stream, in order."""
    return [entry for event in events for entry in event.get("choices") or []]


def in_chunks(change: Callable[[int, Document], object]) -> Edit:
    """Change each chunk in place, given its number."""

    def edit(events: list[Document]) -> None:
        for number, event in enumerate(events):
            change(number, event)

    return in_events(edit)


def in_entries(change: Callable[[int, Document], object]) -> Edit:
    """Change each entry of `choices` in place, given its number."""

    def edit(events: list[Document]) -> None:
        for number, entry in enumerate(entries(events)):
            change(number, entry)

    return in_events(edit)


def in_deltas(change: Callable[[int, Document], object]) -> Edit:
    """Change each delta in place, given its number."""
    return in_entries(lambda number, entry: change(number, entry["delta"]))


def on_text_stream(request: Request) -> bool:
    """Streams without tools."""
    return on_stream(request) and not on_tool_stream(request)


def on_unicode(request: Request) -> bool:
    """Streams of characters beyond the basic plane."""
    return on_stream(request) and "Repeat" in str(body_of(request).get("messages"))


def on_two(request: Request) -> bool:
    """Streams of two choices."""
    return on_stream(request) and body_of(request).get("n") == 2


def _put(**fields: Any) -> Callable[[int, Document], object]:
    return lambda _, document: document.update(fields)


def _drop(name: str) -> Callable[[int, Document], object]:
    return lambda _, document: document.pop(name, None)


def _each_number(name: str, value: Callable[[int], object]) -> Callable[[int, Document], object]:
    return lambda number, document: document.update({name: value(number)})


def _last(change: Callable[[Document], object]) -> Edit:
    def edit(events: list[Document]) -> None:
        change(entries(events)[-1])

    return in_events(edit)


for _field, _check in {
    "object": "object_literal",
    "id": "id_stable",
    "created": "created_stable",
    "model": "model_stable",
}.items():
    mutant(
        f"stream-{_field}-absent",
        on=on_stream,
        edit=in_chunks(_drop(_field)),
        caught_by=[f"chat.stream.{_check}"],
    )
    mutant(
        f"stream-{_field}-null",
        on=on_stream,
        edit=in_chunks(_put(**{_field: None})),
        caught_by=[f"chat.stream.{_check}"],
    )
mutant(
    "stream-object-of-plain-answers",
    on=on_stream,
    edit=in_chunks(_put(object="chat.completion")),
    caught_by=["chat.stream.object_literal"],
)
mutant(
    "stream-id-anew-in-each-chunk",
    on=on_stream,
    edit=in_chunks(_each_number("id", lambda number: f"chatcmpl-{number}")),
    caught_by=["chat.stream.id_stable"],
)
mutant(
    "stream-created-anew-in-each-chunk",
    on=on_stream,
    edit=in_chunks(_each_number("created", lambda number: 1_700_000_000 + number)),
    caught_by=["chat.stream.created_stable"],
)
mutant(
    "stream-model-renamed-midway",
    on=on_stream,
    edit=in_chunks(_each_number("model", lambda number: "reference" if number < 2 else "hosted/reference")),
    caught_by=["chat.stream.model_stable"],
)


def _choices_of_usage(value: object) -> Edit:
    def change(events: list[Document]) -> None:
        events[-1]["choices"] = value
        if value is ...:
            del events[-1]["choices"]

    return in_events(change)


_WRONG: dict[str, object] = {"null": None, "absent": ..., "an-object": {}}
for _name, _value in _WRONG.items():
    mutant(
        f"stream-usage-chunk-choices-{_name}",
        on=on_usage_stream,
        edit=_choices_of_usage(_value),
        caught_by=["chat.stream.choices_array_always"],
    )
mutant(
    "stream-choice-index-absent",
    on=on_stream,
    edit=in_entries(_drop("index")),
    caught_by=["chat.stream.choice_index"],
)
mutant(
    "stream-choice-index-counts-tokens",
    on=on_text_stream,
    edit=in_entries(_each_number("index", lambda number: number)),
    caught_by=["chat.stream.choice_index"],
)
mutant(
    "stream-choice-index-missing-at-the-end",
    on=on_stream,
    edit=_last(lambda entry: entry.pop("index")),
    caught_by=["chat.stream.choice_index"],
)
mutant(
    "stream-delta-missing-at-the-end",
    on=on_stream,
    edit=_last(lambda entry: entry.pop("delta")),
    caught_by=["chat.stream.delta_object"],
)
mutant(
    "stream-delta-null-at-the-end",
    on=on_stream,
    edit=_last(lambda entry: entry.update(delta=None)),
    caught_by=["chat.stream.delta_object"],
)
mutant(
    "stream-role-missing", on=on_stream, edit=in_deltas(_drop("role")), caught_by=["chat.stream.role_first"]
)
mutant(
    "stream-role-repeated",
    on=on_stream,
    edit=in_deltas(_put(role="assistant")),
    caught_by=["chat.stream.role_once"],
)


def _content(value: Callable[[str], object]) -> Edit:
    def change(_: int, delta: Document) -> None:
        if isinstance(delta.get("content"), str):
            delta["content"] = value(delta["content"])

    return in_deltas(change)


mutant(
    "stream-first-content-null",
    on=on_text_stream,
    edit=_content(lambda text: text or None),
    caught_by=["chat.stream.first_content_string"],
)
mutant(
    "stream-content-parts",
    on=on_text_stream,
    edit=_content(lambda text: [{"type": "text", "text": text}]),
    caught_by=["chat.stream.content_string"],
)
mutant(
    "stream-broken-characters",
    on=on_unicode,
    edit=_content(lambda text: "\ufffd" * len(text)),
    caught_by=["chat.stream.no_replacement_char"],
)


def _cumulative(events: list[Document]) -> None:
    said = ""
    for entry in entries(events):
        said += entry["delta"].get("content") or ""
        entry["delta"]["content"] = said


def _doubled(events: list[Document]) -> list[Document]:
    return [copy for event in events for copy in ([event, event] if _text(event) else [event])]


def _said_again(events: list[Document]) -> list[Document]:
    text = "".join(map(_text, events))
    again = {**events[1], "choices": [{**events[1]["choices"][0], "delta": {"content": text}}]}
    at = next(number for number, event in enumerate(events) if event["choices"][0]["finish_reason"])
    return [*events[:at], again, *events[at:]]


def _text(event: Document) -> str:
    return "".join(entry["delta"].get("content") or "" for entry in event["choices"])


def _gap(events: list[Document]) -> list[Document]:
    return [event for number, event in enumerate(events) if number != 3]


_increment = ["chat.stream.delta_is_increment", "chat.stream.equals_nonstream"]
mutant("stream-cumulative", on=on_text_stream, edit=in_events(_cumulative), caught_by=_increment)
mutant("stream-each-piece-twice", on=on_text_stream, edit=in_events(_doubled), caught_by=_increment)
mutant("stream-text-again-at-the-end", on=on_text_stream, edit=in_events(_said_again), caught_by=_increment)
mutant(
    "stream-loses-a-token",
    on=on_text_stream,
    edit=in_events(_gap),
    caught_by=["chat.stream.equals_nonstream"],
)


def _other_usage(events: list[Document]) -> None:
    events[-1]["usage"]["completion_tokens"] += 1


mutant(
    "stream-counts-differently",
    on=on_usage_stream,
    edit=in_events(_other_usage),
    caught_by=["chat.stream.equals_nonstream"],
)
mutant("stream-n-ignored", on=on_two, rewrite=asking(n=1), caught_by=["chat.stream.n2_indices"])


def _finish_at_zero(_: int, entry: Document) -> None:
    if entry["finish_reason"]:
        entry["index"] = 0


mutant(
    "stream-n-finishes-choice-zero-twice",
    on=on_two,
    edit=in_entries(_finish_at_zero),
    caught_by=["chat.stream.n2_indices"],
)
mutant(
    "stream-n-starts-with-the-second",
    on=on_two,
    edit=in_events(lambda events: events[::-1]),
    caught_by=["chat.stream.n2_indices"],
)
