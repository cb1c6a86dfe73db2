"""How outcomes become pytest's: words, exit status, report; with xdist and without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

MODULE = """
import pytest
from sixgates.cases import Case
from sixgates.exchange import Finding
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict


def family(run, *outcomes):
    return [
        Case(name.lower(), lambda name=name: verdict(name), f"chat.shape.{name.lower()}", "p")
        for name in outcomes
    ]


def verdict(name):
    return Verdict(
        f"chat.shape.{name.lower()}", Gate.CONTRACT, Level.MUST, Outcome(name), provider="p",
        requirement="It holds.", findings=(Finding("/id", "a string", "3"),), reason="because",
        cause=Cause("p:refused", "nothing listens", ("start it",)) if name == "BLOCKED" else None,
    )


@pytest.mark.contract
@pytest.mark.cases.with_args(family, OUTCOMES)
def test_case(case, settle):
    settle(case)
"""
ALL = [
    "PASSED",
    "FAILED",
    "ADVISORY",
    "DEVIATION",
    "STALE",
    "BLOCKED",
    "NOT_EXERCISED",
    "NOT_APPLICABLE",
    "ERROR",
    "FLAKY",
]
EXPECTED = {"passed": 1, "failed": 3, "advisory": 1, "xfailed": 1, "blocked": 1, "skipped": 2, "errors": 1}


def suite(pytester: pytest.Pytester, *outcomes: str) -> None:
    """A suite whose cases have these outcomes."""
    pytester.makepyfile(MODULE.replace("OUTCOMES", ", ".join(repr(name) for name in outcomes)))


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_each_outcome_has_its_word(pytester: pytest.Pytester, workers: list[str]) -> None:
    """Nothing but a pass is called passed, and workers change nothing."""
    suite(pytester, *ALL)
    result = pytester.runpytest_subprocess("--gates-report", "report", *workers)
    assert result.ret == 1
    assert result.parseoutcomes() == EXPECTED
    document = json.loads((pytester.path / "report" / "gates.json").read_text())
    assert sorted(entry["outcome"] for entry in document["results"]) == sorted(ALL)
    assert document["gates"][3]["status"] == "NOT MET"


@pytest.mark.parametrize("outcome", ["FAILED", "STALE", "BLOCKED", "ERROR", "FLAKY"])
def test_red_outcomes_end_the_run_with_1(pytester: pytest.Pytester, outcome: str) -> None:
    """Any one of them is enough."""
    suite(pytester, "PASSED", outcome)
    assert pytester.runpytest_subprocess().ret == 1


@pytest.mark.parametrize("outcome", ["ADVISORY", "DEVIATION"])
def test_strict_accepts_no_exception(pytester: pytest.Pytester, outcome: str) -> None:
    """What a plain run reports, a strict run fails."""
    suite(pytester, "PASSED", outcome)
    assert pytester.runpytest_subprocess().ret == 0
    assert pytester.runpytest_subprocess("--strict").ret == 1


def test_a_run_that_judged_nothing_is_no_success(pytester: pytest.Pytester) -> None:
    """All skipped: the gate was not run, and the exit status says that nothing was tested."""
    suite(pytester, "NOT_APPLICABLE", "NOT_EXERCISED")
    result = pytester.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "sixgates: gate 4 Contract NOT RUN (gates 1, 2, 3, 5, 6 not run)" in result.stdout.str()


def test_a_failure_reads_alone(pytester: pytest.Pytester) -> None:
    """Id, level, outcome, provider, requirement, where, expected, got."""
    suite(pytester, "FAILED")
    text = pytester.runpytest_subprocess().stdout.str()
    assert "chat.shape.failed  MUST  FAILED  provider p" in text
    assert "/id: expected a string, got 3" in text


def test_a_deviation_shows_no_traceback(pytester: pytest.Pytester) -> None:
    """The declared reason is all there is to say; formatting the source and every value of it takes long."""
    suite(pytester, "DEVIATION")
    text = pytester.runpytest_subprocess("-rx", "--xfail-tb").stdout.str()
    assert "because" in text
    assert "settle(case)" not in text


def test_a_report_that_cannot_be_written_is_an_error_and_the_table_stays(pytester: pytest.Pytester) -> None:
    """A full or forbidden disk costs the file, not the result."""
    suite(pytester, "PASSED")
    (pytester.path / "report").write_text("in the way")
    result = pytester.runpytest_subprocess("--gates-report", "report")
    assert result.ret == 1
    text = result.stdout.str()
    assert "error: the report was not written" in text
    assert "4 Contract" in text


def test_a_run_cut_short_does_not_meet_its_gate(pytester: pytest.Pytester) -> None:
    """With -x the rest was never judged, and the gate says so."""
    suite(pytester, "PASSED", "PASSED", "BLOCKED", "PASSED")
    result = pytester.runpytest_subprocess("-x", "--gates-report", "report")
    assert result.ret == 1
    document = json.loads(Path(pytester.path / "report" / "gates.json").read_text())
    assert document["gates"][3]["status"] != "MET"


def test_collecting_only_judges_nothing(pytester: pytest.Pytester) -> None:
    """--collect-only lists the cases by id."""
    suite(pytester, "PASSED")
    result = pytester.runpytest_subprocess("--collect-only", "-q")
    assert "::test_case[passed]" in result.stdout.str()
    assert "gates MET" not in result.stdout.str()


def test_the_id_of_every_family_is_an_item(pytester: pytest.Pytester) -> None:
    """A family without cases is our bug and stops the collection."""
    suite(pytester)
    result = pytester.runpytest_subprocess()
    assert result.ret != 0
    assert "the family family has no cases" in result.stdout.str() + result.stderr.str()


def test_cases_of_a_strangers_family_are_a_part_of_their_gate(pytester: pytest.Pytester) -> None:
    """A family of one's own adds to a gate; it does not take the place of what the gate consists of."""
    suite(pytester, "PASSED", "PASSED")
    result = pytester.runpytest_subprocess("--gates-report", "report")
    assert result.ret == 0
    document = json.loads((pytester.path / "report" / "gates.json").read_text())
    assert document["gates"][3]["status"] == "PARTIAL"
    assert document["gates"][3]["cases"]["judged"] == 1
