"""Gate 4 against the defects of real servers: each is judged rightly, or known as a miss with its reason."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
from tests.field.contract.corpus import AREAS, LEGAL, REPORTS
from tests.field.contract.known_misses import MISSES
from tests.field.contract.reading import Rate, Reading, clean, rated, readings
from tests.field.contract.report import Report
from tests.field.measure_contract import main

from sixgates import catalogue
from sixgates.impact.measured import CLIENTS
from sixgates.verdict import Gate, Level, Outcome, Verdict

LINK = re.compile(r"[\w.-]+/[\w.-]+#\d+|found: .+|source: [\w.-]+/[\w.-]+ .+")
WAYS = ("declared", "auto", "undeclared")


@pytest.fixture(scope="module")
def judged() -> dict[str, Reading]:
    """Every report, in every way in which it is judged."""
    return {reading.key: reading for reading in readings(REPORTS)}


def test_every_report_is_judged_rightly(judged: dict[str, Reading]) -> None:
    """But for the known misses; prints the rate."""
    rates = Counter(reading.rate for reading in judged.values())
    print(", ".join(f"{rates[rate]} {rate}" for rate in Rate), f"of {len(judged)}")
    wrong = {
        key: (reading.rate, reading.said[:4])
        for key, reading in judged.items()
        if not reading.rate.right and key not in MISSES
    }
    assert wrong == {}


def test_nothing_legal_is_called_broken(judged: dict[str, Reading]) -> None:
    """No check is FAILED by it, and no client is called broken; prints the rate."""
    legal = {key: reading for key, reading in judged.items() if reading.report.legal}
    broken = {key: (each.said[:4], each.broken) for key, each in legal.items() if each.rate is Rate.HIGH}
    print(f"{len(broken)} of {len(legal)} legal behaviours called broken")
    assert broken == {}
    assert [key for key in MISSES if key in legal] == []


def test_legal_behaviours_say_who_reads_them() -> None:
    """At least 45, more than half of them with a public source, each with clients that were measured."""
    told = [report for area in LEGAL for report in AREAS[area]]
    assert all(report.legal and report.read_by and set(report.read_by) <= set(CLIENTS) for report in told)
    assert len(told) >= 45
    assert sum(not report.link.startswith("found: ") for report in told) > len(told) / 2


def test_a_client_that_is_called_broken_makes_a_legal_report_wrong() -> None:
    """By an advice alone, too."""
    report = Report("x", "a/b#1", "x", (), legal=True)
    known = catalogue.load().checks
    verdicts = [
        replace(
            verdict(name, ADVISORY if name == "chat.stream.usage_null_before" else Outcome.PASSED),
            provider="p",
            breaks=known[name].breaks,
        )
        for name in known
    ]
    reading = rated(report, "declared", FAILED, verdicts, 1)
    assert reading.rate is Rate.HIGH
    assert any(each.startswith("langchain-openai by ") for each in reading.broken)


def test_what_is_judged_rightly_is_no_known_miss(judged: dict[str, Reading]) -> None:
    """The list only shrinks."""
    assert [key for key in MISSES if key not in judged or judged[key].rate.right] == []


def test_every_corruption_shows(judged: dict[str, Reading]) -> None:
    """A defect that no answer has would be a report in name only."""
    hidden = [key for key, reading in judged.items() if not reading.touched and key not in MISSES]
    assert hidden == []


@pytest.mark.parametrize("way", WAYS)
def test_the_reference_has_no_defect(way: str) -> None:
    """So that what is said of a corrupted one is said of its corruption."""
    assert [verdict.check for verdict in clean(way) if verdict.findings or verdict.cause] == []


def test_every_report_is_told_once() -> None:
    """Under an id of its own, with a link, in a sentence without an end."""
    assert [name for name, times in Counter(each.id for each in REPORTS).items() if times > 1] == []
    assert [each.id for each in REPORTS if not LINK.fullmatch(each.link)] == []
    assert [each.id for each in REPORTS if not each.what or each.what.endswith(".")] == []


def test_every_report_names_a_check_that_exists() -> None:
    """One of its patterns at least, unless no check tells of it yet."""
    known = catalogue.load().checks
    unnamed = [
        each.id
        for each in REPORTS
        if not each.legal
        and f"{each.id} (declared)" not in MISSES
        and not any(fnmatchcase(name, pattern) for pattern in each.checks for name in known)
    ]
    assert unnamed == []


def verdict(check: str, outcome: Outcome) -> Verdict:
    """A verdict as the reader sees it."""
    return Verdict(check, Gate.CONTRACT, Level.MUST, outcome)


FAILED, ADVISORY, SILENT = Outcome.FAILED, Outcome.ADVISORY, Outcome.NOT_EXERCISED


@pytest.mark.parametrize(
    ("wanted", "legal", "seen", "rate"),
    [
        (FAILED, False, {"a.b": FAILED}, Rate.RIGHT),
        (FAILED, False, {"a.b": FAILED, "x.y": ADVISORY}, Rate.RIGHT),
        (FAILED, False, {"a.b": ADVISORY}, Rate.LOW),
        (FAILED, False, {"x.y": FAILED}, Rate.LOW),
        (FAILED, False, {"a.b": Outcome.BLOCKED}, Rate.MISSED),
        (FAILED, False, {}, Rate.MISSED),
        (ADVISORY, False, {"a.b": ADVISORY}, Rate.ADVISORY),
        (ADVISORY, False, {"a.b": FAILED}, Rate.HIGH),
        (ADVISORY, False, {"a.b": ADVISORY, "x.y": FAILED}, Rate.HIGH),
        (ADVISORY, False, {"x.y": ADVISORY}, Rate.LOW),
        (ADVISORY, False, {}, Rate.MISSED),
        (SILENT, False, {"a.b": SILENT}, Rate.RIGHT),
        (SILENT, False, {}, Rate.MISSED),
        (FAILED, True, {"x.y": ADVISORY}, Rate.RIGHT),
        (FAILED, True, {"x.y": FAILED}, Rate.HIGH),
    ],
)
def test_the_reader_tells_right_from_wrong(
    wanted: Outcome, legal: bool, seen: dict[str, Outcome], rate: Rate
) -> None:
    """By the outcome of the checks that are named, and by what else failed."""
    report = Report("x", "a/b#1", "x", (), outcome=wanted, checks=("a.*",), legal=legal)
    verdicts = [verdict(check, outcome) for check, outcome in seen.items()]
    assert rated(report, "declared", wanted, verdicts, 1).rate is rate


def test_what_was_never_shown_is_not_called_legal() -> None:
    """A server that was not asked for it cannot have been taken as right."""
    report = Report("x", "a/b#1", "x", (), legal=True)
    assert rated(report, "declared", FAILED, [], 0).rate is Rate.MISSED


def test_the_command_prints_what_is_not_right_and_the_rate(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the areas that it is asked for."""
    main(["text"])
    *lines, rate, legal = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\d+ readings: \d+ right, \d+ right as advisory, \d+ too low, .*", rate)
    assert re.fullmatch(r"0 of \d+ legal behaviours called broken", legal)
    assert all(line.startswith("text/") for line in lines)
