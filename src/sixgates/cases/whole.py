"""What a gate consists of: the cases of all its families, whatever a command line selects of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sixgates.cases import Case
from sixgates.cases.configuration import configuration_cases
from sixgates.cases.contract import contract_cases, sameness_cases
from sixgates.cases.deviations import deviation_cases
from sixgates.cases.health import health_cases
from sixgates.cases.integration import gateway_cases
from sixgates.cases.schema import schema_cases
from sixgates.cases.unit import unit_cases
from sixgates.config import ConfigError
from sixgates.run import Run
from sixgates.verdict import Gate


def _contract(run: Run) -> list[Case]:
    from sixgates.catalogue import AREAS

    return [*contract_cases(run, *AREAS), *sameness_cases(run), *deviation_cases(run)]


FAMILIES: Mapping[Gate, Callable[[Run], list[Case]]] = {
    Gate.CONFIGURATION: configuration_cases,
    Gate.SCHEMA: schema_cases,
    Gate.UNIT: unit_cases,
    Gate.CONTRACT: _contract,
    Gate.INTEGRATION: gateway_cases,
    Gate.HEALTH: health_cases,
}


def whole(run: Run, gate: Gate) -> list[Case]:
    """Every case of a gate for this stack and this way of running, also of providers that `--provider` leaves out."""
    return FAMILIES[gate](run.unnarrowed())


def bounds(run: Run, gate: Gate) -> tuple[str, ...]:
    """What the gate leaves out by design, such as all models of a provider but its first, in words for its row."""
    try:
        return _BOUNDS[gate](run.unnarrowed()) if gate in _BOUNDS else ()
    except ConfigError:
        return ()


def _models(run: Run) -> tuple[str, ...]:
    several = {party.name: len(party.entry.models) for party in run.parties() if len(party.entry.models) > 1}
    named = ", ".join(f"{name} (of {count})" for name, count in several.items())
    return (f"by the first model of {named}",) if several else ()


def _scenarios(run: Run) -> tuple[str, ...]:
    from sixgates.gateway.rehearsed import sample_of

    bound = "" if run.base_url else sample_of(run.stack).bound
    return (bound,) if bound else ()


_BOUNDS: Mapping[Gate, Callable[[Run], tuple[str, ...]]] = {
    Gate.CONTRACT: _models,
    Gate.INTEGRATION: _scenarios,
}
