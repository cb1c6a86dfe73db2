"""What is said of clients because of a check's findings: no more than was measured, or than the SDK itself shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from sixgates.exchange import Exchange, Finding
from sixgates.impact.confirming import HELPER, RAW, loses
from sixgates.impact.fault import fault_of, together, way_of
from sixgates.impact.measured import CLIENTS, Effect, effects_of, harm_of, reads, table

WITNESSED = (RAW, HELPER)
"""The clients that are installed, and read the very bytes."""
_RISKS = {Effect.SOMETIMES, Effect.PASSES_ON}
_COUNTS = "(), usage: "
"""What a witness says of counts: who lacks them still has the text and the calls."""
Found = tuple[str, Exchange | None, Finding]
"""A finding, with the name of its probe and the exchange that shows it."""


class Claiming(Protocol):
    """What of a check claims are made of."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def breaks(self) -> tuple[str, ...]:
        """The clients that some fault breaks."""

    @property
    def misleads(self) -> tuple[str, ...]:
        """The clients that some fault misleads."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The clients that findings break, mislead or put at risk; of `unmeasured` ones nobody knows what they do."""

    breaks: tuple[str, ...] = ()
    misleads: tuple[str, ...] = ()
    at_risk: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()


def possible(check: Claiming) -> Claims:
    """What a check may come to say, before anything was found."""
    named = {*check.breaks, *check.misleads}
    risks = tuple(client for client in harm_of(check.id).at_risk if client not in named)
    return Claims(check.breaks, check.misleads, risks)


def claims(check: Claiming, found: Iterable[Found]) -> Claims:
    """What a check's findings come to: the worst that any of them does to each client."""
    may = possible(check)
    seen = {
        client: set[Effect | None]()
        for client in CLIENTS
        if client in (*may.breaks, *may.misleads, *may.at_risk)
    }
    for exchange, faults in _faults(check, found):
        for client, effects in seen.items():
            effects.update(_effect(check, fault, client, exchange) for fault in faults)
    worst = {client: _worst(effects) for client, effects in seen.items()}

    def those(*effects: Effect | None) -> tuple[str, ...]:
        return tuple(client for client, one in worst.items() if one in effects)

    return Claims(those(Effect.BROKEN), those(Effect.MISLED), those(None, *_RISKS), those(None))


def _worst(effects: set[Effect | None]) -> Effect | None:
    """Of several effects on one client; what is not known is worse than what is safe only."""
    ranked = (Effect.BROKEN, Effect.MISLED, Effect.SOMETIMES, Effect.PASSES_ON, None, Effect.SAFE)
    return next((each for each in ranked if each in effects), Effect.SAFE)


def _faults(check: Claiming, found: Iterable[Found]) -> Iterator[tuple[Exchange | None, set[str]]]:
    """The faults of each answer; where they were measured together, as one."""
    faults: dict[str, set[str]] = defaultdict(set)
    exchanges: dict[str, Exchange | None] = {}
    for name, exchange, finding in found:
        faults[name].add(fault_of(finding, exchange, name))
        exchanges[name] = exchange
    known = table().get(check.id, {})
    for name, each in faults.items():
        yield exchanges[name], {together(each)} if together(each) in known else each


def _effect(check: Claiming, fault: str, client: str, exchange: Exchange | None) -> Effect | None:
    """What a fault does to a client; None where nobody knows."""
    if exchange is not None and (exchange.left is not None or way_of(exchange) not in reads(client)):
        return Effect.SAFE  # it asks for no such answer, or it was we who left
    if "witness" in check.id:  # what it finds is what the client itself makes of the answer
        broken = client in check.breaks and _COUNTS not in fault
        return Effect.BROKEN if broken else Effect.MISLED
    measured = table().get(check.id, {}).get(fault, {}).get(client)
    lost = loses(exchange, client) if exchange is not None and client in WITNESSED else None
    if lost is None or measured is Effect.SAFE:
        return measured
    if lost:
        return Effect.BROKEN if client in check.breaks else measured
    return _well_read(check, client, measured)


def _well_read(check: Claiming, client: str, measured: Effect | None) -> Effect | None:
    """What remains of a claim where the SDK reads the bytes: that it hands on what the server got wrong."""
    if measured is not None:
        return measured if measured is Effect.PASSES_ON else Effect.SAFE
    return Effect.PASSES_ON if Effect.PASSES_ON in effects_of(check.id).get(client, ()) else Effect.SAFE
