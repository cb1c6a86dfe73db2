"""Judges the server of a report as gate 4 would, and says how far that is from right."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from unittest.mock import patch

from tests.field.contract.report import Corrupted, Report

from sixgates import catalogue
from sixgates.capability import CAPABILITIES
from sixgates.contract import Contract
from sixgates.judge import Answer, Judgement, Subject
from sixgates.readiness import State, assess
from sixgates.reference.provider import ReferenceProvider
from sixgates.run import Run
from sixgates.sources import live
from sixgates.sources.reference import answers
from sixgates.verdict import Outcome, Verdict

EVERYTHING = frozenset(CAPABILITIES)


class Rate(StrEnum):
    """How a report fares."""

    RIGHT = "right"
    ADVISORY = "right as advisory"
    LOW = "too low"
    HIGH = "too high"
    MISSED = "not at all"

    @property
    def right(self) -> bool:
        """Whether gate 4 says what it should."""
        return self in {Rate.RIGHT, Rate.ADVISORY}


@dataclass(frozen=True, slots=True)
class Reading:
    """What gate 4 says of the server of one report, `way` declared, auto or undeclared."""

    report: Report
    way: str
    rate: Rate
    said: tuple[str, ...]
    touched: int
    broken: tuple[str, ...] = ()
    """The clients that are said to be broken."""

    @property
    def key(self) -> str:
        """The report and the way in which it was judged."""
        return f"{self.report.id} ({self.way})"


def readings(reports: Iterable[Report]) -> Iterator[Reading]:
    """Each report, with everything declared and, where that matters, with capabilities detected."""
    for report in reports:
        if report.declared:
            yield declared(report)
        if report.auto is not None:
            yield detected(report)
        if report.undeclared is not None:
            yield undeclared(report)


def declared(report: Report) -> Reading:
    """All checks with every capability declared."""
    server = Corrupted(report)
    return rated(report, "declared", report.outcome, _all(server), server.touched)


def _all(server: Corrupted) -> tuple[Verdict, ...]:
    known = catalogue.load()
    subject = Subject("reference", "reference", EVERYTHING, source="reference")
    judgement = Judgement(known, subject, answers(server, known.probes()))
    # Each check by itself: one that only follows from another is right about the defect as well.
    return tuple(judgement.verdict(name) for name in known.checks)


def detected(report: Report) -> Reading:
    """All checks on an ad-hoc server that is asked what it offers, as `--capabilities auto` does."""
    server = Corrupted(report, model="m", key=None)
    wanted = report.auto or report.outcome
    return rated(report, "auto", wanted, ad_hoc(server, "auto"), server.touched)


def undeclared(report: Report) -> Reading:
    """All checks on an ad-hoc server whose owner declares nothing but chat."""
    server = Corrupted(report, model="m", key=None)
    wanted = report.undeclared or report.outcome
    return rated(report, "undeclared", wanted, ad_hoc(server), server.touched)


def ad_hoc(provider: ReferenceProvider, *capabilities: str) -> tuple[Verdict, ...]:
    """The verdicts on a server at an address, with its capabilities; the network alone is left out."""
    known = catalogue.load()

    def fetch(
        target: object,
        probes: Iterable[catalogue.Probe],
        *,
        first: tuple[catalogue.Probe, ...] = (),
        choose: live.Choose = lambda answered, probe: True,
        **more: object,
    ) -> Mapping[str, Answer]:
        ahead = dict(answers(provider, first))
        later = [probe for probe in probes if probe not in first and choose(ahead, probe)]
        return answers(provider, [*first, *later])

    with tempfile.TemporaryDirectory() as folder, patch.object(live, "fetch", fetch):
        here = Path(folder)
        run = Run(here, here, here, live=True, base_url="http://x", model="m", capabilities=capabilities)
        contract = Contract(run.parties()[0], here, here, live=True, wanted=set(known.checks))
        judgement = contract.judgement()
        return tuple(judgement.verdict(name) for name in known.checks)


@cache
def _unharmed(way: str) -> frozenset[tuple[str, Outcome]]:
    """What gate 4 says of the reference itself, which no report may be credited with."""
    return frozenset((verdict.check, verdict.outcome) for verdict in clean(way))


def clean(way: str) -> tuple[Verdict, ...]:
    """The verdicts on the reference without a defect."""
    nothing = Report("clean", "", "", ())
    if way == "declared":
        return _all(Corrupted(nothing))
    return ad_hoc(Corrupted(nothing, model="m", key=None), *(("auto",) if way == "auto" else ()))


def rated(report: Report, way: str, wanted: Outcome, verdicts: Iterable[Verdict], touched: int) -> Reading:
    verdicts = tuple(verdicts)
    unharmed = _unharmed(way)
    odd = [each for each in verdicts if (each.check, each.outcome) not in unharmed]
    failed = [each.check for each in odd if each.outcome is Outcome.FAILED]
    advised = [each.check for each in odd if each.outcome is Outcome.ADVISORY]
    named = [each for each in odd if any(fnmatchcase(each.check, pattern) for pattern in report.checks)]
    hit = any(each.outcome is wanted for each in named)
    broken = _broken(verdicts)
    if report.legal:
        rate = Rate.HIGH if failed or broken else Rate.RIGHT if touched else Rate.MISSED
    elif wanted is Outcome.FAILED:
        rate = Rate.RIGHT if hit else Rate.LOW if failed or advised else Rate.MISSED
    elif failed:
        rate = Rate.HIGH
    elif hit:
        rate = Rate.ADVISORY if wanted is Outcome.ADVISORY else Rate.RIGHT
    else:
        rate = Rate.LOW if advised else Rate.MISSED
    worst = sorted(odd, key=lambda each: list(Outcome).index(each.outcome))
    said = tuple(f"{each.check} {each.outcome}" for each in worst)
    return Reading(report, way, rate, said, touched, broken)


def _broken(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """The clients that a run with these verdicts calls broken, each with the checks that say so."""
    return tuple(
        f"{client.name} by {', '.join(client.through)}"
        for readiness in assess(verdicts, catalogue.load().checks.values())
        for client in readiness.clients
        if client.state is State.BROKEN
    )
