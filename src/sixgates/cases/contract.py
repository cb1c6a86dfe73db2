"""Gate 4: every active provider speaks the OpenAI API the way real clients need."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from sixgates.cases import Case
from sixgates.cases.findings import unreadable_cause
from sixgates.config import ConfigError, ProviderType
from sixgates.run import Run
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict

if TYPE_CHECKING:
    from sixgates.contract import Contract

_OTHER_DIALECTS = {ProviderType.ANTHROPIC, ProviderType.TOOL_SERVER, ProviderType.WEB_UI}


def contract_cases(run: Run, *areas: str) -> list[Case]:
    """One case for each provider and each check of these areas; the provider's name comes first."""
    try:
        parties = run.parties()
    except ConfigError as error:
        return [_blocked(areas[0], unreadable_cause(error.findings))]
    if not parties:
        wanted = f"no active provider is named {', '.join(run.only)}" if run.only else "no provider is active"
        step = "set status: active for a provider in providers.yaml, or give --endpoint URL --model NAME"
        return [_blocked(areas[0], Cause("no-provider", wanted, (step,)))]
    speaking = [party for party in parties if party.entry.type not in _OTHER_DIALECTS]
    if not speaking:
        return [_no_dialect(areas[0], [party.name for party in parties])]
    checks = _of(areas)
    return [
        Case(f"{contract.party.name}-{check}", partial(_judge, contract, check), check)
        for contract in map(run.contract, speaking)
        for check in checks
    ]


def _of(areas: tuple[str, ...]) -> list[str]:
    from sixgates import catalogue

    return [name for name, check in catalogue.load().checks.items() if check.area in areas]


def _judge(contract: Contract, check: str) -> Verdict:
    from sixgates.sources.cassette import CassetteError

    try:
        judgement = contract.judgement()
    except CassetteError as problem:
        step = "free space there or make it writable, or name another folder with --cassettes DIR, and record again"
        cause = Cause(f"{contract.party.name}:unwritable", str(problem), (step,))
        return replace(_plain(check), provider=contract.party.name, outcome=Outcome.BLOCKED, cause=cause)
    started = perf_counter()
    verdict = judgement.verdict(check)
    return replace(verdict, duration_s=round(perf_counter() - started, 6))


def _no_dialect(area: str, names: list[str]) -> Case:
    reason = f"no active provider speaks the OpenAI API itself; active are: {', '.join(names)}"
    verdict = replace(_plain(f"{area}.providers"), outcome=Outcome.NOT_APPLICABLE, reason=reason)
    return Case(area, lambda: verdict)


def _blocked(area: str, cause: Cause) -> Case:
    return Case(area, lambda: replace(_plain(f"{area}.providers"), outcome=Outcome.BLOCKED, cause=cause))


def _plain(check: str) -> Verdict:
    return Verdict(check, Gate.CONTRACT, Level.MUST, Outcome.PASSED)
