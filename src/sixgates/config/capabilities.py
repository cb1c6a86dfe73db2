"""Which features of the API a provider claims; what it does not claim is not judged."""

from __future__ import annotations

from sixgates.capability import CAPABILITIES, IMPLIED
from sixgates.config.providers import Provider, ProviderType

DECLARABLE = tuple(name for name in CAPABILITIES if name not in IMPLIED)
"""What may stand under `capabilities` of an entry."""

_DEFAULTS: dict[ProviderType, tuple[str, ...]] = {
    ProviderType.VLLM: (
        *("tools", "logprobs", "logit_bias", "json_object", "json_schema", "n", "seed"),
        *("completions", "echo", "responses"),
    ),
    ProviderType.LLAMA_CPP: (
        *("tools", "logprobs", "logit_bias", "json_object", "json_schema", "n", "seed"),
        *("completions", "responses"),
    ),
    ProviderType.LLAMA_CPP_PYTHON: (
        *("tools", "logprobs", "logit_bias", "json_object", "seed", "completions"),
    ),
    # Reasoning, embeddings and vision depend on the model; `n`, `logit_bias`, `echo` and tool choice are not there.
    ProviderType.OLLAMA: (
        *("tools", "logprobs", "json_object", "json_schema", "seed"),
        *("completions", "responses"),
    ),
    ProviderType.OPENAI: (
        *("tools", "logprobs", "logit_bias", "json_object", "json_schema", "n", "seed"),
        *("responses", "stored_responses", "auth"),
    ),
    ProviderType.ANTHROPIC: (),
    ProviderType.OPENAI_COMPATIBLE: (),
    ProviderType.TOOL_SERVER: (),
    ProviderType.WEB_UI: (),
}


def declared_capabilities(provider: Provider) -> frozenset[str]:
    """What its entry declares, else the default of its type; an api_key_env implies `auth`."""
    declared = _DEFAULTS[provider.type] if provider.capabilities is None else provider.capabilities
    return frozenset(declared) | (frozenset(("auth",)) if provider.api_key_env else frozenset())
