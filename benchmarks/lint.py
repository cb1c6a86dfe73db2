"""How long linting takes, as a ratio to loading the same YAML: python benchmarks/lint.py."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import yaml

from measure import ROOT, RUNS, table, within
from sixgates.linting.reports import of_stack

MODELS, CHAINS = 10_000, 1_000
SECONDS, SHIPPED_SECONDS, GROWTH = 5.0, 0.3, 6.0
"""Four times as many models may take six times as long: caches of the processor are not linear."""


def stack(folder: Path, models: int, chains: int) -> None:
    """A sound stack of ten providers with this many models and chains, and its gateway file."""
    from sixgates.config import load_stack
    from sixgates.config.compile import write

    folder.mkdir()
    lines = ["providers:"]
    for provider in range(10):
        names = [f"m{number}" for number in range(provider, models, 10)]
        lines += [f"  p{provider}:", "    type: vllm", f"    base_url: http://10.0.0.{provider + 1}:8000"]
        lines += ["    models:", *(f"      - {name}" for name in names)]
    (folder / "providers.yaml").write_text("\n".join(lines) + "\n")
    lines = ["fallback_chains:"]
    for number in range(chains):
        lines += [f"  m{number}:", f"    chain: [m{number + chains}, m{number + 2 * chains + 1}]"]
    lines += ["routing_rules: {timeout: 60, num_retries: 0}"]
    (folder / "model-mappings.yaml").write_text("\n".join(lines) + "\n")
    problems = write(load_stack(folder))
    assert not problems, problems[:3]


def took(action: Callable[[], object], clock: Callable[[], float] = process_time) -> float:
    """The median of a few runs, in seconds of this process, or of the clock on the wall."""
    found = []
    for _ in range(RUNS):
        started = clock()
        action()
        found.append(clock() - started)
    return median(found)


def load(folder: Path) -> None:
    """What plain YAML loading of the same files costs."""
    for path in folder.glob("*.yaml"):
        yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)


def lint(folder: Path) -> None:
    """Every rule over every file; the stack is sound."""
    found = [report for report in of_stack(folder) if report.severity == "error"]
    assert not found, found[0]


def shipped() -> None:
    """The process `sixgates lint` on the stack of this repository."""
    subprocess.run(
        [Path(sys.executable).with_name("sixgates"), "lint"], cwd=ROOT, check=True, capture_output=True
    )


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        small, large = Path(name) / "small", Path(name) / "large"
        stack(small, MODELS // 4, CHAINS // 4)
        stack(large, MODELS, CHAINS)
        plain, quarter, whole = (
            took(lambda: load(large)),
            took(lambda: lint(small)),
            took(lambda: lint(large)),
        )
    ours = took(shipped, perf_counter)
    growth = whole / quarter
    print(
        f"{MODELS:,} models, {CHAINS:,} chains; medians of {RUNS} runs; process time, the last one wall time"
    )
    table(
        [
            ("linting, s", f"{whole:.2f}", within(whole, SECONDS)),
            ("yaml.CSafeLoader on the same files, s", f"{plain:.2f}", ""),
            ("ratio", f"{whole / plain:.1f}", ""),
            ("four times the size takes", f"{growth:.1f} times as long", within(growth, GROWTH)),
            ("sixgates lint on the shipped stack, s", f"{ours:.2f}", within(ours, SHIPPED_SECONDS)),
        ]
    )
    return 0 if whole <= SECONDS and growth <= GROWTH and ours <= SHIPPED_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
