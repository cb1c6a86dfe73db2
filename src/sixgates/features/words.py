"""Whether a request was refused for what it asks, and what the error says it was refused for."""

from __future__ import annotations

from collections.abc import Iterable

from sixgates.exchange import Exchange
from sixgates.features.feature import Feature
from sixgates.features.known import FEATURES, OFFERED_AS, TOOLS
from sixgates.select import Unmet, parse_json

REFUSES = frozenset({400, 413, 415, 422, 501})
"""The statuses that refuse a request for what it asks, beside those of a server that fails on it."""


def refused(answer: object) -> bool:
    """Whether a request was refused for what it asks, or the server failed on it."""
    response = answer.response if isinstance(answer, Exchange) else None
    return response is not None and (response.status in REFUSES or response.status >= 500)


def accepted(answer: object) -> bool:
    """Whether a request was answered."""
    return isinstance(answer, Exchange) and answer.response is not None and answer.response.status == 200


def named(exchange: Exchange, among: Iterable[Feature]) -> list[Feature]:
    """The features that the error of a refused request names: those that stand on no other one, but for the tools."""
    words = said(exchange)
    found = [each for each in among if each.named_by(words)]
    if any(TOOLS.name in each.on for each in found):
        found = [each for each in found if each != TOOLS]
    names = {each.name for each in found}
    return [each for each in found if not names.intersection(each.on)]


def said(exchange: Exchange) -> str:
    """The error's own words, its `param` first; without an envelope the whole body."""
    text = exchange.response.body.decode(errors="replace") if exchange.response else ""
    try:
        error = parse_json(text)["error"]
        message, param = error["message"].text, error["param"].value
    except Unmet:
        return text
    return f"'{param}' {message}" if isinstance(param, str) and param else message


def refused_for_another(exchange: Exchange, capability: str) -> Feature | None:
    """The one feature that an error names, where it is none of those by which a capability is asked for."""
    own = OFFERED_AS.get(capability, ())
    held = [each for each in FEATURES.values() if each.holds(exchange.request.asked)]
    names = named(exchange, held) if own and refused(exchange) else []
    return names[0] if len(names) == 1 and names[0] not in own else None
