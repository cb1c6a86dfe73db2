"""Defects of where a thought stands."""

from collections.abc import Callable
from typing import Any

from sixgates.reference.defects.input import ON_REPLAYED, refusing
from sixgates.reference.mutants import Document, in_events, in_json, mutant, on_plain, on_stream

NAMES = ("reasoning_content", "reasoning")


def _message(change: Callable[[Document], Any]) -> Any:
    def edit(document: Document) -> None:
        message = document["choices"][0]["message"]
        if "reasoning" in message:
            change(message)

    return in_json(edit)


def _deltas(change: Callable[[Document], Any]) -> Any:
    """Change each delta that holds a thought."""

    def edit(events: list[Document]) -> None:
        for event in events:
            for choice in event["choices"]:
                if "reasoning" in choice["delta"]:
                    change(choice["delta"])

    return in_events(edit)


def _into_content(message: Document) -> None:
    message["content"] = f"<think>{message.pop('reasoning')}</think>{message['content']}"
    del message["reasoning_content"]


def _leaking(delta: Document) -> None:
    delta.clear()
    delta["content"] = "<think>"


def _end_marked(events: list[Document]) -> None:
    events[0]["choices"][0]["delta"]["content"] = "</think>"


def _renamed(fields: Document) -> None:
    fields.pop("reasoning_content")


def _dropped(delta: Document) -> None:
    delta.clear()


def _in_parts(fields: Document) -> None:
    fields["reasoning_content"] = fields["reasoning"] = [{"text": "A"}]


def _mixed(delta: Document) -> None:
    delta["content"] = "Hi"


def _afterthought(events: list[Document]) -> None:
    thoughts = [event for event in events if event["choices"] and "reasoning" in event["choices"][0]["delta"]]
    for event in thoughts:
        events.remove(event)
    events[-1:-1] = thoughts


def _speechless(document: Document) -> None:
    message = document["choices"][0]["message"]
    if "reasoning" in message:
        message["content"] = ""
        document["choices"][0]["finish_reason"] = "stop"


def _speechless_stream(events: list[Document]) -> None:
    thinks = any("reasoning" in choice["delta"] for event in events for choice in event["choices"])
    for choice in (choice for event in events for choice in event["choices"] if thinks):
        choice["delta"].pop("content", None)
        choice["finish_reason"] = choice["finish_reason"] and "stop"


def _unnumbered(delta: Document) -> None:
    delta["reasoning_details"] = [{"type": "reasoning.text", "text": delta["reasoning"]}]


mutant("thought-in-content", on=on_plain, edit=_message(_into_content), caught_by=["reasoning.separated"])
mutant("thought-in-streamed-content", on=on_stream, edit=_deltas(_leaking), caught_by=["reasoning.separated"])
mutant("thought-end-in-content", on=on_stream, edit=in_events(_end_marked), caught_by=["reasoning.separated"])
mutant(
    "thought-renamed-in-streams",
    on=on_stream,
    edit=_deltas(_renamed),
    caught_by=["reasoning.field_consistent", "reasoning.field_both"],
)
mutant(
    "thought-lost-in-streams",
    on=on_stream,
    edit=_deltas(_dropped),
    caught_by=["reasoning.field_consistent"],
)
mutant("thought-under-one-name", on=on_plain, edit=_message(_renamed), caught_by=["reasoning.field_both"])
mutant("thought-in-parts", on=on_plain, edit=_message(_in_parts), caught_by=["reasoning.field_both"])
mutant("thought-beside-content", on=on_stream, edit=_deltas(_mixed), caught_by=["reasoning.stream_order"])
mutant(
    "thought-after-content",
    on=on_stream,
    edit=in_events(_afterthought),
    caught_by=["reasoning.stream_order"],
)
mutant(
    "thought-instead-of-content",
    on=on_plain,
    edit=in_json(_speechless),
    caught_by=["reasoning.content_nonempty_on_stop"],
)
mutant(
    "thought-instead-of-streamed-content",
    on=on_stream,
    edit=in_events(_speechless_stream),
    caught_by=["reasoning.content_nonempty_on_stop"],
)
mutant(
    "details-without-index",
    on=on_stream,
    edit=_deltas(_unnumbered),
    caught_by=["reasoning.details_list_indexed"],
)
mutant(
    "thought-not-taken-back",
    on=ON_REPLAYED,
    edit=refusing("messages.1.reasoning_content: Extra inputs are not permitted", 422),
    caught_by=["reasoning.roundtrip_accepted"],
)
