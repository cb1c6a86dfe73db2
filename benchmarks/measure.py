"""Runs a command several times and keeps what the operating system says that it cost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
PEAK = Path(__file__).with_name("peak.py")
RUNS = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """One finished process: user and system time, peak resident memory, and what it printed."""

    seconds: float
    megabytes: float
    output: str


def pytest_costs(*suites: tuple[Sequence[str], Path]) -> list[list[Cost]]:
    """The costs of each suite (arguments, folder), measured in turn after one run that only warms up."""
    for arguments, folder in suites:
        run(arguments, folder)
    rounds = [[run(arguments, folder) for arguments, folder in suites] for _ in range(RUNS)]
    return [list(costs) for costs in zip(*rounds, strict=True)]


def run(arguments: Sequence[str], folder: Path) -> Cost:
    """One pytest run in a process of its own, with compiled modules kept; exits when it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, str(PEAK), "-m", "pytest", "-q", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    *lines, peak = output.splitlines()
    return Cost(usage.ru_utime + usage.ru_stime, int(peak) / 1024**2, "\n".join(lines))


def empty_suite(folder: Path, tests: int) -> None:
    """A folder with one test that does nothing, as often as asked, and a configuration of its own."""
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "test_nothing.py").write_text(
        f"import pytest\n\n\n@pytest.mark.parametrize('number', range({tests}))\n"
        "def test_nothing(number: int) -> None:\n    pass\n",
        encoding="utf-8",
    )


def seconds(costs: Iterable[Cost]) -> float:
    """The median process time."""
    return median(cost.seconds for cost in costs)


def table(rows: Iterable[tuple[str, str, str]]) -> None:
    """Print what was measured, its value, and the limit that it is compared with."""
    lines = [("measured", "value", "limit"), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def within(value: float, limit: float) -> str:
    """The limit, and whether the value keeps it."""
    return f"{limit:g}, {'kept' if value <= limit else 'MISSED'}"


def at_least(value: float, limit: float) -> str:
    """The same of a limit from below."""
    return f"at least {limit:g}, {'kept' if value >= limit else 'MISSED'}"
