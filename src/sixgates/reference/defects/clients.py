"""Defects that show only to requests as real clients send them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sixgates.exchange import Request, Response
from sixgates.reference.defects.tools import CRASHED
from sixgates.reference.mutants import (
    Applies,
    Document,
    Rewrite,
    asking,
    body_of,
    in_events,
    mutant,
    on_chat,
    on_path,
    on_stream,
    on_tool_stream,
    with_body,
    with_status,
)

EXPRESS = 100 * 1024
TOLD, OWN = "params.max_tokens.own_limit_told", "params.max_tokens.own_limit"
_TOO_LARGE = b"<html><head><title>413 Request Entity Too Large</title></head></html>"
_ERROR = b'data: {"error": {"message": "failed to parse grammar", "type": "server_error"}}\n\n'


def _refusing(message: str, status: int = 400) -> Any:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return with_body(json.dumps({"error": error}).encode(), status=status)


def _losing_the_body(request: Request) -> Request:
    return replace(request, body=None)


def _on_h2c(request: Request) -> bool:
    return request.header("upgrade") == "h2c"


def _on_chunks(request: Request) -> bool:
    return request.header("transfer-encoding") == "chunked"


def _on_large(request: Request) -> bool:
    return len(request.body or b"") > EXPRESS


def _without_a_limit(request: Request) -> bool:
    body = body_of(request)
    return on_chat(request) and "messages" in body and all(body.get(name) is None for name in _LIMITS)


_LIMITS = ("max_tokens", "max_completion_tokens")

mutant("h2c-loses-the-body", on=_on_h2c, rewrite=_losing_the_body, caught_by=["http.h2c_offer"])
mutant("h2c-is-no-http-1.1", on=_on_h2c, edit=with_status(426), caught_by=["http.h2c_offer"])
mutant(
    "h2c-answered-with-a-page",
    on=_on_h2c,
    edit=with_body(b"<html>", "text/html"),
    caught_by=["http.h2c_offer"],
)
mutant("chunks-lose-the-body", on=_on_chunks, rewrite=_losing_the_body, caught_by=["http.chunked_request"])
mutant("chunks-crash", on=_on_chunks, edit=CRASHED, caught_by=["http.chunked_request"])
mutant(
    "chunks-need-a-length",
    on=_on_chunks,
    edit=_refusing("length required", 411),
    caught_by=["http.chunked_request_accepted"],
)
mutant(
    "large-bodies-refused",
    on=_on_large,
    edit=with_body(_TOO_LARGE, "text/html", 413),
    caught_by=["http.large_body"],
)
mutant("large-bodies-crash", on=_on_large, edit=CRASHED, caught_by=["http.large_body"])
mutant(
    "large-bodies-cut",
    on=_on_large,
    rewrite=lambda request: replace(request, body=(request.body or b"")[:EXPRESS]),
    caught_by=["http.large_body"],
)
mutant(
    "limit-required",
    on=_without_a_limit,
    edit=_refusing("max_tokens: Field required", 422),
    caught_by=["params.max_tokens.optional"],
)


def _finish(word: Any) -> Any:
    def change(events: list[Document]) -> None:
        for entry in (entry for event in events for entry in event["choices"]):
            if entry["finish_reason"] == "length":
                entry["finish_reason"] = word

    return in_events(change)


def _cut_at(limit: int) -> Rewrite:
    return asking(max_tokens=limit)


for _limit in (16, 20, 128, 512, 525):
    mutant(
        f"own-limit-of-{_limit}-told-as-stop",
        on=_without_a_limit,
        rewrite=_cut_at(_limit),
        edit=_finish("stop"),
        caught_by=[TOLD],
    )
mutant(
    "own-limit-not-told", on=_without_a_limit, rewrite=_cut_at(100), edit=_finish(None), caught_by=[TOLD, OWN]
)
mutant("own-limit-of-300", on=_without_a_limit, rewrite=_cut_at(300), caught_by=[OWN])
mutant("own-limit-of-77", on=_without_a_limit, rewrite=_cut_at(77), caught_by=[OWN])


def _schemas(*words: str) -> Applies:
    """Streams with a tool whose schema has one of these words."""
    return lambda request: (
        on_tool_stream(request) and any(word in json.dumps(body_of(request)["tools"]) for word in words)
    )


def _failing_later(response: Response) -> Response:
    chunks = (response.chunks[0], replace(response.chunks[1], data=_ERROR))
    return replace(response, chunks=chunks)


_SCHEMAS = ["tools.def.schemas"]
for _word in (
    *('"pattern"', "\\\\S", '"minLength"', '"maxLength"', '"format"', '"$schema"', '"const"', '"default"'),
    *('"anyOf"', '"$ref"', '"minItems"', '"exclusiveMinimum"', '["string", "null"]', '"strict": false'),
    *('"additionalProperties": {', '"parameters": {}'),
):
    _name = "".join(each for each in _word if each.isalnum()).lower()
    mutant(f"schema-{_name}-crashes", on=_schemas(_word), edit=CRASHED, caught_by=_SCHEMAS)
mutant(
    "schema-pattern-refused",
    on=_schemas('"pattern"'),
    edit=_refusing("Pattern must start with '^' and end with '$'"),
    caught_by=_SCHEMAS,
)
mutant("schema-fails-in-the-stream", on=_schemas('"pattern"'), edit=_failing_later, caught_by=_SCHEMAS)


def _without_choice(request: Request) -> bool:
    body = body_of(request)
    return on_stream(request) and bool(body.get("tools")) and "tool_choice" not in body


mutant("tools-without-choice-crash", on=_without_choice, edit=CRASHED, caught_by=_SCHEMAS)

_on_responses = on_path("/v1/responses")


def _kinds(*kinds: str) -> Applies:
    """Responses with a tool of one of these types."""
    return lambda request: (
        _on_responses(request)
        and any(
            isinstance(tool, dict) and tool.get("type") in kinds
            for tool in body_of(request).get("tools") or []
        )
    )


for _kind in ("custom", "local_shell", "web_search"):
    mutant(
        f"tool-type-{_kind}-crashes",
        on=_kinds(_kind),
        edit=CRASHED,
        caught_by=["responses.tools.other_types_not_5xx"],
    )
    mutant(
        f"tool-type-{_kind}-refused",
        on=_kinds(_kind),
        edit=_refusing("'type' of tool must be 'function'"),
        caught_by=["responses.tools.other_types"],
    )
mutant(
    "tool-type-refused-without-a-word",
    on=_kinds("custom"),
    edit=_refusing("Invalid"),
    caught_by=["responses.tools.other_types"],
)
mutant(
    "tool-type-drops-all-tools",
    on=_kinds("custom"),
    rewrite=asking(tools=[]),
    caught_by=["responses.tools.function_beside"],
)
