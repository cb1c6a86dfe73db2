"""A whole run past a monster: bounded memory, red, and the next provider is judged as if nothing had been."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.hostile.monsters import MONSTERS, listening
from tests.serving import served

from sixgates.reference.provider import ReferenceProvider

CONTRACTS = Path(__file__).parents[2] / "contracts"
MEASURED = Path(__file__).with_name("measured.py")
PEAK = Path(__file__).parents[2] / "benchmarks" / "peak.py"
BIG = [
    "one-gigabyte",
    "gzip-bomb",
    "endless-stream-in-haste",
    "endless-blank-lines",
    "endless-tiny-chunks",
    "endless-header",
    "endless-line",
    "one-event-of-ten-megabytes",
    "events-without-number",
    "empty-objects-without-number",
    "deep-json",
]
PROVIDERS = """
providers:
  a_monster:
    type: openai_compatible
    base_url: {monster}
    models: [{{name: m}}]
  reference:
    type: openai_compatible
    base_url: {reference}
    models: [{{name: reference}}]
"""


@pytest.fixture(scope="module")
def reference() -> Iterator[str]:
    """The reference provider on a socket."""
    with served(ReferenceProvider()) as url:
        yield url


def test_memory_stays_below_300_megabytes() -> None:
    """All the big ones in one process, one after the other."""
    with ExitStack() as stack:
        urls = [stack.enter_context(listening(MONSTERS[name])) for name in BIG]
        result = subprocess.run(
            [sys.executable, PEAK, MEASURED, *urls], capture_output=True, text=True, timeout=60, check=False
        )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) < 300_000_000


@pytest.mark.parametrize(
    "name", ["resets-at-once", "one-gigabyte", "endless-header", "deep-json", "redirects-to-itself"]
)
def test_the_run_goes_on_to_the_next_provider(name: str, pytester: pytest.Pytester, reference: str) -> None:
    config = pytester.path / "config"
    config.mkdir()
    with listening(MONSTERS[name]) as monster:
        (config / "providers.yaml").write_text(PROVIDERS.format(monster=monster, reference=reference))
        (config / "model-mappings.yaml").write_text("exact_matches: {}\n")
        result = pytester.runpytest_subprocess(
            CONTRACTS, "--live", "--rootdir", pytester.path, "--gateway-config", config,
            "--gates-report", "report", "-q", timeout=60,
        )  # fmt: skip
    assert result.ret == 1
    report = pytester.path / "report" / "gates.json"
    assert report.stat().st_size < 1_000_000
    outcomes: dict[str, Counter[str]] = {"a_monster": Counter(), "reference": Counter()}
    for each in json.loads(report.read_text())["results"]:
        if each["provider"] in outcomes:
            outcomes[each["provider"]][each["outcome"]] += 1
    assert outcomes["a_monster"]["FAILED"] + outcomes["a_monster"]["BLOCKED"] > 50
    assert outcomes["a_monster"]["ERROR"] == 0
    assert outcomes["reference"]["PASSED"] > 50
    assert not {"FAILED", "BLOCKED", "ERROR"} & set(outcomes["reference"])
