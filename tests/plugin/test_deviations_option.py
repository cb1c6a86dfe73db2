"""`--deviations FILE`: what the provider at --endpoint is excused, held to the same rules as deviations.yaml."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.serving import served

from sixgates.cases.deviations import deviation_cases
from sixgates.config import ConfigError
from sixgates.reference.provider import ReferenceProvider
from sixgates.run import Run
from sixgates.verdict import Outcome, Verdict

ENTRY = """
  - provider: {provider}
    check: {check}
    reason: a reason that is long enough
    expires: 2099-01-01
"""


def run_with(folder: Path, text: str | None) -> Run:
    """A run with an endpoint and a file of this text, or none."""
    path = folder / "mine.yaml"
    if text is not None:
        path.write_text(text)
    given = {"base_url": "http://127.0.0.1:9", "model": "m", "live": True, "deviations": path}
    return Run(folder, folder, folder, **given)  # type: ignore[arg-type]


def entry(check: str = "models.list.shape", provider: str = "ad-hoc") -> str:
    return "deviations:" + ENTRY.format(provider=provider, check=check)


def judged(run: Run) -> Verdict:
    return deviation_cases(run)[0].judge()


def test_an_entry_of_the_file_reaches_the_provider(tmp_path: Path) -> None:
    (party,) = run_with(tmp_path, entry()).parties()
    assert [(one.check, one.expires) for one in party.deviations] == [("models.list.shape", date(2099, 1, 1))]
    assert judged(run_with(tmp_path, entry())).outcome is Outcome.PASSED


def test_a_check_that_is_unknown_is_found(tmp_path: Path) -> None:
    verdict = judged(run_with(tmp_path, entry("models.list.shapes")))
    assert verdict.outcome is Outcome.FAILED
    (finding,) = verdict.findings
    assert (finding.where, finding.got, finding.hint) == (
        str(tmp_path / "mine.yaml"),
        "models.list.shapes",
        "did you mean models.list.shape?",
    )


@pytest.mark.parametrize(
    ("text", "where", "expected"),
    [
        (entry(provider="vllm"), "mine.yaml:2", "the provider ad-hoc"),
        (None, "mine.yaml", ""),
        ("deviations: 5\n", "mine.yaml:1", ""),
    ],
    ids=["another provider", "no file", "no list"],
)
def test_a_file_that_cannot_be_used_stops_everything(
    tmp_path: Path, text: str | None, where: str, expected: str
) -> None:
    run = run_with(tmp_path, text)
    with pytest.raises(ConfigError) as problem:
        run.parties()
    (finding,) = problem.value.findings
    assert where in finding.where
    assert expected in finding.expected
    verdict = judged(run)
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.cause is not None
    assert "mine.yaml" in verdict.cause.summary


def test_an_entry_that_is_not_needed_is_stale(tmp_path: Path) -> None:
    """As one of deviations.yaml is: the server mended it."""
    with served(ReferenceProvider("m")) as url:
        run = replace(run_with(tmp_path, entry()), base_url=url, wanted={"models.list.shape"})
        (party,) = run.parties()
        verdict = run.contract(party).judgement().verdict("models.list.shape")
    assert verdict.outcome is Outcome.STALE
    assert verdict.reason.startswith("declared as a deviation, but it passes: remove the entry.")
