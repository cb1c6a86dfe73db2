"""What a compiled LiteLLM config says about routes: which targets a name reaches and in which order it falls back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sixgates.gateway.script import Target

_PREFIXES = {
    "openai", "custom_openai", "hosted_vllm", "ollama", "ollama_chat", "anthropic", "llamafile", "lm_studio",
    "litellm_proxy", "openai_like",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deployment:
    """One entry of `model_list`; a name with `*` is a pattern, and `*` in the target takes what it matched."""

    name: str
    target: Target
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Routes:
    """The routing part of a gateway config whose addresses are known upstreams."""

    deployments: tuple[Deployment, ...]
    aliases: Mapping[str, str]
    fallbacks: Mapping[str, tuple[str, ...]]

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
        exact = tuple(entry for entry in self.deployments if entry.name == name)
        if exact:
            return exact
        matches = [(entry, _matched(entry.name, name)) for entry in self.deployments]
        fits = [(entry, star) for entry, star in matches if star is not None]
        longest = max((len(entry.name) for entry, _ in fits), default=0)
        return tuple(_filled(entry, name, star) for entry, star in fits if len(entry.name) == longest)

    def targets(self, name: str) -> frozenset[Target]:
        """Where a request for this name may arrive."""
        return frozenset(entry.target for entry in self.group(name))

    def walk(self, name: str, broken: Collection[Target]) -> Walk:
        """The groups that LiteLLM tries, depth first and none twice, when these targets are broken."""
        steps: list[str] = []

        def answered(step: str) -> bool:
            steps.append(step)
            if not self.targets(step) <= frozenset(broken):
                return True
            chain = self.fallbacks.get(step, self.fallbacks.get("*", ()))
            return any(answered(other) for other in chain if other not in steps)

        return Walk(tuple(steps), steps[-1]) if answered(name) else Walk(tuple(steps), None)


@dataclass(frozen=True, slots=True)
class Walk:
    """The names that are tried in order, and the one that answers (None when all are broken)."""

    steps: tuple[str, ...]
    answered: str | None


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
    return Routes(tuple(entry for entry in found if entry), aliases, chains)


def _chains(entries: list[Mapping[str, list[str]]]) -> dict[str, tuple[str, ...]]:
    chains: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        for name, chain in entry.items():
            chains.setdefault(name, tuple(chain or ()))
    return chains


def _deployment(entry: Mapping[str, Any], upstreams: Mapping[str, str]) -> Deployment | None:
    params = entry.get("litellm_params") or {}
    base = str(params.get("api_base") or params.get("base_url") or "")
    owner = next((name for name, root in upstreams.items() if base == root or base.startswith(f"{root}/")), None)
    if owner is None:
        return None
    return Deployment(entry["model_name"], Target(owner, _backend(params)), params.get("weight"))


def _backend(params: Mapping[str, Any]) -> str:
    model = str(params.get("model", ""))
    prefix, slash, rest = model.partition("/")
    known = {str(params["custom_llm_provider"])} if params.get("custom_llm_provider") else _PREFIXES
    return rest if slash and prefix in known else model


def _matched(pattern: str, name: str) -> str | None:
    before, star, after = pattern.partition("*")
    fits = star and name.startswith(before) and name.endswith(after) and len(name) >= len(before) + len(after)
    return name[len(before) : len(name) - len(after)] if fits else None


def _filled(entry: Deployment, name: str, star: str | None) -> Deployment:
    model = entry.target.model.replace("*", star or "", 1)
    return Deployment(name, Target(entry.target.upstream, model), entry.weight)
