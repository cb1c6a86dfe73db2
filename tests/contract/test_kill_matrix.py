"""Negative controls: the reference passes everything, each mutant is caught, each check can fail."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from sixgates import catalogue
from sixgates.capability import CAPABILITIES
from sixgates.exchange import Response
from sixgates.judge import Judgement, Subject
from sixgates.reference import mutants
from sixgates.reference.mutants import Document, Mutant, MutantProvider, in_events, in_json, on_chat
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources.reference import answers
from sixgates.verdict import Outcome, Verdict

CATALOGUE = catalogue.load()
MUTANTS = mutants.load()
KEY = "sk-reference"
EVERYTHING = frozenset(CAPABILITIES)
THINKERS = {"reasoning.content_nonempty_on_stop", "reasoning.field_consistent", "reasoning.stream_order"}
"""Checks on a model that reasons, which the reference does not."""
NOTICED = {Outcome.FAILED, Outcome.ADVISORY}


def judged(provider: ReferenceProvider | MutantProvider) -> Judgement:
    """The reference or a mutant under all checks, with every capability declared."""
    subject = Subject("reference", "reference", EVERYTHING, source="reference")
    return Judgement(CATALOGUE, subject, answers(provider, CATALOGUE.probes()))


def unnoticed(mutant: Mutant) -> list[str]:
    """The checks that a mutant names and that do not fail on it."""
    judgement = judged(MutantProvider(mutant, ReferenceProvider(key=KEY)))
    return [name for name in mutant.caught_by if judgement.verdict(name).outcome not in NOTICED]


def test_the_reference_passes_every_check() -> None:
    """Nothing is found on the reference, and nothing is left unjudged."""
    verdicts = judged(ReferenceProvider(key=KEY)).verdicts()
    assert wrong(verdicts) == []
    silent = {verdict.check for verdict in verdicts if verdict.outcome is Outcome.NOT_EXERCISED}
    assert silent == THINKERS


def test_a_reference_that_thinks_passes_what_the_other_leaves_unexercised() -> None:
    """Reasoning in a field of its own, before the content, disturbs no check."""
    thinks = Mutant("thinks", on_chat, (), edit=thinking)
    verdicts = judged(MutantProvider(thinks, ReferenceProvider(key=KEY))).verdicts()
    assert wrong(verdicts) == []
    assert {verdict.check for verdict in verdicts if verdict.outcome is Outcome.PASSED} >= THINKERS


def wrong(verdicts: Iterable[Verdict]) -> list[tuple[str, object, object]]:
    """What neither passed nor waits for a model that reasons."""
    fine = {Outcome.PASSED, Outcome.NOT_EXERCISED}
    return [(each.check, each.findings, each.reason) for each in verdicts if each.outcome not in fine]


def thinking(response: Response) -> Response:
    """A completion with reasoning, as servers with a reasoning parser send it."""

    def first(events: list[Document]) -> list[Document]:
        opening = events[0]["choices"][:1]
        if not opening or opening[0]["delta"].get("tool_calls"):
            return events
        thought = {**opening[0], "delta": {"reasoning_content": "They greet me."}}
        return [events[0], {**events[0], "choices": [thought]}, *events[1:]]

    def message(document: Document) -> None:
        if not document["choices"][0]["message"].get("tool_calls"):
            document["choices"][0]["message"]["reasoning_content"] = "They greet me."

    streamed = response.media_type == "text/event-stream"
    return in_events(first)(response) if streamed else in_json(message)(response)


@pytest.mark.parametrize("name", MUTANTS)
def test_every_mutant_is_caught_by_the_checks_that_it_names(name: str) -> None:
    """A mutant's own checks all notice it."""
    mutant = MUTANTS[name]
    assert mutant.caught_by, "a mutant names who must notice it"
    assert unnoticed(mutant) == []


def test_every_check_has_a_mutant() -> None:
    """A check that no defect can trip proves nothing."""
    killed = {name for mutant in MUTANTS.values() for name in mutant.caught_by}
    assert sorted(set(CATALOGUE.checks) - killed) == []


def test_every_mutant_names_checks_that_exist() -> None:
    """A misspelt id would hide a mutant that nobody catches."""
    named = {name for mutant in MUTANTS.values() for name in mutant.caught_by}
    assert sorted(named - set(CATALOGUE.checks)) == []
