"""Gate 5: the scenarios of the gateway, played once in each run and shared by all xdist workers."""

from __future__ import annotations

import json
import traceback
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sixgates.cases import Case
from sixgates.cases.findings import unreadable_cause
from sixgates.config import ConfigError, Stack
from sixgates.run import Run
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict

if TYPE_CHECKING:
    from sixgates.gateway.scenario import Scenario

_LOCK_S = 600.0
_SUBJECT = "gateway"
_WORDS = "Routing, fallback and streaming work through the real gateway."
_ALL_WORDS = "Every scenario of this kind is played."


def gateway_cases(run: Run) -> list[Case]:
    """One case for each scenario, and those of a running gateway when `--gateway-url` names one."""
    from sixgates.gateway.rehearsed import sample_of
    from sixgates.gateway.running import running_cases

    if run.base_url:
        return [_nothing("--endpoint names one provider; there is no gateway in front of it to judge")]
    try:
        stack = run.stack
    except ConfigError as error:
        return [_unreadable(error)]
    sample = sample_of(stack)
    if not sample.chosen:
        return [_nothing("no active provider serves models, so the gateway has nothing to route")]
    once = _Once(run, stack)
    cases = [Case(scenario.id, partial(once.verdict, scenario), scenario.id) for scenario in sample.chosen]
    cases += [_left_out(kind, reason) for kind, reason in sample.left_out_by_kind.items()]
    asking: list[Case] = []
    if run.gateway_url:
        asking = running_cases(stack, run.gateway_url, run.connection, run.budget, run.deadline_s)
    return cases + [replace(case, judge=partial(_unless_stopped, run, case)) for case in asking]


@dataclass(frozen=True)
class _Once:
    """The verdicts of one run: the first worker that needs them plays all scenarios, the others read."""

    run: Run
    stack: Stack

    def verdict(self, scenario: Scenario) -> Verdict:
        from sixgates.gateway.locate import find_litellm
        from sixgates.gateway.session import blocked

        if self.run.board.stopped is not None:
            played = self.run.board.kept(_SUBJECT)
            return played.get(scenario.id) or blocked(scenario, self.run.board.stopped)
        command = find_litellm(self.run.litellm)
        if isinstance(command, Cause):
            return blocked(scenario, command)
        return Verdict.from_json(self._results(command)[scenario.id])

    def _results(self, command: Path) -> dict[str, dict[str, object]]:
        from filelock import FileLock

        self.run.workdir.mkdir(parents=True, exist_ok=True)
        results = self.run.workdir / "integration.json"
        with FileLock(f"{results}.lock", timeout=_LOCK_S):
            if not results.exists():
                document = self._play(command)
                temporary = results.with_suffix(".new")
                temporary.write_text(json.dumps(document))
                temporary.replace(results)
        document = json.loads(results.read_text())
        if document["crash"]:
            raise RuntimeError(f"playing the scenarios failed:\n{document['crash']}")
        verdicts: dict[str, dict[str, object]] = document["verdicts"]
        return verdicts

    def _play(self, command: Path) -> dict[str, object]:
        from sixgates.gateway.rehearsed import rehearsed

        try:
            with self.run.board.under_way(_SUBJECT, "scenarios", journal=_SUBJECT) as watch:
                verdicts = rehearsed(self.stack, command, self.run.workdir / "gateway", watch)
        except Exception:  # noqa: BLE001 - kept, and raised again for each scenario that needed a verdict
            return {"crash": traceback.format_exc(), "verdicts": {}}
        return {"crash": "", "verdicts": {verdict.check: verdict.to_json() for verdict in verdicts}}


def _unless_stopped(run: Run, case: Case) -> Verdict:
    if run.board.stopped is None:
        return case.judge()
    return replace(_verdict(Outcome.BLOCKED, cause=run.board.stopped), check=case.check)


def _left_out(kind: str, reason: str) -> Case:
    check = f"gateway.sample:{kind}"
    verdict = Verdict(check, Gate.INTEGRATION, Level.MAY, Outcome.NOT_APPLICABLE, _ALL_WORDS, reason=reason)
    return Case(check, lambda: verdict, check)


def _unreadable(error: ConfigError) -> Case:
    cause = unreadable_cause(error.findings)
    return Case(_SUBJECT, lambda: _verdict(Outcome.BLOCKED, cause=cause), _SUBJECT)


def _nothing(reason: str) -> Case:
    return Case(_SUBJECT, lambda: _verdict(Outcome.NOT_APPLICABLE, reason=reason), _SUBJECT)


def _verdict(outcome: Outcome, *, reason: str = "", cause: Cause | None = None) -> Verdict:
    return Verdict(_SUBJECT, Gate.INTEGRATION, Level.MUST, outcome, _WORDS, reason=reason, cause=cause)
