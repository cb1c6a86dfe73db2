"""The harness copy of a gateway config: the same routes, with waits, limits and side effects taken out."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

TIMEOUT_S = 3.0
CHANGES = (
    f"rehearsed with all timeouts at {TIMEOUT_S:g} s, no retries (a scenario asks for its own), no cooldown, "
    "no rate limits, no cache, no callbacks and no database"
)

_ROUTER_DROPPED = re.compile(
    r"redis_|cache_|caching_|cooldown_time$|allowed_fails|retry_|model_group_retry_policy$|max_retries$"
    r"|optional_pre_call_checks$|provider_budget_config$|max_parallel_requests$|default_max_parallel_requests$"
)
_LITELLM_DROPPED = re.compile(r"cache|.*callbacks?$|redis|s3_|allowed_fails|cooldown|num_retries|.*timeout$")
_GENERAL_KEPT = {"forward_client_headers_to_llm_api", "pass_through_endpoints"}
_DEPLOYMENT_DROPPED = {
    "timeout", "stream_timeout", "num_retries", "max_retries", "max_parallel_requests", "mock_response"
}  # fmt: skip
_REFERENCE = re.compile(r"os\.environ/([A-Za-z_][A-Za-z0-9_]*)")


def rehearse(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the config that routes alike, fails fast and touches nothing outside."""
    made = copy.deepcopy(dict(config))
    for deployment in made.get("model_list") or []:
        params = deployment.get("litellm_params") or {}
        for name in _DEPLOYMENT_DROPPED & params.keys():
            del params[name]
    litellm = {k: v for k, v in (made.get("litellm_settings") or {}).items() if not _LITELLM_DROPPED.match(k)}
    router = {k: v for k, v in (made.get("router_settings") or {}).items() if not _ROUTER_DROPPED.match(k)}
    general = {k: v for k, v in (made.get("general_settings") or {}).items() if k in _GENERAL_KEPT}
    made["litellm_settings"] = {**litellm, "request_timeout": TIMEOUT_S, "telemetry": False}
    made["router_settings"] = {
        **router,
        "timeout": TIMEOUT_S,
        "stream_timeout": TIMEOUT_S,
        "num_retries": 0,
        "disable_cooldowns": True,
        "enable_pre_call_checks": False,
    }
    made["general_settings"] = {**general, "master_key": "os.environ/LITELLM_MASTER_KEY"}
    made.pop("environment_variables", None)
    return made


def configured_retries(config: Mapping[str, Any]) -> int:
    """How often the config under test retries one deployment; LiteLLM's own default is 2."""
    for section in ("router_settings", "litellm_settings"):
        value = (config.get(section) or {}).get("num_retries")
        if isinstance(value, int):
            return value
    return 2


def stand_in_secrets(config: Mapping[str, Any]) -> dict[str, str]:
    """A harmless value for every environment variable that the config refers to."""
    return {name: f"stand-in-for-{name}" for name in sorted(_references(config))}


def _references(node: Any) -> set[str]:
    if isinstance(node, Mapping):
        return set().union(*(_references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(_references(value) for value in node))
    return set(_REFERENCE.findall(node)) if isinstance(node, str) else set()
