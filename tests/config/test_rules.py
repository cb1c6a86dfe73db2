"""Each rule of gate 1 finds the edit that breaks it, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sixgates.config import Stack, describe, lint, load_stack
from sixgates.config.rules import RULES, Severity, rule
from sixgates.config.ruleset import findings_by_rule

P, M, D, U = "providers.yaml", "model-mappings.yaml", "deviations.yaml", "litellm-unified.yaml"
REPOSITORY = Path(__file__).parents[2]

BREAKS: dict[str, list[tuple[str, str, str, str]]] = {
    "provider-unknown": [
        (
            M,
            'provider: ollama\n    backend_model: "q',
            'provider: olama\n    backend_model: "q',
            "12:15: expected a provider: vllm",
        ),
        (M, "long_context:\n    provider: vllm", "long_context:\n    provider: vlm", "Did you mean `vllm`?"),
        (M, "{provider: llama_cpp_python}]", "{provider: nobody}]", "expected a provider: "),
        (M, "default_provider: ollama", "default_provider: nobody", "41:21: expected a provider"),
    ],
    "fallback-unknown": [
        (M, "    fallback: ollama", "    fallback: gpt-5", "5:15: expected a provider or model: vllm"),
        (
            M,
            "  fallback: llama_cpp_python\n  timeout",
            "  fallback: lama\n  timeout",
            "42:13: expected a provider or",
        ),
    ],
    "chain-target-unknown": [
        (M, "chain: [vllm, llama,", "chain: [vllm, lama,", "30:19: expected a provider or model: "),
        (M, "- model: llama", "- model: lama", "got `lama`. Did you mean `llama`?"),
    ],
    "provider-inactive": [
        (
            M,
            "    fallback: ollama",
            "    fallback: parked",
            "got `parked`, whose status is disabled. Set `status: active`",
        ),
        (M, "chain: [vllm, llama,", "chain: [vllm, custom,", "got `custom`, whose status is template."),
    ],
    "provider-serves-no-models": [
        (
            M,
            "    fallback: ollama",
            "    fallback: tools",
            "got `tools`, which is a tool_server. Use one of vllm, ",
        ),
    ],
    "model-not-served": [
        (
            M,
            '"llama3.1:8b"',
            '"llama3.2:8b"',
            "expected a model of ollama: llama3.1:8b, qwen2.5-coder:7b, got `llama3.2",
        ),
        (M, "model: gpt-4o-mini", "model: gpt-4o-maxi", "Did you mean `gpt-4o-mini`?"),
    ],
    "capability-model-unknown": [
        (M, "[llama, llama2-13b-vllm]", "[llama, llama2-13b]", "21:31: expected a callable model: "),
    ],
    "chain-cycle": [
        (M, "- model: llama\n", "- model: coder\n", "31:3: expected a chain that ends, got coder -> coder"),
        (
            M,
            "chain: [vllm, llama,",
            "chain: [vllm, llama2-13b-vllm,",
            "28:3: expected a chain that ends, got llama2-13b-vllm",
        ),
    ],
    "chain-key-unknown": [
        (M, "  coder:\n    chain", "  codr:\n    chain", "31:3: expected a callable name: llama2-13b-vllm")
    ],
    "rate-limit-unknown": [
        (M, "  llama: {rpm", "  chat: {rpm", "45:3: expected a model name: llama2-13b-vllm"),
        (M, "  llama: {rpm", "  chat: {rpm", "got `chat`. Limit llama, for which chat stands."),
        (M, "  llama: {rpm", "  lama: {rpm", "got `lama`. Did you mean `llama`?"),
    ],
    "pattern-invalid": [
        (M, "^meta-llama/.*", "^meta-(llama/.*", "16:14: expected a regular expression, got `^meta-(")
    ],
    "weights-sum": [
        (M, "weight: 0.3", "weight: 0.4", "38:7: expected weights that sum to 1, got 0.7 + 0.4 = 1.1."),
        (
            M,
            ", weight: 0.3",
            "",
            "38:7: expected a weight for each provider, or for none, got 1 weights for 2",
        ),
    ],
    "feature-claimed-inert": [
        (
            M,
            "rate_limits:",
            "special_cases: {x: 1}\nrate_limits:",
            "44:1: expected a setting that has an effect",
        ),
        (
            M,
            "  shared:\n    providers",
            "  shared:\n    condition: busy\n    providers",
            "got `condition`. Remove it: nothing",
        ),
        (
            M,
            "    provider: vllm\n    fallback: llama",
            "    provider: vllm\n    only_if: busy\n    fallback: llama",
            "got `only_if`",
        ),
        (M, "{provider: vllm, weight: 0.7}", "{provider: vllm, weight: 0.7, max_load: 3}", "got `max_load`."),
        (M, "{provider: llama_cpp_python}]", "{provider: llama_cpp_python, when: busy}]", "got `when`."),
        (M, "  timeout: 60", "  timeout: 60\n  complexity_threshold: 3", "got `complexity_threshold`."),
        (
            M,
            "    fallback: null",
            "    fallback: null\n    timeout: 9",
            "Set `timeout` under routing_rules, for all",
        ),
        (M, "    fallback: null", "    fallback: null\n    priority: 1", "got `priority`."),
        (
            M,
            "  shared:\n    providers",
            "  shared:\n    strategy: least-busy\n    providers",
            "shared at random, by weight",
        ),
    ],
    "exact-fallback-vs-chain": [
        (
            M,
            '    backend_model: "qwen2.5-coder:7b"\n    fallback: null',
            '    backend_model: "qwen2.5-coder:7b"\n    fallback: vllm',
            "expected one of the chain: llama, gpt-4o-mini, got `vllm`. Add it to the chain, or remove it here.",
        )
    ],
    "metadata-count-drift": [
        (
            P,
            'metadata: {version: "1.0"}',
            "metadata: {total_providers: 5}",
            "expected 8, got 5. Correct it",
        ),
        (P, 'metadata: {version: "1.0"}', "metadata: {active_providers: 9}", "expected 6, got 9."),
        (P, 'metadata: {version: "1.0"}', "metadata: {model_count: 99}", "got 99."),
    ],
    "health-endpoint-drift": [
        (
            P,
            "health_endpoint: /api/tags",
            "health_endpoint: /health",
            "got `/health`. Write /, or leave it out.",
        ),
    ],
    "registry-model-unreachable": [
        (
            P,
            "models: [gpt-4o-mini]",
            "models: [gpt-4o-mini, local-model]",
            "got none. Map a name to local-model on",
        ),
    ],
    "pattern-explodes": [
        (M, "^meta-llama/.*", "^(meta-llama/.*)*$", "got `^(meta-llama/.*)*$`. Write `^prefix.*`, say."),
    ],
    "deviation-provider-unknown": [
        (D, "provider: vllm", "provider: vlm", "2:15: expected a provider: vllm, ")
    ],
    "port-conflict": [
        (P, "http://127.0.0.1:8000", "http://localhost:8001/v1", "got 127.0.0.1:8001, which vllm has."),
        (P, ":8000", ":8001", "got 127.0.0.1:8001, which vllm has. Give llama_cpp_python another port"),
    ],
    "secret-in-url": [
        (P, "http://127.0.0.1:8000", "http://me:canary@127.0.0.1:8000", "20:15: expected scheme, host")
    ],
    "missing-api-key-env": [
        (P, "    api_key_env: OPENAI_API_KEY\n", "", "24:3: expected the key `api_key_env`")
    ],
    "capability-undefined": [(P, "[tools, seed]", "[tool, seed]", "23:20: expected one of tools, ")],
    "compile-undecided": [
        (M, "^meta-llama/.*", "^meta-[a-z]+/.*", "16:14: expected a pattern that a wildcard can express"),
        (M, "^meta-llama/.*", ".*", "got `.*`, which matches every name. Use routing_rules.default_provider"),
        (M, "  chat:\n", "  coder:\n", "20:3: expected an alias that is no model name, got"),
        (
            M,
            "provider: llama_cpp_python, weight",
            "provider: ollama, weight",
            "got ollama, which serves llama3.1:8b, qwen",
        ),
    ],
}
GATEWAY_BREAKS = {
    "compile-drift": (
        "num_retries: 0",
        "num_retries: 3",
        "expected 0, got 3. Run `sixgates compile` and commit",
    ),
    "wildcard-catch-all": (
        "model_name: meta-llama/*",
        'model_name: "*"',
        "expected a name with literal text, got `*`.",
    ),
}


def test_the_sound_stack_has_no_finding(edited: Callable[..., Stack]) -> None:
    assert lint(edited()) == ()


def test_the_shipped_stack_has_no_finding() -> None:
    assert lint(load_stack(REPOSITORY / "config")) == ()


def test_every_rule_has_an_edit_that_breaks_it() -> None:
    assert set(BREAKS) | set(GATEWAY_BREAKS) | _elsewhere() == set(RULES)


def _elsewhere() -> set[str]:
    """Rules on the gateway's file alone have a test of their own, and so have those on comments."""
    of_gateway = {slug for slug, rule in RULES.items() if rule.of_gateway is not None}
    return of_gateway | {slug for slug in RULES if slug.startswith("ignore-")}


ALSO = {
    "weights-sum": {"weight-partial"},
    "port-conflict": {"fallback-same-failure-domain"},
    "chain-key-unknown": {"ignore-unused"},
    "chain-cycle": {"exact-fallback-vs-chain"},
    "provider-serves-no-models": {"exact-fallback-vs-chain"},
    "pattern-explodes": {"compile-undecided"},
    "compile-drift": {"retry-storm-budget"},
}
"""What an edit breaks in the compiled file, or leaves a comment without, beside its own rule."""

CASES = [(slug, edit) for slug, edits in BREAKS.items() for edit in edits]


@pytest.mark.parametrize(
    ("slug", "edit"), CASES, ids=[f"{slug}-{edit[2].strip()[:24]}" for slug, edit in CASES]
)
def test_an_edit_raises_exactly_its_finding(
    edited: Callable[..., Stack], slug: str, edit: tuple[str, str, str, str]
) -> None:
    file, old, new, text = edit
    found = {
        name: findings for name, findings in findings_by_rule(edited((file, old, new))).items() if findings
    }
    assert slug in found
    assert found.keys() - {slug} <= ALSO.get(slug, set())
    said = [describe(finding) for finding in found[slug]]
    assert any(line.startswith(f"config/{file}:") and text in line for line in said), said
    assert "canary" not in "".join(said)
    assert all(finding.hint for finding in found[slug])


@pytest.mark.parametrize("slug", GATEWAY_BREAKS)
def test_an_edit_of_the_compiled_file_is_found(edited: Callable[..., Stack], slug: str) -> None:
    old, new, text = GATEWAY_BREAKS[slug]
    edited()
    found = findings_by_rule(edited((U, old, new), compiled=False))
    assert text in describe(found[slug][0])
    assert {name for name, findings in found.items() if findings} <= {slug, "compile-drift"} | ALSO.get(
        slug, set()
    )


GOOD = [
    (M, "weight: 0.7", "weight: 0.7000001"),
    (M, ", weight: 0.7}", "}", M, ", weight: 0.3}", "}"),
    (
        M,
        "chain: [vllm, llama, {provider: llama_cpp_python}]",
        "chain: [llama, llama_cpp_python]",
    ),
    (M, "preferred_models: [llama, llama2-13b-vllm]", "preferred_models: [shared]"),
    (M, "  chat:\n    preferred_models: [llama, llama2-13b-vllm]", "  chat: llama"),
    (M, '"^meta-llama/.*"', r"'^Qwen/Qwen2\.5-.+$'"),
    (P, "http://127.0.0.1:8000", "http://[::1]:8000/"),
    (P, "concurrency: 1", "max_concurrency: 1"),
    (P, "[tools, seed]", "[]"),
    (M, "fallback: null", "fallback:"),
    (M, "    fallback: null", "    fallback: null\n    priority: primary"),
    (M, "    fallback: null", "    fallback: null\n    owner: me\n    notes: [a, b]"),
    (M, "  shared:\n    providers", "  shared:\n    strategy: weighted\n    providers"),
    (
        P,
        'metadata: {version: "1.0"}',
        "metadata: {total_providers: 8, models: many, owner: me, year: 2026}",
    ),
    (P, "    concurrency: 1", "    concurrency: 1\n    gpu_memory_utilization: 0.9"),
]


@pytest.mark.parametrize("edits", GOOD, ids=[edit[2][:30] for edit in GOOD])
def test_a_correct_variation_has_no_finding(edited: Callable[..., Stack], edits: tuple[str, ...]) -> None:
    steps = [edits[index : index + 3] for index in range(0, len(edits), 3)]
    assert [describe(finding) for finding in lint(edited(*steps))] == []


def test_rules_state_a_requirement_and_registration_refuses_doubles() -> None:
    assert all(entry.requirement.endswith(".") for entry in RULES.values())
    with pytest.raises(ValueError, match="'chain-cycle' needs a docstring and a slug of its own"):
        rule("chain-cycle", Severity.WARN, happens="", mend="")(RULES["chain-cycle"].judge)
