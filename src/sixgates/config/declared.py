"""What model-mappings.yaml promises for a name, read without the compiler, to compare the two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sixgates.config.deployments import litellm_params
from sixgates.config.mappings import ChainStep
from sixgates.config.stack import Stack


@dataclass(frozen=True, slots=True)
class Promise:
    """One provider that answers for a name, with its model (None: whatever the provider makes of it)."""

    provider: str
    model: str | None
    share: float = 1.0

    def address(self, stack: Stack) -> str:
        """The api_base that reaches the provider."""
        entry = stack.providers.get(self.provider)
        return str(litellm_params(entry, "")["api_base"]) if entry else f"(no provider {self.provider})"

    def model_string(self, stack: Stack) -> str | None:
        """The model as LiteLLM writes it, with the prefix of the provider's type."""
        entry = stack.providers.get(self.provider)
        return str(litellm_params(entry, self.model)["model"]) if entry and self.model else None


def promised(stack: Stack, name: str) -> list[Promise]:
    """Who answers for a literal name; empty when no entry says."""
    mappings = stack.mappings
    if name in mappings.load_balancing:
        return _balanced(stack, name)
    match = mappings.exact_matches.get(name)
    if match is not None:
        return [Promise(match.provider, match.backend_model or name)]
    capability = mappings.capabilities.get(name)
    if capability is not None:
        first = capability.preferred_models[0] if capability.preferred_models else None
        if first is None:
            return [Promise(capability.provider or "", None)]
        owner = capability.provider
        return promised(stack, first) or [Promise(owner or _owner(stack, first) or "", first)]
    owner = _owner(stack, name)
    return [Promise(owner, name)] if owner else []


def promised_fallbacks(stack: Stack, name: str) -> list[list[str]]:
    """The steps of a name's fallback in order, each as the providers that may answer it."""
    mappings = stack.mappings
    own = {promise.provider for promise in promised(stack, name)}
    chain = mappings.fallback_chains.get(name)
    steps = chain.chain if chain else list(_single(stack, name))
    named = [(step, _providers_of(stack, step)) for step in steps]
    return [
        providers
        for step, providers in named
        if providers and not (len(own) == 1 and set(providers) == own and _is_provider(stack, step))
    ]


def _balanced(stack: Stack, name: str) -> list[Promise]:
    shares = stack.mappings.load_balancing[name].providers
    weights = [share.weight or 0.0 for share in shares]
    total = sum(weights)
    match = stack.mappings.exact_matches.get(name)
    backend = match.backend_model if match else None
    return [
        Promise(share.provider, share.backend_model or backend, weight / total if total else 1 / len(shares))
        for share, weight in zip(shares, weights, strict=True)
    ]


def _owner(stack: Stack, model: str) -> str | None:
    owners = [name for name, entry in stack.active.items() if model in entry.model_names]
    default = stack.mappings.routing_rules.default_provider
    if len(owners) == 1:
        return owners[0]
    return default if default in owners else None


def _single(stack: Stack, name: str) -> Iterator[ChainStep]:
    for section in (stack.mappings.exact_matches, stack.mappings.capabilities):
        entry = section.get(name)
        if entry is not None and entry.fallback:
            yield ChainStep(name=entry.fallback)


def _is_provider(stack: Stack, step: ChainStep) -> bool:
    return not step.model and (step.provider is not None or step.name in stack.providers)


def _providers_of(stack: Stack, step: ChainStep) -> list[str]:
    if step.provider:
        return [step.provider]
    name = step.model or step.name or ""
    if step.name in stack.providers:
        return [name]
    return [promise.provider for promise in promised(stack, name)] or [name]
