"""What a finding is about, whatever the values: in what kind of answer, at which member, and what stood there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sixgates.completion import asked_for_stream
from sixgates.exchange import Exchange, Finding

MODELS_PATH = "/v1/models"
_WAYS = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "legacy",
    "/v1/embeddings": "embeddings",
    "/v1/responses": "responses",
}
_INDEX = re.compile(r"(?<=/)\d+(?=/|$)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_RAISED = re.compile(r"(\w*(?:Error|Exception|Timeout)): ")
_QUOTED = re.compile(r'"[^"]*"?')
_UNREAD = re.compile(r"\" \([^()]+(\(char \d+\))?[^()]*\)$")
_SAID = 48
"""Characters of what stood there, where it is said in words."""


def fault_of(finding: Finding, exchange: Exchange | None, probe: str = "") -> str:
    """The fault of a finding on an exchange, such as `stream event /choices/*/delta/role: absent`."""
    place = finding.where.removeprefix(f"{probe}: ") if probe else finding.where
    return f"{_answer(exchange)} {_place(place)}: {_got(place, finding.got)}"


_AND = " + "


def together(faults: Iterable[str]) -> str:
    """Several faults of one answer as one."""
    return _AND.join(sorted(faults))


def is_together(fault: str) -> bool:
    """Whether a fault is several at once."""
    return _AND in fault


def way_of(exchange: Exchange) -> str | None:
    """How a client asks for such an answer, such as `chat-stream`; None where no client of ours does."""
    path, method = exchange.request.path, exchange.request.method
    if method == "GET":
        one = path.startswith(f"{MODELS_PATH}/")
        return "models" if path == MODELS_PATH else "retrieve" if one else None
    way = _WAYS.get(path)
    streamed = asked_for_stream(exchange.request) and way not in {None, "embeddings"}
    return f"{way}-stream" if streamed else way


def _answer(exchange: Exchange | None) -> str:
    if exchange is None or exchange.response is None:
        return "lost"
    status = exchange.response.status
    if status >= 400:
        return "refusal" if status < 500 else "failure"
    return "stream" if asked_for_stream(exchange.request) else "whole"


def _place(where: str) -> str:
    """The place without the numbers of events, choices and elements."""
    before, slash, pointer = where.partition("/")
    words = _NUMBER.sub("", before).strip()
    return f"{words} /{_INDEX.sub('*', slash + pointer)[1:]}".strip() if slash else words


def _got(place: str, got: str) -> str:
    """The kind of what stood there; of an exception its name, of other words those that are no numbers or quotes."""
    if place.endswith("status") and re.match(r"[1-5]\d\d\b", got):
        return f"{got[0]}xx"
    if got in {"absent", "null", "true", "false", '""', "[]", "{}"}:
        return got
    if _NUMBER.fullmatch(got):
        return "a number"
    if raised := _RAISED.match(got):
        return raised[1]
    for start, kind in (('"', "a string"), ("[", "an array"), ("{", "an object")):
        if got.startswith(start):
            return _of_kind(kind, got)
    return " ".join(_NUMBER.sub("#", _QUOTED.sub("…", got)).split())[:_SAID].strip() or "nothing"


def _of_kind(kind: str, got: str) -> str:
    if ", at character " in got:
        return f"{kind} with broken characters"
    return f"{kind} that is no JSON" if kind == "a string" and _UNREAD.search(got) else kind
