"""Several judgements of one check on a running provider, made one verdict: broken always, never, or sometimes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sixgates.catalogue import Catalogue, Check, Probe
from sixgates.causes import Following
from sixgates.exchange import Exchange
from sixgates.judge import BROKEN, Answer, Judgement, Subject
from sixgates.verdict import Attempt, Cause, Outcome, Transcript, Verdict

LONGEST_PART = 4000
"""Characters of a request or of an answer in a report; of what is longer the middle is left out, and it says so."""
SAMPLE = 3
"""Of a check that each of many probes broke, so many are sent again."""
MOST_EXCHANGES = 4
"""Exchanges that an attempt shows; a check may have sixty."""
MOST_SHOWN = 3
"""Broken attempts, and sound ones, that show their exchanges; the others have their outcome and findings."""
_DECIDED = frozenset({Outcome.PASSED, Outcome.FAILED, Outcome.ADVISORY, Outcome.ERROR})


def smallest_defect(times: int) -> float:
    """The smallest share of broken answers of which `times` tries show at least one with 95 %."""
    return 1.0 - math.pow(0.05, 1 / times)


def confidence(times: int) -> str:
    """What it means that each check was judged so often, as one sentence."""
    share = math.ceil(100 * smallest_defect(times) - 1e-9)
    return f"each check judged {times} times: a defect in {share} % of the answers would have shown (95 %)"


def asked_again(first: Judgement, check: Check) -> tuple[Probe, ...]:
    """What has to be sent again to judge a check once more: of its probes the first few that broke it, if any did."""
    broken = first.broken_on(check)
    return first.applicable(check) if check.whole or not broken else broken[:SAMPLE]


@dataclass(frozen=True, slots=True)
class Try:
    """One more judgement of all checks: these probes were sent again, of the others the first answers stand."""

    judgement: Judgement
    sent: frozenset[str] | None = None
    """None for the first sending, of everything."""
    ending: bool = False
    """Whether it is the look at the end, which counts where it shows what no other try showed."""

    @classmethod
    def of(cls, first: Judgement, answers: Mapping[str, Answer], *, ending: bool = False) -> Try:
        """The judgement of later answers laid over the first; what is offered stays as it was found."""
        over = Judgement(first.catalogue, first.subject, {**first.answers, **answers}, first.today)
        return cls(over, frozenset(answers), ending)

    def observed(self, check: Check) -> Verdict | None:
        """What this try shows of a check; None where none of it was sent, or only a part of what it compares."""
        names = {probe.name for probe in self.judgement.applicable(check)}
        if self.sent is None or self.sent.issuperset(names):
            return self.judgement.observed(check.id)
        if check.whole or self.sent.isdisjoint(names):
            return None
        if check.partial:
            return self.judgement.observed(check.id)
        return self.judgement.among(check.id, self.sent)

    def broken_on(self, check: Check) -> tuple[Probe, ...]:
        """The probes of this try that broke a check."""
        return self.judgement.broken_on(check, self.sent)

    def has(self, probes: Iterable[Probe]) -> bool:
        """Whether these were sent."""
        return self.sent is None or self.sent.issuperset(probe.name for probe in probes)


Counted = tuple[Try, Verdict]


@dataclass(slots=True)
class Tries:
    """The first judgement of a provider and the later ones; `notes` say of checks why there are no more of them."""

    first: Judgement
    later: tuple[Try, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    _verdicts: dict[str, Verdict] = field(default_factory=dict)
    _following: Following | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The checks that are judged."""
        return self.first.catalogue

    @property
    def subject(self) -> Subject:
        """The provider that is judged."""
        return self.first.subject

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The first answers."""
        return self.first.answers

    @property
    def fatal(self) -> Cause | None:
        """Why nothing can be judged, if so."""
        return self.first.fatal

    def verdict(self, name: str) -> Verdict:
        """The one verdict of a check over all its tries; raises KeyError when there is no such check."""
        if name not in self._verdicts:
            self._verdicts[name] = self._noted(self._combined(self.catalogue.checks[name]))
        return self._verdicts[name]

    def verdicts(self) -> tuple[Verdict, ...]:
        """Every check's verdict as a report says it, in catalogue order."""
        return tuple(self.reported(name) for name in self.catalogue.checks)

    def reported(self, name: str) -> Verdict:
        """The verdict of a check as a report says it: what only follows from another waits for that."""
        if self._following is None:
            self._following = Following(self.subject.name, self.verdict, self.first.broken)
        return self._following.verdict(name)

    def _combined(self, check: Check) -> Verdict:
        if not self.later or self.first.observed(check.id).outcome is Outcome.NOT_APPLICABLE:
            return self.first.verdict(check.id)
        counted = self._left(self._counted(check))
        if not counted:
            return self._undecided(check)
        seen = [verdict for _, verdict in counted]
        broken = [verdict for verdict in seen if verdict.outcome in BROKEN]
        raised = [verdict for verdict in seen if verdict.outcome is Outcome.ERROR]
        if raised:
            return raised[0]
        tried = replace(broken[0] if broken else seen[0], times=len(seen), failed=len(broken))
        if 0 < len(broken) < len(seen):
            tried = replace(tried, outcome=Outcome.FLAKY, attempts=_attempts(check, counted))
        excused = self.first.excused(tried)
        if tried.outcome is Outcome.FLAKY and excused.outcome is not Outcome.FLAKY:
            return replace(excused, reason=f"{excused.reason} It was broken in {_of(tried)}.")
        return excused

    def _left(self, counted: list[Counted]) -> list[Counted]:
        """The tries as they are where deviations excuse all or none of them; else with those that they excuse."""
        told = [(each, self._told(verdict)) for each, verdict in counted]
        return told if any(verdict.outcome in BROKEN for _, verdict in told) else counted

    def _told(self, verdict: Verdict) -> Verdict:
        """One that is broken as deviations leave it."""
        return self.first.excused(verdict) if verdict.outcome in BROKEN else verdict

    def _counted(self, check: Check) -> list[Counted]:
        """The tries that count: those in which it is broken, and those that asked anew all that could break it."""
        needed = asked_again(self.first, check)
        counted: list[Counted] = []
        for each in (Try(self.first), *self.later):
            verdict = each.observed(check)
            if verdict is None or verdict.outcome not in _DECIDED:
                continue
            seen = {self._told(earlier).outcome for _, earlier in counted}
            if each.ending and {self._told(verdict).outcome} == seen:
                continue
            if verdict.outcome is not Outcome.PASSED or each.has(needed) or not counted:
                counted.append((each, verdict))
        return counted

    def _undecided(self, check: Check) -> Verdict:
        """Where no try could judge: what most of it comes to, and of a flaky prerequisite how often it held."""
        first = self.first.verdict(check.id)
        if first.outcome is not Outcome.BLOCKED:
            return first
        for each in self.later:
            verdict = each.judgement.verdict(check.id)
            if verdict.outcome is not Outcome.BLOCKED:
                return verdict
        name = first.cause.key.removeprefix(f"{self.subject.name}:") if first.cause else ""
        if name in {"", check.id} or first.cause is None or name not in self.catalogue.checks:
            return first
        required = self.verdict(name)
        if required.outcome is not Outcome.FLAKY:
            return first
        summary = f"{self.subject.name}: the prerequisite {name} did not hold in {_of(required)}"
        return replace(first, cause=replace(first.cause, summary=summary))

    def _noted(self, verdict: Verdict) -> Verdict:
        note = self.notes.get(verdict.check)
        if note is None or verdict.outcome not in BROKEN | {Outcome.STALE}:
            return verdict
        return replace(verdict, reason=f"{verdict.reason}; {note}" if verdict.reason else note)


def _of(verdict: Verdict) -> str:
    return f"{verdict.failed} of {verdict.times} tries"


def _attempts(check: Check, counted: Sequence[Counted]) -> tuple[Attempt, ...]:
    """Each try with its exchanges: those that broke the check in any of them, so that they can be compared."""
    broken = {probe.name for each, _ in counted for probe in each.broken_on(check)}
    left = {True: MOST_SHOWN, False: MOST_SHOWN}
    attempts = []
    for each, verdict in counted:
        kind = verdict.outcome in BROKEN
        left[kind] -= 1
        probes = [probe for probe in check.probes if probe.name in broken and each.has([probe])]
        shown = _transcripts(probes, each.judgement.answers) if left[kind] >= 0 else ()
        attempts.append(Attempt(verdict.outcome, verdict.findings, shown))
    return tuple(attempts)


def _transcripts(probes: Sequence[Probe], answers: Mapping[str, Answer]) -> tuple[Transcript, ...]:
    found = [answer for probe in probes if isinstance(answer := answers.get(probe.name), Exchange)]
    shown = [transcript(exchange) for exchange in found[:MOST_EXCHANGES]]
    if left := len(found) - len(shown):
        shown.append(Transcript("and so on", "", f"{left} more exchanges broke it"))
    return tuple(shown)


def transcript(exchange: Exchange) -> Transcript:
    """An exchange as text: request line and body, and what came back; of long parts the middle is left out."""
    request, response, error = exchange.request, exchange.response, exchange.error
    asked = f"{request.method} {request.path}"
    if request.body:
        asked += f"\n\n{request.body.decode(errors='replace')}"
    lines = []
    if response is not None:
        lines = [f"{response.http_version} {response.status}"]
        lines += [f"{name}: {value}" for name, value in response.headers]
        lines += ["", response.body.decode(errors="replace")]
    if error is not None:
        lines.append(f"[{error.kind}: {error.detail}]")
    return Transcript(exchange.probe, _cut(asked), _cut("\n".join(lines)))


def _cut(text: str) -> str:
    """The beginning and the end: what is wrong with a stream mostly stands in one of them."""
    half = LONGEST_PART // 2
    if len(text) <= LONGEST_PART:
        return text
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters …]\n{text[-half:]}"
