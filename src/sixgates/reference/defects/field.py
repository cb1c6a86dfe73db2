"""Defects of public reports that no other module has: members of chunks, and calls of tools that are not strict."""

from __future__ import annotations

from sixgates.exchange import Request
from sixgates.reference.defects.chat_stream import entries, in_chunks, in_entries, on_text_stream
from sixgates.reference.defects.tools import naming, on_choice
from sixgates.reference.defects.tools_stream import in_pieces_of_calls, streamed
from sixgates.reference.mutants import (
    Document,
    Edit,
    asking,
    body_of,
    in_events,
    in_json,
    mutant,
    on_path,
    on_plain,
    on_stream,
    on_tools,
    with_body,
)

_FAILURE = b'{"error":{"message":"Cannot stream a call","type":"server_error","param":null,"code":null}}'
"""In the API's envelope, so that nothing else is wrong with it."""


def _on_legacy_stream(request: Request) -> bool:
    return on_path("/v1/completions")(request) and bool(body_of(request).get("stream"))


def _on_text(request: Request) -> bool:
    return on_plain(request) and not on_tools(request)


def _without_reason(_: int, entry: Document) -> None:
    if entry["finish_reason"] is None:
        del entry["finish_reason"]


def _empty_logprobs(_: int, entry: Document) -> None:
    if entry["logprobs"] is None:
        entry["logprobs"] = {}


def _announcing(reason: str) -> Edit:
    def edit(_: int, entry: Document) -> None:
        if entry["finish_reason"] is not None:
            entry["finish_reason"] = reason

    return in_entries(edit)


def _announced(document: Document) -> None:
    for choice in document["choices"]:
        choice["finish_reason"] = "tool_calls"


mutant(
    "stream-error-null",
    on=on_stream,
    edit=in_chunks(lambda _, chunk: chunk.update(error=None)),
    caught_by=["chat.stream.no_error_member"],
)
mutant(
    "legacy-stream-error-null",
    on=_on_legacy_stream,
    edit=in_chunks(lambda _, chunk: chunk.update(error=None)),
    caught_by=["completions.no_error_member"],
)
mutant(
    "stream-finish-absent",
    on=on_stream,
    edit=in_entries(_without_reason),
    caught_by=["chat.stream.finish_key_present"],
)
mutant(
    "stream-logprobs-empty",
    on=on_text_stream,
    edit=in_entries(_empty_logprobs),
    caught_by=["chat.stream.logprobs_null"],
)
mutant(
    "text-ends-as-a-call",
    on=_on_text,
    edit=in_json(_announced),
    caught_by=["chat.finish_consistent"],
)
for _reason in ("tool_calls", "function_call"):
    mutant(
        f"streamed-text-ends-as-{_reason}",
        on=on_text_stream,
        edit=_announcing(_reason),
        caught_by=["chat.stream.finish_consistent"],
    )


def _cut_before_arguments(events: list[Document]) -> None:
    for entry in entries(events):
        for call in entry["delta"].get("tool_calls", []):
            if call["function"]["arguments"]:
                call["function"]["arguments"] = "The answer is"
        if entry["finish_reason"] is not None:
            entry["finish_reason"] = "length"


def _no_arguments(_: int, call: Document) -> None:
    if call["function"].get("arguments") == "{}":
        call["function"]["arguments"] = ""


def _first_text_lost(events: list[Document]) -> None:
    for entry in entries(events):
        if entry["delta"].get("content"):
            entry["delta"]["content"] = ""
            return


mutant(
    "streamed-call-without-arguments-refused",
    on=streamed(naming("ping")),
    edit=with_body(_FAILURE, status=500),
    caught_by=["tools.stream.no_arguments_answered"],
)
mutant(
    "streamed-call-without-arguments-fails",
    on=streamed(naming("ping")),
    edit=in_events(lambda events: [{"error": {"message": "Cannot stream a call", "type": "server_error"}}]),
    caught_by=["tools.stream.no_arguments_answered"],
)
mutant(
    "streamed-call-without-arguments-empty",
    on=streamed(naming("ping")),
    edit=in_pieces_of_calls(_no_arguments),
    caught_by=["tools.stream.no_args"],
)
mutant(
    "streamed-call-without-arguments-cut-empty",
    on=streamed(naming("ping")),
    edit=in_events(_cut_before_arguments),
    caught_by=["tools.stream.no_args"],
)
mutant(
    "streamed-call-without-arguments-unread",
    on=streamed(naming("ping")),
    rewrite=asking(tool_choice=None),
    caught_by=["tools.stream.no_args"],
)
mutant(
    "stream-beside-tools-loses-text",
    on=streamed(on_choice("none")),
    edit=in_events(_first_text_lost),
    caught_by=["tools.none.streamed_alike"],
)
