"""The shape of model-mappings.yaml: which provider answers for which name, and who stands in for it."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from sixgates.config.shape import Closed, Count, Seconds, Section, Shape, Text, Weight


class ExactMatch(Shape):
    """A name that clients may ask for; without backend_model the provider knows it by the same name."""

    provider: Text
    backend_model: Text | None = None
    fallback: Text | None = None
    priority: str | int | None = None
    description: str | None = None


class Pattern(Shape):
    """A regular expression over requested names, in Python's syntax, searched anywhere unless anchored."""

    pattern: Text
    provider: Text
    fallback: Text | None = None
    backend_model: Text | None = None
    priority: str | int | None = None
    description: str | None = None


class Capability(Shape):
    """A task that clients may ask for instead of a model: the first preferred model answers."""

    shorthands: ClassVar[tuple[str, ...]] = (
        "string",
        "array",
    )
    preferred_models: list[Text] = Field(default_factory=list)
    provider: Text | None = None
    fallback: Text | None = None
    priority: str | int | None = None
    description: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_names(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"preferred_models": [value]}
        return {"preferred_models": value} if isinstance(value, list) else value

    @model_validator(mode="after")
    def _has_target(self) -> Capability:
        if not self.preferred_models and self.provider is None:
            raise ValueError("`preferred_models` or `provider`")
        return self


class ChainStep(Shape):
    """One step of a fallback chain: a provider, a model, or a name that may be either."""

    shorthands: ClassVar[tuple[str, ...]] = ("string",)
    name: Text | None = None
    provider: Text | None = None
    model: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _has_target(self) -> ChainStep:
        if not (self.name or self.provider or self.model):
            raise ValueError("a provider or a model")
        return self

    @property
    def label(self) -> str:
        """The step as a reader of the file knows it."""
        return self.name or "/".join(part for part in (self.provider, self.model) if part)


class FallbackChain(Shape):
    """Who stands in for a name, in order; the entry's own provider in its chain is not a fallback."""

    shorthands: ClassVar[tuple[str, ...]] = ("array",)
    chain: list[ChainStep]
    description: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_steps(cls, value: Any) -> Any:
        return {"chain": value} if isinstance(value, list) else value


class WeightedProvider(Shape):
    """One provider's share of a load-balanced name."""

    provider: Text
    weight: Weight | None = None
    backend_model: Text | None = None


class LoadBalancing(Shape):
    """A name that several providers answer for, by weight."""

    providers: list[WeightedProvider] = Field(min_length=1)
    strategy: str | None = None
    description: str | None = None


class RoutingRules(Shape):
    """What holds when no entry says otherwise."""

    default_provider: Text | None = None
    fallback: Text | None = None
    timeout: Seconds | None = None
    num_retries: int | None = Field(default=None, ge=0, le=10)
    description: str | None = None


class RateLimit(Closed):
    """Requests and tokens per minute that one name may use."""

    rpm: Count | None = None
    tpm: Count | None = None
    description: str | None = None

    @model_validator(mode="after")
    def _has_limit(self) -> RateLimit:
        if self.rpm is None and self.tpm is None:
            raise ValueError("`rpm` or `tpm`")
        return self


class Mappings(Section):
    """model-mappings.yaml."""

    exact_matches: dict[str, ExactMatch] = Field(default_factory=dict)
    patterns: list[Pattern] = Field(default_factory=list)
    capabilities: dict[str, Capability] = Field(default_factory=dict)
    fallback_chains: dict[str, FallbackChain] = Field(default_factory=dict)
    load_balancing: dict[str, LoadBalancing] = Field(default_factory=dict)
    routing_rules: RoutingRules = RoutingRules()
    rate_limits: dict[str, RateLimit] = Field(default_factory=dict)
    special_cases: Any = None
    model_size_routing: Any = None
    request_metadata_routing: Any = None
    metadata: dict[str, Any] | None = None
    version: Any = None
