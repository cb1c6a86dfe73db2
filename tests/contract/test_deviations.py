"""Exceptions: declared, expired, no longer needed, or naming nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sixgates import catalogue
from sixgates.cases.deviations import deviation_cases
from sixgates.config import Deviation, Model, Provider, ProviderType
from sixgates.contract import Contract
from sixgates.declared import Declared
from sixgates.description import Description
from sixgates.exchange import Exchange
from sixgates.judge import Judgement, Subject
from sixgates.party import Party
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.run import Run
from sixgates.sources import cassette
from sixgates.sources.reference import answers
from sixgates.sources.secrets import Scrubber
from sixgates.verdict import Outcome, Verdict

TODAY = date(2026, 11, 23)
CHECK = "models.list.shape"
PROVIDERS = "providers:\n  p:\n    type: vllm\n    base_url: http://127.0.0.1:1\n    models: [m]\n"


def judged(broken: bool, *declared: Declared) -> Verdict:
    """The verdict on the model list, of the reference or of a mutant without it."""
    known = catalogue.load()
    reference = ReferenceProvider()
    provider = MutantProvider(mutants.load()["models-bare-array"], reference) if broken else reference
    subject = Subject("p", "reference", frozenset(), deviations=declared)
    return Judgement(known, subject, answers(provider, known.probes()), TODAY).verdict(CHECK)


def declared(expires: date) -> Declared:
    """An entry for the check."""
    return Declared(CHECK, "the engine sends a bare array", expires, "https://example.org/1")


def test_a_declared_failure_is_a_deviation_with_its_reason_and_link() -> None:
    """It counts as met, and is listed; an entry from before entries named findings excuses what it did."""
    verdict = judged(True, declared(TODAY))
    assert verdict.outcome is Outcome.DEVIATION
    said = "the engine sends a bare array (https://example.org/1)"
    assert verdict.reason == f"{said} [the entry names no findings, so it excuses any]"
    assert judged(True, replace(declared(TODAY), findings=(Description(got="*"),))).reason == said


def test_an_expired_entry_is_stale() -> None:
    """The day after its last day."""
    verdict = judged(True, declared(date(2026, 11, 22)))
    assert verdict.outcome is Outcome.STALE
    assert verdict.reason.startswith("the declared deviation expired on 2026-11-22: look again.")


def test_an_entry_that_is_not_needed_is_stale() -> None:
    """The engine mended it: the entry must go."""
    verdict = judged(False, declared(TODAY))
    assert verdict.outcome is Outcome.STALE
    assert verdict.reason.startswith("declared as a deviation, but it passes: remove the entry.")


def test_what_needs_a_declared_check_does_not_apply() -> None:
    """It cannot be judged, and that is no news."""
    known = catalogue.load()
    provider = MutantProvider(mutants.load()["models-bare-array"])
    subject = Subject("p", "reference", frozenset(), deviations=(declared(TODAY),))
    judgement = Judgement(known, subject, answers(provider, known.probes()), TODAY)
    verdict = judgement.verdict("models.list.entry_fields")
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason.startswith(f"{CHECK} is a declared deviation")


@pytest.mark.parametrize(
    ("provider", "check", "hint"),
    [
        ("p", CHECK, None),
        ("p", "models.list.shapes", "did you mean models.list.shape?"),
        ("q", CHECK, "docs/catalogue.md lists the checks"),
    ],
)
def test_an_entry_that_names_nothing_is_found(
    tmp_path: Path, provider: str, check: str, hint: str | None
) -> None:
    """With its place in the file, and what was probably meant."""
    (tmp_path / "providers.yaml").write_text(PROVIDERS)
    (tmp_path / "model-mappings.yaml").write_text("exact_matches: {}\n")
    (tmp_path / "deviations.yaml").write_text(
        f"deviations:\n  - provider: {provider}\n    check: {check}\n"
        "    reason: a reason that is long enough\n    expires: 2027-01-01\n"
    )
    verdict = deviation_cases(Run(tmp_path, tmp_path, tmp_path))[0].judge()
    assert [finding.hint for finding in verdict.findings] == ([hint] if hint else [])
    assert all("deviations.yaml:" in finding.where for finding in verdict.findings)


@pytest.mark.parametrize(
    ("engine_version", "outcome"), [(None, "STALE"), ("1.2.3", "STALE"), ("1.2.4", "PASSED")]
)
def test_an_entry_for_another_version_excuses_nothing(
    tmp_path: Path, engine_version: str | None, outcome: str
) -> None:
    """The recording is of 1.2.3; the entry of 1.2.4 is not about it."""
    known, provider = catalogue.load(), ReferenceProvider("m")
    label = cassette.Label("p", "vllm", "1.2.3", "m", "2026-11-23")
    found = {
        name: Scrubber(()).exchange(answer) if isinstance(answer, Exchange) else answer
        for name, answer in answers(provider, known.probes()).items()
    }
    cassette.save(tmp_path / "p", label, "http://127.0.0.1:1", known.probes(), found)
    entry = Provider(type=ProviderType.VLLM, base_url="http://127.0.0.1:1", models=[Model(name="m")])
    deviation = Deviation(
        provider="p",
        check=CHECK,
        reason="long enough",
        expires=date(2099, 1, 1),
        engine_version=engine_version,
    )
    contract = Contract(Party("p", entry, (deviation,)), tmp_path, tmp_path)
    assert contract.judgement().verdict(CHECK).outcome == outcome
