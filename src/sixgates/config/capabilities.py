"""Which features of the API a provider claims; what it does not claim is not judged."""

from __future__ import annotations

from sixgates.config.providers import Provider, ProviderType

CAPABILITIES = (
    "tools",
    "logprobs",
    "json_schema",
    "n",
    "seed",
    "embeddings",
    "completions",
    "responses",
    "auth",
)

_DEFAULTS: dict[ProviderType, tuple[str, ...]] = {
    ProviderType.VLLM: ("tools", "logprobs", "json_schema", "n", "seed", "completions", "responses"),
    ProviderType.LLAMA_CPP: ("tools", "logprobs", "json_schema", "n", "seed", "completions"),
    ProviderType.LLAMA_CPP_PYTHON: ("tools", "logprobs", "json_schema", "seed", "completions"),
    ProviderType.OLLAMA: ("tools", "json_schema", "seed", "embeddings", "completions"),
    ProviderType.OPENAI: CAPABILITIES,
    ProviderType.ANTHROPIC: (),
    ProviderType.OPENAI_COMPATIBLE: (),
    ProviderType.TOOL_SERVER: (),
    ProviderType.WEB_UI: (),
}


def declared_capabilities(provider: Provider) -> frozenset[str]:
    """What its entry declares, else the default of its type; an api_key_env implies `auth`."""
    declared = _DEFAULTS[provider.type] if provider.capabilities is None else provider.capabilities
    return frozenset(declared) | (frozenset(("auth",)) if provider.api_key_env else frozenset())
