"""Reports of what stands around the answers: events, members that are missing or null, error bodies, model lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.field.contract.report import Report
from tests.field.contract.wire import (
    Events,
    in_chunks,
    in_typed,
    on_streamed_response,
    part,
    where,
)

from sixgates.exchange import Response
from sixgates.reference.mutants import (
    Document,
    Edit,
    in_error,
    in_events,
    in_json,
    in_pieces,
    on_chat,
    on_everything,
    on_path,
    on_plain,
    on_stream,
    on_tool_stream,
    on_usage_stream,
    with_body,
)
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY


def _each_piece(change: Callable[[bytes], bytes]) -> Edit:
    return in_pieces(lambda pieces: [change(piece) for piece in pieces])


def _keeps_alive(pieces: list[bytes]) -> list[bytes]:
    """Events have ids, and a comment with a blank line stands between them."""
    named = [b"id: %d\n" % number + piece for number, piece in enumerate(pieces)]
    return [*named[:2], b": ping\n\n", *named[2:]]


def _empty_usage(events: Events) -> None:
    for event in events[:-1]:
        event["usage"] = {}


def _cost(events: Events) -> Events:
    return [*events, {"choices": [], "cost": "0"}]


def _filtered(events: Events) -> Events:
    """A chunk of a content filter has a choice without a delta, and no name."""
    choice: Document = {"index": 0, "finish_reason": None, "content_filter_results": {}}
    bare = {"id": "", "object": "", "created": 0, "model": "", "choices": [choice]}
    return [*events[:-1], bare, events[-1]]


def _error_null(events: Events) -> None:
    for event in events:
        event["error"] = None


def _finish_absent(choice: Document) -> None:
    if choice["finish_reason"] is None:
        del choice["finish_reason"]


def _nested(document: Document) -> Document:
    names = ("id", "choices", "model", "object")
    return {**dict.fromkeys(names), "provider": document}


def _nothing(document: Document) -> Document:
    return {**document, "choices": None}


def _nulls(document: Document) -> None:
    document["object"] = None
    for choice in document["choices"]:
        choice["index"] = None


def _first_text_lost(events: Events) -> None:
    for event in events:
        for choice in event["choices"]:
            if choice["delta"].get("content"):
                choice["delta"]["content"] = None
                return


def _delta_lost(told: Events) -> Events:
    deltas = [event for event in told if event["type"] == "response.output_text.delta"]
    return [event for event in told if event not in deltas[2:3]]


def _detail(document: Document) -> Any:
    return {"detail": document["error"]["message"]}


def _page(response: Response) -> Response:
    if response.status < 400:
        return response
    return with_body(b"<html><title>502 Bad Gateway</title></html>", "text/html", 502)(response)


def _anonymous(document: Document) -> None:
    for entry in document["data"]:
        for name in ("created", "owned_by", "object"):
            entry.pop(name)


REPORTS = (
    Report(
        "data-without-a-space",
        "dataelement/Clawith#106",
        "the lines of a stream have no space after data:",
        part(on_stream, _each_piece(lambda piece: piece.replace(b"data: ", b"data:", 1))),
        legal=True,
    ),
    Report(
        "lines-end-with-crlf",
        "miruamel/xuan#194",
        "the lines of a stream end with CRLF",
        part(on_stream, _each_piece(lambda piece: piece.replace(b"\n", b"\r\n"))),
        legal=True,
    ),
    Report(
        "ping-after-ids",
        "theopenco/llmgateway#2334",
        "a comment and a blank line keep a stream open whose events have ids, at which the official SDK stops",
        part(on_stream, in_pieces(_keeps_alive)),
        checks=("chat.stream.no_bare_fields",),
    ),
    Report(
        "empty-usage-in-chunks",
        "zed-industries/zed#42893",
        "chunks before the last have an empty usage, which Zed cannot read",
        part(on_usage_stream, in_events(_empty_usage)),
        outcome=ADVISORY,
        checks=("chat.stream.usage_null_before",),
    ),
    Report(
        "cost-chunk-without-id",
        "anomalyco/opencode#39061",
        "a chunk of the cost ends a stream; it has neither id nor object, created or model",
        part(on_stream, in_events(_cost)),
        checks=("chat.stream.id_stable", "chat.stream.object_literal"),
    ),
    Report(
        "chunk-without-delta",
        "aaif-goose/goose#8641",
        "a chunk of a content filter has a choice without a delta",
        part(on_stream, in_events(_filtered)),
        checks=("chat.stream.delta_object",),
    ),
    Report(
        "error-null-in-chunks",
        "microsoft/foundry-local#273",
        "every chunk has the member error, if only null, at which the official SDK for Go stops",
        part(on_stream, in_events(_error_null)),
        checks=("chat.stream.no_error_member",),
    ),
    Report(
        "finish-reason-absent-meanwhile",
        "TabbyML/tabby#3871",
        "choices that go on have no finish_reason, not even null, and strict readers stop",
        part(on_stream, in_chunks(_finish_absent)),
        outcome=ADVISORY,
        checks=("chat.stream.finish_key_present",),
    ),
    Report(
        "completion-inside-provider",
        "pydantic/pydantic-ai#3994",
        "id, choices, model and object are null, and the completion stands under provider",
        part(on_plain, in_json(_nested)),
        checks=("chat.shape.required_fields", "chat.shape.no_empty_success"),
    ),
    Report(
        "choices-null",
        "pydantic/pydantic-ai#6901",
        "a completion has null for its choices, and no error",
        part(on_plain, in_json(_nothing)),
        checks=("chat.shape.no_empty_success",),
    ),
    Report(
        "object-and-index-null",
        "mpfaffenberger/code_puppy#750",
        "object and the index of a choice are null",
        part(on_plain, in_json(_nulls)),
        checks=("chat.shape.object_literal", "chat.shape.required_fields"),
    ),
    Report(
        "first-token-lost-with-tools",
        "vllm-project/vllm#30866",
        "a stream with tools loses its first token",
        part(on_tool_stream, in_events(_first_text_lost)),
        outcome=ADVISORY,
        checks=("tools.none.streamed_alike",),
    ),
    Report(
        "token-lost-in-streams",
        "vllm-project/vllm#23335",
        "a stream loses its first token",
        part(where(on_stream, lambda body: not body.get("response_format")), in_events(_first_text_lost)),
        outcome=ADVISORY,
        checks=("chat.stream.equals_nonstream",),
    ),
    Report(
        "delta-lost-in-responses",
        "vllm-project/vllm#30099",
        "the deltas of a streamed Response lack a token that its final text has",
        part(on_streamed_response, in_typed(_delta_lost)),
        checks=("responses.stream.deltas",),
    ),
    Report(
        "errors-as-detail",
        "openclaw/openclaw#45216",
        "an error's body has detail and no error",
        part(on_everything, in_error(_detail)),
        checks=("errors.envelope",),
    ),
    Report(
        "errors-as-pages",
        "diegosouzapw/OmniRoute#8923",
        "a proxy in front answers with a page of HTML",
        part(on_chat, _page),
        checks=("errors.envelope", "errors.no_html"),
    ),
    Report(
        "models-without-owner",
        "aallam/openai-kotlin#332",
        "listed models have an id and nothing else of the API",
        part(on_path("/v1/models"), in_json(_anonymous)),
        outcome=ADVISORY,
        checks=("models.list.entry_fields",),
    ),
)
"""Each with its corruption."""
