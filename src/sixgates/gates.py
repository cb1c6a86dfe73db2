"""Verdicts in, six gate results out; pure, and blind to the order of the verdicts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from sixgates.blockers import JUDGED, Blocker, grouped, left_out, silent_providers, unfinished
from sixgates.tries import confidence
from sixgates.verdict import Gate, Key, Level, Outcome, Verdict

__all__ = [
    "Blocker",
    "GateResult",
    "GateStatus",
    "Scope",
    "Thresholds",
    "judge_gates",
    "of_an_early_end",
    "weight",
]


class GateStatus(StrEnum):
    """What a run says about one gate; only MET lets a stack pass."""

    MET = "MET"
    NOT_MET = "NOT MET"
    BLOCKED = "BLOCKED"
    PARTIAL = "PARTIAL"
    NOT_RUN = "NOT RUN"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a stack's `gates.yaml` may change; shares are fractions between 0 and 1."""

    unit_exercised: float = 0.9
    integration_success: float = 0.95
    deviations_allowed: bool = True
    max_age_s: Mapping[Gate, int] = field(default_factory=dict)
    """How old a gate's results may be, in seconds, when reports are merged; without an entry, of any age."""

    def __post_init__(self) -> None:
        for name in ("unit_exercised", "integration_success"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is {share!r}; give a share from 0 to 1, such as 0.95 for 95 %")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a gate consists of, by provider and check, and which of it a run set out to judge.

    `bounds` says in words what the gate leaves out by design. `absent` holds what blocks the gate because nobody
    judged it, or not lately.
    """

    expected: frozenset[Key] = frozenset()
    selected: frozenset[Key] = frozenset()
    bounds: tuple[str, ...] = ()
    absent: tuple[Blocker, ...] = ()


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate's status, what it asks, what the run showed, and what stands in the way."""

    gate: Gate
    status: GateStatus
    required: str
    actual: str
    blockers: tuple[Blocker, ...] = ()
    counts: Mapping[Outcome, int] = field(default_factory=dict)
    expected: int = 0
    judged: int = 0
    bounds: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The result as it stands in `gates.json`, one entry of `gates`."""
        return {
            "id": int(self.gate),
            "name": self.gate.title,
            "status": self.status.value,
            "required": self.required,
            "actual": self.actual,
            "blockers": [blocker.to_json() for blocker in self.blockers],
            "counts": {outcome.value: count for outcome, count in self.counts.items()},
            "cases": {"expected": self.expected, "judged": self.judged},
            "bounds": list(self.bounds),
        }


_BROKEN = frozenset({Outcome.FAILED, Outcome.STALE, Outcome.ERROR})


def judge_gates(
    verdicts: Sequence[Verdict],
    thresholds: Thresholds,
    *,
    strict: bool = False,
    scopes: Mapping[Gate, Scope] | None = None,
) -> tuple[GateResult, ...]:
    """All six gates in order; without a scope, a gate consists of what was judged."""
    by_gate: dict[Gate, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_gate[verdict.gate].append(verdict)
    bad, known = _bad(thresholds, strict=strict), scopes or {}
    return tuple(
        _Tally(gate, by_gate[gate], thresholds, bad, known.get(gate, Scope())).result() for gate in Gate
    )


def of_an_early_end(gates: Iterable[GateResult]) -> tuple[GateResult, ...]:
    """The gates of a run that ended before it was known what it would judge."""
    return tuple(replace(gate, actual=NO_CHECK_RAN) for gate in gates)


def _bad(thresholds: Thresholds, *, strict: bool) -> frozenset[Outcome]:
    """The outcomes that no gate accepts."""
    bad = set(_BROKEN)
    if strict:
        bad |= {Outcome.ADVISORY, Outcome.FLAKY}
    if not thresholds.deviations_allowed:
        bad.add(Outcome.DEVIATION)
    return frozenset(bad)


def weight(verdict: Verdict, thresholds: Thresholds, *, strict: bool = False) -> int:
    """How much a verdict keeps its gate from MET: of two verdicts of one case, the heavier one holds.

    Gate 5 forgives some failures and nothing that was not judged; every other gate forgives neither.
    """
    outcome, forgives = verdict.outcome, verdict.gate is Gate.INTEGRATION
    if outcome in {Outcome.STALE, Outcome.ERROR} or (outcome is Outcome.FLAKY and verdict.red):
        return 7
    if outcome in _bad(thresholds, strict=strict):
        return 4 if forgives else 6
    if outcome is Outcome.BLOCKED:
        return 6 if forgives else 5
    if outcome is Outcome.NOT_EXERCISED and verdict.level is Level.MUST:
        return 5 if forgives else 4
    return _ACCEPTED[outcome]


_ACCEPTED = {
    Outcome.DEVIATION: 3,
    Outcome.FLAKY: 2,
    Outcome.ADVISORY: 2,
    Outcome.NOT_EXERCISED: 2,
    Outcome.PASSED: 1,
    Outcome.NOT_APPLICABLE: 0,
}


@dataclass(frozen=True)
class _Tally:
    """The verdicts of one gate with the rules that apply to them."""

    gate: Gate
    verdicts: Sequence[Verdict]
    thresholds: Thresholds
    bad: frozenset[Outcome]
    scope: Scope

    @cached_property
    def missing(self) -> frozenset[Key]:
        """What the gate consists of and nobody judged."""
        return self.scope.expected - {verdict.key for verdict in self.verdicts}

    def result(self) -> GateResult:
        status = self.status()
        counts = Counter(verdict.outcome for verdict in self.verdicts)
        expected = self.scope.expected | {verdict.key for verdict in self.verdicts}
        return GateResult(
            gate=self.gate,
            status=status,
            required=_REQUIRED[self.gate](self.thresholds),
            actual=self.actual(status),
            blockers=() if status is GateStatus.MET else self.blockers(),
            counts={outcome: counts[outcome] for outcome in Outcome if counts[outcome]},
            expected=len(expected),
            judged=len(expected - self.missing),
            bounds=self.scope.bounds,
        )

    def status(self) -> GateStatus:
        judged, blocked = self.count(JUDGED), self.count({Outcome.BLOCKED})
        if not judged and not blocked and not self.scope.absent:
            return GateStatus.NOT_RUN
        if self.fails():
            return GateStatus.NOT_MET
        if blocked or self.scope.absent:
            return GateStatus.BLOCKED
        if self.gate is Gate.UNIT and not self.exercised_enough():
            return GateStatus.NOT_MET
        return GateStatus.PARTIAL if self.missing or self.gaps() else GateStatus.MET

    def count(self, outcomes: Iterable[Outcome]) -> int:
        wanted = frozenset(outcomes)
        return sum(verdict.outcome in wanted for verdict in self.verdicts)

    def fails(self) -> bool:
        """Integration forgives a few failed scenarios; every other gate forgives none."""
        if any(verdict.outcome is Outcome.FLAKY and verdict.red for verdict in self.verdicts):
            return True
        if self.gate is not Gate.INTEGRATION:
            return self.count(self.bad) > 0
        judged = self.count(JUDGED)
        if self.count({Outcome.STALE, Outcome.ERROR}):
            return True
        return judged > 0 and not _above(
            self.count(JUDGED - self.bad), judged, self.thresholds.integration_success
        )

    def exercised(self) -> tuple[int, int]:
        """How many routing entries were judged, and of how many; what does not apply is none."""
        entries = [one.outcome for one in self.verdicts if not one.check.startswith(_NO_ENTRIES)]
        judged = sum(outcome in JUDGED for outcome in entries)
        return judged, len(entries) - entries.count(Outcome.NOT_APPLICABLE)

    def exercised_enough(self) -> bool:
        """Without entries there is nothing to exercise."""
        judged, entries = self.exercised()
        return not entries or _above(judged, entries, self.thresholds.unit_exercised)

    def applicable(self) -> int:
        return len(self.verdicts) - self.count({Outcome.NOT_APPLICABLE})

    def gaps(self) -> list[Blocker]:
        """What keeps a gate without failures from MET: requirements that nothing judged."""
        if self.gate is Gate.UNIT:
            return [] if self.exercised_enough() else grouped(self.verdicts, {Outcome.NOT_EXERCISED})
        unexercised = grouped(self.verdicts, {Outcome.NOT_EXERCISED}, only=Level.MUST)
        return unexercised + (silent_providers(self.verdicts) if self.gate is Gate.CONTRACT else [])

    def blockers(self) -> tuple[Blocker, ...]:
        found = grouped(self.verdicts, self.bad | {Outcome.BLOCKED})
        if Outcome.FLAKY not in self.bad:
            found += grouped(self.verdicts, {Outcome.FLAKY}, only=Level.MUST)
        found += [*self.gaps(), *self.scope.absent]
        cut = self.missing & self.scope.selected
        if cut:
            found.append(unfinished(len(cut)))
        if len(self.missing) > len(cut) and not self.scope.absent:
            found.append(left_out(self.gate, len(self.missing) - len(cut)))
        return tuple(sorted(found, key=lambda one: one.rank))

    def actual(self, status: GateStatus) -> str:
        if not self.verdicts and self.scope.absent:
            return f"no result counts, 0 of {_many(len(self.scope.expected), 'case')} judged"
        if not self.verdicts:
            return NO_CHECK_RAN if self.scope.expected else "nothing selected it"
        silent = status is GateStatus.NOT_RUN or (not self.count(JUDGED) and self.gate is not Gate.HEALTH)
        said = [self.why_silent() if silent else _ACTUAL[self.gate](self)]
        for outcome, word in _COUNTED_APART.items():
            if count := self.count({outcome}):
                said.append(f"{count} {word}")
        if lacking := sum(bool(verdict.not_recorded) for verdict in self.verdicts):
            said.append(f"{lacking} not recorded")
        said += self.scope.bounds
        if self.missing:
            whole = len(self.scope.expected | {verdict.key for verdict in self.verdicts})
            said.append(f"{whole - len(self.missing)} of {_many(whole, 'case')} judged")
        return ", ".join(said)

    def why_silent(self) -> str:
        """Why nothing was judged, where it is the same for all, such as that --live was not given."""
        idle = self.gate in {Gate.INTEGRATION, Gate.HEALTH}
        reasons = {verdict.reason for verdict in self.verdicts if idle}
        why = reasons.pop() if len(reasons) == 1 else ""
        return f"nothing was judged: {why}" if 0 < len(why) <= _LONGEST_REASON else "nothing was judged"


NO_CHECK_RAN = "no check ran"
_LONGEST_REASON = 100
_NO_ENTRIES = ("unit.reference:", "unit.provider:", "unit.alias:", "unit.setting:", "unit.budget:")
"""Families of gate 3 that follow no name of its own to a provider: they would water down the share."""


def _above(part: int, whole: int, share: float) -> bool:
    """Strictly more than the share, except that a share of 1 asks for all."""
    return part == whole if share >= 1 else whole > 0 and part / whole > share


def _percent(part: int, whole: int) -> str:
    """Rounded down, so that a share below a threshold never reads as the threshold."""
    tenths = 1000 * part // whole if whole else 0
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths / 10} %"


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or one + 's'}"


def _configuration(tally: _Tally) -> str:
    readers = sorted({verdict.engine for verdict in tally.verdicts if verdict.engine})
    checks = ", ".join([_many(len(tally.verdicts), "check"), *readers])
    said = f"{_many(tally.count(tally.bad), 'error')} in {checks}"
    advisories = tally.count({Outcome.ADVISORY} - tally.bad)
    return f"{said}, {_many(advisories, 'advisory', 'advisories')}" if advisories else said


def _schema(tally: _Tally) -> str:
    return f"{tally.count(JUDGED - tally.bad)} of {_many(tally.applicable(), 'file')} valid"


def _unit(tally: _Tally) -> str:
    passed, judged = tally.count(JUDGED - tally.bad), tally.count(JUDGED)
    return f"{passed} of {judged} passed, {_percent(*tally.exercised())} of routing entries exercised"


def _contract(tally: _Tally) -> str:
    musts = [
        verdict
        for verdict in tally.verdicts
        if verdict.level is Level.MUST and verdict.outcome is not Outcome.NOT_APPLICABLE
    ]
    kept = sum(verdict.outcome in JUDGED - tally.bad - {Outcome.FLAKY} for verdict in musts)
    providers = {verdict.provider for verdict in tally.verdicts if verdict.provider}
    said = f"{kept} of {len(musts)} MUST passed or declared, {_many(len(providers), 'provider')}"
    for outcome, one, more in (
        (Outcome.FAILED, "failed", "failed"),
        (Outcome.FLAKY, "flaky", "flaky"),
        (Outcome.STALE, "stale", "stale"),
        (Outcome.DEVIATION, "deviation", "deviations"),
        (Outcome.ADVISORY, "advisory", "advisories"),
    ):
        if count := tally.count({outcome}):
            said += f", {_many(count, one, more)}"
    times = min(
        (one.times for one in musts if one.outcome in JUDGED and not one.check.startswith("contract.")),
        default=1,
    )
    return f"{said}; {confidence(times)}" if times > 1 else said


def _integration(tally: _Tally) -> str:
    judged, good = tally.count(JUDGED), tally.count(JUDGED - tally.bad)
    return f"{good} of {_many(judged, 'scenario')} succeeded ({_percent(good, judged)})"


def _health(tally: _Tally) -> str:
    sick = tally.bad | {Outcome.BLOCKED}
    relevant = [verdict for verdict in tally.verdicts if verdict.outcome in JUDGED | sick]
    subjects = {verdict.provider for verdict in relevant}
    unhealthy = {verdict.provider for verdict in relevant if verdict.outcome in sick}
    return f"{len(subjects - unhealthy)} of {_many(len(subjects), 'provider')} healthy"


_ACTUAL: dict[Gate, Callable[[_Tally], str]] = {
    Gate.CONFIGURATION: _configuration,
    Gate.SCHEMA: _schema,
    Gate.UNIT: _unit,
    Gate.CONTRACT: _contract,
    Gate.INTEGRATION: _integration,
    Gate.HEALTH: _health,
}

_REQUIRED: dict[Gate, Callable[[Thresholds], str]] = {
    Gate.CONFIGURATION: lambda _: "no errors",
    Gate.SCHEMA: lambda _: "every file validates",
    Gate.UNIT: lambda given: (
        "all pass, "
        + (
            "every routing entry exercised"
            if given.unit_exercised >= 1
            else f"more than {given.unit_exercised * 100:g} % of routing entries exercised"
        )
    ),
    Gate.CONTRACT: lambda given: "every MUST passed" + (" or declared" if given.deviations_allowed else ""),
    Gate.INTEGRATION: lambda given: (
        "every scenario succeeds"
        if given.integration_success >= 1
        else f"more than {given.integration_success * 100:g} % of scenarios succeed"
    ),
    Gate.HEALTH: lambda _: "every active provider healthy",
}

_COUNTED_APART = {
    Outcome.ERROR: "raised",
    Outcome.BLOCKED: "blocked",
    Outcome.NOT_EXERCISED: "not exercised",
    Outcome.NOT_APPLICABLE: "not applicable",
}
