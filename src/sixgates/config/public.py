"""Which values of the configuration a message may print: those of fields known to be harmless, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from sixgates.redaction import placeholder, without_secrets

Path = tuple[str | int, ...]
HIDDEN = "(not shown)"

_NUMBERS_LIST = """
context_length timeout deadline retries interval concurrency weight num_retries rpm tpm exercised success version
order stream_timeout max_retries max_fallbacks cooldown_time allowed_fails retry_after
max_parallel_requests request_timeout max_tokens max_input_tokens max_output_tokens temperature top_p
health_check_interval priority
"""
_NUMBERS = frozenset(_NUMBERS_LIST.split())
"""Numbers, with or without a unit: what else is written there is not shown."""

_WORDS_LIST = """
type status models name size specialty features health_endpoint enabled api_format capabilities service
service_file engine_version provider backend_model fallback pattern preferred_models chain model strategy
default_provider providers deviations refuse check reason expires exact_matches patterns fallback_chains
load_balancing routing_rules rate_limits health_checks health_check gates unit contract integration
model_name mode routing_strategy drop_params hidden telemetry set_verbose json_logs cache stream
enable_pre_call_checks disable_cooldowns background_health_checks model_list litellm_params model_info
router_settings litellm_settings general_settings base_model tier
configuration schema health max_age sample ca_file client_cert client_key
"""
_WORDS = frozenset(_WORDS_LIST.split())
_ADDRESSES = frozenset({"api_base", "base_url", "proxy"})
_NAMES: frozenset[str | int] = frozenset(
    {
        *("fallbacks", "context_window_fallbacks", "content_policy_fallbacks", "default_fallbacks"),
        *(
            "model_group_alias",
            "optional_pre_call_checks",
            "callbacks",
            "success_callback",
            "failure_callback",
        ),
    }
)
"""Below these stand names of models, checks and loggers, whatever the keys."""

_SECTIONS = frozenset({"model_list", "litellm_params", "model_info"}) | {
    f"{name}_settings" for name in ("router", "litellm", "general")
}
_FIGURE = re.compile(r"[-+]?[\d.,_]{1,15} ?[A-Za-z]{0,4}|high|medium|low")
_REFERENCE = re.compile(
    r"os\.environ/[A-Za-z_]\w*|\$\{?[A-Z][A-Z0-9_]*\}?|os\.environ(?:\.|\[[\"']?)[A-Z][A-Z0-9_]*(?:[\"']?\])?"
    r"|env:[A-Z][A-Z0-9_]*|\{\{\s*[A-Z][A-Z0-9_]*\s*\}\}"
)


def public(value: Any, path: Path = ()) -> Any:
    """The value as a message may print it: what is not known to be harmless gives way to `(not shown)`."""
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    if isinstance(value, dict):
        if key and key not in _SECTIONS and _NAMES.isdisjoint(path):
            return HIDDEN
        return {name: public(item, (*path, str(name))) for name, item in value.items()}
    if isinstance(value, list):
        return [public(item, (*path, index)) for index, item in enumerate(value)]
    if harmless(value, path):
        return value
    if key in _ADDRESSES and isinstance(value, str):
        return without_secrets(value)
    return HIDDEN


def harmless(value: Any, path: Path) -> bool:
    """Whether a single value may be printed where it stands."""
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    if value is None or isinstance(value, bool) or key in _WORDS or not _NAMES.isdisjoint(path):
        return True
    if key in _NUMBERS and (not isinstance(value, str) or _FIGURE.fullmatch(value)):
        return True
    if not isinstance(value, str):
        return False
    if key in _ADDRESSES:
        return without_secrets(value) == value
    return bool(_REFERENCE.fullmatch(value)) or placeholder(value)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every single value below a value, with its place."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*path, str(name)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def public_line(line: str, said: str) -> str:
    """A line of a file as a message may quote it, without its comment; empty where it may hold a secret.

    A value is quoted when it is harmless by its key, or is in what the message says anyway.
    """
    code = re.sub(r"(?:^|\s)#.*$", "", line).rstrip()
    if _quotable(code, said):
        return code
    match = _PAIR.match(code)
    return f"{match[1]}{HIDDEN}" if match else ""


_PAIR = re.compile(r"(\s*(?:- )?[\w.-]{1,80}: )[^{\[&*!|>].*")


def _quotable(code: str, said: str) -> bool:
    try:
        found = list(leaves(yaml.safe_load(code.strip())))
    except (yaml.YAMLError, ValueError, RecursionError):
        return False
    return all(harmless(value, path) or _word(str(value), said) for path, value in found)


def _word(value: str, said: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", said) is not None
