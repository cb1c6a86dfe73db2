"""One provider's contract in a run: gets its exchanges once, whoever asks first, and judges them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from sixgates import catalogue
from sixgates.board import Board
from sixgates.bundles.asking import MOST_ASKED_APART, asked_apart
from sixgates.bundles.following import among
from sixgates.capability import Offer
from sixgates.catalogue import Probe
from sixgates.cut import blocked_where_cut, cause_of_cuts, slow_steps
from sixgates.detection import DETECTORS, detect
from sixgates.excuses import accepted, engine_of, remarks, title
from sixgates.health import cause_of, next_steps
from sixgates.inputs.key import cause_of as key_cause
from sixgates.inputs.key import key_of
from sixgates.judge import Answer, Judgement, Subject
from sixgates.left_out import left_out
from sixgates.party import Party
from sixgates.preflight import diagnose, first_probes
from sixgates.redaction import without_secrets
from sixgates.repeats import MOST_REPEATED, Allowance, Asking, Repeats
from sixgates.sameness import NAMES, differs, looked_at, same_behaviour, same_server
from sixgates.sources import cassette
from sixgates.sources.patience import Patience
from sixgates.stated import MOST_ASKED, stated_length
from sixgates.symptom import Symptom
from sixgates.time_budget import TimeBudget
from sixgates.tries import Tries
from sixgates.verdict import Cause, Outcome, Verdict

if TYPE_CHECKING:
    from sixgates.sources.live import Target

Say = Callable[[str], None]


@dataclass(slots=True)
class Contract:
    """The judgement of one provider, live or recorded; exchanges are shared by all workers of a run."""

    party: Party
    cassettes: Path
    workdir: Path
    live: bool = False
    record: bool = False
    wanted: set[str] = field(default_factory=set)
    say: Say = lambda text: None
    repeat: int = 1
    secrets: frozenset[str] = frozenset()
    budget: TimeBudget | None = None
    board: Board = field(default_factory=Board)
    _judgement: Tries | None = field(default=None)
    _repeats: Repeats = field(default_factory=Repeats)

    def judgement(self) -> Tries:
        """All checks on this provider's exchanges, fetched or read at the first call."""
        if self._judgement is None:
            known = catalogue.load()
            label, answers, fatal = (
                self._live(known.probes()) if self.live else self._recorded(known.probes())
            )
            first = Judgement(known, self._subject(label, answers), answers, fatal=fatal)
            self._judgement = self._repeats.tries(first)
        return self._judgement

    def sameness(self, name: str) -> Verdict:
        """Whether the server that ended the run is the one that began it; `name` is one of sameness.NAMES."""
        tries = self.judgement()
        looks = [look for look in self._repeats.looks if look]
        found = (
            same_server(tries.answers, looks, self.party.model)
            if name == NAMES[0]
            else same_behaviour(tries.answers, looks)
        )
        subject = tries.subject
        found = replace(found, provider=subject.name, engine=subject.engine, source=subject.source)
        if not self.live:
            return replace(
                found,
                outcome=Outcome.NOT_APPLICABLE,
                reason=f"{subject.name} is judged from a recording: only a live run has a start and an end",
            )
        cuts = (cause_of_cuts(subject.name, look) for look in looks)
        lost = tries.fatal or self._repeats.lost or next((each for each in cuts if each is not None), None)
        return found if lost is None else replace(found, outcome=Outcome.BLOCKED, reason="", cause=lost)

    def _recorded(
        self, probes: Iterable[Probe]
    ) -> tuple[cassette.Label | None, Mapping[str, Answer], Cause | None]:
        folder = self.cassettes / self.party.name
        label, answers = cassette.answers(folder, self.party.name, (*probes, *self._asked_apart(folder)))
        return label, answers, self._cause(answers)

    def _asked_apart(self, folder: Path) -> tuple[Probe, ...]:
        """What was asked after refusals, and stands in a folder of exchanges."""
        return among(cassette.held(folder)) if folder.is_dir() else ()

    def _live(self, probes: tuple[Probe, ...]) -> tuple[cassette.Label, Mapping[str, Answer], Cause | None]:
        probes = self._needed(probes)
        unsendable = key_cause(self.party.entry.api_key_env) or self.party.unreachable
        if unsendable is not None:
            return self._label(), dict.fromkeys((probe.name for probe in probes), unsendable), unsendable
        if self.board.stopped is not None:
            return self._gathered(probes, self.board.stopped)
        folder = self._live_folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.is_dir():
                self._fetch(folder, probes)
        probes = (*probes, *self._asked_apart(folder))
        label, answers = cassette.answers(folder, self.party.name, probes)
        self._repeats = Repeats.load(self._again_folder, self.party.name, probes)
        return label or self._label(), answers, self._cause(answers)

    def _gathered(
        self, probes: tuple[Probe, ...], why: Cause
    ) -> tuple[cassette.Label, Mapping[str, Answer], Cause | None]:
        """What a run that was broken off had of this provider, whichever process had asked."""
        answers: dict[str, Answer] = dict.fromkeys((probe.name for probe in probes), why)
        if self._live_folder.is_dir():
            answers |= cassette.answers(self._live_folder, self.party.name, probes)[1]
            self._repeats = Repeats.load(self._again_folder, self.party.name, probes)
        else:
            answers |= self.board.kept(self._journal)
        if not self._repeats.sent and not self._repeats.looks:
            note = "not asked again: the run was interrupted"
            self._repeats = Repeats(notes=dict.fromkeys(catalogue.load().checks, note), lost=why)
        return self._label(), answers, self._cause(answers)

    @property
    def _live_folder(self) -> Path:
        return self.workdir / "live" / self.party.name

    @property
    def _journal(self) -> str:
        return f"contract {self.party.name}"

    def _needed(self, probes: tuple[Probe, ...]) -> tuple[Probe, ...]:
        if self.record or not self.wanted:
            return probes
        names = {probe.name for probe in self._first}
        names |= _names_needed(catalogue.load(), self.wanted, self.party.ad_hoc)
        if self._looks:
            names |= {probe.name for probe in looked_at(self.party.capabilities())}
        return tuple(probe for probe in probes if probe.name in names)

    def _fetch(self, folder: Path, probes: tuple[Probe, ...]) -> None:
        from sixgates.sources.live import Target, fetch

        entry = self.party.entry
        key = key_of(entry.api_key_env)
        model = self.party.model
        address = without_secrets(entry.root)
        steps = next_steps(self.party.name, entry, Symptom.REFUSED)
        target = Target(
            self.party.name,
            entry.root,
            model,
            key,
            entry.concurrency or 4,
            self.party.context_length,
            entry.deadline,
            when_gone=steps,
            secrets=self.secrets,
            connection=entry.connection,
        )
        first = self._asked_first(probes)
        self._announce(first, probes)
        patience = Patience(target.name, times=self.repeat, budget=self.budget)
        with self.board.under_way(target.name, "probes", journal=self._journal) as watch:
            found = fetch(
                target,
                probes,
                first=first,
                stop=self._cause,
                choose=self._chosen,
                say=self.say,
                patience=patience,
                watch=watch,
            )
        if self._cause(found) is None:
            found |= self._one_by_one(target, found, patience)
        probes = (*probes, *among(found))
        # A worker that is killed meanwhile leaves no half of it.
        half = folder.with_name(f"{folder.name}.half")
        cassette.save(half, self._label(), address, probes, found)
        half.replace(folder)
        self._ask_again(target, probes, found, patience)
        lost = next((answer for answer in found.values() if isinstance(answer, Cause)), None)
        if lost is not None:
            self.say(f"{lost.summary}; nothing was recorded" if self.record else lost.summary)
        elif self.record and self._cause(found) is None:
            cassette.save(self.cassettes / self.party.name, self._label(), address, probes, found)
            self.say(
                f"{self.party.name}: recorded {len(found)} exchanges in {self.cassettes / self.party.name}"
            )

    def _one_by_one(
        self, target: Target, found: Mapping[str, Answer], patience: Patience
    ) -> Mapping[str, Answer]:
        """What came to requests for single features, where one for several of them was refused."""
        from sixgates.sources.live import fetch

        apart: dict[str, Answer] = {}

        def send(wanted: tuple[Probe, ...]) -> Mapping[str, Answer]:
            before = {**found, **apart}
            with self.board.under_way(target.name, "requests for one thing each", len(wanted)) as watch:
                answers = fetch(target, wanted, say=self.say, patience=patience, watch=watch, before=before)
            apart.update(answers)
            return answers

        asked = asked_apart(catalogue.load(), found, send)
        if asked:
            self.say(
                f"{self.party.name}: requests for several things at once were refused; "
                f"{len(asked)} more asked for one at a time (at most {MOST_ASKED_APART})"
            )
        return asked

    def _ask_again(
        self, target: Target, probes: tuple[Probe, ...], found: Mapping[str, Answer], patience: Patience
    ) -> None:
        """Send again what `repeats` says, and keep it beside the first answers."""
        from sixgates.sources.live import fetch

        def send(wanted: tuple[Probe, ...]) -> Mapping[str, Answer]:
            # What the first answers showed is neither found out nor chosen again.
            with self.board.under_way(target.name, "probes once more", len(wanted)) as watch:
                return fetch(again, wanted, say=self.say, patience=patience, watch=watch)

        if self._cause(found) is not None:
            return
        again = replace(target, context_length=target.context_length or self._stated(found))
        known = catalogue.load()
        first = Judgement(known, self._subject(self._label(), found), found)
        checks = tuple(known.checks[name] for name in checks_needed(known, self.wanted or known.checks))
        allowance = Allowance(self.workdir / "again" / "spent")
        asking = Asking(first, probes, checks, send, allowance, self.say)
        repeats = asking.again(self.repeat)
        if self._looks:
            model = self.party.model
            asking.look(
                repeats, looked_at(self.party.capabilities()), lambda look: differs(found, look, model)
            )
        repeats.save(self._again_folder, self._label(), without_secrets(self.party.entry.root), probes)

    @property
    def _again_folder(self) -> Path:
        return self.workdir / "again" / "sent" / self.party.name

    @property
    def _looks(self) -> bool:
        """Whether the end of the run is compared with its start."""
        return not self.wanted or not self.wanted.isdisjoint(NAMES)

    def _announce(self, first: tuple[Probe, ...], probes: tuple[Probe, ...]) -> None:
        """Say before the first request what will be sent, and to whom."""
        from sixgates.sources.outlay import Again, announcement, outlays, place_of

        ahead = [probe for probe in probes if probe in first or self._chosen({}, probe)]
        judged = self.party.capabilities() | (frozenset(DETECTORS) if self.party.detect else frozenset())
        more = [probe for probe in probes if probe not in ahead and judged.issuperset(probe.needs)]
        now, later = outlays(probes, ahead, more)
        root = self.party.entry.root
        again = Again(
            self.repeat,
            MOST_REPEATED,
            len(looked_at(self.party.capabilities())) if self._looks else 0,
            MOST_ASKED_APART,
        )
        self.say(announcement(self.party.name, root, now, later, place_of(root), again))

    @property
    def _first(self) -> tuple[Probe, Probe]:
        return first_probes(self.party.capabilities())

    def _asked_first(self, probes: tuple[Probe, ...]) -> tuple[Probe, ...]:
        """What tells whether a provider can be judged, and of an ad-hoc one the requests that show what it offers."""
        shows = _detecting() if self.party.ad_hoc else set()
        tried = self.party.capabilities() | frozenset(DETECTORS)
        first = self._first
        return first + tuple(
            probe
            for probe in probes
            if probe.name in shows and probe not in first and tried.issuperset(probe.needs)
        )

    def _capabilities(self, answers: Mapping[str, Answer]) -> frozenset[str]:
        """What is declared, or found where the provider is to be asked.

        The defaults of a type are nobody's list: what is found at the endpoints among them is judged as well.
        """
        declared = self.party.capabilities()
        answers = dict(blocked_where_cut(self.party.name, answers))
        if not self.party.detect and self.party.entry.capabilities is not None:
            return declared
        offered = {name for name, one in detect(answers).items() if one.offer is Offer.OFFERED}
        if not self.party.detect:
            return declared | {name for name in offered if DETECTORS[name].within in declared}
        # Nobody knows what a provider offers that was lost before it could show it: that is blocked, not absent.
        unknown = {
            name
            for name, each in DETECTORS.items()
            if each.within is None
            and any(isinstance(answers.get(probe.name), Cause) for probe in each.needed)
        }
        stated = self._stated(answers)
        implied = {"context_length"} if stated is not None and stated <= MOST_ASKED else set()
        return declared | offered | unknown | implied

    def _stated(self, answers: Mapping[str, Answer]) -> int | None:
        """How many tokens an ad-hoc provider's model holds, as its list of models says."""
        return stated_length(answers.get(self._first[0].name), self.party.model)

    def _chosen(self, answers: Mapping[str, Answer], probe: Probe) -> bool:
        return self._capabilities(answers).issuperset(probe.needs)

    def _label(self) -> cassette.Label:
        party = self.party
        today = datetime.now(UTC).date().isoformat()
        return cassette.Label(party.name, party.entry.type.value, party.engine_version, party.model, today)

    def _cause(self, answers: Mapping[str, Answer]) -> Cause | None:
        found = diagnose(self._first, answers)
        if found is None:
            # One recording of many may be missing or stale; whoever lost the first of all has nothing to judge.
            blocked = answers.get(self._first[0].name)
            return blocked if isinstance(blocked, Cause) and not blocked.key.endswith(":recording") else None
        symptom, seen = found
        name = self.party.name
        address = without_secrets(self.party.entry.root)
        summary = f"{address}: {_WORDS[symptom]}: {seen}"
        cause = cause_of(name, self.party.entry, symptom, summary)
        if symptom is Symptom.TIMEOUT:
            return replace(cause, next_steps=(slow_steps(name)[0], *cause.next_steps))
        return cause

    def _subject(self, label: cassette.Label | None, answers: Mapping[str, Answer]) -> Subject:
        party = self.party
        kind, version = engine_of(party, answers, label, live=self.live)
        recorded = label.recorded if label and not self.live else ""
        return Subject(
            party.name,
            party.model,
            self._capabilities(answers),
            engine=title(kind, version, answers),
            source="live" if self.live else f"recorded {label.recorded}" if label else "recorded",
            root=without_secrets(party.entry.root),
            api_key_env=party.entry.api_key_env,
            with_curl=party.entry.connection.curl(),
            deviations=accepted(party, kind, version, recorded, answers),
            undeclared=left_out(
                party.name,
                blocked_where_cut(party.name, answers),
                held=party.detect,
                stated=self._stated(answers),
            ),
            remarks=remarks(party, kind, version, answers),
        )


_WORDS = {
    Symptom.REFUSED: "nothing listens there",
    Symptom.TIMEOUT: "no answer in time",
    Symptom.DNS: "the host name does not resolve",
    Symptom.TLS: "the TLS handshake failed",
    Symptom.UNAUTHORIZED: "it refuses the credentials",
    Symptom.LOADING: "it is still loading, or overloaded",
    Symptom.NOT_OPENAI: "it does not speak the OpenAI API",
    Symptom.ERROR: "it answers with errors only",
}


def _detecting() -> set[str]:
    """The requests that show what is offered; what is within an endpoint shows by what is sent there anyway."""
    return {probe.name for each in DETECTORS.values() if each.within is None for probe in each.probes}


def _names_needed(known: catalogue.Catalogue, wanted: Iterable[str], detect: bool) -> set[str]:
    return probes_needed(known, wanted) | (_detecting() if detect else set())


def checks_needed(known: catalogue.Catalogue, wanted: Iterable[str]) -> tuple[str, ...]:
    """These checks and their prerequisites, in the order of the catalogue."""
    waiting = list(wanted)
    seen: set[str] = set()
    while waiting:
        check = known.checks.get(waiting.pop())
        if check is not None and check.id not in seen:
            seen.add(check.id)
            waiting += (*check.prerequisites, *filter(None, [check.twin]))
    return tuple(name for name in known.checks if name in seen)


def probes_needed(known: catalogue.Catalogue, wanted: Iterable[str]) -> set[str]:
    """The probes of these checks and of their prerequisites, with those that they build on, by name."""
    names: set[str] = set()
    for name in checks_needed(known, wanted):
        for probe in known.checks[name].probes:
            step: Probe | None = probe
            while step is not None:
                names.add(step.name)
                step = step.after
    return names
