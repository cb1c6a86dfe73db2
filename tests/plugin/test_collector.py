"""The report does not depend on the order in which workers finish."""

from __future__ import annotations

import random
from pathlib import Path

from sixgates.collector import Collector
from sixgates.run import Run
from sixgates.verdict import Gate, Level, Outcome, Verdict


def _verdict(provider: str, number: int) -> Verdict:
    return Verdict(
        f"check.{number}",
        Gate.CONTRACT,
        Level.MUST,
        Outcome.PASSED,
        "A requirement.",
        provider=provider,
        engine=f"engine 1.{number}",
        source=f"recorded 2026-01-0{number}",
    )


def test_providers_and_their_engines_stand_in_one_order(tmp_path: Path) -> None:
    """Sorted by name; the engine and date are those of a provider's first check."""
    verdicts = [_verdict(provider, number) for provider in ("vllm", "llama_cpp") for number in (1, 2, 3)]
    for seed in range(10):
        random.Random(seed).shuffle(verdicts)
        collector = Collector(Run(tmp_path, tmp_path, tmp_path, base_url="http://127.0.0.1:9"))
        for verdict in verdicts:
            collector.keep(verdict)
        told = collector.document(0, interrupted=False)["run"]["providers"]
        assert [(one["name"], one["engine_version"], one["recorded_at"]) for one in told] == [
            ("llama_cpp", "1.1", "2026-01-01"),
            ("vllm", "1.1", "2026-01-01"),
        ]
