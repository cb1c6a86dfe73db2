"""Generated stacks: what is compiled passes our own lint and is read back; the order of keys says nothing."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sixgates.config import LiteLLMConfig, Stack, load_stack
from sixgates.config.compile import compile_gateway, drift, write
from sixgates.config.gateway import Gateway
from sixgates.config.routing import Router
from sixgates.config.rules import RULES, Severity
from sixgates.config.ruleset import findings_by_rule
from sixgates.config.yaml_file import parse

KINDS = ("vllm", "llama_cpp", "ollama")
NAMES = [f"name-{letter}" for letter in "abcd"]


@st.composite
def stacks(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Providers with one model each, names for some of them, chains of names, and a balanced name."""
    providers = {
        f"p{n}": {"type": kind, "base_url": f"http://10.0.0.{n + 1}:8000", "models": [f"model-{n}"]}
        for n, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4)))
    }
    owners = st.sampled_from(sorted(providers))
    named = draw(st.dictionaries(st.sampled_from(NAMES), owners, min_size=1))
    mappings: dict[str, Any] = {
        "exact_matches": {
            name: {"provider": owner, "backend_model": f"model-{owner[1:]}"} for name, owner in named.items()
        },
        "routing_rules": {"timeout": draw(st.integers(1, 60)), "num_retries": draw(st.integers(0, 2))},
    }
    chains = st.lists(st.sampled_from(sorted(named)), min_size=1, max_size=3, unique=True)
    mappings["fallback_chains"] = draw(st.dictionaries(st.sampled_from(sorted(named)), chains))
    if len(providers) > 1 and draw(st.booleans()):
        shares = [{"provider": name, "weight": 1 / len(providers)} for name in providers]
        mappings["load_balancing"] = {"balanced": {"providers": shares}}
    return {"providers": providers}, mappings


def loaded(folder: Path, files: tuple[dict[str, Any], dict[str, Any]], *, turned: bool = False) -> Stack:
    """The stack in a folder; `turned` writes every mapping backwards, between comments."""
    for name, data in zip(("providers.yaml", "model-mappings.yaml"), files, strict=True):
        text = yaml.safe_dump(backwards(data) if turned else data, sort_keys=False)
        lines = text.splitlines()
        (folder / name).write_text("\n# a comment\n".join(lines) + "\n" if turned else text)
    return load_stack(folder)


def backwards(value: Any) -> Any:
    """The same data with the keys of each mapping in reverse, but for providers: the first of equals is chosen."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(each) for each in value] if isinstance(value, list) else value


@given(stacks())
@settings(max_examples=60)
def test_what_is_compiled_passes_our_own_lint_and_is_read_back(
    files: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """No rule on the gateway's file finds an error, no drift is left, and each target is one that is there."""
    with TemporaryDirectory() as name:
        stack = loaded(Path(name), files)
        compiled = compile_gateway(stack)
        assert parse(compiled.text.encode()).value == compiled.config
        gateway = Gateway(parse(compiled.text.encode()), "litellm-unified.yaml")
        errors = {
            slug: list(rule.of_gateway(gateway))
            for slug, rule in RULES.items()
            if rule.of_gateway and rule.severity is Severity.ERROR
        }
        assert not any(errors.values()), {slug: found for slug, found in errors.items() if found}
        router = Router(LiteLLMConfig.model_validate(compiled.config))
        assert all(router.resolve(target) for each in router.names for target in router.chain(each))
        if not compiled.problems:
            assert write(stack) == ()
            assert drift(load_stack(Path(name))) == ()


@given(stacks())
@settings(max_examples=40)
def test_the_order_of_keys_and_comments_change_no_verdict(
    files: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """The same rules find the same, and every name reaches the same models with the same shares."""
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        plain, turned = loaded(Path(one), files), loaded(Path(other), files, turned=True)
        found = [
            {
                slug: sorted(finding.got for finding in some)
                for slug, some in findings_by_rule(stack).items()
                if some
            }
            for stack in (plain, turned)
        ]
        assert found[0].keys() == found[1].keys()
        assert reached(plain) == reached(turned)


def reached(stack: Stack) -> dict[str, Any]:
    """Where every mapped name leads."""
    router = Router(LiteLLMConfig.model_validate(compile_gateway(stack).config))
    routes = {
        name: router.resolve(name) for name in (*stack.mappings.exact_matches, *stack.mappings.load_balancing)
    }
    return {
        name: sorted((end.model, end.api_base, end.share) for end in route.endpoints)
        for name, route in routes.items()
        if route is not None
    }
