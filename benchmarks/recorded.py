"""The recorded contract of all engines beside as many empty tests: python benchmarks/recorded.py."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from measure import ROOT, RUNS, Cost, empty_suite, pytest_costs, run, seconds, table, within

VERDICTS, SECONDS, MEGABYTES = 210, 3.0, 200.0


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        empty = Path(name)
        count = verdicts_of_contract()
        empty_suite(empty, count)
        recorded, nothing = pytest_costs((["contracts"], ROOT), ([], empty))
    return show(count, recorded, nothing)


def verdicts_of_contract() -> int:
    """How many items pytest collects for the contract."""
    listed = run(["contracts", "--collect-only"], ROOT).output
    return len(re.findall(r"^contracts/\S+::", listed, re.MULTILINE))


def show(count: int, recorded: list[Cost], nothing: list[Cost]) -> int:
    time, base = seconds(recorded), seconds(nothing)
    peak = max(cost.megabytes for cost in recorded)
    print(f"median of {RUNS} runs; process time is user and system time of the child")
    table(
        [
            ("verdicts", str(count), f"at least {VERDICTS}, {'kept' if count >= VERDICTS else 'MISSED'}"),
            ("process time, s", f"{time:.2f}", within(time, SECONDS)),
            (f"process time of {count} empty tests, s", f"{base:.2f}", ""),
            ("ratio", f"{time / base:.2f}", ""),
            ("verdicts per second", f"{count / time:.0f}", ""),
            ("peak memory, MB", f"{peak:.0f}", within(peak, MEGABYTES)),
        ]
    )
    return 0 if count >= VERDICTS and time <= SECONDS and peak <= MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
