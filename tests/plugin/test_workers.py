"""Workers change nothing: the suites of this repository give the same verdicts in one process and in two."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def verdicts(report: Path, *arguments: str) -> list[tuple[str, str, str]]:
    """Check, provider and outcome of every result of a run in a process of its own."""
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments, "--gates-report", str(report)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        timeout=300,
    )
    document = json.loads((report / "gates.json").read_text(encoding="utf-8"))
    return sorted((entry["check"], str(entry["provider"]), entry["outcome"]) for entry in document["results"])


@pytest.mark.parametrize("suite", ["unit", "contracts"])
def test_two_workers_give_the_verdicts_of_one_process(tmp_path: Path, suite: str) -> None:
    """Gates 1 to 4, on the recordings."""
    alone = verdicts(tmp_path / "alone", suite)
    assert len(alone) > 30
    assert verdicts(tmp_path / "together", suite, "-n", "2") == alone
