"""Negative controls: the reference passes everything, each mutant is caught, each check can fail."""

from __future__ import annotations

import pytest
from tests.contract.occasions import NOT_SHOWN

from sixgates import catalogue
from sixgates.capability import CAPABILITIES
from sixgates.judge import Judgement, Subject
from sixgates.reference import mutants
from sixgates.reference.mutants import Mutant, MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources.reference import answers
from sixgates.verdict import Outcome, Verdict

CATALOGUE = catalogue.load()
MUTANTS = mutants.load()
KEY = "sk-reference"
EVERYTHING = frozenset(CAPABILITIES)
NOTICED = {Outcome.FAILED, Outcome.ADVISORY}


def judged(provider: ReferenceProvider | MutantProvider) -> Judgement:
    """The reference or a mutant under all checks, with every capability declared."""
    subject = Subject("reference", "reference", EVERYTHING, source="reference")
    return Judgement(CATALOGUE, subject, answers(provider, CATALOGUE.probes()))


def caught(mutant: Mutant) -> list[Verdict]:
    """The verdicts of the checks that a mutant names."""
    judgement = judged(MutantProvider(mutant, ReferenceProvider(key=KEY)))
    return [judgement.verdict(name) for name in mutant.caught_by]


def test_the_reference_passes_every_check() -> None:
    """Nothing is found on the reference, and nothing is left unjudged but what it has no occasion for."""
    wrong = [
        (verdict.check, verdict.outcome, verdict.findings, verdict.reason)
        for verdict in judged(ReferenceProvider(key=KEY)).verdicts()
        if verdict.outcome is not (Outcome.NOT_EXERCISED if verdict.check in NOT_SHOWN else Outcome.PASSED)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", MUTANTS)
def test_every_mutant_is_caught_by_the_checks_that_it_names(name: str) -> None:
    """A mutant's own checks all notice it, and what each client makes of it was measured."""
    mutant = MUTANTS[name]
    assert mutant.caught_by, "a mutant names who must notice it"
    found = caught(mutant)
    assert [verdict.check for verdict in found if verdict.outcome not in NOTICED] == []
    unmeasured = [(verdict.check, verdict.unmeasured) for verdict in found if verdict.unmeasured]
    assert unmeasured == [], "run tests/field/measure_clients.py, see docs/clients.md"


def test_every_check_has_a_mutant() -> None:
    """A check that no defect can trip proves nothing."""
    killed = {name for mutant in MUTANTS.values() for name in mutant.caught_by}
    assert sorted(set(CATALOGUE.checks) - killed) == []


def test_every_mutant_names_checks_that_exist() -> None:
    """A misspelt id would hide a mutant that nobody catches."""
    named = {name for mutant in MUTANTS.values() for name in mutant.caught_by}
    assert sorted(named - set(CATALOGUE.checks)) == []
