"""Exchanges in, verdicts out: runs checks over what a provider answered, and says what could not be judged."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from itertools import islice
from typing import Any

from sixgates.bundles.refusals import Refusals
from sixgates.bundles.roles import AS_IT_IS, Role, Roles
from sixgates.capability import Asked, Offer
from sixgates.catalogue import Auth, Catalogue, Check, Probe
from sixgates.causes import Broken, Following, Mark, fundamental
from sixgates.cut import FEW, Needs, beginning, cause_of_cuts, is_endless, needs, stands
from sixgates.declared import Declared, described, settled
from sixgates.description import answered
from sixgates.detection import DETECTORS, LeftOut, check_of
from sixgates.exchange import Exchange, Finding
from sixgates.impact.claims import Found as Shown
from sixgates.impact.claims import claims, possible
from sixgates.select import Declined, Findings, Unexercised, Unmet
from sixgates.verdict import EXCUSED, Cause, Described, Gate, Level, Outcome, Verdict, undeclared


@dataclass(frozen=True, slots=True)
class NotSent:
    """A probe that had nothing to build on, such as a stop word from an empty answer."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """A probe that a recording lacks, of an engine that cannot be started to record it, and why not."""

    probe: str
    why: str


Answer = Exchange | NotSent | NotRecorded | Cause
"""What became of a probe: it was answered, not sent or not recorded, or its exchange cannot be had."""
Found = tuple[Probe, Finding]


@dataclass(frozen=True, slots=True)
class Subject:
    """A provider as the judge knows it: what to call it, what it declares, and how to reach it again."""

    name: str
    model: str
    capabilities: frozenset[str]
    engine: str = ""
    source: str = ""
    root: str = ""
    api_key_env: str | None = None
    with_curl: str = ""
    """What a `curl` line needs beyond address and key, such as a CA file; it holds no secret."""
    deviations: tuple[Declared, ...] = ()
    undeclared: Mapping[str, LeftOut] = field(default_factory=dict)
    """What was seen of capabilities that are not judged, such as tools that an ad-hoc provider refused."""
    remarks: Mapping[str, str] = field(default_factory=dict)
    """By check, what a reader of its failure should know of the engine."""


@dataclass(slots=True)
class Judgement:
    """All checks of a catalogue on one provider; each is judged when asked for, and once."""

    catalogue: Catalogue
    subject: Subject
    answers: Mapping[str, Answer]
    today: date = field(default_factory=date.today)
    fatal: Cause | None = None
    _observed: dict[str, Verdict] = field(default_factory=dict)
    _verdicts: dict[str, Verdict] = field(default_factory=dict)
    _views: dict[tuple[int, type], Any] = field(default_factory=dict)
    _met: dict[tuple[str, str], bool] = field(default_factory=dict)
    _required_on: dict[tuple[str, str], Verdict] = field(default_factory=dict)
    _roles: Roles | None = None
    _waited_for: list[str] = field(default_factory=list)
    _cut: Cause | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Find the one cause of all that a deadline of ours leaves open."""
        self._cut = cause_of_cuts(self.subject.name, self.answers)

    def verdict(self, name: str) -> Verdict:
        """The verdict of one check by itself; raises KeyError when the catalogue has no such check."""
        if name not in self._verdicts:
            self._verdicts[name] = self.excused(self.observed(name))
        return self._verdicts[name]

    def observed(self, name: str) -> Verdict:
        """The verdict of one check by what came back alone, whatever deviations are declared from it."""
        if name not in self._observed:
            self._observed[name] = self._judge(self.catalogue.checks[name])
        return self._observed[name]

    def verdicts(self) -> tuple[Verdict, ...]:
        """Every check's verdict, in catalogue order; what only follows from another waits for that."""
        following = Following(self.subject.name, self.verdict, self.broken)
        return tuple(following.verdict(name) for name in self.catalogue.checks)

    def applicable(self, check: Check) -> tuple[Probe, ...]:
        """The probes of a check whose capabilities are declared."""
        return tuple(probe for probe in check.probes if not self._lacking(check, probe))

    def among(self, name: str, sent: Collection[str]) -> Verdict:
        """What came back alone, of a check that judges each probe by itself on these probes only."""
        return self._judge(self.catalogue.checks[name], sent)

    def broken_on(self, check: Check, sent: Collection[str] | None = None) -> tuple[Probe, ...]:
        """The probes, among these, whose exchanges break a check; all of its own where it judges them together.

        Those whose findings no declared deviation describes, where there are some.
        """
        broken = {probe.name for probe, _ in self.found(check, sent)}
        if check.whole:
            return check.probes if broken else ()
        return tuple(probe for probe in self.applicable(check) if probe.name in broken)

    def found(self, check: Check, sent: Collection[str] | None = None) -> list[Found]:
        """Each finding of a check on these probes that no declared deviation describes; where there is none, all."""
        probes, excuse = self._judgeable(check, sent)
        if excuse is not None:
            return []
        found = self._all(check, probes)
        _, left = self._described(check.id, found)
        return [found[number] for number in sorted(left)] or found

    def told(self, name: str) -> tuple[Shown, ...]:
        """What one check finds, each with the probe and the exchange that shows it."""
        check = self.catalogue.checks[name]
        probes, excuse = self._judgeable(check)
        return () if excuse is not None else self._shown(check, self._all(check, probes))

    def _all(self, check: Check, probes: list[Probe]) -> list[Found]:
        try:
            return list(islice(self._findings(check, probes), LOOKED_FOR))
        except Exception:  # noqa: BLE001 - unexercised, or our own bug: the check's verdict says which
            return []

    def _shown(self, check: Check, found: Iterable[Found]) -> tuple[Shown, ...]:
        return tuple(
            (
                probe.name,
                answer if isinstance(answer := self._answer(check, probe), Exchange) else None,
                finding,
            )
            for probe, finding in found
        )

    def broken(self, among: Collection[str] | None = None) -> Iterator[Broken]:
        """Every check, of all or of these, that does not hold and is not excused, with the marks that it leaves."""
        needed = fundamental(self.catalogue.checks.values())
        for number, check in enumerate(self.catalogue.checks.values()):
            if among is not None and check.id not in among:
                continue
            if self.verdict(check.id).outcome in {Outcome.FAILED, Outcome.ADVISORY}:
                yield Broken(
                    check,
                    tuple(dict.fromkeys(islice(self._marks(check), MOST_MARKS))),
                    number,
                    check.id in needed,
                )

    def _marks(self, check: Check) -> Iterator[Mark]:
        """What a check finds, each with the probes that it may be of."""
        probes, _ = self._judgeable(check)
        for group in [probes] if check.together else [[probe] for probe in probes]:
            names = [probe.name for probe in group]
            unseen = list(self._unseen(check, group))
            yield from unseen
            if unseen:
                continue
            try:
                detector = DETECTORS.get(check.capability or "") if check.area == "capability" else None
                judge = detector.lacks if detector else check.judge
                for finding in judge(*self._views_of(check, group)()):
                    yield Mark.of(names, finding)
            except Unmet as unmet:
                yield Mark.of(names, unmet.finding, unmet=True)
            except Exception:  # noqa: BLE001, S112 - unexercised, or our own bug: the check's verdict says which
                continue

    def _unseen(self, check: Check, probes: list[Probe]) -> Iterator[Mark]:
        views = check.views if check.whole else check.views[:1] * len(probes)
        for probe, view in zip(probes, views, strict=True):
            try:
                self._view(self._answer(check, probe), view)
            except Unmet as unmet:
                yield Mark.of([probe.name], unmet.finding, unmet=True)
            except Exception:  # noqa: BLE001, S112 - the same
                continue

    def _judge(self, check: Check, sent: Collection[str] | None = None) -> Verdict:
        verdict = self._found(check, sent)
        if verdict.outcome is not Outcome.NOT_EXERCISED or not check.twin:
            return verdict
        if self.observed(check.twin).outcome not in _DECIDED:
            return verdict
        return _not_applicable(f"{check.twin} was judged on another call; here {verdict.reason}")(verdict)

    def _found(self, check: Check, sent: Collection[str] | None = None) -> Verdict:
        plain = self._verdict(check)
        if self.fatal is not None:
            return replace(plain, outcome=Outcome.BLOCKED, cause=self.fatal)
        missing = self._undeclared(check)
        if missing is not None:
            return self._left_out(check, missing, plain)
        probes, excuse = self._judgeable(check, sent)
        if excuse is not None:
            return excuse(plain)
        lacking = (self.answers.get(probe.name) for probe in self.applicable(check))
        not_recorded = tuple(each.probe for each in lacking if isinstance(each, NotRecorded))
        verdict = self._run(check, probes, replace(plain, not_recorded=not_recorded))
        if self._is_left_open(check, verdict, sent):
            return replace(plain, outcome=Outcome.BLOCKED, cause=self._cut)
        own = self._own(check)
        if own is not None and own.left_open and verdict.outcome is Outcome.NOT_EXERCISED:
            return replace(verdict, cause=own.cause)
        return verdict if own is None or own.held else self._advised(check, verdict)

    def _verdict(self, check: Check) -> Verdict:
        subject = self.subject
        return Verdict(
            check.id,
            Gate.CONTRACT,
            check.level,
            Outcome.PASSED,
            requirement=check.requirement,
            provider=subject.name,
            engine=subject.engine,
            source=subject.source,
            evidence=check.evidence,
            **asdict(possible(check)),
            luck=check.luck,
            asked=self._asked(check),
        )

    def _asked(self, check: Check) -> Asked | None:
        """On the check of a capability: what came where it was asked for and is not simply offered."""
        capability = check.capability
        if capability is None or check.id != check_of(capability):
            return None
        shown = self.subject.undeclared.get(capability, LeftOut()).shown
        if shown is None or shown.offer is Offer.OFFERED:
            return None
        return Asked(capability, shown.offer, shown.reason)

    def _undeclared(self, check: Check) -> str | None:
        """The capability that keeps a check from being judged, rather one that is not offered than one that broke."""
        if self._own(check):
            return None
        declared = self.subject.capabilities
        for capability, left in self.subject.undeclared.items():
            if left.said_by == check.id and left.held and left.judged and capability not in declared:
                return capability
        if check.capability is not None and check.capability not in declared:
            return check.capability
        lacking = [name for probe in check.probes if (name := self._lacking(check, probe))]
        if lacking and (check.whole or len(lacking) == len(check.probes)):
            return min(lacking, key=self._weighs)
        return None

    def _lacking(self, check: Check, probe: Probe) -> str | None:
        if self._own(check):  # it was asked for all the same
            return None
        lacking = [name for name in probe.needs if name not in self.subject.capabilities]
        return min(lacking, key=self._weighs, default=None)

    def _weighs(self, capability: str) -> int:
        """What is not offered before what is left open, and that before what blocks."""
        seen = self.subject.undeclared.get(capability, LeftOut())
        return 1 if seen.left_open else 2 * (seen.cause is not None)

    def _own(self, check: Check) -> LeftOut | None:
        """What came of the undeclared capability that this check is about, where it is judged by that."""
        capability = check.capability
        if capability is None or capability in self.subject.capabilities or check.id != check_of(capability):
            return None
        left = self.subject.undeclared.get(capability)
        return left if left is not None and left.judged else None

    def _advised(self, check: Check, verdict: Verdict) -> Verdict:
        """Nobody promised a capability that the owner leaves out: that it breaks or is ignored is advice."""
        if verdict.outcome is not Outcome.FAILED:
            return verdict
        reason = undeclared(self.subject.name, check.capability or "")
        return replace(verdict, level=Level.SHOULD, outcome=Outcome.ADVISORY, reason=reason)

    def _left_out(self, check: Check, capability: str, plain: Verdict) -> Verdict:
        name = self.subject.name
        seen = self.subject.undeclared.get(capability, LeftOut(undeclared(name, capability)))
        if seen.left_open:
            return replace(plain, outcome=Outcome.NOT_EXERCISED, reason=seen.reason, cause=seen.cause)
        if seen.cause is not None:
            return self._waiting(capability, seen, seen.cause)(plain)
        return replace(plain, outcome=Outcome.NOT_APPLICABLE, reason=seen.reason)

    def _waiting(self, capability: str, seen: LeftOut, cause: Cause) -> Excuse:
        """Blocked by what the check of a capability says, unless that is excused."""
        own = check_of(capability)
        if seen.judged and own in self.catalogue.checks:
            verdict = self.verdict(own)
            if verdict.outcome is Outcome.DEVIATION:
                return _not_applicable(f"{own} {EXCUSED}: {verdict.reason}")
        return _blocked(cause)

    def _judgeable(
        self, check: Check, sent: Collection[str] | None = None
    ) -> tuple[list[Probe], Excuse | None]:
        probes, excuses = [], []
        for probe in self.applicable(check):
            if sent is not None and probe.name not in sent and not check.together:
                continue
            excuse = self._excuse(check, probe)
            if excuse is None or probe in check.spare:
                probes.append(probe)
            else:
                excuses.append(excuse)
        if excuses and (check.whole or not probes):
            return [], excuses[0]
        return probes, None

    def _is_left_open(self, check: Check, verdict: Verdict, sent: Collection[str] | None) -> bool:
        """Whether a verdict could be another one if our deadline had not cut an answer."""
        if self._cut is None or verdict.outcome is Outcome.ERROR:
            return False
        if verdict.findings:  # of capabilities the best sign counts, and it may be in what did not come
            return any(self._is_cut(probe) for probe in check.spare)
        if check.together and verdict.outcome is Outcome.NOT_EXERCISED:
            return any(self._is_cut(probe) for probe in self.applicable(check))
        general = verdict.outcome is Outcome.PASSED and len(check.probes) > FEW
        return any(
            self._waits_for_the_end(check, probe) and (not general or self._shows_something(check, probe))
            for probe in self.applicable(check)
            if (sent is None or probe.name in sent or check.together) and probe not in check.spare
        )

    def _is_cut(self, probe: Probe) -> bool:
        answer = self.answers.get(probe.name)
        return isinstance(answer, Exchange) and answer.cut_by_us

    def _waits_for_the_end(self, check: Check, probe: Probe) -> bool:
        """Whether how a cut answer would have gone on could change what a check makes of it."""
        if not self._is_cut(probe):
            return False
        if not self._shows_something(check, probe) or needs(check.id) is Needs.EVENTS:
            return True
        if check.together:
            return False
        try:
            found = list(_settled(check.judge, self._views_of(check, [probe])))
        except (Unexercised, Declined):
            return False
        except Exception:  # noqa: BLE001 - our own bug: the run itself reports it
            return True
        if needs(check.id) is Needs.REFUSAL:
            return True
        return not all(self._counts(check, probe, each) for each in found)

    def _shows_something(self, check: Check, probe: Probe) -> bool:
        """Whether a check can do something with the answer to a probe that our deadline cut."""
        answer = self.answers[probe.name]
        if not isinstance(answer, Exchange) or not answer.cut_by_us:
            return True
        match needs(check.id):
            case Needs.END:
                return False
            case Needs.LEFT:
                return answer.response is not None and probe.hang_up_after is not None
            case Needs.ENDLESS:
                return is_endless(answer, self.answers.values())
        return beginning(answer) is not None

    def _counts(self, check: Check, probe: Probe, finding: Finding) -> bool:
        """Whether a finding holds whatever would have come if our deadline had not cut the answer."""
        return (
            check.together or needs(check.id) is Needs.ENDLESS or not self._is_cut(probe) or stands(finding)
        )

    def _excuse(self, check: Check, probe: Probe) -> Excuse | None:
        answer = self.answers.get(probe.name)
        if answer is None:
            answer = Cause(f"{self.subject.name}:not-sent", f"the probe {probe.name} was never sent")
        if isinstance(answer, Cause):
            return _blocked(answer)
        role = self.role(check, probe)
        unmet = self._unmet(check, probe, self._required(check, probe))
        if unmet is None and role.waits_for:
            return self._waiting_for(check, role)
        if unmet is None and probe.answered_by is not None and not check.unconditional and not role.says:
            unmet = self._unmet(check, probe, [probe.answered_by])
        if unmet is not None:
            return unmet
        if isinstance(answer, NotSent):
            if self._cut is not None and probe.after is not None and self._is_cut(probe.after):
                return _blocked(self._cut)
            return _unexercised(f"the probe {probe.name} was not sent: {answer.reason}")
        if isinstance(answer, NotRecorded):
            return _unrecorded(answer)
        if self._cut is not None and not self._shows_something(check, probe):
            return _blocked(self._cut)
        return None

    def _unmet(self, check: Check, probe: Probe, names: Iterable[str]) -> Excuse | None:
        """What the first of these prerequisites makes of a check on a probe on which it does not hold."""
        for name in names:
            if name == check.id or self._waits(name, check, probe) or self._met_on(probe, name):
                continue
            excuse = self._unless_met(name, probe)
            if excuse is not None:
                return excuse
        return None

    def role(self, check: Check, probe: Probe) -> Role:
        """What a check has to do with the refusal of a request that asks for several things."""
        if self._roles is None:
            self._roles = Roles(self.catalogue, Refusals(self.answers), self._applies)
        role = self._roles.of(check, probe)
        # All that needs what was detected as broken waits for this check, which so is judged on the same answer.
        return AS_IT_IS if role.instead is not None and self._own(check) else role

    def _waits(self, name: str, check: Check, probe: Probe) -> bool:
        """Whether one check waits on a probe for what another says there, which so must not wait for it."""
        other = self.catalogue.checks[name]
        return probe in other.probes and self.role(other, probe).waits_for == check.id

    def _applies(self, name: str) -> bool:
        return self._undeclared(self.catalogue.checks[name]) is None

    def _waiting_for(self, check: Check, role: Role) -> Excuse:
        """A consequence of a refusal that another check reports, or that it finds nothing wrong with."""
        name, who = role.waits_for, self.subject.name
        if name in self._waited_for:
            return _unexercised(role.why)
        self._waited_for.append(name)
        reported = self.verdict(name)
        self._waited_for.remove(name)
        if reported.outcome is Outcome.DEVIATION:
            return _not_applicable(f"{role.why}; {name} {EXCUSED}: {reported.reason}")
        if reported.outcome in {Outcome.PASSED, Outcome.NOT_APPLICABLE}:
            return _unexercised(role.why) if role.open else _not_applicable(role.why)
        steps = (f"see {name} first", f"then judge {who} live, where what was refused is left out")
        cause = Cause(f"{who}:{name}", f"{who}: {role.why}; {name} says so", steps)
        if check.level is Level.MUST or reported.outcome is Outcome.FAILED:
            return _blocked(cause)
        return lambda verdict: replace(_unexercised(role.why)(verdict), cause=cause)

    def _required(self, check: Check, probe: Probe) -> Iterator[str]:
        for name in check.requires:
            covered = self.catalogue.checks[name].probes
            if probe in covered or not any(other in covered for other in check.probes):
                yield name

    def _met_on(self, probe: Probe, name: str) -> bool:
        key = (probe.name, name)
        if key not in self._met:
            self._met[key] = self._holds_on(probe, self.catalogue.checks[name])
        return self._met[key]

    def _holds_on(self, probe: Probe, required: Check) -> bool:
        if required.together or probe not in required.probes or self._excuse(required, probe) is not None:
            return False
        if self._waits_for_the_end(required, probe):
            return False
        try:
            return not any(True for _ in self._findings(required, [probe]))
        except Exception:  # noqa: BLE001 - the required check's own verdict reports this
            return False

    def _unless_met(self, name: str, probe: Probe) -> Excuse | None:
        verdict = self._required_verdict(self.catalogue.checks[name], probe)
        match verdict.outcome:
            case Outcome.PASSED | Outcome.ADVISORY:
                return None
            case Outcome.DEVIATION:
                return _not_applicable(f"{name} {EXCUSED}: {verdict.reason}")
            case Outcome.NOT_APPLICABLE:
                return _not_applicable(verdict.reason)
            case Outcome.NOT_EXERCISED:
                return _unexercised(verdict.reason)
            case Outcome.BLOCKED if verdict.cause is not None:
                return _blocked(verdict.cause)
        summary = f"{self.subject.name}: the prerequisite {name} did not pass"
        return _blocked(Cause(f"{self.subject.name}:{name}", summary, (f"mend {name} first",)))

    def _required_verdict(self, required: Check, probe: Probe) -> Verdict:
        """On this probe alone, where it can be told apart: another that was answered is no excuse for it."""
        if required.together or probe not in required.probes:
            return self.verdict(required.id)
        key = (probe.name, required.id)
        if key not in self._required_on:
            self._required_on[key] = self.excused(self.among(required.id, {probe.name}))
        return self._required_on[key]

    def _run(self, check: Check, probes: list[Probe], plain: Verdict) -> Verdict:
        try:
            found = list(islice(self._findings(check, probes), LOOKED_FOR))
        except Unexercised as silent:
            return self._silenced(silent)(plain)
        except Declined as refusal:
            return _not_applicable(str(refusal))(plain)
        except Exception as problem:  # noqa: BLE001 - a judge that raises is our own bug and is reported as one
            reason = f"the check itself failed: {type(problem).__name__}: {problem}"
            return replace(plain, outcome=Outcome.ERROR, reason=reason)
        if not found:
            return plain
        outcome = Outcome.FAILED if check.level is Level.MUST else Outcome.ADVISORY
        by, left = self._described(check.id, found)
        found = [found[number] for number in sorted(range(len(found)), key=lambda each: each not in left)]
        probe = found[0][0]
        return replace(
            plain,
            outcome=outcome,
            findings=_bounded([self._told(check, each, finding) for each, finding in found]),
            reproduce=self._curl(self._answer(check, probe), probe.auth),
            described=by,
            **asdict(claims(check, self._shown(check, found))),
        )

    def _told(self, check: Check, probe: Probe, finding: Finding) -> Finding:
        """A finding on a refusal, with what was refused."""
        says = self.role(check, probe).says
        return (
            finding
            if not says or says in finding.hint
            else replace(finding, hint=_joined(finding.hint, says))
        )

    def _answer(self, check: Check, probe: Probe) -> Answer | None:
        """What a check is judged on: the answer to the probe, or to what was asked after that was refused."""
        return self.role(check, probe).instead or self.answers.get(probe.name)

    def _silenced(self, silent: Unexercised) -> Excuse:
        if silent.instead and self.verdict(silent.instead).outcome is Outcome.DEVIATION:
            return _not_applicable(f"{silent}: {silent.instead} {EXCUSED}")
        return _unexercised(str(silent))

    def _findings(self, check: Check, probes: list[Probe]) -> Iterator[tuple[Probe, Finding]]:
        """What is found, by the probe; raises Unexercised where none of the probes showed what the check is about."""
        if check.together:
            named = {probe.name: probe for probe in probes}
            for finding in _settled(check.judge, self._views_of(check, probes)):
                yield named.get(finding.where.partition(":")[0], probes[-1]), finding
            return
        silent: list[Unexercised | Declined] = []
        for probe in probes:
            try:
                for finding in _settled(check.judge, self._views_of(check, [probe])):
                    if not self._counts(check, probe, finding):
                        continue
                    where = finding.where if len(check.probes) == 1 else f"{probe.name}: {finding.where}"
                    yield probe, replace(finding, where=where)
            except (Unexercised, Declined) as reason:
                silent.append(_alone(reason))
        if silent and len(silent) == len(probes):
            raise min(silent, key=lambda reason: isinstance(reason, Declined))

    def _views_of(self, check: Check, probes: list[Probe]) -> Callable[[], list[Any]]:
        views = check.views if check.whole else check.views[:1] * len(probes)
        return lambda: [self._seen(check, probe, view) for probe, view in zip(probes, views, strict=True)]

    def _seen(self, check: Check, probe: Probe, view: Any) -> Any:
        """How a check sees an exchange: of one that our deadline cut as much as it can do something with."""
        answer = self._answer(check, probe)
        if not isinstance(answer, Exchange) or not answer.cut_by_us:
            return self._view(answer, view)
        if probe in check.spare:
            return None
        as_it_is = needs(check.id) in {Needs.LEFT, Needs.ENDLESS}
        exchange = answer if as_it_is else beginning(answer) or answer
        return exchange if view is Exchange else view.of(exchange)

    def _view(self, answer: Answer | None, view: Any) -> Any:
        key = (id(answer), view)
        if key not in self._views:
            exchange = answer if isinstance(answer, Exchange) else None
            seen = exchange if view is Exchange else view.of(exchange)
            if _is_big(exchange):
                return seen
            self._views[key] = seen
        return self._views[key]

    def _curl(self, answer: Answer | None, auth: Auth) -> str:
        if not isinstance(answer, Exchange) or not self.subject.root:
            return ""
        line = curl(answer, self.subject.root, self.subject.api_key_env, auth)
        return f"{line}{self.subject.with_curl}"

    def excused(self, verdict: Verdict) -> Verdict:
        """What becomes of a verdict by the deviations that are declared from its check, if there are some."""
        entries = self._declared(verdict.check)
        if verdict.outcome not in _DECIDED:
            return verdict
        if entries:
            return settled(entries, verdict, self.today)
        remark = self.subject.remarks.get(verdict.check, "")
        return replace(verdict, reason=remark) if verdict.findings and remark else verdict

    def _declared(self, check: str) -> list[Declared]:
        return [each for each in self.subject.deviations if each.check == check]

    def _described(self, check: str, found: Sequence[Found]) -> tuple[Described, frozenset[int]]:
        entries = self._declared(check)
        names = {probe.name for probe, _ in found} if entries else ()
        said = {name: answered(self.answers.get(name)) for name in names}
        told = [(finding, said.get(probe.name, "")) for probe, finding in found]
        return described(entries, told, more=len(found) == LOOKED_FOR)


BIG = 200_000
"""Views of an answer of so many bytes are made anew for each check: kept, those of some monsters take 400 MB."""


def _is_big(exchange: Exchange | None) -> bool:
    response = exchange.response if exchange else None
    return response is not None and sum(len(chunk.data) for chunk in response.chunks) > BIG


LOOKED_FOR = 1000
MOST_MARKS = 60
"""Findings of a check that are compared with those of others: what the first follow from, the rest do as well."""
MOST_FINDINGS = 12
LONGEST_TEXT = 500


def _bounded(findings: list[Finding]) -> tuple[Finding, ...]:
    # A stream of a thousand bad events would otherwise make a report that nobody can open.
    kept = [
        Finding(_cut(each.where), _cut(each.expected), _cut(each.got), _cut(each.hint))
        for each in findings[:MOST_FINDINGS]
    ]
    more = len(findings) - len(kept)
    if more:
        kept.append(
            Finding(
                "and so on",
                "none of these",
                f"{more} more{' or even more' if len(findings) == LOOKED_FOR else ''}",
            )
        )
    return tuple(kept)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}… ({len(text)} characters)"


BROKEN = frozenset({Outcome.FAILED, Outcome.ADVISORY, Outcome.FLAKY})
"""What a check that does not hold comes to, before a deviation excuses it."""
_DECIDED = {Outcome.PASSED, *BROKEN}


def _joined(*texts: str) -> str:
    return "; ".join(filter(None, texts))


Excuse = Callable[[Verdict], Verdict]


def _blocked(cause: Cause) -> Excuse:
    return lambda verdict: replace(verdict, outcome=Outcome.BLOCKED, cause=cause)


def _not_applicable(reason: str) -> Excuse:
    return lambda verdict: replace(verdict, outcome=Outcome.NOT_APPLICABLE, reason=reason)


def _unexercised(reason: str) -> Excuse:
    return lambda verdict: replace(verdict, outcome=Outcome.NOT_EXERCISED, reason=reason)


def _unrecorded(answer: NotRecorded) -> Excuse:
    reason = f"not recorded: {answer.probe} ({answer.why})"
    return lambda verdict: replace(
        verdict, outcome=Outcome.NOT_EXERCISED, reason=reason, not_recorded=(answer.probe,)
    )


def _alone(reason: Unexercised | Declined) -> Unexercised | Declined:
    """Without the frames that it came through, and those of its cause: they keep whole answers alive."""
    reason.__context__ = None
    return reason.with_traceback(None)


def _settled(judge: Callable[..., Findings], views: Callable[[], Iterable[Any]]) -> Findings:
    """What a check finds; raises Unexercised only where it found nothing before that."""
    told = False
    try:
        for finding in judge(*views()):
            told = True
            yield finding
    except Unmet as unmet:
        yield unmet.finding
    except Unexercised:
        if not told:
            raise


_CURL_SETS = {"accept", "accept-encoding", "authorization", "content-type"}


def curl(exchange: Exchange, root: str, api_key_env: str | None, auth: Auth) -> str:
    """The command that sends the same request again; it names the key's variable, never the key."""
    request = exchange.request
    words = ["curl", "-sN", f"{root}{request.path}"]
    if request.method not in {"GET", "POST"}:
        words += ["-X", request.method]
    if request.body is not None:
        body = request.body.decode(errors="replace")
        shown = (
            body if len(body) <= 4000 else f"{body[:200]}… ({len(body)} characters: probe {exchange.probe})"
        )
        words += ["-H", "Content-Type: application/json", "-d", shown]
    for name, value in request.headers:
        if name.lower() not in _CURL_SETS:
            words += ["-H", f"{name}: {value}"]
    line = " ".join(shlex.quote(word) for word in words)
    if auth is Auth.KEY:
        return line if api_key_env is None else f'{line} -H "Authorization: Bearer ${api_key_env}"'
    shown_key = auth.header(None)
    return line if shown_key is None else f"{line} -H 'Authorization: {shown_key}'"
