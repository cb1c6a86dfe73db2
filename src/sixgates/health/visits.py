"""Each provider is visited once per run: its verdicts are kept in the process and shared between workers."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from urllib.parse import quote

from sixgates.board import Board
from sixgates.config import Provider
from sixgates.health.judge import blocked, checks_of, judge_provider
from sixgates.time_budget import TimeBudget
from sixgates.verdict import Verdict


class Visits:
    """The health verdicts of a run's providers, each provider judged when it is first asked for."""

    def __init__(self, workdir: Path, board: Board | None = None, budget: TimeBudget | None = None) -> None:
        self._workdir, self._budget = workdir, budget
        self._board = board or Board()
        self._known: dict[str, dict[str, Verdict]] = {}

    def verdict(self, name: str, provider: Provider, check: str) -> Verdict:
        """The verdict of one check; the first worker to ask visits the provider, the others wait and read."""
        if name not in self._known:
            stopped = self._board.stopped is not None
            self._known[name] = self._begun(name, provider) if stopped else self._shared(name, provider)
        return self._known[name][check]

    def _begun(self, name: str, provider: Provider) -> dict[str, Verdict]:
        """What an interrupted run had seen of a provider; the rest was not asked."""
        assert self._board.stopped is not None
        return blocked(name, provider, self._board.stopped) | dict(self._board.kept(_journal(name)))

    def _shared(self, name: str, provider: Provider) -> dict[str, Verdict]:
        from filelock import FileLock

        self._workdir.mkdir(parents=True, exist_ok=True)
        kept = self._workdir / f"health-{quote(name, safe='')}.json"
        with FileLock(f"{kept}.lock"):
            if kept.exists():
                documents = json.loads(kept.read_text(encoding="utf-8"))
                return {check: Verdict.from_json(one) for check, one in documents.items()}
            left = self._budget.left_s() if self._budget is not None else math.inf
            unreachable = provider.connection.problem(name)
            if self._budget is not None and left <= 0:
                unreachable = self._budget.cause
            checks = len(checks_of(provider))
            with self._board.under_way(f"health of {name}", "checks", checks, _journal(name)) as watch:
                verdicts = judge_provider(name, provider, watch, unreachable, max(left, 0.1))
            fresh = kept.with_suffix(".new")
            documents = {check: verdict.to_json() for check, verdict in verdicts.items()}
            fresh.write_text(json.dumps(documents), encoding="utf-8")
            os.replace(fresh, kept)  # noqa: PTH105 - said as the atomic step that it is
            return verdicts


def _journal(name: str) -> str:
    return f"health {name}"
