"""The cases of gates 1 to 3 pass on a sound stack, and each family can fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sixgates.cases import Case
from sixgates.cases.configuration import configuration_cases
from sixgates.cases.schema import schema_cases
from sixgates.cases.unit import unit_cases
from sixgates.config import ConfigError, Stack, describe, load_stack
from sixgates.run import Run
from sixgates.verdict import Gate, Outcome

U = "litellm-unified.yaml"


def run_on(directory: Path) -> Run:
    return Run(directory, directory / "cassettes", directory / "work")


def outcomes(cases: list[Case]) -> dict[str, Outcome]:
    return {case.id: case.judge().outcome for case in cases}


def test_every_case_of_the_sound_stack_passes(edited: Callable[..., Stack], directory: Path) -> None:
    edited()
    run = run_on(directory)
    families = (
        (schema_cases, Gate.SCHEMA),
        (configuration_cases, Gate.CONFIGURATION),
        (unit_cases, Gate.UNIT),
    )
    for family, gate in families:
        verdicts = [case.judge() for case in family(run)]
        assert {verdict.outcome for verdict in verdicts} == {Outcome.PASSED}
        assert {verdict.gate for verdict in verdicts} == {gate}
        assert len({verdict.check for verdict in verdicts}) == len(verdicts)
        assert all(verdict.requirement for verdict in verdicts)


def test_unit_cases_name_every_routing_entry(edited: Callable[..., Stack], directory: Path) -> None:
    edited()
    assert [case.id for case in unit_cases(run_on(directory))] == [
        *(f"reference[{entry}]" for entry in ENTRIES),
        "exact[llama2-13b-vllm]",
        "exact[llama]",
        "exact[coder]",
        "pattern[^meta-llama/.*]",
        "capability[chat]",
        "capability[code]",
        "capability[long_context]",
        "chain[llama2-13b-vllm]",
        "chain[coder]",
        "fallback[llama]",
        "load-balancing[shared]",
        "provider[vllm]",
        "provider[ollama]",
        "provider[llama_cpp_python]",
        "provider[openai]",
        "default",
        "rate-limit[llama]",
        "alias[chat]",
        "alias[code]",
        "alias[long_context]",
        "setting[timeout]",
        *(f"budget[{name}]" for name in CALLABLE),
    ]


ENTRIES = (
    *("exact_matches llama2-13b-vllm", "exact_matches llama", "exact_matches coder"),
    *("patterns ^meta-llama/.*", "capabilities chat", "capabilities code", "capabilities long_context"),
    *("fallback_chains llama2-13b-vllm", "fallback_chains coder", "load_balancing shared", "routing_rules"),
)

CALLABLE = (
    *("llama2-13b-vllm", "llama", "coder", "shared", "meta-llama/Llama-2-13b-chat-hf", "llama3.1:8b"),
    *("qwen2.5-coder:7b", "local-model", "gpt-4o-mini", "chat", "code", "long_context"),
)

REFERRED = {
    "exact_matches coder": (
        'provider: ollama\n    backend_model: "q',
        'provider: olama\n    backend_model: "q',
        "expected a provider: vllm",
    ),
    "exact_matches llama": ('"llama3.1:8b"', '"llama3.2:8b"', "expected a model of ollama: llama3.1:8b"),
    "patterns ^meta-llama/.*": ('.*"\n    provider: vllm', '.*"\n    provider: parked', "status is disabled"),
    "capabilities chat": ("[llama, llama2-13b-vllm]", "[llama, llama2-13b]", "expected a callable model: "),
    "fallback_chains coder": ("model: gpt-4o-mini", "model: gpt-4o-maxi", "Did you mean `gpt-4o-mini`?"),
    "load_balancing shared": (
        "{provider: vllm, weight",
        "{provider: tools, weight",
        "which is a tool_server",
    ),
    "routing_rules": ("default_provider: ollama", "default_provider: nobody", "41:21: expected a provider"),
}


@pytest.mark.parametrize("entry", REFERRED)
def test_a_name_that_leads_nowhere_fails_its_entry_and_no_other(
    edited: Callable[..., Stack], directory: Path, entry: str
) -> None:
    old, new, text = REFERRED[entry]
    edited(("model-mappings.yaml", old, new), compiled=False)
    cases = [case for case in unit_cases(run_on(directory)) if case.id.startswith("reference")]
    failed = {case.id: case.judge() for case in cases if case.judge().outcome is not Outcome.PASSED}
    assert set(failed) == {f"reference[{entry}]"}
    (verdict,) = failed.values()
    assert verdict.outcome is Outcome.FAILED
    assert any(text in describe(finding) for finding in verdict.findings)


MISROUTED = {
    "fallback[llama]": ("- llama: [local-model]", "- lama: [local-model]", "expected llama_cpp_python as"),
    "setting[timeout]": ("  timeout: 60", "  timeout: 600", "expected timeout 60, got timeout 600"),
    "exact[llama]": (
        "ollama_chat/llama3.1:8b",
        "ollama_chat/llama2",
        "expected ollama_chat/llama3.1:8b on ollama",
    ),
    "exact[llama2-13b-vllm]": (
        "http://127.0.0.1:8001/v1",
        "http://127.0.0.1:8001",
        "got hosted_vllm/meta-llama",
    ),
    "pattern[^meta-llama/.*]": (
        "model_name: meta-llama/*",
        "model_name: meta/*",
        "got openai/local-model at http://127.0.0.1:8000/v1 (by wildcard",
    ),
    "capability[chat]": (
        "chat: llama\n",
        "chat: coder\n",
        "expected 100% of requests at ollama_chat/llama3.1:8b",
    ),
    "chain[coder]": ("[llama, gpt-4o-mini]", "[gpt-4o-mini]", "expected ollama as fallback 1"),
    "chain[llama2-13b-vllm]": (
        "[llama, local-model]",
        "[local-model]",
        "as fallback 1, got vllm -> llama_cpp_python",
    ),
    "load-balancing[shared]": ("weight: 0.7", "weight: 0.1", "expected 70% of requests at"),
    "rate-limit[llama]": (
        "rpm: 100",
        "rpm: 10",
        "expected rpm 100 over all deployments of llama, got rpm 10",
    ),
    "default": ("model_name: meta-llama/*", 'model_name: "*"', "for the unknown name sixgates-no-such-model"),
}


@pytest.mark.parametrize("name", MISROUTED)
def test_a_gateway_that_does_something_else_fails_the_entry(
    edited: Callable[..., Stack], directory: Path, name: str
) -> None:
    old, new, text = MISROUTED[name]
    edited()
    assert outcomes(unit_cases(run_on(directory)))[name] is Outcome.PASSED
    edited((U, old, new), compiled=False)
    verdict = next(case for case in unit_cases(run_on(directory)) if case.id == name).judge()
    assert verdict.outcome is Outcome.FAILED
    finding = verdict.findings[0]
    assert text in f"expected {finding.expected}, got {finding.got}"
    assert finding.where.startswith("config/model-mappings.yaml:")
    assert finding.hint


ALONE = {
    "alias[chat]": ("chat: llama\n", "chat: lama\n", "expected deployments behind lama, got no route"),
    "alias[code]": ("- code: [", "- core: [", "expected fallbacks of code, got none, and "),
    "budget[chat]": ("num_retries: 0", "num_retries: 10", "at most 30 calls and 900 s for chat, got "),
}
"""What is judged by the gateway's file alone, and found there."""


@pytest.mark.parametrize("name", ALONE)
def test_a_gateway_that_nobody_can_bear_fails_by_itself(
    edited: Callable[..., Stack], directory: Path, name: str
) -> None:
    old, new, text = ALONE[name]
    edited()
    edited((U, old, new), compiled=False)
    verdict = next(case for case in unit_cases(run_on(directory)) if case.id == name).judge()
    assert verdict.outcome is (Outcome.ADVISORY if name.startswith("budget") else Outcome.FAILED)
    (finding,) = verdict.findings
    assert text in f"expected {finding.expected}, got {finding.got}"
    assert finding.where.startswith("config/litellm-unified.yaml:")
    assert finding.hint


def test_a_provider_that_no_name_reaches_is_advisory(edited: Callable[..., Stack], directory: Path) -> None:
    edited(("providers.yaml", "  page:\n    type: web_ui", "  page:\n    type: vllm"))
    found = outcomes(unit_cases(run_on(directory)))
    assert {name for name, outcome in found.items() if outcome is not Outcome.PASSED} == {"provider[page]"}
    assert found["provider[page]"] is Outcome.ADVISORY


UNTRIED = {
    r"^(meta)-llama/\1.*": "it refers back to a group",
    "^meta-llama/(": "missing ), unterminated subpattern at position 12",
    "^coder$": "earlier entries take coder",
}


@pytest.mark.parametrize("pattern", UNTRIED)
def test_a_pattern_without_names_is_not_exercised(
    edited: Callable[..., Stack], directory: Path, pattern: str
) -> None:
    edited(("model-mappings.yaml", '"^meta-llama/.*"', f"'{pattern}'"))
    verdict = next(case for case in unit_cases(run_on(directory)) if case.id.startswith("pattern")).judge()
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert verdict.reason == f"no name to try could be made for `{pattern}`: {UNTRIED[pattern]}"


def test_a_pattern_that_no_wildcard_says_is_tried_and_fails(
    edited: Callable[..., Stack], directory: Path
) -> None:
    edited(("model-mappings.yaml", "^meta-llama/.*", r"^(meta|qwen)-[a-z]+-\\d{1,2}b$"))
    verdict = next(case for case in unit_cases(run_on(directory)) if case.id.startswith("pattern")).judge()
    assert verdict.outcome is Outcome.FAILED
    tried = [finding.expected.split(" at ")[0] for finding in verdict.findings]
    assert tried == ["meta-a-7b", "qwen-b-0b", "meta-zzz-33b", "qwen-x-0b"]
    assert "got no route: the gateway answers 400" in f"got {verdict.findings[0].got}"


def test_an_unknown_fallback_fails_its_chain(edited: Callable[..., Stack], directory: Path) -> None:
    edited(("model-mappings.yaml", "chain: [vllm, llama,", "chain: [vllm, ghost,"))
    assert outcomes(unit_cases(run_on(directory)))["chain[llama2-13b-vllm]"] is Outcome.FAILED


def test_the_litellm_of_gate_5_is_the_one_that_gate_1_judges_for(
    edited: Callable[..., Stack], directory: Path, tmp_path: Path
) -> None:
    """An old one shares the requests of a pattern with its fallback."""
    command = tmp_path / "old" / "bin" / "litellm"
    (tmp_path / "old" / "lib" / "python3.11" / "site-packages" / "litellm-1.79.3.dist-info").mkdir(
        parents=True
    )
    command.parent.mkdir()
    command.write_text("")
    command.chmod(0o755)
    edited()
    run = replace(run_on(directory), litellm=str(command))
    found = outcomes(configuration_cases(run))
    assert found["order-ignored"] is Outcome.FAILED
    assert outcomes(configuration_cases(run_on(directory)))["order-ignored"] is Outcome.PASSED
    assert outcomes(unit_cases(run))["pattern[^meta-llama/.*]"] is Outcome.FAILED


def test_a_warning_is_advisory_and_an_error_fails(edited: Callable[..., Stack], directory: Path) -> None:
    edited(
        ("providers.yaml", "[tools, seed]", "[tool]"), ("model-mappings.yaml", "weight: 0.3", "weight: 0.4")
    )
    found = outcomes(configuration_cases(run_on(directory)))
    assert (found["capability-undefined"], found["weights-sum"]) == (Outcome.ADVISORY, Outcome.FAILED)


def test_an_unreadable_stack_blocks_gates_1_and_3_with_one_cause(directory: Path) -> None:
    (directory / "gates.yaml").write_text("gates: []\n")
    run = run_on(directory)
    for family in (configuration_cases, unit_cases):
        (case,) = family(run)
        verdict = case.judge()
        assert verdict.outcome is Outcome.BLOCKED
        assert verdict.cause is not None
        assert verdict.cause.key == "config-unreadable"
        assert verdict.cause.summary.startswith("the configuration cannot be read: ")
    found = outcomes(schema_cases(run))
    assert found["gates.yaml"] is Outcome.FAILED
    assert found["providers.yaml"] is Outcome.PASSED
    assert found[U] is Outcome.NOT_APPLICABLE


def test_no_finding_shows_a_secret(edited: Callable[..., Stack], directory: Path) -> None:
    address = "http://me:canary-1@127.0.0.1:8000/?key=canary-2"
    edited(
        ("providers.yaml", "http://127.0.0.1:8000", address),
        ("model-mappings.yaml", "weight: 0.3", "weight: 0.4"),
    )
    edited(
        (U, "api_key: none", "api_key: canary-3"),
        (U, "model_name: local-model", "model_name: lost"),
        compiled=False,
    )
    with (directory / U).open("a") as file:
        file.write("environment_variables: {OPENAI_API_KEY: canary-4}\n")
    run = run_on(directory)
    verdicts = [
        case.judge() for family in (schema_cases, configuration_cases, unit_cases) for case in family(run)
    ]
    said = str([verdict.findings for verdict in verdicts])
    assert "api_key" in str(edited(compiled=False).gateway_document)
    assert "(not shown)" in said
    assert "canary" not in said


def test_an_address_that_is_no_url_is_shown_without_its_secret(
    edited: Callable[..., Stack], directory: Path
) -> None:
    edit = ("providers.yaml", "http://127.0.0.1:8000", "http://me:canary@127.0.0.1:PORT")
    with pytest.raises(ConfigError) as caught:
        edited(edit, compiled=False)
    assert "got 'http://[redacted]@127.0.0.1:PORT'" in str(caught.value)


def test_gates_1_to_3_import_no_server_and_no_http_client() -> None:
    code = (
        "import sys, sixgates.cases.unit, sixgates.cases.schema, sixgates.cases.configuration;"
        "print(sorted({'litellm', 'uvicorn', 'httpx', 'openai', 'vcr'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_rule_names_the_litellm_that_it_is_about(tmp_path: Path) -> None:
    """Two machines with two versions may differ, and the report says by what."""
    config = Path(__file__).parents[2] / "config"
    run = Run(config, tmp_path, tmp_path)
    run.__dict__["stack"] = load_stack(config, "1.80.0")
    assert {case.judge().engine for case in configuration_cases(run)} == {"LiteLLM 1.79.3"}
