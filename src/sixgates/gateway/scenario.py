"""A scenario as data: what the client asks, how the upstreams misbehave, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sixgates.exchange import Exchange
from sixgates.gateway.script import Fault, FaultKind, Hit, Target, ticket_text
from sixgates.verdict import Level


class Key(StrEnum):
    """Which credentials the client sends."""

    RIGHT = "the master key"
    WRONG = "a wrong key"
    MISSING = "no key"


class Ending(StrEnum):
    """How a streamed answer must end for the client."""

    COMPLETE = "complete"
    BROKEN = "visibly broken"


@dataclass(frozen=True, slots=True)
class Ask:
    """The client's request; `extra` joins the body, `times` sends it that often with one ticket."""

    model: str
    stream: bool = False
    key: Key = Key.RIGHT
    extra: Mapping[str, Any] = field(default_factory=dict)
    times: int = 1
    listing: bool = False

    def body(self, ticket: str) -> dict[str, Any]:
        """The chat request; the ticket in its prompt tells the upstreams which scenario it belongs to."""
        prompt = f"Say who answers. {ticket_text(ticket)}"
        messages = [{"role": "user", "content": prompt}]
        return {
            "model": self.model,
            "messages": messages,
            "max_tokens": 32,
            "stream": self.stream,
            **self.extra,
        }


@dataclass(frozen=True, slots=True)
class Expect:
    """What must be seen; None leaves a point unjudged.

    `order` holds the targets that may take each step, `attempts` how often a step may be repeated, `names`
    what `/v1/models` must list, `shares` the part of the requests that each target must get, `sent` the
    fields that must reach the upstream unchanged, `arrivals` how many network chunks must come apart.
    """

    status: tuple[int, int] = (200, 200)
    order: tuple[frozenset[Target], ...] | None = None
    attempts: int = 1
    answer: frozenset[Target] | None = None
    ending: Ending = Ending.COMPLETE
    arrivals: int = 0
    group: str | None = None
    names: frozenset[str] = frozenset()
    shares: Mapping[Target, float] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario; `skip` says why it cannot be judged on this stack."""

    kind: str
    entry: str
    requirement: str
    ask: Ask
    expect: Expect = Expect()
    faults: Mapping[Target, Fault] = field(default_factory=dict)
    pace_s: float = 0.0
    wall_s: float = 20.0
    level: Level = Level.MUST
    evidence: tuple[str, ...] = ()
    skip: str = ""

    @property
    def id(self) -> str:
        """The check's id: `gateway.<kind>:<entry>`, without the entry where the whole stack is meant."""
        return f"gateway.{self.kind}:{self.entry}" if self.entry else f"gateway.{self.kind}"

    @property
    def refused(self) -> frozenset[str]:
        """The upstreams that must not listen while this scenario runs."""
        return frozenset(
            target.upstream for target, fault in self.faults.items() if fault.kind is FaultKind.REFUSE
        )

    def describe(self) -> str:
        """The scenario in words, enough to repeat it by hand."""
        if self.ask.listing:
            return f"GET /v1/models through the gateway with {self.ask.key}"
        how = "as a stream " if self.ask.stream else ""
        often = f"{self.ask.times} times " if self.ask.times > 1 else ""
        extra = "".join(f", {name}={value!r}" for name, value in self.ask.extra.items())
        said = f"ask the gateway for {self.ask.model!r} {how}{often}with {self.ask.key}{extra}"
        faults = "; ".join(f"{target} {fault}" for target, fault in sorted(self.faults.items()))
        return f"{said}, while {faults}" if faults else said


@dataclass(frozen=True, slots=True)
class Observation:
    """What a scenario brought about: the client's exchanges and the upstreams' notes, in order."""

    exchanges: tuple[Exchange, ...]
    hits: tuple[Hit, ...] = ()
    roots: Mapping[str, str] = field(default_factory=dict)
