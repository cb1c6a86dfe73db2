"""One stack's scenarios and their verdicts: upstreams up, proxy up, all played, everything down."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sixgates.board import Watch
from sixgates.config import Stack
from sixgates.config.compile import compile_gateway
from sixgates.gateway.client import Client
from sixgates.gateway.loopback import Loopback
from sixgates.gateway.plan import intent_of, scenarios
from sixgates.gateway.proxy import Proxy, ProxyFailedError
from sixgates.gateway.rehearsal import configured_retries, rehearse, stand_in_secrets
from sixgates.gateway.routes import read_routes
from sixgates.gateway.sample import Sample, sampled
from sixgates.gateway.scenario import Scenario
from sixgates.gateway.session import Bench, blocked, play
from sixgates.gateway.upstream import Notebook, Upstream
from sixgates.verdict import Verdict


def scenarios_of(stack: Stack) -> tuple[Scenario, ...]:
    """The scenarios of a stack, without starting anything; empty when no active provider serves models."""
    addresses = {name: f"http://{name}.invalid" for name in _serving(stack)}
    if not addresses:
        return ()
    config = compile_gateway(stack, addresses=addresses).config
    return scenarios(intent_of(stack), read_routes(config, addresses), configured_retries(config))


@lru_cache(maxsize=4)
def sample_of(stack: Stack) -> Sample:
    """The scenarios of a stack that are played, and those that `gates.integration.sample` leaves out."""
    return sampled(scenarios_of(stack), stack.gates.integration.limit)


def rehearsed(stack: Stack, command: Path, workdir: Path, watch: Watch | None = None) -> tuple[Verdict, ...]:
    """The verdicts of the sampled scenarios in order; all BLOCKED with one cause when LiteLLM does not start."""
    planned, watch = sample_of(stack).chosen, watch or Watch()
    watch.expects(sum(not scenario.skip for scenario in planned))
    notebook = Notebook()
    with Loopback() as loopback:
        listeners = {
            name: loopback.serve(Upstream(name, notebook, models=models))
            for name, models in _serving(stack).items()
        }
        addresses = {name: listener.url for name, listener in listeners.items()}
        config = compile_gateway(stack, addresses=addresses).config
        proxy = Proxy(command, rehearse(config), workdir, stand_in_secrets(config))
        watch.begins("the start of LiteLLM")
        try:
            with proxy:
                watch.ends("the start of LiteLLM")
                client = Client(proxy.url, proxy.key)
                return play(Bench(client, notebook, listeners, "LiteLLM"), planned, watch)
        except ProxyFailedError as error:
            return tuple(blocked(scenario, error.cause) for scenario in planned)


def _serving(stack: Stack) -> dict[str, tuple[str, ...]]:
    active = stack.active.items()
    return {name: tuple(entry.model_names) for name, entry in active if entry.type.serves_models}
