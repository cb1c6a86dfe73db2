"""Compares what the mappings promise for a name with what the gateway's config does with it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from sixgates.config import LiteLLMConfig, Stack
from sixgates.config.compile import gateway_config
from sixgates.config.declared import Promise, promised, promised_fallbacks
from sixgates.config.expressions import Samples, samples, unclaimed
from sixgates.config.references import broken_references
from sixgates.config.routing import Endpoint, Hop, Route, Router
from sixgates.config.stack import GATEWAY, MAPPINGS, PROVIDERS
from sixgates.exchange import Finding
from sixgates.redaction import without_secrets
from sixgates.routes.explain import Explainer

MOST_CALLS, LONGEST_S = 30, 900
UNKNOWN_NAME = "sixgates-no-such-model"
_HINT = "Run `sixgates compile`; if it changes nothing, the mapping cannot be expressed: change it."


class Resolution:
    """One stack with the router of its gateway config: litellm-unified.yaml, or what would be compiled."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.config = stack.gateway or LiteLLMConfig.model_validate(gateway_config(stack))
        self.router = Router(self.config, stack.litellm_version)
        self._explainer = Explainer(stack)

    def reference(self, entry: tuple[str | int, ...]) -> Iterator[Finding]:
        """Every provider that the entry names exists, is active, and serves the model that it names."""
        yield from self._broken.get(entry, ())

    @cached_property
    def _broken(self) -> dict[tuple[str | int, ...], list[Finding]]:
        return broken_references(self.stack)

    def exact(self, name: str) -> Iterator[Finding]:
        """The name reaches its own provider (or, when it is load-balanced too, at least that one)."""
        match = self.stack.mappings.exact_matches[name]
        promise = Promise(match.provider, match.backend_model or name)
        where = self._where("exact_matches", name)
        route = self.router.resolve(name)
        if name in self.stack.mappings.load_balancing:
            endpoints = route.endpoints if route else ()
            if not any(self._reaches(endpoint, promise) for endpoint in endpoints):
                yield Finding(where, self._text(promise), self._found(route), _HINT)
            return
        yield from self._one(where, route, promise)

    def fallback(self, section: str, name: str) -> Iterator[Finding]:
        """When the name fails, the fallback of its entry is asked."""
        yield from self._order(self._where(section, name), name)

    def alias(self, name: str) -> Iterator[Finding]:
        """The alias leads to deployments, and has fallbacks where its model has some."""
        where = self.stack.position(GATEWAY, "router_settings", "model_group_alias", name, key=True)
        route = self.router.resolve(name)
        if route is None:
            target = self.config.router_settings.model_group_alias[name].model
            hint = "Point the alias at a model name."
            yield Finding(where, f"deployments behind {target}", self._found(None), hint)
        elif self.router.chain(route.group) and not self.router.chain(name):
            hint = f"Add an entry for {name} to fallbacks: LiteLLM looks them up by the requested name."
            got = f"none, and {', '.join(self.router.chain(route.group))} for {route.group}"
            yield Finding(where, f"fallbacks of {name}", got, hint)

    def setting(self, name: str) -> Iterator[Finding]:
        """The router's setting is the one of the routing rules."""
        want = getattr(self.stack.mappings.routing_rules, name)
        have = getattr(self.config.router_settings, name)
        if have != want:
            yield Finding(self._where("routing_rules", name), f"{name} {want:g}", f"{name} {have}", _HINT)

    def budget(self, name: str) -> Iterator[Finding]:
        """At worst a request for the name costs no more than a client and its servers can bear."""
        journey = self._explainer.journey(name)
        if journey.calls > MOST_CALLS or journey.longest_s > LONGEST_S:
            where = self.stack.position(GATEWAY, "router_settings", key=True)
            got = f"{journey.calls} calls and {journey.longest_s:g} s"
            hint = "Lower num_retries or timeout, or shorten the chain."
            yield Finding(where, f"at most {MOST_CALLS} calls and {LONGEST_S} s for {name}", got, hint)

    def samples(self, index: int) -> Samples:
        """Names that a pattern matches and that no earlier entry claims, or why there is none."""
        mappings = self.stack.mappings
        made = samples(mappings.patterns[index].pattern)
        if not made.names:
            return made
        earlier = [other.pattern for other in mappings.patterns[:index]]
        free = tuple(name for name in unclaimed(made.names, earlier) if name not in self.router.names)
        return Samples(free, "" if free else f"earlier entries take {', '.join(made.names)}")

    def pattern(self, index: int) -> Iterator[Finding]:
        """Each sample name reaches the pattern's provider."""
        pattern = self.stack.mappings.patterns[index]
        where = self._where("patterns", index, "pattern")
        for name in self.samples(index).names:
            promise = Promise(pattern.provider, pattern.backend_model or name)
            route = self.router.resolve(name)
            yield from self._one(where, route, promise, name)
            if pattern.fallback and route is not None:
                yield from self._pattern_fallback(where, name, route, pattern.fallback)

    def capability(self, name: str) -> Iterator[Finding]:
        """The alias reaches what its first preferred model reaches."""
        yield from self._shared(
            self._where("capabilities", name), self.router.resolve(name), promised(self.stack, name)
        )

    def load_balancing(self, name: str) -> Iterator[Finding]:
        """The name reaches each provider with its share."""
        yield from self._shared(
            self._where("load_balancing", name), self.router.resolve(name), promised(self.stack, name)
        )

    def chain(self, name: str) -> Iterator[Finding]:
        """A request whose hops all fail visits the steps in the order in which they are written."""
        yield from self._order(self._where("fallback_chains", name), name)

    def provider(self, name: str) -> Iterator[Finding]:
        """Some callable name has a deployment at the provider's address."""
        address = Promise(name, None).address(self.stack)
        for deployment in self.config.model_list:
            if deployment.litellm_params.api_base == address:
                return
        where = self.stack.position(PROVIDERS, "providers", name, key=True)
        hint = f"Map a name to {name} in {MAPPINGS}, list its models, or disable it."
        yield Finding(where, f"a callable name that reaches {name} at {_shown(address)}", "none", hint)

    def default(self) -> Iterator[Finding]:
        """Shared names reach the default provider, and a name that nobody configured is refused."""
        default = self.stack.mappings.routing_rules.default_provider
        where = self._where("routing_rules", "default_provider") if default else self._where("routing_rules")
        for name in self._shared_names() if default else ():
            yield from self._one(where, self.router.resolve(name), Promise(default or "", name), name)
        route = self.router.resolve(UNKNOWN_NAME)
        if route is not None:
            hint = "Remove the wildcard that matches everything."
            yield Finding(where, f"no route for the unknown name {UNKNOWN_NAME}", self._found(route), hint)

    def rate_limit(self, name: str) -> Iterator[Finding]:
        """The deployments of the name carry the limit together, and the router is told to enforce it."""
        limit = self.stack.mappings.rate_limits[name]
        where = self._where("rate_limits", name)
        group = [one.litellm_params for one in self.config.model_list if one.model_name == name]
        for metric in ("rpm", "tpm"):
            want = getattr(limit, metric)
            have = sum(getattr(params, metric) or 0 for params in group)
            if want is not None and abs(have - want) > len(group):
                yield Finding(
                    where, f"{metric} {want} over all deployments of {name}", f"{metric} {have}", _HINT
                )
        checks = (self.config.router_settings.model_extra or {}).get("optional_pre_call_checks") or []
        if "enforce_model_rate_limits" not in checks:
            expected = "enforce_model_rate_limits in router_settings.optional_pre_call_checks"
            yield Finding(where, expected, str(checks), _HINT)

    def _one(self, where: str, route: Route | None, promise: Promise, name: str = "") -> Iterator[Finding]:
        good = route is not None and all(self._reaches(endpoint, promise) for endpoint in route.endpoints)
        if not good:
            prefix = f"{name} at " if name else ""
            yield Finding(where, prefix + self._text(promise), self._found(route), _HINT)

    def _shared(self, where: str, route: Route | None, promises: list[Promise]) -> Iterator[Finding]:
        endpoints = route.endpoints if route else ()
        for promise in promises:
            share = sum(endpoint.share for endpoint in endpoints if self._reaches(endpoint, promise))
            if abs(share - promise.share) > 0.01:
                got = f"{share:.0%} of them; {self._found(route)}"
                yield Finding(where, f"{promise.share:.0%} of requests at {self._text(promise)}", got, _HINT)
        if not promises:
            yield Finding(where, "a provider that serves it", "none", "Name a model that clients can call.")

    def _order(self, where: str, name: str) -> Iterator[Finding]:
        contacted = [self._providers_at(hop) for hop in self.router.walk(name).contacted]
        rest = iter(contacted[1:])
        for position, wanted in enumerate(promised_fallbacks(self.stack, name), 1):
            if not any(set(wanted) & set(providers) for providers in rest):
                visited = " -> ".join("/".join(providers) or "?" for providers in contacted) or "nobody"
                hint = "LiteLLM walks each hop's own chain first, at most 5 deep: shorten the chains."
                yield Finding(where, f"{'/'.join(wanted)} as fallback {position}", visited, hint)
                return

    def _pattern_fallback(self, where: str, name: str, route: Route, fallback: str) -> Iterator[Finding]:
        providers = [fallback] if fallback in self.stack.providers else None
        wanted = providers or [promise.provider for promise in promised(self.stack, fallback)]
        own = {provider for endpoint in route.endpoints for provider in self._named(endpoint)}
        after = {provider for endpoint in route.later for provider in self._named(endpoint)}
        if set(wanted) != own and not set(wanted) & after:
            got = f"{', '.join(sorted(after)) or 'nobody'} after {', '.join(sorted(own)) or 'nobody'}"
            yield Finding(where, f"{'/'.join(wanted) or fallback} when {name} fails", got, _HINT)

    def _providers_at(self, hop: Hop) -> list[str]:
        route = self.router.resolve(hop.name)
        if route is None:
            return []
        endpoints = [
            one for one in (*route.endpoints, *route.later) if hop.order is None or one.order == hop.order
        ]
        return [provider for endpoint in endpoints for provider in self._named(endpoint)]

    def _named(self, endpoint: Endpoint) -> list[str]:
        return [
            name for name in self.stack.active if Promise(name, None).address(self.stack) == endpoint.api_base
        ]

    def _reaches(self, endpoint: Endpoint, promise: Promise) -> bool:
        model = promise.model_string(self.stack)
        return endpoint.api_base == promise.address(self.stack) and model in (None, endpoint.model)

    def _shared_names(self) -> list[str]:
        mappings, served = (
            self.stack.mappings,
            [model for entry in self.stack.active.values() for model in entry.model_names],
        )
        claimed = (*mappings.exact_matches, *mappings.load_balancing, *mappings.capabilities)
        default = self.stack.active.get(mappings.routing_rules.default_provider or "")
        own = default.model_names if default else []
        return [name for name in own if served.count(name) > 1 and name not in claimed]

    def _text(self, promise: Promise) -> str:
        model = promise.model_string(self.stack)
        return f"{model or 'its model'} on {promise.provider} ({_shown(promise.address(self.stack))})"

    def _found(self, route: Route | None) -> str:
        if route is None:
            return "no route: the gateway answers 400"
        places = ", ".join(f"{one.model} at {_shown(one.api_base)}" for one in route.endpoints)
        return f"{places} (by {route.via} {route.group})"

    def _where(self, *path: str | int) -> str:
        return self.stack.position(MAPPINGS, *path, key=True)


def _shown(address: str | None) -> str:
    return without_secrets(address) if address else "its public address"
