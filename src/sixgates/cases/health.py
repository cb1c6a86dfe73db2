"""Gate 6: every active provider is up and serves what the configuration says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sixgates.cases import Case
from sixgates.cases.findings import unreadable_cause
from sixgates.config import AD_HOC, ConfigError, Model, Provider, ProviderType
from sixgates.run import Run
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict

if TYPE_CHECKING:
    from sixgates.health import Visits

GATEWAY = "gateway"
_PORT = "health.port_open"


def health_cases(run: Run) -> list[Case]:
    """One case per provider and check with `--live`; without it, one per provider that says so."""
    from sixgates.health import Visits

    try:
        providers = _providers(run)
    except ConfigError as error:
        return [_blocked(unreadable_cause(error.findings))]
    if not providers:
        wanted = f"no active provider named {', '.join(run.only)}" if run.only else "no provider is active"
        step = "set status: active for a provider in providers.yaml, or name one with --provider"
        return [_blocked(Cause("no-provider", wanted, (step,)))]
    visits = Visits(run.workdir, run.board, run.budget)
    return [case for name, provider in providers.items() for case in _cases(run, visits, name, provider)]


def _providers(run: Run) -> dict[str, Provider]:
    if run.base_url:
        # Only the run knows from --capabilities whether the model chats or embeds.
        (party,) = run.parties()
        return {AD_HOC: _provider(run, run.base_url, party.entry.models, run.api_key_env)}
    chosen = {name: one for name, one in run.stack.active.items() if not run.only or name in run.only}
    if run.gateway_url and GATEWAY not in chosen and (not run.only or GATEWAY in run.only):
        chosen[GATEWAY] = _provider(run, run.gateway_url, [], _master_key(run), "/health/readiness")
    return chosen


def _provider(
    run: Run, url: str, models: list[Model], key: str | None, health: str | None = None
) -> Provider:
    return Provider.model_validate(
        {
            "type": ProviderType.OPENAI_COMPATIBLE,
            "base_url": url,
            "models": models,
            "api_key_env": key,
            "health_endpoint": health,
            "deadline": run.deadline_s,
            **run.reached,
        }
    )


def _master_key(run: Run) -> str | None:
    """The variable that holds the gateway's key: as told, else as litellm-unified.yaml names it."""
    settings = run.stack.gateway.general_settings if run.stack.gateway else {}
    named = str(settings.get("master_key", ""))
    return run.api_key_env or (named.removeprefix("os.environ/") if named.startswith("os.environ/") else None)


def _cases(run: Run, visits: Visits, name: str, provider: Provider) -> list[Case]:
    from sixgates.health import checks_of

    if not run.live:
        return [_idle(name, "health is judged with --live")]
    if provider.health_check and not provider.health_check.enabled:
        return [_idle(name, f"health_check.enabled of providers.{name} is false in providers.yaml")]
    return [_case(visits, name, provider, check) for check in checks_of(provider)]


def _case(visits: Visits, name: str, provider: Provider, check: str) -> Case:
    return Case(f"{name}/{check}", lambda: visits.verdict(name, provider, check), check, name)


def _idle(name: str, reason: str) -> Case:
    from sixgates.health import REQUIREMENTS

    verdict = Verdict(
        _PORT, Gate.HEALTH, Level.MUST, Outcome.NOT_APPLICABLE, REQUIREMENTS[_PORT], name, reason=reason
    )
    return Case(f"{name}/{_PORT}", lambda: verdict, _PORT, name)


def _blocked(cause: Cause) -> Case:
    from sixgates.health import REQUIREMENTS

    verdict = Verdict(
        _PORT,
        Gate.HEALTH,
        Level.MUST,
        Outcome.BLOCKED,
        REQUIREMENTS[_PORT],
        cause=cause,
    )
    return Case(_PORT, lambda: verdict, _PORT)
