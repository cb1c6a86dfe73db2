"""Everything that a server may refuse, and how checks see a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sixgates.exchange import Exchange, Finding
from sixgates.probes.declared import posted
from sixgates.probes.errors import CLIENT_FAULTS, invalid_json, unknown_route, with_slash
from sixgates.select import OBJECT, Json, Unexercised, Unmet, shown
from sixgates.views import Reply

REFUSABLE = (*CLIENT_FAULTS, *(each for each in posted() if each not in (*CLIENT_FAULTS, with_slash)))
"""Everything that asks for something: whatever is refused of it is refused in the same form, on each endpoint."""
NOT_THERE = frozenset({404, 405, 501})
"""What answers a route that a server lacks, often from a framework that knows nothing of the API."""
FAULTS = frozenset(each.name for each in (*CLIENT_FAULTS, unknown_route))
"""By name, what must be refused; a transport that fails on anything else is other checks' business."""


def _readable(exchange: Exchange) -> Reply:
    try:
        return Reply.of(exchange)
    except Unmet as unmet:
        if exchange.response is None or exchange.error is not None:
            raise
        raise Unexercised(
            f"the body is not in the coding that its label says: {unmet}", instead="errors.content_coding"
        ) from None


@dataclass(frozen=True, slots=True)
class Refusal(Reply):
    """The reply to a request that was refused; where none was, there is nothing to see, and Unexercised is raised."""

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The refusal in an exchange; raises Unmet where no JSON was accepted as a body, or a fault not answered."""
        if exchange.probe not in FAULTS and (exchange.error is not None or exchange.response is None):
            raise Unexercised("no whole answer came")
        reply = _readable(exchange)
        if 200 <= reply.status < 300:
            got = f"{reply.status} {shown(reply.text)}"
            if reply.probe == invalid_json.name:
                raise Unmet(Finding("status", "400 or more", got))
            raise Unexercised(f"nothing was refused: {reply.probe} got {got}")
        if reply.status in NOT_THERE and reply.probe not in FAULTS:
            raise Unexercised(f"{reply.request.path} is not there: {reply.status}")
        return cls(reply.probe, reply.request, reply.response)

    @property
    def error(self) -> Json:
        """The error object; raises Unmet where there is none."""
        error = self.json["error"]
        error.require(OBJECT)
        return error
