"""The closed sets of the design (gates, levels, outcomes) and a verdict, the unit that gates count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import IntEnum, StrEnum
from typing import Any

from sixgates.capability import Asked, Offer
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
    FLAKY = "FLAKY"

    @property
    def red(self) -> bool:
        """Whether a run that holds this outcome must exit with 1."""
        return self in _RED


_RED = {Outcome.FAILED, Outcome.STALE, Outcome.BLOCKED, Outcome.ERROR}


FOUND = "found but undeclared"
"""How the reason begins of what a provider offers and does not declare."""
EXCUSED = "is a declared deviation"
"""What the reason says where a check cannot be judged because of a declared deviation from another."""


def undeclared(provider: str, capability: str) -> str:
    """What the reason says of a check that needs a capability which nobody declared or asked for."""
    return f"{provider} does not declare the capability {capability}"


Key = tuple[str, str]
"""What identifies a verdict within its gate: the provider, empty for the stack itself, and the check."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something could not be judged; equal keys are one root cause and are printed once."""

    key: str
    summary: str
    next_steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was sent and came back in one exchange, as a report shows it: of a long part the beginning and the end."""

    probe: str
    request: str
    answer: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One of several judgements of a check on a running provider, with the exchanges that it saw."""

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    exchanges: tuple[Transcript, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """By which deviations from its check a verdict's findings are described, by number, and how many by none."""

    entries: tuple[int, ...]
    left: int
    found: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """One requirement judged on one subject; `provider` is None where the stack itself is the subject.

    `times` says how often it was judged and `failed` how often it was broken; FLAKY verdicts hold all `attempts`.
    `luck` says what has to happen by chance before a defect shows. `asked` says, on the check of a capability that a
    provider was asked for and does not offer, what came. `not_recorded` names the probes that were not judged because
    the recording of an engine that cannot be started again lacks them. `breaks`, `misleads` and `at_risk` name the
    clients that its findings hurt, or where there are none, those that it could hurt; for the `unmeasured` of them
    nobody knows what these findings do. `consequences` names the checks that found only what follows from what this
    one found; their own verdicts wait for it, as their `cause` says. `described` is for the judge and stands in no
    report.
    """

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
    times: int = 1
    failed: int = 0
    attempts: tuple[Attempt, ...] = ()
    luck: str = ""
    asked: Asked | None = None
    not_recorded: tuple[str, ...] = ()
    described: Described | None = field(default=None, compare=False, repr=False)
    consequences: tuple[str, ...] = ()
    at_risk: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """The provider and the check."""
        return self.provider or "", self.check

    @property
    def red(self) -> bool:
        """Whether a run that holds this verdict must exit with 1; what is flaky weighs by its level."""
        return self.outcome.red or (self.outcome is Outcome.FLAKY and self.level is Level.MUST)

    def to_json(self) -> dict[str, Any]:
        """The verdict as it stands in `gates.json`, one entry of `results`."""
        document = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "described"}
        document["gate"] = int(self.gate)
        document["findings"] = tuple(map(_finding, self.findings))
        document["attempts"] = tuple(
            {
                "outcome": attempt.outcome,
                "findings": tuple(map(_finding, attempt.findings)),
                "exchanges": tuple(map(asdict, attempt.exchanges)),
            }
            for attempt in self.attempts
        )
        document["cause"] = self.cause and asdict(self.cause)
        document["asked"] = self.asked and asdict(self.asked)
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Verdict:
        """The inverse of `to_json`; raises KeyError or ValueError on a document of another shape."""
        values = dict(document)
        cause = values.get("cause")
        asked = values.get("asked")  # reports before version 1.3 have none
        values["asked"] = asked and Asked(asked["capability"], Offer(asked["offer"]), asked["got"])
        values["gate"] = Gate(values["gate"])
        values["level"] = Level(values["level"])
        values["outcome"] = Outcome(values["outcome"])
        values["findings"] = tuple(Finding(**finding) for finding in values["findings"])
        values["attempts"] = tuple(
            Attempt(
                Outcome(attempt["outcome"]),
                tuple(Finding(**finding) for finding in attempt["findings"]),
                tuple(Transcript(**exchange) for exchange in attempt["exchanges"]),
            )
            for attempt in values.get("attempts", ())  # reports before version 1.3 have none
        )
        values["cause"] = cause and Cause(cause["key"], cause["summary"], tuple(cause["next_steps"]))
        values.setdefault("misleads", ())  # reports before version 1.2 have none
        for name in ("at_risk", "unmeasured"):  # reports before version 1.5 have neither
            values.setdefault(name, ())
        values.setdefault("not_recorded", ())  # reports before version 1.4 have none
        values.setdefault("consequences", ())  # nor these
        lists = ("evidence", "breaks", "misleads", "at_risk", "unmeasured", "not_recorded", "consequences")
        for name in lists:
            values[name] = tuple(values[name])
        return cls(**values)


def _finding(finding: Finding) -> dict[str, str]:
    return {each.name: getattr(finding, each.name) for each in fields(Finding)}
