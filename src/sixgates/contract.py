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
from sixgates.config import ProviderType
from sixgates.exchange import Exchange
from sixgates.health import cause_of
from sixgates.judge import Answer, Declared, Judgement, Subject
from sixgates.party import Party
from sixgates.preflight import FIRST, diagnose
from sixgates.sources import cassette
from sixgates.sources.secrets import without_secrets
from sixgates.symptom import Symptom
from sixgates.verdict import Cause

Say = Callable[[str], None]
ENGINES = {
    ProviderType.VLLM: "vLLM",
    ProviderType.LLAMA_CPP: "llama.cpp",
    ProviderType.LLAMA_CPP_PYTHON: "llama-cpp-python",
    ProviderType.OLLAMA: "Ollama",
}


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
        names = _names_needed(catalogue.load(), self.wanted, self.party.detect)
        return tuple(probe for probe in probes if probe.name in names)

    def _fetch(self, folder: Path, probes: tuple[Probe, ...]) -> None:
        from sixgates.sources.live import Target, fetch

        entry = self.party.entry
        key = os.environ.get(entry.api_key_env) if entry.api_key_env else None
        model = self.party.model
        address = without_secrets(entry.root)
        target = Target(
            self.party.name, entry.root, model, key, entry.concurrency or 4, self.party.context_length
        )
        tried = self.party.capabilities() | (DETECTABLE if self.party.detect else frozenset())
        offered = [probe for probe in probes if tried.issuperset(probe.needs)]
        self.say(f"{self.party.name}: {len(offered)} probes to {address}")
        found = fetch(target, offered, first=FIRST, stop=self._cause)
        cassette.save(folder, self._label(), address, probes, found)
        lost = next((answer for answer in found.values() if isinstance(answer, Cause)), None)
        if lost is not None:
            self.say(f"{lost.summary}; nothing was recorded" if self.record else lost.summary)
        elif self.record and self._cause(found) is None:
            cassette.save(self.cassettes / self.party.name, self._label(), address, probes, found)
            self.say(
                f"{self.party.name}: recorded {len(found)} exchanges in {self.cassettes / self.party.name}"
            )

    def _label(self) -> cassette.Label:
        party = self.party
        today = datetime.now(UTC).date().isoformat()
        return cassette.Label(party.name, party.entry.type.value, party.engine_version, party.model, today)

    def _cause(self, answers: Mapping[str, Answer]) -> Cause | None:
        found = diagnose(answers)
        if found is None:
            blocked = answers.get(FIRST[0].name)
            return blocked if isinstance(blocked, Cause) and blocked.key.endswith(":no-recording") else None
        symptom, seen = found
        name = self.party.name
        address = without_secrets(self.party.entry.root)
        summary = f"{address}: {_WORDS[symptom]}: {seen}"
        return cause_of(name, self.party.entry, symptom, summary)

    def _subject(self, label: cassette.Label | None, answers: Mapping[str, Answer]) -> Subject:
        party = self.party
        version = (label.engine_version if label else "") or party.engine_version
        engine = " ".join(filter(None, (ENGINES.get(party.entry.type, party.entry.type.value), version)))
        capabilities = party.capabilities()
        if party.detect:
            capabilities |= detected(answers)
        return Subject(
            party.name,
            party.model,
            capabilities,
            engine=engine,
            source="live" if self.live else f"recorded {label.recorded}" if label else "recorded",
            root=without_secrets(party.entry.root),
            api_key_env=party.entry.api_key_env,
            deviations=tuple(
                Declared(entry.check, entry.reason, entry.expires, entry.link)
                for entry in party.deviations
                if entry.engine_version in (None, version)
            ),
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
_DETECTORS = {"tools": "tool-named", "n": "chat-stream-two-choices"}
DETECTABLE = frozenset({*_DETECTORS, "auth"})


def detected(answers: Mapping[str, Answer]) -> frozenset[str]:
    """Capabilities that a server shows by accepting the request that needs them, or, for `auth`, by refusing."""

    def status(probe: str) -> int:
        answer = answers.get(probe)
        return answer.response.status if isinstance(answer, Exchange) and answer.response else 0

    found = {name for name, probe in _DETECTORS.items() if status(probe) == 200}
    return frozenset(found | ({"auth"} if status("no-key") in {401, 403} else set()))


def _names_needed(known: catalogue.Catalogue, wanted: Iterable[str], detect: bool) -> set[str]:
    names = {probe.name for probe in FIRST} | ({*_DETECTORS.values(), "no-key"} if detect else set())
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
