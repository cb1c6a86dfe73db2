"""Gathers the verdicts of a run from its test reports and makes the gate report of them."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

import sixgates

if TYPE_CHECKING:
    from sixgates.gates import Scope
    from sixgates.report import Document
    from sixgates.run import Run
    from sixgates.verdict import Gate, Key, Verdict

PROPERTY = "sixgates"


def verdict_of(report: pytest.TestReport | pytest.CollectReport) -> Verdict | None:
    """The verdict that a test report carries; None for tests that are none of ours."""
    properties = getattr(report, "user_properties", ())
    found = next((value for name, value in properties if name == PROPERTY), None)
    if found is None:
        return None
    from sixgates.verdict import Verdict

    return Verdict.from_json(json.loads(found))


@dataclass(slots=True)
class Collector:
    """All verdicts of a run, whichever worker judged them: one for each case, however often it was run."""

    run: Run
    command: tuple[str, ...] = ()
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    kept: dict[tuple[Gate, Key], Verdict] = field(default_factory=dict)
    expected: dict[Gate, set[Key]] = field(default_factory=lambda: defaultdict(set))
    selected: dict[Gate, set[Key]] = field(default_factory=lambda: defaultdict(set))
    digests: set[str] = field(default_factory=set)

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdict of each case that was judged."""
        return list(self.kept.values())

    def keep(self, verdict: Verdict) -> None:
        """Take a verdict in; of several of one case the heaviest holds."""
        from sixgates.gates import weight

        key = verdict.gate, verdict.key
        before = self.kept.get(key)
        thresholds, strict = self._thresholds(), self.run.strict
        if before is None or weight(verdict, thresholds, strict=strict) >= weight(
            before, thresholds, strict=strict
        ):
            self.kept[key] = verdict

    def select(self, gate: Gate, keys: Iterable[Key]) -> None:
        """Note what is to be judged of a gate, and what the whole gate consists of."""
        from sixgates.cases.whole import whole

        self.digests.add(self.run.digest)
        self.selected[gate].update(keys)
        self.expected[gate].update(self.selected[gate], (case.key for case in whole(self.run, gate)))

    def noted(self) -> dict[str, Any]:
        """What was selected and expected, as a worker tells it to the controller."""
        both = {"selected": self.selected, "expected": self.expected}
        told = {
            name: {str(int(gate)): sorted(map(list, keys)) for gate, keys in found.items()}
            for name, found in both.items()
        }
        return {**told, "digests": sorted(self.digests)}

    def take(self, noted: Mapping[str, Any]) -> None:
        """Join what a worker noted with what is known."""
        self.digests.update(noted.get("digests", ()))
        for name, mine in (("selected", self.selected), ("expected", self.expected)):
            for number, keys in noted.get(name, {}).items():
                mine[_gate(int(number))].update((provider, check) for provider, check in keys)

    def leave_note(self) -> None:
        """Keep what is noted where the controller finds it if this worker does not live to tell."""
        with contextlib.suppress(OSError):
            path = self.run.workdir / f"noted-{os.getpid()}.json"
            path.write_text(json.dumps(self.noted()), encoding="utf-8")

    def take_notes(self) -> None:
        """Join what workers left."""
        for path in sorted(self.run.workdir.glob("noted-*.json")):
            with contextlib.suppress(OSError, ValueError):
                self.take(json.loads(path.read_text(encoding="utf-8")))

    @property
    def judged(self) -> bool:
        """Whether anything at all was judged."""
        from sixgates.verdict import Outcome

        unjudged = {Outcome.NOT_APPLICABLE, Outcome.NOT_EXERCISED}
        return any(verdict.outcome not in unjudged for verdict in self.verdicts)

    def document(self, exit_status: int, interrupted: bool) -> Document:
        """gates.json as data."""
        from sixgates.gates import judge_gates, of_an_early_end
        from sixgates.report import RunInfo, build

        scopes = self._scopes()
        gates = judge_gates(self.verdicts, self._thresholds(), strict=self.run.strict, scopes=scopes)
        gates = of_an_early_end(gates) if interrupted and not scopes else gates
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
            host=self.run.host,
            # Files that changed between the workers make a digest of their own, which merges with no other.
            digest="+".join(sorted(self.digests)) or self.run.digest,
            source=self.run.source,
            litellm=self._litellm(),
            strict=self.run.strict,
            thresholds=self._thresholds(),
            scopes=scopes,
        )
        return build(run, self.verdicts, gates, self._secrets(), self._readiness())

    def _scopes(self) -> dict[Gate, Scope]:
        """What each gate of this run consists of; where a worker was lost before it could say so, asked again."""
        from sixgates.cases.whole import bounds
        from sixgates.gates import Scope

        for gate in {gate for gate, _ in self.kept} - set(self.expected):
            self.select(gate, ())
        return {
            gate: Scope(frozenset(keys), frozenset(self.selected[gate]), bounds(self.run, gate))
            for gate, keys in self.expected.items()
        }

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
        ages = {
            gate: age
            for gate in _all_gates()
            if (age := getattr(wanted, _FIELDS.get(gate.marker, gate.marker)).max_age_s) is not None
        }
        return Thresholds(wanted.unit.exercised, wanted.integration.success, allowed, ages)

    def _litellm(self) -> str:
        from sixgates.config import ConfigError

        try:
            return self.run.stack.reader
        except ConfigError:
            return ""

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

    def _secrets(self) -> frozenset[str]:
        return self.run.secrets


def begun(command: tuple[str, ...], host: str) -> Document:
    """The report of a run that has not judged anything yet: what is left if it never ends."""
    from sixgates.config.credentials import known_secrets
    from sixgates.gates import Thresholds, judge_gates, of_an_early_end
    from sixgates.report import RunInfo, build

    now = datetime.now(UTC)
    addresses = [
        word.partition("=")[2] if word.startswith("-") else word for word in command if "://" in word
    ]
    run = RunInfo(
        id=uuid4().hex[:12],
        started_at=now,
        finished_at=now,
        tool_version=sixgates.__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        command=command,
        interrupted=True,
        exit_status=int(pytest.ExitCode.INTERRUPTED),
        host=host,
    )
    gates = of_an_early_end(judge_gates((), Thresholds()))
    return build(run, (), gates, known_secrets(os.environ, None, addresses))


_FIELDS = {"config": "configuration", "schema": "schema_"}
"""Where the settings of a gate stand in gates.yaml, if not under its marker."""


def _all_gates() -> Any:
    from sixgates.verdict import Gate

    return Gate


def _gate(number: int) -> Any:
    from sixgates.verdict import Gate

    return Gate(number)
