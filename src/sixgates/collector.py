"""Gathers the verdicts of a run from its test reports and makes the gate report of them."""

from __future__ import annotations

import json
import os
import platform
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

import sixgates

if TYPE_CHECKING:
    from sixgates.report import Document
    from sixgates.run import Run
    from sixgates.verdict import Verdict

PROPERTY = "sixgates"


def verdict_of(report: pytest.TestReport | pytest.CollectReport) -> Verdict | None:
    """The verdict that a test report carries; None for tests that are none of ours."""
    from sixgates.verdict import Verdict

    properties = getattr(report, "user_properties", ())
    found = next((value for name, value in properties if name == PROPERTY), None)
    return None if found is None else Verdict.from_json(json.loads(found))


@dataclass(slots=True)
class Collector:
    """All verdicts of a run, whichever worker judged them."""

    run: Run
    command: tuple[str, ...] = ()
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    verdicts: list[Verdict] = field(default_factory=list)
    collected: Counter[int] = field(default_factory=Counter)

    @property
    def judged(self) -> bool:
        """Whether anything at all was judged."""
        from sixgates.verdict import Outcome

        unjudged = {Outcome.NOT_APPLICABLE, Outcome.NOT_EXERCISED}
        return any(verdict.outcome not in unjudged for verdict in self.verdicts)

    def document(self, exit_status: int, interrupted: bool) -> Document:
        """gates.json as data."""
        from sixgates.gates import judge_gates
        from sixgates.report import RunInfo, build

        seen = Counter(int(verdict.gate) for verdict in self.verdicts)
        gates = judge_gates(
            self.verdicts,
            self._thresholds(),
            strict=self.run.strict,
            unjudged={_gate(number): count - seen[number] for number, count in self.collected.items()},
        )
        run = RunInfo(
            id=uuid4().hex[:12],
            started_at=self.started,
            finished_at=datetime.now(UTC),
            tool_version=sixgates.__version__,
            python=platform.python_version(),
            platform=platform.platform(),
            command=self.command,
            live=self.run.live,
            providers=self._providers(),
            interrupted=interrupted,
            exit_status=exit_status,
        )
        return build(run, self.verdicts, gates, self._secrets(), self._readiness())

    def write(self, document: Document, directory: Path, baseline: Path | None) -> Path:
        """Write the report; raises ReportError when the disk or the baseline refuses."""
        from sixgates.report import compare, load, write

        changes = compare(load(baseline), document) if baseline is not None else None
        return write(document, directory, changes)

    def _readiness(self) -> Any:
        from sixgates import catalogue
        from sixgates.readiness import assess
        from sixgates.verdict import Gate

        if not any(one.gate is Gate.CONTRACT and one.provider for one in self.verdicts):
            return ()
        return assess(self.verdicts, catalogue.load().checks.values())

    def _thresholds(self) -> Any:
        from sixgates.config import ConfigError
        from sixgates.gates import Thresholds

        try:
            wanted = self.run.stack.gates if self.run.base_url is None else None
        except ConfigError:
            wanted = None
        if wanted is None:
            return Thresholds(deviations_allowed=not self.run.strict)
        allowed = wanted.contract.deviations == "allow" and not self.run.strict
        return Thresholds(wanted.unit.exercised, wanted.integration.success, allowed)

    def _providers(self) -> tuple[Any, ...]:
        from sixgates.report import ProviderInfo

        found: dict[str, ProviderInfo] = {}
        # Workers finish in any order; the report does not depend on it.
        for verdict in sorted(self.verdicts, key=lambda one: (one.provider or "", one.gate, one.check)):
            if verdict.provider and verdict.engine and verdict.provider not in found:
                engine, _, version = verdict.engine.rpartition(" ")
                kind, _, recorded = verdict.source.partition(" ")
                found[verdict.provider] = ProviderInfo(
                    verdict.provider, engine or version, version if engine else "", kind, recorded or None
                )
        return tuple(found.values())

    def _secrets(self) -> set[str]:
        from sixgates.config import ConfigError
        from sixgates.sources.secrets import secrets_of

        try:
            parties = self.run.parties()
        except ConfigError:
            parties = []
        found = {
            secret
            for party in parties
            for secret in secrets_of(party.entry.base_url, os.environ.get(party.entry.api_key_env or ""))
        }
        found |= set(secrets_of(self.run.gateway_url or "", os.environ.get("LITELLM_MASTER_KEY")))
        return found


def _gate(number: int) -> Any:
    from sixgates.verdict import Gate

    return Gate(number)
