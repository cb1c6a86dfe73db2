"""The recorded contract of all engines beside as many empty tests: python benchmarks/recorded.py."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median
from time import process_time

from measure import ROOT, RUNS, Cost, at_least, empty_suite, pytest_costs, run, seconds, table, within
from sixgates.contract import Contract
from sixgates.exchange import Exchange
from sixgates.judge import Answer, Judgement
from sixgates.run import Run

PER_SECOND, SECONDS, MEGABYTES, GROWTH = 500, 10.0, 200.0, 1.1
PROVIDERS = 5
TICK = count(1)


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        empty = Path(name)
        verdicts = verdicts_of_contract()
        empty_suite(empty, verdicts)
        recorded, nothing = pytest_costs((["contracts"], ROOT), ([], empty))
        alone, among = costs_of_a_check(Run(ROOT / "config", ROOT / "cassettes", empty))
    return show(verdicts, recorded, nothing, alone, among)


def verdicts_of_contract() -> int:
    """How many items judge a check on a provider; what else is collected judges files."""
    listed = run(["contracts", "--collect-only"], ROOT).output
    return len(re.findall(r"^contracts/\S+::test_requirement\[", listed, re.MULTILINE))


def costs_of_a_check(stack: Run) -> tuple[float, float]:
    """Seconds of a verdict on one provider, and on each of several that answer alike, judged in turn."""
    contract = stack.contract(stack.parties()[0])
    rounds = [(judged(contract, 1), judged(contract, PROVIDERS)) for _ in range(RUNS + 1)][1:]
    alone, among = (median(times) for times in zip(*rounds, strict=True))
    return alone, among


def judged(contract: Contract, providers: int) -> float:
    """Process time of a verdict, where one recording is read and judged as that of so many providers."""
    started = process_time()
    judgements = [reread(contract) for _ in range(providers)]
    verdicts = [one.verdict(name) for name in judgements[0].catalogue.checks for one in judgements]
    return (process_time() - started) / len(verdicts)


def reread(contract: Contract) -> Judgement:
    known = Contract(contract.party, contract.cassettes, contract.workdir).judgement()
    return Judgement(known.catalogue, known.subject, unlike(known.answers), fatal=known.fatal)


def unlike(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """The answers, each equal to none before, so that nothing which is known of one is known of another."""
    moment = next(TICK) * 1e-6
    return {
        name: replace(answer, elapsed=answer.elapsed + moment) if isinstance(answer, Exchange) else answer
        for name, answer in answers.items()
    }


def show(verdicts: int, recorded: list[Cost], nothing: list[Cost], alone: float, among: float) -> int:
    time, base = seconds(recorded), seconds(nothing)
    peak = max(cost.megabytes for cost in recorded)
    rate, growth = 1 / among, among / alone
    print(f"median of {RUNS} runs; process time is user and system time, of a run with all that it imports")
    table(
        [
            ("verdicts", str(verdicts), ""),
            ("process time of the run, s", f"{time:.2f}", within(time, SECONDS)),
            (f"process time of {verdicts} empty tests, s", f"{base:.2f}", ""),
            ("ratio", f"{time / base:.2f}", ""),
            ("verdicts per second of the run", f"{verdicts / time:.0f}", ""),
            ("verdicts per second of judging alone", f"{rate:.0f}", at_least(rate, PER_SECOND)),
            ("one verdict with one provider, ms", f"{alone * 1000:.2f}", ""),
            (f"one verdict with {PROVIDERS}, ms", f"{among * 1000:.2f}", ""),
            ("times as long", f"{growth:.2f}", within(growth, GROWTH)),
            ("peak memory, MB", f"{peak:.0f}", within(peak, MEGABYTES)),
        ]
    )
    kept = time <= SECONDS and rate >= PER_SECOND and growth <= GROWTH and peak <= MEGABYTES
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
