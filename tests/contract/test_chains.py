"""What waits for a check that itself only follows from another waits for the cause: no chain is left."""

from __future__ import annotations

import pytest
from tests.contract.causes import CATALOGUE, KEY

from sixgates.capability import CAPABILITIES
from sixgates.causes import Following
from sixgates.judge import Judgement, Subject
from sixgates.reference import mutants
from sixgates.reference.mutants import Mutant, MutantProvider, with_body
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources.reference import answers
from sixgates.verdict import Outcome, Verdict

MUTANTS = mutants.load()
SAMPLE = sorted(MUTANTS)[::40]
WAITING = frozenset({Outcome.BLOCKED, Outcome.NOT_EXERCISED})


def reported(mutant: Mutant) -> dict[str, Verdict]:
    """The verdicts of a report, by check."""
    given = answers(MutantProvider(mutant, ReferenceProvider(key=KEY)), CATALOGUE.probes())
    judgement = Judgement(CATALOGUE, Subject("p", "reference", frozenset(CAPABILITIES)), given)
    return {verdict.check: verdict for verdict in judgement.verdicts()}


def chained(verdicts: dict[str, Verdict]) -> list[tuple[str, str]]:
    """The checks that wait for one that waits itself."""
    waited = {
        name: verdict.cause.key.removeprefix("p:")
        for name, verdict in verdicts.items()
        if verdict.outcome in WAITING and verdict.cause is not None
    }
    return [(name, on) for name, on in waited.items() if on in verdicts and verdicts[on].outcome in WAITING]


@pytest.mark.parametrize("name", SAMPLE)
def test_everything_waits_for_the_first_cause(name: str) -> None:
    """The next step that is named is the one that helps."""
    assert chained(reported(MUTANTS[name])) == []


def test_a_chain_ends_at_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """As vllm-router 0.1.17 answers: what it refuses is plain text, and a check waits for one that says only that."""
    refusing = Mutant(
        "plain-text",
        on=lambda request: True,
        edit=lambda response: (
            with_body(b"no", "text/plain", response.status)(response) if response.status >= 400 else response
        ),
        caught_by=(),
    )
    verdicts = reported(refusing)
    assert chained(verdicts) == []
    monkeypatch.setattr(Following, "_further", lambda following, verdict: verdict)
    before = chained(reported(refusing))
    assert before
    for name, on in before:
        cause, same = verdicts[name].cause, verdicts[on].cause
        assert cause is not None
        assert same is not None
        assert cause.key == same.key
