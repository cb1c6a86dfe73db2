"""What LiteLLM does with a model name under a config: who answers, and who stands in.

The walks of 1.106.2 and 1.79.3 differ; a test compares both with their own routers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sixgates.config.litellm_file import Deployment, LiteLLMConfig
from sixgates.config.vocabulary import vocabulary
from sixgates.config.wildcard import filled

MAX_FALLBACKS = 5
"""LiteLLM's own default; it bounds the depth of the walk, and each sibling of a chain uses up one."""

MOST_HOPS = 1000
"""Where a walk is given up: an old LiteLLM under a high max_fallbacks would go on for days."""


class Via(StrEnum):
    """By which rule a name was found."""

    ALIAS = "alias"
    MODEL = "model"
    WILDCARD = "wildcard"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One deployment that may answer: LiteLLM's model string, its address and its share."""

    model: str
    api_base: str | None
    share: float
    order: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Where a name leads; `endpoints` are those that the first attempt chooses from."""

    requested: str
    group: str
    via: Via
    endpoints: tuple[Endpoint, ...]
    later: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Hop:
    """One group that a request reaches; `order` tells apart the levels of a group that has some."""

    name: str
    order: int | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """The groups contacted for one request, in order, and the one that answered."""

    contacted: tuple[Hop, ...]
    answered: Hop | None


def everything_fails(hop: Hop) -> bool:
    """The failure that makes a walk visit all it can."""
    return True


class Router:
    """A pure model of LiteLLM's router, read from the config that this version would read; empty is the newest."""

    def __init__(self, config: LiteLLMConfig, version: str = "") -> None:
        self._words = vocabulary(version or None)
        self._checks = (config.router_settings.model_extra or {}).get("enable_pre_call_checks") is True
        self._groups: dict[str, list[Deployment]] = {}
        for deployment in config.model_list:
            self._groups.setdefault(deployment.model_name, []).append(deployment)
        settings = config.router_settings
        self._aliases = {name: alias.model for name, alias in settings.model_group_alias.items()}
        self._wildcards = _by_specificity(name for name in self._groups if "*" in name)
        self._chains = _chains(config)
        limit = settings.max_fallbacks
        self._limit = MAX_FALLBACKS if limit is None else limit

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that clients can ask for literally."""
        return (*(name for name in self._groups if "*" not in name), *self._aliases)

    def resolve(self, name: str) -> Route | None:
        """The route of a name; None where LiteLLM answers 400."""
        if name in self._aliases:
            target = self._aliases[name]
            return self._route(name, target, Via.ALIAS, self._groups.get(target, []), ())
        if name in self._groups:
            return self._route(name, name, Via.MODEL, self._groups[name], ())
        for wildcard in self._wildcards:
            stars = filled(wildcard, name, whole=False)
            if stars is not None:
                return self._route(name, wildcard, Via.WILDCARD, self._groups[wildcard], stars)
        return None

    @property
    def repeats(self) -> bool:
        """Whether this version asks names again that have failed already."""
        return self._words.repeats_fallbacks

    def chain(self, *names: str) -> tuple[str, ...]:
        """The fallbacks of the first name that has a chain of its own, else those of `*`."""
        own = (self._own_chain(name) for name in names)
        return next((chain for chain in own if chain is not None), self._chains.get("*", ()))

    def _own_chain(self, name: str) -> tuple[str, ...] | None:
        """The chain under the name, else the one under what follows the provider's prefix of the name."""
        provider, _, bare = name.partition("/")
        if name in self._chains or bare not in self._chains:
            return self._chains.get(name)
        return self._chains[bare] if provider in self._words.providers else None

    def walk(self, name: str, fails: Callable[[Hop], bool] = everything_fails) -> Walk:
        """Whom a request for `name` reaches when the hops fail that `fails` names."""
        return _WalkState(self, name, fails, self._limit).run()

    def _route(
        self, name: str, group: str, via: Via, deployments: list[Deployment], stars: tuple[str, ...]
    ) -> Route | None:
        if not deployments:
            return None
        first, later = self._ordered(deployments)
        shares = _shares(first)
        return Route(
            name,
            group,
            via,
            tuple(_endpoint(one, name, stars, share) for one, share in zip(first, shares, strict=True)),
            tuple(_endpoint(one, name, stars, 0.0) for one in later),
        )

    def _ordered(self, deployments: list[Deployment]) -> tuple[list[Deployment], list[Deployment]]:
        """Those of the lowest order, and those that stand in, by order."""
        orders = (one.litellm_params.order for one in deployments)
        lowest = min((order for order in orders if order is not None), default=None)
        if lowest is None or not (self._words.falls_to_orders or self._checks):
            return deployments, []
        first = [one for one in deployments if one.litellm_params.order == lowest]
        later = [one for one in deployments if one not in first] if self._words.falls_to_orders else []
        return first, sorted(later, key=lambda one: one.litellm_params.order or 0)


@dataclass(slots=True)
class _WalkState:
    """One request's walk: depth is bounded, and names once tried are not tried again, or are in old versions."""

    router: Router
    requested: str
    fails: Callable[[Hop], bool]
    limit: int
    contacted: list[Hop] = field(default_factory=list)
    attempted: set[Hop] = field(default_factory=set)
    steps: int = 0

    def run(self) -> Walk:
        answered = self.attempt(Hop(self.requested), 0)
        return Walk(tuple(self.contacted), answered)

    def attempt(self, hop: Hop, depth: int) -> Hop | None:
        self.steps += 1
        here, later = self._landing(hop)
        if here is not None:
            self.contacted.append(here)
            if not self.fails(here):
                return here
        if self.router.repeats:
            return self._fall_back(hop, [Hop(name) for name in self.router.chain(hop.name)], depth)
        chain = [Hop(name) for name in self.router.chain(hop.name, self.requested)]
        return self._fall_back(hop, [*later, *chain], depth)

    def _landing(self, hop: Hop) -> tuple[Hop | None, list[Hop]]:
        """The hop as contacted, and later levels of its group; 1.106.2 sends an unknown one to the first of `*`."""
        route = self.router.resolve(hop.name)
        if route is None:
            default = "" if self.router.repeats else next(iter(self.router.chain("*")), "")
            route = self.router.resolve(default)
            # An alias has been looked up by then, and is not looked up again.
            found = route is not None and route.via is not Via.ALIAS
            return (_first(default, route) if route and found else None), []
        here = hop if hop.order is not None else _first(hop.name, route)
        return here, [Hop(hop.name, level) for level in _levels(route) if level > (here.order or 0)]

    def _fall_back(self, failed: Hop, targets: list[Hop], depth: int) -> Hop | None:
        if depth >= self.limit:
            return None
        self.attempted.add(Hop(failed.name))
        for target in targets:
            if target == Hop(failed.name) or self._is_over(target):
                continue
            self.attempted.add(target)
            depth += 1
            answered = self.attempt(target, depth)
            if answered is not None:
                return answered
        return None

    def _is_over(self, target: Hop) -> bool:
        return self.steps >= MOST_HOPS or (target in self.attempted and not self.router.repeats)


def _first(name: str, route: Route) -> Hop:
    return Hop(name, next(iter(_levels(route)), None))


def _levels(route: Route) -> list[int]:
    orders = {endpoint.order for endpoint in (*route.endpoints, *route.later) if endpoint.order is not None}
    return sorted(orders) if len(orders) > 1 else []


def _shares(deployments: list[Deployment]) -> list[float]:
    """LiteLLM weighs by the first of weight, rpm and tpm that any deployment of the group has."""
    for metric in ("weight", "rpm", "tpm"):
        weights = [float(getattr(one.litellm_params, metric) or 0) for one in deployments]
        if sum(weights) > 0:
            return [weight / sum(weights) for weight in weights]
    return [1 / len(deployments)] * len(deployments)


def _endpoint(deployment: Deployment, name: str, stars: tuple[str, ...], share: float) -> Endpoint:
    params = deployment.litellm_params
    model = params.model
    if "*" in model and stars:
        if len(stars) > model.count("*"):
            model = name
        for star in stars if model != name else ():
            model = model.replace("*", star, 1)
    return Endpoint(model, params.api_base, share, params.order)


def _by_specificity(wildcards: Iterable[str]) -> list[str]:
    """Wildcards in the order of LiteLLM's regexes, longest first; they match a beginning, not the whole name."""
    regexes = [(re.escape(name).replace(r"\*", "(.*)"), name) for name in wildcards]
    regexes.sort(
        key=lambda pair: (len(pair[0]), sum(pair[0].count(char) for char in r"*+?\^$|()")), reverse=True
    )
    return [name for _, name in regexes]


def _chains(config: LiteLLMConfig) -> dict[str, tuple[str, ...]]:
    """Fallbacks by name; router_settings replaces the list of litellm_settings, and the first entry wins."""
    settings: dict[str, Any] = config.litellm_settings
    entries = config.router_settings.fallbacks or settings.get("fallbacks") or []
    extra = config.router_settings.model_extra or {}
    default = extra.get("default_fallbacks") or settings.get("default_fallbacks")
    chains: dict[str, tuple[str, ...]] = {}
    for entry in [*entries, *([{"*": default}] if default else [])]:
        for name, targets in entry.items():
            chains.setdefault(name, tuple(targets))
    return chains
