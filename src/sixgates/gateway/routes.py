"""Which targets a name reaches and how it falls back, read from a compiled LiteLLM config."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sixgates.config.wildcard import filled
from sixgates.gateway.script import Target

_PREFIXES = {
    "openai", "custom_openai", "hosted_vllm", "ollama", "ollama_chat", "anthropic", "llamafile", "lm_studio",
    "litellm_proxy", "openai_like",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deployment:
    """One entry of `model_list`; `*` in the name is a pattern, and in the target what it matched."""

    name: str
    target: Target
    weight: float | None = None
    order: int = 1


MAX_FALLBACKS = 5
"""LiteLLM's own default of `max_fallbacks`, which bounds how deep chains in chains are walked."""


@dataclass(frozen=True)
class Routes:
    """The routing part of a gateway config whose addresses are known upstreams; groups are looked up once."""

    deployments: tuple[Deployment, ...]
    aliases: Mapping[str, str]
    fallbacks: Mapping[str, tuple[str, ...]]
    max_fallbacks: int = MAX_FALLBACKS
    _tiers: dict[str, tuple[frozenset[Target], ...]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def everything(self) -> frozenset[Target]:
        """Every target that a name without a star leads to, and those of patterns as they are written."""
        return frozenset(entry.target for entry in self.deployments)

    @cached_property
    def by_upstream(self) -> Mapping[str, frozenset[Target]]:
        """The same by provider."""
        found: dict[str, set[Target]] = defaultdict(set)
        for entry in self.deployments:
            found[entry.target.upstream].add(entry.target)
        return {name: frozenset(targets) for name, targets in found.items()}

    @cached_property
    def _groups(self) -> Mapping[str, tuple[Deployment, ...]]:
        found: dict[str, list[Deployment]] = defaultdict(list)
        for entry in self.deployments:
            found[entry.name].append(entry)
        return {name: tuple(entries) for name, entries in found.items()}

    @cached_property
    def _patterns(self) -> tuple[Deployment, ...]:
        return tuple(entry for entry in self.deployments if "*" in entry.name)

    def names(self) -> tuple[str, ...]:
        """Every name that a client can be told about: groups, then aliases, without patterns."""
        groups = dict.fromkeys(entry.name for entry in self.deployments if "*" not in entry.name)
        return tuple({**groups, **dict.fromkeys(self.aliases)})

    def wildcards(self) -> tuple[str, ...]:
        """The names with a `*`."""
        return tuple(dict.fromkeys(entry.name for entry in self.deployments if "*" in entry.name))

    def group(self, name: str) -> tuple[Deployment, ...]:
        """The deployments that share the load of a name, patterns filled in; empty for an unknown name."""
        name = self.aliases.get(name, name)
        if exact := self._groups.get(name):
            return exact
        matches = [(entry, _matched(entry.name, name)) for entry in self._patterns]
        fits = [(entry, star) for entry, star in matches if star is not None]
        longest = max((len(entry.name) for entry, _ in fits), default=0)
        return tuple(_filled(entry, name, star) for entry, star in fits if len(entry.name) == longest)

    def targets(self, name: str) -> frozenset[Target]:
        """Where a request for this name may arrive."""
        return frozenset(entry.target for entry in self.group(name))

    def tiers(self, name: str) -> tuple[frozenset[Target], ...]:
        """The targets of a name by `order`: the next tier is tried when the one before has failed."""
        if name not in self._tiers:
            group = self.group(name)
            self._tiers[name] = tuple(
                frozenset(entry.target for entry in group if entry.order == order)
                for order in sorted({entry.order for entry in group})
            )
        return self._tiers[name]

    def walk(self, name: str, broken: Collection[Target]) -> Walk:
        """What LiteLLM tries, depth first and no name twice, when these targets are broken.

        Each name of a chain is one deeper than the one before it, and below `max_fallbacks` no chain is walked.
        """
        down = broken if isinstance(broken, frozenset) else frozenset(broken)
        tried: set[str] = set()
        steps: list[frozenset[Target]] = []
        open_chains = [_OpenChain(iter((name,)), -1)]
        while open_chains:
            chain = open_chains[-1]
            step = next((other for other in chain.names if other not in tried), None)
            if step is None:
                open_chains.pop()
                continue
            chain.depth += 1
            tried.add(step)
            for tier in self.tiers(step):
                steps.append(tier)
                if not tier <= down:
                    return Walk(step, tuple(steps))
            if chain.depth < self.max_fallbacks:
                own = self.fallbacks.get(step, self.fallbacks.get("*", ()))
                open_chains.append(_OpenChain(iter(own), chain.depth))
        return Walk(None, tuple(steps))


@dataclass(slots=True)
class _OpenChain:
    """A chain whose names are being tried, and how deep the last of them is."""

    names: Iterator[str]
    depth: int


@dataclass(frozen=True, slots=True)
class Walk:
    """The name that answers (None when all are broken) and the tiers of targets that are tried, in order."""

    answered: str | None
    steps: tuple[frozenset[Target], ...]

    @property
    def last(self) -> frozenset[Target]:
        """The targets of the last step."""
        return self.steps[-1] if self.steps else frozenset()


def read_routes(config: Mapping[str, Any], upstreams: Mapping[str, str]) -> Routes:
    """The routes of a compiled config; `upstreams` maps a provider's name to the root URL it was given."""
    router = config.get("router_settings") or {}
    litellm = config.get("litellm_settings") or {}
    found = [_deployment(entry, upstreams) for entry in config.get("model_list") or []]
    aliases = {
        name: value if isinstance(value, str) else str((value or {}).get("model", ""))
        for name, value in (router.get("model_group_alias") or {}).items()
    }
    chains = _chains(router.get("fallbacks") or litellm.get("fallbacks") or [])
    default = router.get("default_fallbacks") or litellm.get("default_fallbacks")
    if default:
        chains.setdefault("*", tuple(default))
    limit = router.get("max_fallbacks")
    depth = limit if isinstance(limit, int) else MAX_FALLBACKS
    return Routes(tuple(entry for entry in found if entry), aliases, chains, depth)


def _chains(entries: list[Mapping[str, list[str]]]) -> dict[str, tuple[str, ...]]:
    chains: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        for name, chain in entry.items():
            chains.setdefault(name, tuple(chain or ()))
    return chains


def _deployment(entry: Mapping[str, Any], upstreams: Mapping[str, str]) -> Deployment | None:
    params = entry.get("litellm_params") or {}
    base = str(params.get("api_base") or params.get("base_url") or "")
    owner = next(
        (name for name, root in upstreams.items() if base == root or base.startswith(f"{root}/")), None
    )
    if owner is None:
        return None
    target = Target(owner, _backend(params))
    return Deployment(entry["model_name"], target, params.get("weight"), params.get("order") or 1)


def _backend(params: Mapping[str, Any]) -> str:
    model = str(params.get("model", ""))
    prefix, slash, rest = model.partition("/")
    known = {str(params["custom_llm_provider"])} if params.get("custom_llm_provider") else _PREFIXES
    return rest if slash and prefix in known else model


def _matched(pattern: str, name: str) -> str | None:
    found = filled(pattern, name) if "*" in pattern else None
    return found[0] if found else None


def _filled(entry: Deployment, name: str, star: str | None) -> Deployment:
    target = Target(entry.target.upstream, entry.target.model.replace("*", star or "", 1))
    return Deployment(name, target, entry.weight, entry.order)
