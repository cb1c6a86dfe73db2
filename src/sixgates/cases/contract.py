"""Gate 4: every active provider speaks the OpenAI API the way real clients need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
    from sixgates.party import Party

_OTHER_DIALECTS = {ProviderType.ANTHROPIC, ProviderType.TOOL_SERVER, ProviderType.WEB_UI}


def contract_cases(run: Run, *areas: str) -> list[Case]:
    """One case for each provider and each check of these areas; the provider's name comes first."""
    speaking = _speaking(run)
    if callable(speaking):
        return [speaking(area) for area in areas]
    return _cases(run, speaking, _of(areas), _judge)


def sameness_cases(run: Run) -> list[Case]:
    """For each provider: is the server that ends a live run the one that began it?"""
    from sixgates.sameness import NAMES

    speaking = _speaking(run)
    if callable(speaking):
        return [speaking("contract")]
    return _cases(run, speaking, NAMES, _same)


def _cases(
    run: Run, parties: Iterable[Party], checks: Sequence[str], judge: Callable[[Contract, str], Verdict]
) -> list[Case]:
    return [
        Case(
            f"{party.name}-{check}",
            partial(judge, run.contract(party), check),
            check,
            party.name,
            needs=check,
        )
        for party in parties
        for check in checks
    ]


def _speaking(run: Run) -> list[Party] | Callable[[str], Case]:
    """The providers that are judged, or what makes the one case of an area that says why there are none."""
    try:
        parties = run.parties()
    except ConfigError as error:
        return partial(_blocked, cause=unreadable_cause(error.findings))
    if not parties:
        wanted = f"no active provider is named {', '.join(run.only)}" if run.only else "no provider is active"
        step = "set status: active for a provider in providers.yaml, or give --endpoint URL --model NAME"
        return partial(_blocked, cause=Cause("no-provider", wanted, (step,)))
    speaking = [party for party in parties if party.entry.type not in _OTHER_DIALECTS]
    return speaking or partial(_no_dialect, names=[party.name for party in parties])


def _of(areas: tuple[str, ...]) -> list[str]:
    from sixgates import catalogue

    return [name for name, check in catalogue.load().checks.items() if check.area in areas]


def _judge(contract: Contract, check: str) -> Verdict:
    return _settled(contract, check, lambda: contract.judgement().reported(check))


def _same(contract: Contract, check: str) -> Verdict:
    return _settled(contract, check, lambda: contract.sameness(check))


def _settled(contract: Contract, check: str, judge: Callable[[], Verdict]) -> Verdict:
    from sixgates.sources.cassette import CassetteError

    try:
        contract.judgement()
        started = perf_counter()
        verdict = judge()
    except CassetteError as problem:
        step = "free space there or make it writable, or name another folder with --cassettes DIR, and record again"
        cause = Cause(f"{contract.party.name}:unwritable", str(problem), (step,))
        return replace(_plain(check), provider=contract.party.name, outcome=Outcome.BLOCKED, cause=cause)
    return replace(verdict, duration_s=round(perf_counter() - started, 6))


def _no_dialect(area: str, names: list[str]) -> Case:
    reason = f"no active provider speaks the OpenAI API itself; active are: {', '.join(names)}"
    verdict = replace(_plain(f"{area}.providers"), outcome=Outcome.NOT_APPLICABLE, reason=reason)
    return Case(area, lambda: verdict, verdict.check)


def _blocked(area: str, cause: Cause) -> Case:
    verdict = replace(_plain(f"{area}.providers"), outcome=Outcome.BLOCKED, cause=cause)
    return Case(area, lambda: verdict, verdict.check)


def _plain(check: str) -> Verdict:
    return Verdict(check, Gate.CONTRACT, Level.MUST, Outcome.PASSED)
