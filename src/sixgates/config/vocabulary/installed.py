"""Prints the keys that the LiteLLM of this interpreter knows, as JSON; run by LiteLLM's own Python.

The facts come from LiteLLM's code: the router's arguments, its models of settings and parameters, its providers.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import json
import os
import re
import typing
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
_SECTION = re.compile(r'\bconfig(?:_data)?(?:\.get\(\s*|\[\s*)"([a-z_0-9]+)"')
# Read by the loader through other names than `config`.
_SECTIONS = {"include", "mcp_aliases", "mcp_semantic_tool_filter", "model_list"}
# Members of JSON documents in the same module that are no sections.
_NO_SECTIONS = {"enabled", "force_reload", "interval_hours"}


def words() -> dict[str, Any]:
    """Every set of names, sorted."""
    litellm: Any = importlib.import_module("litellm")
    proxy: Any = importlib.import_module("litellm.proxy.proxy_server")
    settings: Any = importlib.import_module("litellm.proxy._types").ConfigGeneralSettings
    params: Any = importlib.import_module("litellm.types.router").LiteLLM_Params
    every: Any = importlib.import_module("litellm.types.utils").all_litellm_params
    checks: Any = importlib.import_module("litellm.types.router").OptionalPreCallChecks
    caches: Any = importlib.import_module("litellm.types.caching").LiteLLMCacheType
    openai: Any = importlib.import_module("litellm.constants").OPENAI_CHAT_COMPLETION_PARAMS
    found = {
        "sections": (set(_SECTION.findall(inspect.getsource(proxy))) | _SECTIONS) - _NO_SECTIONS,
        "router": _router_arguments(litellm.Router),
        "general": settings.model_fields,
        "litellm": [name for name in vars(litellm) if _is_setting(name, getattr(litellm, name))],
        "params": {*params.model_fields, *every, *openai},
        "strategies": _strategies(),
        "checks": typing.get_args(typing.get_args(checks)[0]),
        "caches": [each.value for each in caches],
        "providers": [str(getattr(each, "value", each)) for each in litellm.provider_list],
        "models": [name for name in litellm.model_cost if "/" not in name and _resolves(litellm, name)],
    }
    version = importlib.metadata.version("litellm")
    return {"version": version} | {kind: sorted(set(names)) for kind, names in found.items()}


def _router_arguments(router: Any) -> list[str]:
    return [name for name in inspect.signature(router.__init__).parameters if name != "self"]


def _is_setting(name: str, value: Any) -> bool:
    return not name.startswith("_") and (
        value is None or isinstance(value, bool | int | float | str | list | dict | set)
    )


def _strategies() -> Any:
    try:
        return importlib.import_module("litellm.router_utils.routing_groups").VALID_ROUTING_STRATEGIES
    except ImportError:
        enum = importlib.import_module("litellm.types.router").RoutingStrategy
        return {"simple-shuffle", *(each.value for each in enum)}


def _resolves(litellm: Any, model: str) -> bool:
    try:
        litellm.get_llm_provider(model=model)
    except Exception:  # noqa: BLE001 - whatever it raises, it does not resolve
        return False
    return True


if __name__ == "__main__":
    print(json.dumps(words(), indent=0))
