"""Runs all scenarios of a stack against one proxy and turns what was seen into verdicts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from secrets import token_hex

from sixgates.board import Watch
from sixgates.exchange import Exchange
from sixgates.gateway.client import Client
from sixgates.gateway.judge import judge
from sixgates.gateway.loopback import Listener
from sixgates.gateway.rehearsal import CHANGES
from sixgates.gateway.scenario import Ask, Observation, Scenario
from sixgates.gateway.script import Script
from sixgates.gateway.upstream import Notebook
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict

_LANES = 8
_WARM_UP_S = 30.0


@dataclass(frozen=True, slots=True)
class Bench:
    """A gateway on the bench: how to reach it and the upstreams behind it."""

    client: Client
    notebook: Notebook
    listeners: Mapping[str, Listener]
    engine: str = ""

    @property
    def roots(self) -> dict[str, str]:
        """Each upstream's root URL."""
        return {name: listener.url for name, listener in self.listeners.items()}


def play(bench: Bench, scenarios: Sequence[Scenario], watch: Watch | None = None) -> tuple[Verdict, ...]:
    """A verdict for every scenario, in their order; those that need a refusing port run apart."""
    verdicts: dict[str, Verdict] = {}
    runnable = [scenario for scenario in scenarios if not scenario.skip]
    bench = replace(bench, engine=asyncio.run(_warm_up(bench, runnable)))
    for refused in sorted({scenario.refused for scenario in runnable}, key=sorted):
        together = [scenario for scenario in runnable if scenario.refused == refused]
        for name in refused:
            bench.listeners[name].refuse()
        try:
            verdicts |= asyncio.run(_play(bench, together, watch or Watch()))
        finally:
            for name in refused:
                bench.listeners[name].open()
    skipped = {scenario.id: _not_applicable(scenario) for scenario in scenarios if scenario.skip}
    verdicts |= skipped
    return tuple(verdicts[scenario.id] for scenario in scenarios)


async def _warm_up(bench: Bench, scenarios: Iterable[Scenario]) -> str:
    """Pays for LiteLLM's lazy imports, so that no scenario is judged by them; returns who answered."""
    version = ""
    plain = next((s for s in scenarios if s.kind == "exact"), None)
    if plain is None:
        return bench.engine
    for stream in (False, True):
        asked = Scenario("warm_up", "", "", Ask(plain.ask.model, stream=stream), wall_s=_WARM_UP_S)
        for exchange in await bench.client.send(asked, "warm-up"):
            if exchange.response:
                version = exchange.response.header("x-litellm-version") or version
    return f"{bench.engine} {version}".strip()


async def _play(bench: Bench, scenarios: Sequence[Scenario], watch: Watch) -> dict[str, Verdict]:
    lanes = asyncio.Semaphore(_LANES)

    async def one(scenario: Scenario) -> tuple[str, Verdict]:
        async with lanes:
            watch.begins(scenario.id)
            ticket = f"{scenario.kind.replace('_', '-')}-{token_hex(4)}"
            verdict = await _one(bench, scenario, ticket)
            watch.ends(scenario.id)
            watch.keeps(scenario.id, verdict)
            return scenario.id, verdict

    # Those that wait out a timeout start first: the others fill the time.
    patient = sorted(
        scenarios, key=lambda scenario: "timeout" not in scenario.kind and "stall" not in scenario.kind
    )
    return dict(await asyncio.gather(*(one(scenario) for scenario in patient)))


async def _one(bench: Bench, scenario: Scenario, ticket: str) -> Verdict:
    bench.notebook.scripts[ticket] = Script(scenario.faults, scenario.pace_s)
    started = time.monotonic()
    exchanges = await bench.client.send(scenario, ticket)
    del bench.notebook.scripts[ticket]
    return verdict_of(scenario, exchanges, bench, ticket, time.monotonic() - started)


def verdict_of(
    scenario: Scenario, exchanges: tuple[Exchange, ...], bench: Bench, ticket: str, duration_s: float
) -> Verdict:
    """The verdict of one scenario that was played."""
    findings = judge(scenario, Observation(exchanges, bench.notebook.hits(ticket), bench.roots))
    broken = Outcome.FAILED if scenario.level is Level.MUST else Outcome.ADVISORY
    return Verdict(
        scenario.id,
        Gate.INTEGRATION,
        scenario.level,
        broken if findings else Outcome.PASSED,
        scenario.requirement,
        engine=bench.engine,
        source="gateway",
        findings=findings,
        reason=CHANGES,
        evidence=scenario.evidence,
        reproduce=scenario.describe(),
        duration_s=duration_s,
    )


def _not_applicable(scenario: Scenario) -> Verdict:
    return Verdict(
        scenario.id,
        Gate.INTEGRATION,
        scenario.level,
        Outcome.NOT_APPLICABLE,
        scenario.requirement,
        reason=scenario.skip,
        reproduce=scenario.describe(),
    )


def blocked(scenario: Scenario, cause: Cause) -> Verdict:
    """The verdict of a scenario that could not be played."""
    return replace(_not_applicable(scenario), outcome=Outcome.BLOCKED, reason="", cause=cause)
