"""Defects of errors: their bodies, their statuses, and what is refused at all."""

from dataclasses import replace
from typing import Any

from sixgates.exchange import FailureKind, Request, Response, TransportError
from sixgates.reference.mutants import (
    Applies,
    Document,
    Edit,
    asking,
    body_of,
    in_error,
    in_json,
    mutant,
    on_chat,
    on_path,
    on_plain,
    on_stream,
    showing,
    with_body,
    with_header,
    with_status,
)

CLOSED = TransportError(FailureKind.RESET, "the server closed the connection without a response")
WRONG = "Bearer sixgates-wrong-key"
TRACEBACK = 'Traceback (most recent call last):\n  File "/srv/server.py", line 7, in chat\nKeyError'


def on_body(raw: bytes) -> Applies:
    """Requests with exactly these bytes."""
    return lambda request: request.body == raw


def on_errors(edit: Edit) -> Edit:
    """The same edit, for error answers only."""
    return lambda response: edit(response) if response.status >= 400 else response


def error_with(**fields: Any) -> Edit:
    """Replace fields of the error object."""

    def change(document: Document) -> None:
        document["error"].update(fields)

    return in_error(change)


def _on_unknown_model(request: Request) -> bool:
    return on_chat(request) and "no-such-model" in str(body_of(request).get("model"))


def _one_more_listed(document: Document) -> None:
    if isinstance(document.get("data"), list):
        document["data"].append({**document["data"][0], "id": "another"})


def _on_overlong(request: Request) -> bool:
    return on_chat(request) and len(request.body or b"") > 10_000


def _on_overlong_plain(request: Request) -> bool:
    return _on_overlong(request) and on_plain(request)


def _on_overlong_stream(request: Request) -> bool:
    return _on_overlong(request) and on_stream(request)


def _on_next(request: Request) -> bool:
    return on_stream(request) and "Count" in str(body_of(request).get("messages"))


def _on_mistyped(request: Request) -> bool:
    return on_chat(request) and body_of(request).get("temperature") == "hot"


def on_no_key(request: Request) -> bool:
    """Chat without credentials."""
    return on_chat(request) and request.header("authorization") is None


def _on_wrong_key(request: Request) -> bool:
    return on_chat(request) and request.header("authorization") == WRONG


def _on_empty_key(request: Request) -> bool:
    return on_stream(request) and request.header("authorization") == "Bearer"


def _on_overload(request: Request) -> bool:
    return request.body in {b"", b"{"}


def _on_nesting(request: Request) -> bool:
    return (request.body or b"").startswith(b'[{"messages":[[[')


def _flat(document: Document) -> object:
    return {"object": "error", **document["error"]}


def _detail(document: Document) -> object:
    return {"detail": document["error"]["message"]}


def _text(document: Document) -> object:
    return {"error": document["error"]["message"]}


def _typeless(document: Document) -> None:
    del document["error"]["type"]


def _as_success(response: Response) -> Response:
    return replace(response, status=200) if response.status >= 400 else response


def _cut_prompt(request: Request) -> Request:
    return asking(messages=[{"role": "user", "content": "hello " * 1000}])(request)


mutant("error-flat", on=on_chat, edit=in_error(_flat), caught_by=["errors.envelope"])
mutant("error-detail", on=on_chat, edit=in_error(_detail), caught_by=["errors.envelope"])
mutant("error-as-text", on=on_chat, edit=in_error(_text), caught_by=["errors.envelope"])
mutant(
    "error-page",
    on=on_chat,
    edit=on_errors(with_body(b"<html><h1>Bad Request</h1></html>", "text/html")),
    caught_by=["errors.no_html", "errors.envelope"],
)
mutant(
    "error-page-of-unknown-route",
    on=on_path("/v1/sixgates-no-such-route"),
    edit=with_body(b"<!doctype html><title>404</title>", "text/html"),
    caught_by=["errors.no_html"],
)
mutant("error-message-empty", on=on_chat, edit=error_with(message=""), caught_by=["errors.message_nonempty"])
mutant("error-message-blank", on=on_chat, edit=error_with(message=" "), caught_by=["errors.message_nonempty"])
mutant("error-message-null", on=on_chat, edit=error_with(message=None), caught_by=["errors.envelope"])
mutant("error-code-status", on=on_chat, edit=error_with(code=400), caught_by=["errors.code_type"])
mutant("error-param-object", on=on_chat, edit=error_with(param={}), caught_by=["errors.param_type"])
mutant("error-type-absent", on=on_chat, edit=in_error(_typeless), caught_by=["errors.type_present"])
mutant("error-type-none", on=on_chat, edit=error_with(type="None"), caught_by=["errors.no_stringified_none"])
mutant("error-code-none", on=on_chat, edit=error_with(code="None"), caught_by=["errors.no_stringified_none"])
mutant(
    "error-traceback",
    on=on_chat,
    edit=error_with(message=TRACEBACK),
    caught_by=["errors.no_stack_trace"],
)
mutant(
    "error-node-trace",
    on=on_chat,
    edit=error_with(message="TypeError: x\n    at handle (server.js:10:3)"),
    caught_by=["errors.no_stack_trace"],
)
mutant(
    "error-with-200",
    on=on_plain,
    edit=_as_success,
    caught_by=["errors.no_200_errors", "errors.envelope"],
)
mutant("error-500", on=on_chat, edit=on_errors(with_status(500)), caught_by=["errors.5xx_only_server"])
mutant("error-409", on=on_chat, edit=on_errors(with_status(409)), caught_by=["errors.409_not_misused"])
mutant("error-422", on=_on_mistyped, edit=with_status(422), caught_by=["errors.status_400_vs_422"])
mutant(
    "mistyped-ignored",
    on=_on_mistyped,
    rewrite=asking(temperature=None),
    caught_by=["errors.status_400_vs_422"],
)
mutant(
    "unknown-model-served",
    on=_on_unknown_model,
    rewrite=asking(model="reference"),
    caught_by=["errors.any_model_served"],
)
mutant(
    "unknown-model-served-by-one-of-several",
    on=lambda request: _on_unknown_model(request) or request.path == "/v1/models",
    rewrite=lambda request: asking(model="reference")(request) if request.body else request,
    edit=in_json(_one_more_listed),
    caught_by=["errors.unknown_model"],
)
mutant("unknown-model-500", on=_on_unknown_model, edit=with_status(500), caught_by=["errors.unknown_model"])
mutant("broken-json-500", on=on_body(b"{"), edit=with_status(500), caught_by=["errors.invalid_json"])
mutant("empty-body-500", on=on_body(b""), edit=with_status(500), caught_by=["errors.empty_body"])
mutant("array-as-body-500", on=_on_nesting, edit=with_status(500), caught_by=["errors.non_object_json"])
mutant("nesting-500", on=_on_nesting, edit=with_status(500), caught_by=["errors.deep_nesting"])
mutant(
    "fault-closes-connection",
    on=_on_nesting,
    edit=with_status(400),
    cut=CLOSED,
    caught_by=["errors.connection_close_on_crash"],
)
mutant("key-missing-403", on=on_no_key, edit=with_status(403), caught_by=["errors.auth_missing"])
mutant("key-wrong-500", on=_on_wrong_key, edit=with_status(500), caught_by=["errors.auth_wrong"])
mutant("key-empty-500", on=_on_empty_key, edit=with_status(500), caught_by=["errors.auth_wrong"])
mutant(
    "key-empty-served",
    on=_on_empty_key,
    rewrite=showing("Bearer sk-reference"),
    caught_by=["errors.auth_wrong"],
)
mutant(
    "key-repeated-in-a-header",
    on=_on_wrong_key,
    edit=with_header("www-authenticate", "Bearer sixgates-wrong-key"),
    caught_by=["errors.auth_no_leak"],
)
mutant(
    "other-scheme-repeated",
    on=lambda request: (request.header("authorization") or "").startswith("Basic"),
    edit=error_with(message="no such key: c2l4Z2F0ZXM6d3Jvbmc="),
    caught_by=["errors.auth_no_leak"],
)
mutant(
    "right-key-repeated",
    on=on_path("/v1/sixgates-no-such-route"),
    edit=error_with(message="no route for sk-reference"),
    caught_by=["errors.key_not_echoed"],
)
mutant(
    "right-key-repeated-in-a-header",
    on=on_stream,
    edit=with_header("x-authorization", "Bearer sk-reference"),
    caught_by=["errors.key_not_echoed"],
)
mutant(
    "overloaded-without-retry-after",
    on=_on_overload,
    edit=with_status(429),
    caught_by=["errors.rate_limit_429"],
)
mutant(
    "overloaded-with-words-in-retry-after",
    on=_on_overload,
    edit=lambda response: with_header("retry-after", "soon")(with_status(503)(response)),
    caught_by=["errors.rate_limit_429"],
)
mutant(
    "overloaded-in-plain-text",
    on=_on_overload,
    edit=lambda response: with_header("retry-after", "1")(with_body(b"busy", "text/plain", 429)(response)),
    caught_by=["errors.rate_limit_429"],
)
mutant(
    "key-repeated",
    on=_on_wrong_key,
    edit=error_with(message="no such key: sixgates-wrong-key"),
    caught_by=["errors.auth_no_leak"],
)
mutant(
    "key-hash-shown",
    on=_on_wrong_key,
    edit=error_with(message=f"no row {'0f' * 32} in LiteLLM_VerificationTokenTable"),
    caught_by=["errors.auth_no_leak"],
)
mutant(
    "overlong-prompt-cut",
    on=_on_overlong_plain,
    rewrite=_cut_prompt,
    caught_by=["errors.context_no_silent_truncation", "errors.context_length_status"],
)
mutant(
    "overlong-prompt-cut-in-stream",
    on=_on_overlong_stream,
    rewrite=_cut_prompt,
    caught_by=["errors.context_length_status"],
)
mutant(
    "overlong-prompt-500", on=_on_overlong, edit=with_status(500), caught_by=["errors.context_length_status"]
)
mutant(
    "overlong-code-absent",
    on=_on_overlong,
    edit=error_with(code=None),
    caught_by=["errors.context_length_code"],
)
mutant(
    "overlong-then-dead",
    on=_on_next,
    edit=with_status(500),
    caught_by=["errors.context_server_survives"],
)
