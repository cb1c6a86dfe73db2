"""Defects of replies as HTTP, and of routes that are none."""

from sixgates.exchange import Request
from sixgates.reference.mutants import mutant, on_path, on_plain, with_body, with_header, with_status

_unknown_route = on_path("/v1/sixgates-no-such-route")


def _on_wrong_method(request: Request) -> bool:
    return request.path == "/v1/chat/completions" and request.method == "GET"


mutant(
    "json-as-text",
    on=on_plain,
    edit=with_header("content-type", "text/plain; charset=utf-8"),
    caught_by=["http.content_type_json"],
)
mutant("unknown-route-200", on=_unknown_route, edit=with_status(200), caught_by=["http.unknown_route"])
mutant(
    "unknown-route-text",
    on=_unknown_route,
    edit=with_body(b"404 page not found", "text/plain"),
    caught_by=["http.unknown_route"],
)
