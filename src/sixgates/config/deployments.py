"""How LiteLLM must be told to reach each type of provider: model prefix, address and key."""

from __future__ import annotations

from typing import Any

from sixgates.config.providers import Provider, ProviderType

PLACEHOLDER_KEY = "none"
"""Sent to servers that want no key; without it LiteLLM would send a real OPENAI_API_KEY there."""

_PREFIXES = {
    ProviderType.VLLM: "hosted_vllm",
    ProviderType.OLLAMA: "ollama_chat",
    ProviderType.ANTHROPIC: "anthropic",
}
_BASE_WITHOUT_V1 = (ProviderType.OLLAMA, ProviderType.ANTHROPIC)
_CLOUD_KEYS = {ProviderType.OPENAI: "OPENAI_API_KEY", ProviderType.ANTHROPIC: "ANTHROPIC_API_KEY"}


def litellm_params(provider: Provider, model: str, address: str | None = None) -> dict[str, Any]:
    """`litellm_params` of one deployment; a replaced address gets no key, so that no secret leaves for it."""
    kind = provider.type
    root = (address or provider.root).rstrip("/").removesuffix("/v1")
    key = PLACEHOLDER_KEY if address else _key(provider)
    params: dict[str, Any] = {
        "model": f"{_PREFIXES.get(kind, 'openai')}/{model}",
        "api_base": root if kind in _BASE_WITHOUT_V1 else f"{root}/v1",
    }
    if key != PLACEHOLDER_KEY or kind is not ProviderType.OLLAMA:
        params["api_key"] = key
    return params


def _key(provider: Provider) -> str:
    variable = provider.api_key_env or _CLOUD_KEYS.get(provider.type)
    return f"os.environ/{variable}" if variable else PLACEHOLDER_KEY
