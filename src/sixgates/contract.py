"""One provider's contract in a run: gets its exchanges once, whoever asks first, and judges them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from sixgates import catalogue
from sixgates.catalogue import Probe
from sixgates.detection import DETECTORS, Offer, Shown, detect
from sixgates.excuses import ENGINES, accepted, engine_of, remarks
from sixgates.health import cause_of
from sixgates.judge import Answer, Judgement, Subject
from sixgates.party import Party
from sixgates.preflight import diagnose, first_probes
from sixgates.redaction import without_secrets
from sixgates.sources import cassette
from sixgates.symptom import Symptom
from sixgates.verdict import FOUND, Cause

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
    secrets: frozenset[str] = frozenset()
    _judgement: Judgement | None = field(default=None)

    def judgement(self) -> Judgement:
        """All checks on this provider's exchanges, fetched or read at the first call."""
        if self._judgement is None:
            known = catalogue.load()
            label, answers, fatal = (
                self._live(known.probes()) if self.live else self._recorded(known.probes())
            )
            self._judgement = Judgement(known, self._subject(label, answers), answers, fatal=fatal)
        return self._judgement

    def _recorded(
        self, probes: Iterable[Probe]
    ) -> tuple[cassette.Label | None, Mapping[str, Answer], Cause | None]:
        label, answers = cassette.answers(self.cassettes / self.party.name, self.party.name, probes)
        return label, answers, self._cause(answers)

    def _live(self, probes: tuple[Probe, ...]) -> tuple[cassette.Label, Mapping[str, Answer], Cause | None]:
        probes = self._needed(probes)
        folder = self.workdir / "live" / self.party.name
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.is_dir():
                self._fetch(folder, probes)
        label, answers = cassette.answers(folder, self.party.name, probes)
        return label or self._label(), answers, self._cause(answers)

    def _needed(self, probes: tuple[Probe, ...]) -> tuple[Probe, ...]:
        if self.record or not self.wanted:
            return probes
        names = {probe.name for probe in self._first}
        names |= _names_needed(catalogue.load(), self.wanted, self.party.ad_hoc)
        return tuple(probe for probe in probes if probe.name in names)

    def _fetch(self, folder: Path, probes: tuple[Probe, ...]) -> None:
        from sixgates.sources.live import Target, fetch

        entry = self.party.entry
        key = os.environ.get(entry.api_key_env) if entry.api_key_env else None
        model = self.party.model
        address = without_secrets(entry.root)
        target = Target(
            self.party.name,
            entry.root,
            model,
            key,
            entry.concurrency or 4,
            self.party.context_length,
            secrets=self.secrets,
        )
        first = self._asked_first(probes)
        ahead = [probe for probe in probes if probe in first or self._chosen({}, probe)]
        found_out = ", then what it offers" if self.party.detect else ""
        self.say(f"{self.party.name}: {len(ahead)} probes to {address}{found_out}")
        found = fetch(target, probes, first=first, stop=self._cause, choose=self._chosen)
        cassette.save(folder, self._label(), address, probes, found)
        lost = next((answer for answer in found.values() if isinstance(answer, Cause)), None)
        if lost is not None:
            self.say(f"{lost.summary}; nothing was recorded" if self.record else lost.summary)
        elif self.record and self._cause(found) is None:
            cassette.save(self.cassettes / self.party.name, self._label(), address, probes, found)
            self.say(
                f"{self.party.name}: recorded {len(found)} exchanges in {self.cassettes / self.party.name}"
            )

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
        """What is declared, or found where the provider is to be asked."""
        declared = self.party.capabilities()
        if not self.party.detect:
            return declared
        return declared | {name for name, one in detect(answers).items() if one.offer is Offer.OFFERED}

    def _chosen(self, answers: Mapping[str, Answer], probe: Probe) -> bool:
        return self._capabilities(answers).issuperset(probe.needs)

    def _label(self) -> cassette.Label:
        party = self.party
        today = datetime.now(UTC).date().isoformat()
        return cassette.Label(party.name, party.entry.type.value, party.engine_version, party.model, today)

    def _cause(self, answers: Mapping[str, Answer]) -> Cause | None:
        found = diagnose(self._first, answers)
        if found is None:
            blocked = answers.get(self._first[0].name)
            return blocked if isinstance(blocked, Cause) and blocked.key.endswith(":no-recording") else None
        symptom, seen = found
        name = self.party.name
        address = without_secrets(self.party.entry.root)
        summary = f"{address}: {_WORDS[symptom]}: {seen}"
        return cause_of(name, self.party.entry, symptom, summary)

    def _subject(self, label: cassette.Label | None, answers: Mapping[str, Answer]) -> Subject:
        party = self.party
        kind, version = engine_of(party, answers, label, live=self.live)
        engine = " ".join(filter(None, (ENGINES.get(kind, kind.value), version)))
        recorded = label.recorded if label and not self.live else ""
        return Subject(
            party.name,
            party.model,
            self._capabilities(answers),
            engine=engine,
            source="live" if self.live else f"recorded {label.recorded}" if label else "recorded",
            root=without_secrets(party.entry.root),
            api_key_env=party.entry.api_key_env,
            deviations=accepted(party, kind, version, recorded, answers),
            undeclared=_undeclared(party.name, detect(answers)),
            remarks=remarks(party, kind, version),
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
    return {probe.name for each in DETECTORS.values() for probe in each.probes}


def _undeclared(provider: str, seen: Mapping[str, Shown]) -> Mapping[str, str]:
    """What the reports say of a capability that is not judged."""
    return {
        name: f"{FOUND}: {name}, which {provider} does not declare"
        if one.offer is Offer.OFFERED
        else f"{provider} does not offer {name}: {one.offer}, {DETECTORS[name].probe.name} got {one.reason}"
        for name, one in seen.items()
    }


def _names_needed(known: catalogue.Catalogue, wanted: Iterable[str], detect: bool) -> set[str]:
    return probes_needed(known, wanted) | (_detecting() if detect else set())


def probes_needed(known: catalogue.Catalogue, wanted: Iterable[str]) -> set[str]:
    """The probes of these checks and of their prerequisites, with those that they build on, by name."""
    names: set[str] = set()
    waiting = list(wanted)
    seen: set[str] = set()
    while waiting:
        check = known.checks.get(waiting.pop())
        if check is None or check.id in seen:
            continue
        seen.add(check.id)
        waiting += check.prerequisites
        for probe in check.probes:
            step: Probe | None = probe
            while step is not None:
                names.add(step.name)
                step = step.after
    return names
