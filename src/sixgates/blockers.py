"""Why a gate is not MET: verdicts grouped by root cause, each cause said once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sixgates.verdict import Gate, Level, Outcome, Verdict

LONGEST = 100
"""Characters of a place or a value in a cause: the failure itself shows more."""
JUDGED = frozenset(Outcome) - {Outcome.BLOCKED, Outcome.NOT_EXERCISED, Outcome.NOT_APPLICABLE}


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason why a gate is not MET, said once for all the verdicts that share it."""

    key: str
    outcome: Outcome
    summary: str
    next_steps: tuple[str, ...] = ()
    count: int = 1
    providers: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The blocker as it stands in `gates.json`, one entry of a gate's `blockers`."""
        document = asdict(self)
        document["outcome"] = self.outcome.value
        document["next_steps"], document["providers"] = list(self.next_steps), list(self.providers)
        return document

    @property
    def rank(self) -> tuple[int, int, str]:
        """What a reader should see first: causes before failures before gaps, then the most frequent."""
        return rank(self.outcome), -self.count, self.key


def rank(outcome: Outcome) -> int:
    """The place of an outcome among what stands in the way, the most urgent first."""
    return _RANK[outcome]


def grouped(
    verdicts: Sequence[Verdict], outcomes: Iterable[Outcome], only: Level | None = None
) -> list[Blocker]:
    """One blocker for each root cause, or each check, among the verdicts with these outcomes."""
    groups: dict[tuple[Outcome, str], list[Verdict]] = defaultdict(list)
    wanted = frozenset(outcomes)
    for verdict in verdicts:
        if verdict.outcome in wanted and only in (None, verdict.level):
            groups[verdict.outcome, _key(verdict)].append(verdict)
    return [_blocker(key, group) for (_, key), group in groups.items()]


def silent_providers(verdicts: Sequence[Verdict]) -> list[Blocker]:
    """Providers whose checks all did not apply: their contract is unknown, not kept."""
    unknown: Counter[str] = Counter(verdict.provider for verdict in verdicts if verdict.provider)
    known = {
        verdict.provider
        for verdict in verdicts
        if verdict.outcome in JUDGED or verdict.outcome is Outcome.BLOCKED
    }
    return [
        Blocker(
            f"unjudged:{name}",
            Outcome.NOT_APPLICABLE,
            f"no check of provider {name} applied, so its contract is unknown",
            ("declare what it can do under `capabilities` in providers.yaml, or set its status to disabled",),
            count,
            (name,),
        )
        for name, count in sorted(unknown.items())
        if name not in known
    ]


def _key(verdict: Verdict) -> str:
    named = verdict.cause is not None and verdict.outcome in {Outcome.BLOCKED, Outcome.NOT_EXERCISED}
    return verdict.cause.key if named and verdict.cause else verdict.check


def _blocker(key: str, group: Sequence[Verdict]) -> Blocker:
    # The least text speaks for the group, so that the order of the verdicts decides nothing.
    summary, next_steps = min(_explain(verdict) for verdict in group)
    if group[0].outcome is Outcome.FAILED:
        summary += _found_in(group)
    providers = sorted({verdict.provider for verdict in group if verdict.provider})
    return Blocker(key, group[0].outcome, summary, next_steps, len(group), tuple(providers))


def _found_in(group: Sequence[Verdict]) -> str:
    """The first finding, where all of them have the same one."""
    first, *others = {verdict.findings[:1] for verdict in group}
    if not first or others:
        return ""
    where, expected, got = (_cut(text) for text in (first[0].where, first[0].expected, first[0].got))
    return f" {where + ': ' if where else ''}expected {expected}, got {got}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _explain(verdict: Verdict) -> tuple[str, tuple[str, ...]]:
    check, said = verdict.check, f": {verdict.requirement}" if verdict.requirement else ""
    why = f": {verdict.reason}" if verdict.reason else said
    match verdict.outcome:
        case Outcome.BLOCKED | Outcome.NOT_EXERCISED if verdict.cause:
            return verdict.cause.summary, verdict.cause.next_steps
        case Outcome.BLOCKED:
            return f"{check} could not be judged{why}", ()
        case Outcome.STALE:
            return f"{check} has a stale deviation{why}", (
                "remove its entry from deviations.yaml, or renew it; one that is known of the engine "
                "can be refused: contract.refuse in gates.yaml",
            )
        case Outcome.FLAKY:
            return (
                f"{check} failed in {verdict.failed} of {verdict.times} tries{said}",
                ("look for what differs between the tries: a second backend, load, memory, a cache",),
            )
        case Outcome.ERROR:
            return f"{check} raised{why}", ("this is a bug of sixgates: report it with the text above",)
        case Outcome.DEVIATION:
            step = "fix the provider, or allow deviations in gates.yaml"
            return f"{check} is broken and declared, and gates.yaml refuses deviations{said}", (step,)
        case Outcome.NOT_EXERCISED:
            return f"{check} was not exercised{why}", ()
        case Outcome.ADVISORY:
            return f"{check} is advised, and --strict requires it{said}", ()
        case _:
            return f"{check} failed{said}", ()


def unfinished(missing: int) -> Blocker:
    """The blocker of a gate some of whose collected checks gave no verdict."""
    return Blocker(
        "run-unfinished",
        Outcome.NOT_EXERCISED,
        "the run ended before every check was judged",
        ("run again to the end, without -x or --maxfail",),
        missing,
    )


def left_out(gate: Gate, count: int) -> Blocker:
    """The blocker of a gate of which the command line selected only a part."""
    return Blocker(
        "left-out",
        Outcome.NOT_EXERCISED,
        f"a selection left out {count} case{'s' * (count > 1)} of gate {gate.value}",
        (f"run the whole gate: pytest -m {gate.marker}, without -k, file names or --provider",),
        count,
    )


_RANK = {
    outcome: rank
    for rank, outcome in enumerate(
        (
            Outcome.BLOCKED,
            Outcome.ERROR,
            Outcome.FAILED,
            Outcome.FLAKY,
            Outcome.STALE,
            Outcome.DEVIATION,
            Outcome.ADVISORY,
            Outcome.NOT_EXERCISED,
            Outcome.NOT_APPLICABLE,
            Outcome.PASSED,
        )
    )
}
