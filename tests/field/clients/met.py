"""Habits of servers that were met: what a check says of them must be true of clients too."""

from __future__ import annotations

from sixgates.exchange import Response
from sixgates.reference.mutants import (
    Document,
    Edit,
    Mutant,
    in_events,
    in_json,
    on_chat,
    on_path,
    on_usage_stream,
    with_body,
)


def _without_object(document: Document) -> None:
    del document["object"]


def _only_ids(document: Document) -> None:
    document["data"] = [{"id": each["id"]} for each in document["data"]]


def _under_x_groq(events: list[Document]) -> None:
    events[-2]["x_groq"] = {"usage": events.pop()["usage"]}


def _usage_in_the_finish_chunk(events: list[Document]) -> list[Document]:
    *rest, last = events
    rest[-1]["usage"] = last["usage"]
    return rest


def _beside_an_empty_choice(events: list[Document]) -> None:
    delta = {"role": "assistant", "content": ""}
    events[-1]["choices"] = [{"index": 0, "delta": delta, "finish_reason": None}]


def _without_usage(events: list[Document]) -> list[Document]:
    return events[:-1]


def _in_plain_text(status: int) -> Edit:
    plain = with_body(
        b"Internal Server Error: the request was refused upstream", "text/plain; charset=utf-8", status
    )

    def edit(response: Response) -> Response:
        return plain(response) if response.status >= 400 else response

    return edit


def _call_pieces(*names: str, only_later: bool = False) -> Edit:
    def edit(events: list[Document]) -> None:
        for event in events:
            for choice in event.get("choices") or ():
                for call in choice["delta"].get("tool_calls") or ():
                    if not only_later or not (call.get("function") or {}).get("name"):
                        for name in names:
                            call.pop(name, None)

    return in_events(edit)


def _calls(*names: str) -> Edit:
    def edit(document: Document) -> None:
        for choice in document.get("choices") or ():
            for call in choice["message"].get("tool_calls") or ():
                for name in names:
                    call.pop(name, None)

    return in_json(edit)


MET: tuple[Mutant, ...] = tuple(
    Mutant(name, on, tuple(checks), edit)
    for name, on, edit, *checks in (
        ("aichat-list-without-object", on_path("/v1/models"), in_json(_without_object)),
        ("list-of-ids-only", on_path("/v1/models"), in_json(_only_ids)),
        ("groq-usage-in-the-finish-chunk", on_usage_stream, in_events(_usage_in_the_finish_chunk)),
        ("openrouter-usage-beside-an-empty-choice", on_usage_stream, in_events(_beside_an_empty_choice)),
        ("groq-usage-under-x-groq", on_usage_stream, in_events(_under_x_groq)),
        ("usage-never-streamed", on_usage_stream, in_events(_without_usage)),
        ("vllm-router-refusals-in-plain-text", on_chat, _in_plain_text(400)),
        ("vllm-router-failures-in-plain-text", on_chat, _in_plain_text(500)),
        ("calls-without-ids", on_chat, _calls("id"), "tools.call.shape"),
        ("call-pieces-without-ids", on_chat, _call_pieces("id"), "tools.id.stable_stream"),
        ("call-pieces-without-index", on_chat, _call_pieces("index"), "tools.stream.index_present"),
        (
            "later-call-pieces-without-index",
            on_chat,
            _call_pieces("index", only_later=True),
            "tools.stream.index_present",
        ),
        ("call-pieces-without-type", on_chat, _call_pieces("type"), "tools.stream.type_function"),
    )
)
"""aichat, Groq, OpenRouter and vllm-router by name; the others are shapes of more than one server.

Each with the checks that its one fault is about; where none is named, all that object to it.
"""
