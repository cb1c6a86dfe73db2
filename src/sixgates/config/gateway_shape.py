"""Rules on what LiteLLM's loader trips over. What it says was seen on LiteLLM 1.106.2 and 1.79.3."""

from __future__ import annotations

from typing import Any

from sixgates.config.gateway import Gateway, Path
from sixgates.config.rules import Findings, Severity, gateway_rule
from sixgates.config.validation import shown, suggestion

_MAPPINGS: tuple[Path, ...] = (
    ("litellm_settings",),
    ("router_settings",),
    ("general_settings",),
    ("environment_variables",),
    ("router_settings", "model_group_alias"),
)


@gateway_rule(
    "section-shape",
    Severity.ERROR,
    happens="LiteLLM refuses to start with a bare TypeError or AttributeError, or ignores all router_settings.",
    mend="Write `model_list` as a list of deployments, and each section as `key: value` lines.",
)
def section_shape(gateway: Gateway) -> Findings:
    """model_list is a list, and every section is a mapping."""
    models = gateway.node.value.get("model_list")
    if models is not None and not isinstance(models, list):
        hint = "Begin each deployment with `- model_name: NAME`."
        yield gateway.finding(("model_list",), "a list of deployments", shown(models, ("model_list",)), hint)
    for path in _MAPPINGS:
        value = gateway.node.value
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None and not isinstance(value, dict):
            yield gateway.finding(path, "a mapping", shown(value, path), "Write `key: value` lines below it.")


@gateway_rule(
    "entry-incomplete",
    Severity.ERROR,
    happens="LiteLLM refuses to start with a bare KeyError or TypeError; a model of no text is dropped.",
    mend="Give each entry a `model_name`, and `litellm_params` with a `model`.",
)
def entry_incomplete(gateway: Gateway) -> Findings:
    """Every deployment has a name, parameters, and a model among them."""
    models = gateway.node.value.get("model_list")
    for index, item in enumerate(models if isinstance(models, list) else ()):
        path: Path = ("model_list", index)
        if not isinstance(item, dict):
            yield gateway.finding(
                path, "a deployment", shown(item, path), "Begin it with `- model_name: NAME`."
            )
            continue
        yield from _needed(gateway, path, item, "model_name", str)
        yield from _needed(gateway, path, item, "litellm_params", dict)
        if isinstance(params := item.get("litellm_params"), dict):
            yield from _needed(gateway, (*path, "litellm_params"), params, "model", str)
        if (info := item.get("model_info")) is not None and not isinstance(info, dict):
            where = (*path, "model_info")
            yield gateway.finding(
                where, "a mapping", shown(info, where), "Write `key: value` lines below it."
            )


def _needed(gateway: Gateway, path: Path, item: dict[str, Any], key: str, kind: type) -> Findings:
    value = item.get(key)
    if isinstance(value, kind) and value != "":
        return
    if key in item:
        expected = "text" if kind is str else "a mapping"
        hint = f'Quote it: "{value}".' if isinstance(value, int | float) else f"Write {expected} here."
        if kind is dict and value is None:
            hint = "Indent its `key: value` lines below it."
        yield gateway.finding(
            (*path, key), expected, "nothing" if value == "" else shown(value, (*path, key)), hint
        )
        return
    near = suggestion(key, (str(name) for name in item))
    hint = (
        near.replace("Did you mean", "Is").replace("?", f" a typo of `{key}`?") if near else f"Add `{key}:`."
    )
    yield gateway.finding(path, f"the key `{key}`", "no such key", hint)
