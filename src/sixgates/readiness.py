"""Which clients a provider is safe for, and which profiles it passes: verdicts of the contract, read by who is hurt.

Both are said of providers whose whole contract was judged; a run of a few checks shows neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sixgates.capability import PROFILES
from sixgates.catalogue import Check
from sixgates.impact.measured import CLIENTS
from sixgates.verdict import EXCUSED, Gate, Level, Outcome, Verdict


class State(StrEnum):
    """What a run says about a client, or about a profile."""

    SAFE = "safe"
    AT_RISK = "at risk"
    BROKEN = "broken"
    UNMEASURED = "not measured"
    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    NOT_OFFERED = "not offered"


@dataclass(frozen=True, slots=True)
class Standing:
    """A client or a profile with its state, and the checks through which it has it.

    `unmeasured` are those of the checks of which nobody knows what their findings do to the client.
    """

    name: str
    state: State
    through: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Readiness:
    """One provider's clients and profiles."""

    provider: str
    clients: tuple[Standing, ...]
    profiles: tuple[Standing, ...]

    def to_json(self) -> dict[str, Any]:
        """The readiness as it stands in `gates.json`, one entry of `readiness`."""
        document = asdict(self)
        for profile in document["profiles"]:
            del profile["unmeasured"]
        return document


_JUDGED = {Outcome.PASSED, Outcome.FAILED, Outcome.FLAKY, Outcome.ADVISORY, Outcome.DEVIATION, Outcome.STALE}
_BROKEN = {Outcome.FAILED, Outcome.ADVISORY, Outcome.DEVIATION}
_UNSURE = {Outcome.BLOCKED, Outcome.NOT_EXERCISED, Outcome.ERROR, Outcome.FLAKY}
_FAILED = {Outcome.FAILED, Outcome.FLAKY, Outcome.STALE, Outcome.ERROR}
_PARTIAL = {Outcome.BLOCKED, Outcome.NOT_EXERCISED, Outcome.DEVIATION, Outcome.NOT_APPLICABLE}
_WHERE_DECLARED = frozenset({"auth", "context_length"})
"""Capabilities that a profile does not ask for, and whose checks count where a provider has them."""


def assess(verdicts: Iterable[Verdict], checks: Iterable[Check]) -> tuple[Readiness, ...]:
    """The readiness of each provider, by name, that has a verdict of every one of these checks.

    One that could not be judged at all stands nowhere: its cause is said, and of its clients nothing is known.
    """
    known = {check.id: check for check in checks}
    by_provider: dict[str, dict[str, Verdict]] = defaultdict(dict)
    for verdict in verdicts:
        if verdict.gate is Gate.CONTRACT and verdict.provider is not None and verdict.check in known:
            by_provider[verdict.provider][verdict.check] = verdict
    return tuple(
        _readiness(provider, {check: found[check] for check in known}, known)
        for provider, found in sorted(by_provider.items())
        if found.keys() == known.keys() and any(one.outcome in _JUDGED for one in found.values())
    )


def _readiness(provider: str, found: Mapping[str, Verdict], known: Mapping[str, Check]) -> Readiness:
    """One provider's readiness, from its verdicts in the order of the catalogue: workers finish in any other."""
    return Readiness(
        provider,
        tuple(_client(name, found.values()) for name in CLIENTS),
        tuple(_profile(name, found, known) for name in PROFILES),
    )


def _client(name: str, verdicts: Collection[Verdict]) -> Standing:
    named = [one for one in verdicts if name in (*one.breaks, *one.misleads, *one.at_risk)]
    wrong = [one for one in named if one.outcome in _BROKEN or _stale_and_broken(one) or _follows(one)]
    if broken := tuple(one.check for one in wrong if name in one.breaks):
        return Standing(name, State.BROKEN, broken)
    unsure = [one for one in named if _open(one, name) or _excused(one)]
    lacking = [one for one in verdicts if _in_vain(one)]
    wrong.sort(key=lambda one: name in one.unmeasured)  # what is known first
    if risks := tuple(dict.fromkeys(one.check for one in (*wrong, *lacking, *unsure))):
        return Standing(
            name, State.AT_RISK, risks, tuple(one.check for one in wrong if name in one.unmeasured)
        )
    judged = any(one.outcome is not Outcome.NOT_APPLICABLE for one in named)
    return Standing(name, State.SAFE if judged else State.UNMEASURED)


def _follows(verdict: Verdict) -> bool:
    """Whether a check found what hurts its clients, and waits only for the one that names the cause."""
    return verdict.outcome in _UNSURE and bool(verdict.findings) and verdict.cause is not None


def _profile(name: str, verdicts: Mapping[str, Verdict], checks: Mapping[str, Check]) -> Standing:
    capabilities = PROFILES[name]
    own = capabilities - PROFILES["core"] or capabilities
    members = [
        (check, verdicts[check.id])
        for check in checks.values()
        if check.level is Level.MUST and _within(check, capabilities)
    ]
    if all(_lacking(verdict) for check, verdict in members if all(way & own for way in check.ways)):
        return Standing(name, State.NOT_OFFERED)
    failed = [check.id for check, verdict in members if verdict.outcome in _FAILED]
    partial = [
        check.id
        for check, verdict in members
        if verdict.outcome in _PARTIAL and not (_lacking(verdict) and _of_no_profile(check, capabilities))
    ]
    if failed:
        return Standing(name, State.FAILED, tuple(failed))
    return Standing(name, State.PARTIAL if partial else State.PASSED, tuple(partial))


def _in_vain(verdict: Verdict) -> bool:
    """A capability that every client may ask for, and that is ignored, broken or not seen."""
    area, _, capability = verdict.check.partition(".")
    asked_for = area == "capability" and capability not in _WHERE_DECLARED and verdict.level is Level.MUST
    return asked_for and (verdict.outcome in {*_BROKEN, *_UNSURE} or _stale_and_broken(verdict))


def _open(verdict: Verdict, client: str) -> bool:
    """Not judged; but what a server may add and does not, or a refusal that never came, hurts no client."""
    if verdict.outcome is Outcome.NOT_EXERCISED:
        return verdict.level is not Level.MAY and client in verdict.breaks
    return verdict.outcome in _UNSURE


def _stale_and_broken(verdict: Verdict) -> bool:
    """An expired deviation is broken still; one that passes is not."""
    return verdict.outcome is Outcome.STALE and bool(verdict.findings)


def _excused(verdict: Verdict) -> bool:
    """Not judged, because what must hold first is a declared deviation."""
    return verdict.outcome is Outcome.NOT_APPLICABLE and EXCUSED in verdict.reason


def _within(check: Check, capabilities: frozenset[str]) -> list[frozenset[str]]:
    """The ways in which a profile's capabilities are enough to judge a check."""
    return [way for way in check.ways if way - _WHERE_DECLARED <= capabilities]


def _of_no_profile(check: Check, capabilities: frozenset[str]) -> bool:
    """Whether what a check lacks is none of the profile's: one that it may lack, or one of a prerequisite."""
    return all(not way or way & _WHERE_DECLARED for way in _within(check, capabilities))


def _lacking(verdict: Verdict) -> bool:
    """Not judged, because the provider does not have what it is about."""
    return verdict.outcome is Outcome.NOT_APPLICABLE and EXCUSED not in verdict.reason


def worst_first(standings: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """The standings of a report by state, the worst state first."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for standing in standings:
        groups[standing["state"]].append(standing)
    yield from ((state, groups[state]) for state in _WORST_FIRST if groups[state])


_WORST_FIRST = (
    State.BROKEN,
    State.FAILED,
    State.AT_RISK,
    State.PARTIAL,
    State.SAFE,
    State.PASSED,
    State.UNMEASURED,
    State.NOT_OFFERED,
)
