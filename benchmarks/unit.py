"""What `pytest -m unit` in a clone adds to an empty pytest run: python benchmarks/unit.py."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import ROOT, RUNS, empty_suite, pytest_costs, seconds, table, within

SECONDS = 0.5


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        empty_suite(Path(name), 1)
        unit, nothing = (seconds(costs) for costs in pytest_costs((["-m", "unit"], ROOT), ([], Path(name))))
    print(f"median of {RUNS} runs; process time is user and system time of the child")
    table(
        [
            ("process time of pytest -m unit, s", f"{unit:.2f}", ""),
            ("process time of one empty test, s", f"{nothing:.2f}", ""),
            ("ratio", f"{unit / nothing:.2f}", ""),
            ("added, s", f"{unit - nothing:.2f}", within(unit - nothing, SECONDS)),
        ]
    )
    return 0 if unit - nothing <= SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
