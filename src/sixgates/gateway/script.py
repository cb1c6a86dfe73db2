"""What a scripted upstream is told to do and what it noted down; plain data without I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_TICKET = re.compile(rb"\[sixgates:([0-9a-z-]{1,64})\]")


class FaultKind(StrEnum):
    """The ways in which an upstream can misbehave."""

    REFUSE = "refuse"
    STALL = "stall"
    STATUS = "status"
    GARBAGE = "garbage"
    SLOW = "slow"
    CUT = "cut"
    STALL_STREAM = "stall_stream"


@dataclass(frozen=True, slots=True)
class Fault:
    """One misbehaviour; `after` counts content chunks; `delay_s` passes before a CUT or a SLOW answer."""

    kind: FaultKind
    status: int = 500
    after: int = 3
    delay_s: float = 1.0

    def __str__(self) -> str:
        match self.kind:
            case FaultKind.REFUSE:
                return "refuses the connection"
            case FaultKind.STALL:
                return "accepts and never answers"
            case FaultKind.STATUS:
                return f"answers {self.status}"
            case FaultKind.GARBAGE:
                return "answers 200 with an HTML page"
            case FaultKind.SLOW:
                return f"waits {self.delay_s:g} s before its first byte"
            case FaultKind.CUT:
                return f"cuts the stream after {self.after} content chunks"
            case FaultKind.STALL_STREAM:
                return f"falls silent after {self.after} content chunks"


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One place that can answer: a stand-in for a provider and the model name that it is asked for."""

    upstream: str
    model: str

    def __str__(self) -> str:
        return f"{self.upstream} ({self.model})"


@dataclass(frozen=True, slots=True)
class Script:
    """How the upstreams treat the requests of one scenario; `pace_s` is the pause between stream chunks."""

    faults: Mapping[Target, Fault] = field(default_factory=dict)
    pace_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Hit:
    """One request that reached an upstream, `at` seconds on the monotonic clock; credentials are redacted."""

    target: Target
    ticket: str
    at: float
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: Any


def ticket_text(ticket: str) -> str:
    """The words in a prompt by which an upstream recognises the scenario that a request belongs to."""
    return f"[sixgates:{ticket}]"


def ticket_of(body: bytes) -> str:
    """The scenario's ticket in a request body; empty when the body carries none."""
    found = _TICKET.search(body)
    return found.group(1).decode() if found else ""


def answer_pieces(target: Target) -> tuple[str, ...]:
    """The content chunks of a target's answer; joined they name the target."""
    return (
        "This ",
        "is ",
        f"<{target.upstream}> ",
        "answering ",
        "as ",
        f"<{target.model}>, ",
        "to ",
        "the ",
        "end.",
    )


def answer_text(target: Target) -> str:
    """The whole answer of a target."""
    return "".join(answer_pieces(target))
