"""Defects of replies as HTTP, and of routes that are none."""

from dataclasses import replace

from sixgates.exchange import Request
from sixgates.reference.mutants import (
    mutant,
    on_everything,
    on_path,
    on_plain,
    with_body,
    with_header,
    with_status,
)

_unknown_route = on_path("/v1/sixgates-no-such-route")


def _on_wrong_method(request: Request) -> bool:
    return request.path == "/v1/chat/completions" and request.method == "GET"


mutant(
    "json-as-text",
    on=on_plain,
    edit=with_header("content-type", "text/plain; charset=utf-8"),
    caught_by=["http.content_type_json", "http.content_type_of_errors"],
)
mutant("unknown-route-200", on=_unknown_route, edit=with_status(200), caught_by=["http.unknown_route"])
mutant(
    "unknown-route-text",
    on=_unknown_route,
    edit=with_body(b"404 page not found", "text/plain"),
    caught_by=["http.unknown_route"],
)
mutant("wrong-method-500", on=_on_wrong_method, edit=with_status(500), caught_by=["http.method_not_allowed"])
mutant(
    "wrong-method-empty",
    on=_on_wrong_method,
    edit=with_body(b"", "text/plain"),
    caught_by=["http.method_not_allowed"],
)
mutant(
    "headers-of-sdks-refused",
    on=lambda request: request.header("x-stainless-lang") is not None,
    edit=with_status(400),
    caught_by=["http.unknown_headers"],
)
mutant(
    "request-id-of-errors-only",
    on=on_plain,
    edit=lambda response: response if response.status >= 400 else with_header("x-request-id", "")(response),
    caught_by=["http.request_id"],
)
mutant(
    "request-id-constant",
    on=on_everything,
    edit=with_header("x-request-id", "req_1"),
    caught_by=["http.request_id"],
)
mutant(
    "connection-closed-after-errors",
    on=on_plain,
    edit=lambda response: (
        with_header("connection", "close")(response) if response.status >= 400 else response
    ),
    caught_by=["http.keepalive"],
)
mutant(
    "http-1.0",
    on=on_everything,
    edit=lambda response: replace(response, http_version="HTTP/1.0"),
    caught_by=["http.keepalive"],
)
for _name, _edit in {
    "moved": lambda response: with_header("location", "/v1/chat/completions")(with_status(301)(response)),
    "crashes": with_status(500),
    "error-as-success": with_body(b'{"error": "model name is empty"}', status=200),
}.items():
    mutant(
        f"slash-{_name}",
        on=on_path("/v1/chat/completions/"),
        edit=_edit,
        caught_by=["http.trailing_slash"],
    )
