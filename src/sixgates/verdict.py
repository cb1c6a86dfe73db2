"""The closed sets of the design (gates, levels, outcomes) and a verdict, the unit that gates count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import IntEnum, StrEnum
from typing import Any

from sixgates.exchange import Finding


class Gate(IntEnum):
    """The six quality gates, in the order in which a stack is judged."""

    CONFIGURATION = 1
    SCHEMA = 2
    UNIT = 3
    CONTRACT = 4
    INTEGRATION = 5
    HEALTH = 6

    @property
    def marker(self) -> str:
        """The pytest marker whose items feed this gate."""
        return "config" if self is Gate.CONFIGURATION else self.name.lower()

    @property
    def title(self) -> str:
        """The name that reports show."""
        return self.name.capitalize()


class Level(StrEnum):
    """How binding a requirement is, in the sense of RFC 2119."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Outcome(StrEnum):
    """What became of one check on one subject; the design page says what each means for a gate."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    ADVISORY = "ADVISORY"
    DEVIATION = "DEVIATION"
    STALE = "STALE"
    BLOCKED = "BLOCKED"
    NOT_EXERCISED = "NOT_EXERCISED"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    ERROR = "ERROR"

    @property
    def red(self) -> bool:
        """Whether a run that holds this outcome must exit with 1."""
        return self in _RED


_RED = {Outcome.FAILED, Outcome.STALE, Outcome.BLOCKED, Outcome.ERROR}


FOUND = "found but undeclared"
"""How the reason begins of what a provider offers and does not declare."""
EXCUSED = "is a declared deviation"
"""What the reason says where a check cannot be judged because of a declared deviation from another."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something could not be judged; equal keys are one root cause and are printed once."""

    key: str
    summary: str
    next_steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One requirement judged on one subject; `provider` is None where the stack itself is the subject."""

    check: str
    gate: Gate
    level: Level
    outcome: Outcome
    requirement: str = ""
    provider: str | None = None
    engine: str = ""
    source: str = ""
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    cause: Cause | None = None
    evidence: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    misleads: tuple[str, ...] = ()
    reproduce: str = ""
    duration_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The verdict as it stands in `gates.json`, one entry of `results`."""
        document = {each.name: getattr(self, each.name) for each in fields(self)}
        document["gate"] = int(self.gate)
        document["findings"] = tuple(
            {each.name: getattr(finding, each.name) for each in fields(Finding)} for finding in self.findings
        )
        document["cause"] = self.cause and asdict(self.cause)
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Verdict:
        """The inverse of `to_json`; raises KeyError or ValueError on a document of another shape."""
        values = dict(document)
        cause = values.get("cause")
        values["gate"] = Gate(values["gate"])
        values["level"] = Level(values["level"])
        values["outcome"] = Outcome(values["outcome"])
        values["findings"] = tuple(Finding(**finding) for finding in values["findings"])
        values["cause"] = cause and Cause(cause["key"], cause["summary"], tuple(cause["next_steps"]))
        values.setdefault("misleads", ())  # reports before version 1.2 have none
        for name in ("evidence", "breaks", "misleads"):
            values[name] = tuple(values[name])
        return cls(**values)
