"""Writes litellm-unified.yaml from providers.yaml and model-mappings.yaml, and tells when it has drifted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sixgates.config.deployments import litellm_params
from sixgates.config.mappings import RateLimit
from sixgates.config.plan import Plan, Target, plan_of
from sixgates.config.public import public
from sixgates.config.stack import GATEWAY, MAPPINGS, PROVIDERS, Stack, label_of
from sixgates.exchange import Finding

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_HEADER = f"# Written by `sixgates compile` from {PROVIDERS} and {MAPPINGS}; do not edit.\n"
_DIGEST = "# sha256 of the lines below: "


@dataclass(frozen=True, slots=True)
class Compiled:
    """What goes to LiteLLM, the same as a commented file, and what the compiler could not decide."""

    config: dict[str, Any]
    text: str
    problems: tuple[Finding, ...] = ()


def compile_gateway(stack: Stack, *, addresses: Mapping[str, str] | None = None) -> Compiled:
    """The gateway's config for a stack; `addresses` puts another root URL in place of a provider's."""
    plan = plan_of(stack)
    writer = _Writer(stack, plan, addresses or {})
    return Compiled(writer.config(), writer.text(), tuple(plan.problems))


def gateway_config(stack: Stack) -> dict[str, Any]:
    """The config alone, for those who compare it and need no text."""
    return _Writer(stack, plan_of(stack), {}).config()


def write(stack: Stack, path: Path | None = None, force: bool = False) -> tuple[Finding, ...]:
    """Writes the compiled file and returns (); returns findings and leaves the file alone when it must not.

    It must not while something is undecided, nor over a file that somebody edited, unless `force` says so: what
    was edited is then kept beside it, with `.bak` after its name.
    """
    compiled = compile_gateway(stack)
    target = path or stack.directory / GATEWAY
    refused = compiled.problems or _edited(target, label_of(target.parent, target.name))
    if refused and (compiled.problems or not force):
        return refused
    if refused:
        target.with_name(f"{target.name}.bak").write_bytes(target.read_bytes())
    temporary = target.with_name(f".{target.name}.new")
    temporary.write_text(compiled.text, encoding="utf-8")
    temporary.replace(target)
    return ()


def drift(stack: Stack) -> tuple[Finding, ...]:
    """Where litellm-unified.yaml says something else than its sources; comments do not count."""
    found = stack.gateway_document
    if found is None:
        return ()
    differences = _differences(gateway_config(stack), found, ())
    return tuple(
        Finding(
            stack.position(GATEWAY, *path), expected, got, "Run `sixgates compile` and commit the result."
        )
        for path, expected, got in differences
    )


def _edited(path: Path, label: str) -> tuple[Finding, ...]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        return (Finding(label, "a file that can be replaced", type(error).__name__, "Move it away."),)
    _, marker, rest = text.partition(_DIGEST)
    digest, _, body = rest.partition("\n")
    if marker and digest == _sha256(body):
        return ()
    got = "a file that was edited since" if marker else "a file that somebody else wrote"
    hint = f"Move what you need into {PROVIDERS} and {MAPPINGS}, then run `sixgates compile --force`."
    return (Finding(label, "a file as `sixgates compile` left it", got, hint),)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class _Writer:
    """One plan as data and as text; the text is what the data looks like with its sources in comments."""

    def __init__(self, stack: Stack, plan: Plan, addresses: Mapping[str, str]) -> None:
        self._stack = stack
        self._plan = plan
        self._addresses = addresses
        self._deployments = [
            (target, self._deployment(target)) for group in plan.targets.values() for target in group
        ]

    def config(self) -> dict[str, Any]:
        return {
            "model_list": [deployment for _, deployment in self._deployments],
            "router_settings": self._router_settings(),
            "general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"},
        }

    def text(self) -> str:
        body = "\n".join([*self._model_list(), "", *self._settings(), ""])
        return f"{_HEADER}{_DIGEST}{_sha256(body)}\n{body}"

    def _deployment(self, target: Target) -> dict[str, Any]:
        provider = self._stack.providers[target.provider]
        params = litellm_params(provider, target.model, self._addresses.get(target.provider))
        if target.weight is not None:
            params["weight"] = target.weight
        if target.order is not None:
            params["order"] = target.order
        params.update(self._limits(target))
        return {
            "model_name": target.name,
            "litellm_params": params,
            "model_info": {"provider": target.provider},
        }

    def _limits(self, target: Target) -> dict[str, int]:
        """The target's part of its name's limits: LiteLLM counts per deployment, so a group shares them."""
        limit = self._stack.mappings.rate_limits.get(target.name, RateLimit.model_construct())
        group = self._plan.targets[target.name]
        total = sum(other.weight or 0 for other in group)
        part = (target.weight or 0) / total if target.weight is not None and total else 1.0
        both = {"rpm": limit.rpm, "tpm": limit.tpm}
        return {key: max(1, round(value * part)) for key, value in both.items() if value is not None}

    def _router_settings(self) -> dict[str, Any]:
        rules = self._stack.mappings.routing_rules
        settings: dict[str, Any] = {"num_retries": rules.num_retries or 0}
        if rules.timeout is not None:
            settings["timeout"] = rules.timeout
        if any(name in self._plan.targets for name in self._stack.mappings.rate_limits):
            settings["optional_pre_call_checks"] = ["enforce_model_rate_limits"]
        if self._plan.aliases:
            settings["model_group_alias"] = {alias: name for alias, (name, _) in self._plan.aliases.items()}
        if self._plan.fallbacks:
            settings["fallbacks"] = [{entry.name: list(entry.targets)} for entry in self._plan.fallbacks]
        return settings

    def _model_list(self) -> list[str]:
        lines = ["model_list:" if self._deployments else "model_list: []"]
        for target, deployment in self._deployments:
            lines += [_comment(target.comment, 2), *_block([deployment], 2)]
        return [*lines, *(_comment(remark, 2) for remark in self._plan.remarks)]

    def _settings(self) -> list[str]:
        settings = self._router_settings()
        lines = ["router_settings:"]
        for key in ("num_retries", "timeout", "optional_pre_call_checks"):
            if key in settings:
                lines += [f"  # {_WHY[key]}", *_block({key: settings[key]}, 2)]
        if self._plan.aliases:
            lines.append("  model_group_alias:")
            for alias, (name, comment) in self._plan.aliases.items():
                lines += [_comment(comment, 4), *_block({alias: name}, 4)]
        if self._plan.fallbacks:
            lines.append("  fallbacks:")
            for entry in self._plan.fallbacks:
                lines += [
                    _comment(entry.comment, 4),
                    *_block([{entry.name: list(entry.targets)}], 4, flow=True),
                ]
        return [*lines, "", *_block({"general_settings": self.config()["general_settings"]}, 0)]


_WHY = {
    "num_retries": "a retry waits about two seconds before the first fallback; clients retry by themselves",
    "timeout": "seconds for the whole answer, or between two chunks of a stream",
    "optional_pre_call_checks": "without this LiteLLM reads rpm and tpm but never refuses a request",
}


def _comment(text: str, indent: int) -> str:
    """One comment line; a name with a line break in it must not become YAML of its own."""
    printable = "".join(char if char.isprintable() else "?" for char in text)
    return f"{' ' * indent}# {printable}"


def _block(data: Any, indent: int, *, flow: bool = False) -> list[str]:
    style = None if flow else False
    text = yaml.dump(
        data, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=style
    )
    return [" " * indent + line for line in text.splitlines()]


_Path = tuple[str | int, ...]
_Difference = tuple[_Path, str, str]


def _differences(want: Any, have: Any, path: _Path) -> list[_Difference]:
    if isinstance(want, dict) and isinstance(have, dict):
        return [
            difference
            for key in dict.fromkeys((*want, *have))
            for difference in _compared(want, have, key, (*path, key))
        ]
    if isinstance(want, list) and isinstance(have, list):
        return _list_differences(want, have, path)
    same = want == have and isinstance(want, bool) == isinstance(have, bool)
    return [] if same else [(path, _brief(want, path), _brief(have, path))]


def _compared(
    want: dict[str, Any], have: dict[str, Any], key: str, path: tuple[str | int, ...]
) -> list[_Difference]:
    if key not in have:
        return [(path[:-1], f"`{key}: {_brief(want[key], path)}`", f"no `{key}`")]
    if key not in want:
        return [(path, f"no `{key}`", f"`{key}: {_brief(have[key], path)}`")]
    return _differences(want[key], have[key], path)


def _list_differences(want: list[Any], have: list[Any], path: _Path) -> list[_Difference]:
    found: list[_Difference] = []
    for index in range(max(len(want), len(have))):
        if index >= len(have):
            found.append((path, f"another entry {_brief(want[index], path)}", f"{len(have)} entries"))
        elif index >= len(want):
            found.append(((*path, index), f"{len(want)} entries", _brief(have[index], path)))
        else:
            found += _differences(want[index], have[index], (*path, index))
    return found


def _brief(value: Any, path: _Path) -> str:
    text = (
        yaml.safe_dump(public(value, path), default_flow_style=True, width=10_000)
        .strip()
        .removesuffix("\n...")
        .strip()
    )
    return text if len(text) <= 120 else text[:117] + "..."
