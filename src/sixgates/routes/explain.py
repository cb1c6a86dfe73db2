"""The journey of one request: how its name is declared, where it leads, and whom it reaches when servers are down.

The walk is `config.routing`, which a test compares with LiteLLM's own router. A retry waits: measured on LiteLLM
1.106.2, about two seconds each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sixgates.config import LiteLLMConfig, Stack
from sixgates.config.compile import gateway_config
from sixgates.config.expressions import takes
from sixgates.config.gateway import is_local
from sixgates.config.routing import Endpoint, Hop, Route, Router
from sixgates.config.stack import MAPPINGS, PROVIDERS

BACK_OFF_S = 2.0
DEFAULT_TIMEOUT_S = 6000.0
DEFAULT_RETRIES = 2


@dataclass(frozen=True, slots=True)
class Stop:
    """One group that a request may reach: who answers there, and whether the request leaves the machine for it."""

    name: str
    endpoints: tuple[Endpoint, ...]
    providers: tuple[str, ...]

    @property
    def leaves(self) -> bool:
        """Whether some of its deployments have a public address."""
        return any(not is_local(one.api_base or "https://public.example") for one in self.endpoints)


@dataclass(frozen=True, slots=True)
class Journey:
    """All that is known of a name: `stops` are reached in this order, `answered` is the first that is up."""

    name: str
    declared: str
    route: Route | None
    stops: tuple[Stop, ...]
    answered: Stop | None
    retries: int
    timeout_s: float

    @property
    def calls(self) -> int:
        """How many requests the servers get at worst for one of the client's."""
        return len(self.stops) * (1 + self.retries)

    @property
    def longest_s(self) -> float:
        """How long a client waits at worst before it has its answer or an error."""
        return self.calls * self.timeout_s + len(self.stops) * self.retries * BACK_OFF_S


class Explainer:
    """A stack with the router of its gateway config: litellm-unified.yaml, or what would be compiled."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.config = stack.gateway or LiteLLMConfig.model_validate(gateway_config(stack))
        self.router = Router(self.config, stack.litellm_version)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that clients can ask for, and the wildcards."""
        wildcards = [one.model_name for one in self.config.model_list if "*" in one.model_name]
        return (*self.router.names, *dict.fromkeys(wildcards))

    def journey(self, name: str, down: frozenset[str] = frozenset()) -> Journey:
        """What becomes of a request for a name while these providers are down."""
        route = self.router.resolve(name)
        full = [self._stop(hop) for hop in self.router.walk(name).contacted] if route else []
        settings = self.config.router_settings
        retries = DEFAULT_RETRIES if settings.num_retries is None else settings.num_retries
        answered = self.router.walk(name, lambda hop: self._is_down(hop, down)).answered if route else None
        return Journey(
            name,
            self.declared(name),
            route,
            tuple(full),
            self._stop(answered) if answered else None,
            retries,
            settings.timeout or DEFAULT_TIMEOUT_S,
        )

    def declared(self, name: str) -> str:
        """Which entry of the sources speaks of a name, with its place; empty when none does."""
        return next(self._entries(name), "")

    def _entries(self, name: str) -> Iterator[str]:
        mappings = self.stack.mappings
        for section in ("load_balancing", "exact_matches", "capabilities"):
            if name in getattr(mappings, section):
                where = self.stack.position(MAPPINGS, section, name, key=True)
                yield f"{section} {name} ({_line(where)})"
        for provider, entry in self.stack.active.items():
            if name in entry.model_names:
                where = self.stack.position(PROVIDERS, "providers", provider, "models", key=True)
                yield f"model of {provider} ({_line(where)})"
        for index, pattern in enumerate(mappings.patterns):
            if takes(pattern.pattern, name):
                where = self.stack.position(MAPPINGS, "patterns", index, "pattern")
                yield f"pattern {pattern.pattern} ({_line(where)})"

    def _stop(self, hop: Hop) -> Stop:
        route = self.router.resolve(hop.name)
        ends = (*route.endpoints, *route.later) if route else ()
        ends = tuple(one for one in ends if hop.order is None or one.order == hop.order)
        name = hop.name if hop.order is None else f"{hop.name} (order {hop.order})"
        return Stop(name, ends, tuple(dict.fromkeys(self._provider(one) for one in ends)))

    def _provider(self, endpoint: Endpoint) -> str:
        return next(
            (name for name, address in self._addresses.items() if address == endpoint.api_base),
            endpoint.api_base or endpoint.model.split("/", 1)[0],
        )

    @cached_property
    def _addresses(self) -> dict[str, str]:
        from sixgates.config.declared import Promise

        return {name: Promise(name, None).address(self.stack) for name in self.stack.providers}

    def _is_down(self, hop: Hop, down: frozenset[str]) -> bool:
        providers = self._stop(hop).providers
        return bool(providers) and set(providers) <= down


def _line(where: str) -> str:
    return where.rsplit(":", 1)[0]
