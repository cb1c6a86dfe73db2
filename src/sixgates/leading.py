"""Whether a request forces the model to call or only leads it there, and so what an answer without a call shows."""

from __future__ import annotations

import re

from sixgates.exchange import Exchange, Finding, Request
from sixgates.select import Declined, Unexercised, Unmet, shown

REFUSALS = frozenset({400, 404, 405, 413, 422, 501})
"""The statuses that say that a request is not to be answered, now or later."""
CALL = re.compile(
    r'"name"\s*:\s*"get_(?:weather|time)"|\bget_(?:weather|time)\s*\('
    r"|<tool_call|<function|\[TOOL_CALLS\]|<\|python_tag\|>"
)
"""The beginnings by which models write a call, which a server has to recognise."""


def forces_a_call(request: Request) -> bool:
    """Whether the tool choice of a request leaves the model nothing else than to call."""
    choice = request.asked.get("tool_choice")
    return choice == "required" or isinstance(choice, dict)


def without_a_call(request: Request, missing: Finding) -> Exception:
    """What to raise where no call came: where one was forced that is the finding, else nothing was exercised."""
    if forces_a_call(request):
        return Unmet(missing)
    return Unexercised(f"the model was led to a call, and made none: {missing.where} {missing.got}")


def or_declined(exchange: Exchange) -> None:
    """Raises Declined where the server refused: a history whose calls have no results it need not take."""
    response = exchange.response
    if response is not None and response.status in REFUSALS:
        said = shown(response.body.decode(errors="replace"))
        raise Declined(f"the server refuses {exchange.probe}: {response.status} {said}")


def writes_instead(text: str, other: str) -> bool:
    """Whether a text shows that the model wrote to the user rather than call, as it did beside the other text."""
    return bool(text.strip()) and text.strip() != other.strip() and CALL.search(text) is None
