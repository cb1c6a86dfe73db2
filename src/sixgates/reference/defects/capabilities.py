"""Defects of what a provider declares: refused, accepted without effect, or not there."""

from __future__ import annotations

from dataclasses import replace

from sixgates.exchange import Request
from sixgates.reference.defects.errors import on_no_key
from sixgates.reference.mutants import (
    asking,
    body_of,
    mutant,
    on_chat,
    on_plain,
    with_body,
)

_REFUSAL = b'{"error":{"message":"not supported","type":"invalid_request_error","param":null,"code":null}}'


def _on_two(request: Request) -> bool:
    return on_plain(request) and body_of(request).get("n") == 2


def _on_any_tools(request: Request) -> bool:
    """A call in a stream alone would be an offer."""
    return on_chat(request) and bool(body_of(request).get("tools"))


def _with_key(request: Request) -> Request:
    return replace(request, headers=(*request.headers, ("Authorization", "Bearer sk-reference")))


mutant(
    "tools-unread",
    on=_on_any_tools,
    rewrite=asking(tools=None, tool_choice=None),
    caught_by=["capability.tools", "tools.named.called"],
)
for _status, _word in ((400, "refused"), (404, "absent"), (503, "failing")):
    mutant(
        f"tools-{_word}",
        on=_on_any_tools,
        edit=with_body(_REFUSAL, status=_status),
        caught_by=["capability.tools"],
    )
    mutant(
        f"choices-{_word}",
        on=_on_two,
        edit=with_body(_REFUSAL, status=_status),
        caught_by=["capability.n"],
    )
mutant("choices-unread", on=_on_two, rewrite=asking(n=1), caught_by=["capability.n"])
mutant(
    "key-unread",
    on=on_no_key,
    rewrite=_with_key,
    caught_by=["capability.auth", "errors.auth_missing"],
)
