"""Defects that show only beside other answers, or beside the clock: ids, the model's name, times, counts."""

from __future__ import annotations

from collections.abc import Callable

from sixgates.catalogue import COMPLETIONS_PATH, EMBEDDINGS_PATH, RESPONSES_PATH
from sixgates.exchange import Request
from sixgates.reference.defects.chat_shape import setting
from sixgates.reference.defects.response_events import in_typed_events
from sixgates.reference.mutants import (
    Document,
    body_of,
    in_events,
    in_json,
    mutant,
    on_path,
    on_plain,
    on_stream,
    on_tool_stream,
    on_tools,
)

ZEROS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def _all(**members: object) -> Callable[[list[Document]], None]:
    def change(events: list[Document]) -> None:
        for event in events:
            event.update(members)

    return change


def _on_history(request: Request) -> bool:
    return on_tools(request) and any(each.get("role") == "tool" for each in body_of(request)["messages"])


def _streamed(request: Request) -> bool:
    return bool(body_of(request).get("stream"))


def _zeros_before_the_last(events: list[Document]) -> None:
    for event in events[:-1]:
        event["usage"] = ZEROS


def _calls_alike(document: Document) -> None:
    for choice in document["choices"]:
        for call in choice["message"].get("tool_calls") or []:
            call["id"] = "call_1"


def _streamed_calls_alike(events: list[Document]) -> None:
    for call in events[0]["choices"][0]["delta"].get("tool_calls") or []:
        call["id"] = "call_1"


def _counts_as_text(document: Document) -> None:
    document["usage"] = {name: str(count) for name, count in document["usage"].items()}


def _details_as_text(document: Document) -> None:
    document["usage"]["prompt_tokens_details"] = {"cached_tokens": "0"}


def _counts_as_text_at_the_end(events: list[Document]) -> None:
    _counts_as_text(events[-1])


def _response_counts_as_text(events: list[Document]) -> None:
    events[-1]["response"]["usage"]["input_tokens"] = "7"


mutant(
    "ids-alike-in-histories",
    on=_on_history,
    edit=in_json(lambda document: document.update(id="chatcmpl-7")),
    caught_by=["http.ids_unique"],
)
mutant(
    "ids-of-responses-alike",
    on=on_path(RESPONSES_PATH),
    edit=in_json(lambda document: document.update(id="resp_1")),
    caught_by=["http.ids_unique"],
)
mutant(
    "ids-of-completions-alike",
    on=on_path(COMPLETIONS_PATH),
    edit=in_json(lambda document: document.update(id="cmpl-1")),
    caught_by=["http.ids_unique"],
)
mutant(
    "ids-of-streams-alike", on=on_stream, edit=in_events(_all(id="chatcmpl-7")), caught_by=["http.ids_unique"]
)
mutant("ids-of-all-calls-alike", on=on_tools, edit=in_json(_calls_alike), caught_by=["http.ids_unique"])
mutant(
    "ids-of-streamed-calls-alike",
    on=on_tool_stream,
    edit=in_events(_streamed_calls_alike),
    caught_by=["http.ids_unique", "tools.id.unique_across"],
)
mutant(
    "model-another-in-streams",
    on=on_stream,
    edit=in_events(_all(model="reference-1")),
    caught_by=["http.model_stable"],
)
mutant(
    "model-another-in-histories",
    on=_on_history,
    edit=in_json(lambda document: document.update(model="reference-1")),
    caught_by=["http.model_stable"],
)
for _name, _created in {
    "in-milliseconds": 1_700_000_000_000,
    "never": 0,
    "in-the-future": 1_900_000_000,
    "as-text": "1700000000",
    "in-fractions": 1_700_000_000.5,
}.items():
    mutant(
        f"chunks-created-{_name}",
        on=on_stream,
        edit=in_events(_all(created=_created)),
        caught_by=["chat.stream.created_int"],
    )
    mutant(
        f"completions-created-{_name}",
        on=lambda request: request.path == COMPLETIONS_PATH and not _streamed(request),
        edit=setting("created", to=_created),
        caught_by=["completions.created_int"],
    )
mutant(
    "completions-chunks-created-never",
    on=lambda request: request.path == COMPLETIONS_PATH and _streamed(request),
    edit=in_events(_all(created=0)),
    caught_by=["completions.created_int"],
)
mutant(
    "responses-created-in-the-future",
    on=on_path(RESPONSES_PATH),
    edit=in_json(lambda document: document.update(created_at=1_900_000_000)),
    caught_by=["responses.created_now"],
)
mutant(
    "completions-zeros-in-chunks",
    on=lambda request: request.path == COMPLETIONS_PATH and _streamed(request),
    edit=in_events(_zeros_before_the_last),
    caught_by=["usage.stream_last_only"],
)
mutant(
    "stream-zeros-unasked",
    on=lambda request: on_stream(request) and "stream_options" not in body_of(request),
    edit=in_events(_zeros_before_the_last),
    caught_by=["usage.stream_last_only"],
)
mutant(
    "counts-of-embeddings-as-text",
    on=on_path(EMBEDDINGS_PATH),
    edit=in_json(_counts_as_text),
    caught_by=["usage.counts_are_numbers"],
)
mutant(
    "counts-of-details-as-text",
    on=on_plain,
    edit=in_json(_details_as_text),
    caught_by=["usage.counts_are_numbers"],
)
mutant(
    "counts-of-completion-streams-as-text",
    on=lambda request: request.path == COMPLETIONS_PATH and _streamed(request),
    edit=in_events(_counts_as_text_at_the_end),
    caught_by=["usage.counts_are_numbers"],
)
mutant(
    "counts-of-response-streams-as-text",
    on=lambda request: request.path == RESPONSES_PATH and _streamed(request),
    edit=in_typed_events(_response_counts_as_text),
    caught_by=["usage.counts_are_numbers"],
)
