"""People's own files have the shape as they stand; what lacks it is told with the allowed values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from sixgates.config import FILES, ConfigError, ProviderType, Stack, Status, declared_capabilities, load_stack
from sixgates.config.json_schema import schema_of
from sixgates.config.yaml_file import parse

DATA = Path(__file__).parent / "data"
REPOSITORY = Path(__file__).parents[2]


def test_the_blocks_of_the_first_users_validate_as_they_stand() -> None:
    stack = load_stack(DATA / "issue")
    vllm = stack.providers["vllm"]
    assert (vllm.type, vllm.status, vllm.root) == (ProviderType.VLLM, Status.ACTIVE, "http://127.0.0.1:8001")
    assert vllm.model_extra == {
        "gpu_memory_utilization": 0.9,
        "location": "../CRUSHVLLM",
        "mcp_integration": True,
    }
    assert stack.mappings.exact_matches["llama2-13b-vllm"].backend_model == "meta-llama/Llama-2-13b-chat-hf"
    assert [step.label for step in stack.mappings.fallback_chains["llama2-13b-vllm"].chain] == [
        "vllm",
        "ollama",
        "llama_cpp_python",
    ]


def test_the_sound_stack_is_read_whole(edited: Callable[..., Stack]) -> None:
    stack = edited()
    assert list(stack.active) == ["vllm", "ollama", "llama_cpp_python", "openai", "tools", "page"]
    assert stack.providers["vllm"].root == "http://127.0.0.1:8001"
    assert stack.providers["openai"].root == "https://api.openai.com"
    check = stack.providers["ollama"].health_check
    assert check is not None
    assert (check.timeout, check.retries, check.interval) == (3, 1, 30)
    assert stack.position("providers.yaml", "providers", "ollama", "type") == "config/providers.yaml:14:11"
    assert stack.position("providers.yaml", "providers", "ollama", key=True) == "config/providers.yaml:13:3"


def test_capabilities_come_from_the_entry_or_from_the_type(edited: Callable[..., Stack]) -> None:
    stack = edited()
    assert declared_capabilities(stack.providers["llama_cpp_python"]) == {"tools", "seed"}
    assert "tools" in declared_capabilities(stack.providers["vllm"])
    assert "auth" in declared_capabilities(stack.providers["openai"])
    assert declared_capabilities(stack.providers["page"]) == frozenset()


P, M, G, D = "providers.yaml", "model-mappings.yaml", "gates.yaml", "deviations.yaml"
MESSAGES = {
    "unknown type": (
        P,
        "type: ollama",
        "type: olama",
        "14:11: expected one of ollama, llama_cpp, llama_cpp_python, vllm, openai, anthropic, "
        "openai_compatible, tool_server, web_ui, got 'olama'. Did you mean `ollama`?",
    ),
    "unknown status": (
        P,
        "status: disabled",
        "status: off",
        "37:13: expected one of active, disabled, pending_integration, template, got False. "
        "YAML reads on, off, yes and no as true and false: "
        "quote the word, or use an allowed one.",
    ),
    "missing type, misspelt": (
        P,
        "type: web_ui",
        "tpye: web_ui",
        "31:3: expected the key `type`, got no such key. Is `tpye` a typo of `type`?",
    ),
    "typo of a known key": (
        P,
        "health_endpoint",
        "health_endpont",
        "17:5: expected a known key such as `health_endpoint`, got `health_endpont`. Did you "
        "mean `health_endpoint`?",
    ),
    "placeholder outside a template": (
        P,
        "http://localhost:11434",
        "http://localhost:CUSTOM_PORT",
        "15:15: expected an http:// or https:// URL with a host and a numeric port, got "
        "'http://localhost:CUSTOM_PORT'. It has the port 'CUSTOM_PORT'; a port is a number from 1 to 65535. "
        "A placeholder such as CUSTOM_PORT is allowed only "
        "while `status: template`.",
    ),
    "no address": (
        P,
        "    base_url: http://127.0.0.1:3000\n",
        "",
        "32:5: expected the key `base_url`, got a mapping without it. Change `page` accordingly.",
    ),
    "number for text": (P, "[local-model]", "[7]", "21:14: expected a mapping, got 7."),
    "zero concurrency": (P, "concurrency: 1", "concurrency: 0", "22:18: expected a number > 0, got 0."),
    "secret where a variable belongs": (
        P,
        "api_key_env: OPENAI_API_KEY",
        "api_key_env: sk-canary-1",
        "26:18: expected the name of an environment variable, got 'sk-canary-1'",
    ),
    "unknown key at the top": (
        P,
        "health_checks:",
        "health_cheks:",
        "43:1: expected one of the keys providers, health_checks, metadata, version, got `health_cheks`. "
        "Did you mean `health_checks`?",
    ),
    "unknown section": (
        M,
        "rate_limits:",
        "quotas:",
        "44:1: expected one of the keys exact_matches, patterns, capabilities, "
        "fallback_chains, load_balancing, "
        "routing_rules, rate_limits, special_cases, model_size_routing, "
        "request_metadata_routing, metadata, version, "
        "got `quotas`. Remove it: nothing reads it.",
    ),
    "limit without a limit": (
        M,
        "{rpm: 100, tpm: 50000}",
        "{}",
        "45:10: expected `rpm` or `tpm`, got neither.",
    ),
    "text for a number": (
        M,
        "weight: 0.7",
        'weight: "0.7"',
        "38:34: expected a number, got '0.7'. Write the number without quotes.",
    ),
    "empty step": (M, "- model: llama", "- {}", "33:9: expected a provider or a model, got neither."),
    "share above one": (G, "0.9", "1.5", "2:21: expected a number <= 1, got 1.5."),
    "unknown threshold": (
        G,
        "exercised",
        "excercised",
        "2:10: expected one of the keys max_age, exercised, got `excercised`. Did you mean `exercised`?",
    ),
    "unknown policy": (
        G,
        "refuse",
        "deny",
        "3:26: expected one of allow, refuse, got 'deny'. Choose one of them.",
    ),
    "no reason": (
        D,
        "    reason: It answers without an id when the request is empty.\n",
        "",
        "2:5: expected the key `reason`, got no such key. Add `reason:` here.",
    ),
    "date as text": (
        D,
        "2027-01-31",
        '"soon"',
        "6:14: expected a date such as 2027-01-31, got 'soon'. Change `expires` accordingly.",
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_each_problem_names_place_value_and_what_is_allowed(edited: Callable[..., Stack], name: str) -> None:
    file, old, new, message = MESSAGES[name]
    with pytest.raises(ConfigError) as caught:
        edited((file, old, new), compiled=False)
    said = str(caught.value).splitlines()
    if "canary" in new:
        assert "canary" not in str(caught.value)
        message = message.split(", got")[0]
    assert any(line.startswith(f"config/{file}:{message}") for line in said), said


@pytest.mark.parametrize("file", FILES)
def test_the_exported_schema_accepts_the_shipped_file(file: str) -> None:
    schema = schema_of(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    data = parse((REPOSITORY / "config" / file).read_bytes()).value
    if file != "deviations.yaml":
        jsonschema.validate(data, schema)


def test_the_exported_schema_refuses_a_wrong_value() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"gates": {"unit": {"exercised": 2}}}, schema_of("gates.yaml"))
