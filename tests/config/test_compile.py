"""The compiled gateway config: what it says for each type, where it came from, and when it is not written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sixgates.cli import main
from sixgates.config import Provider, Stack, describe
from sixgates.config.compile import compile_gateway, drift, write
from sixgates.config.deployments import litellm_params
from sixgates.config.expressions import samples
from sixgates.config.wildcard import filled, swallows_everything, wildcard_of

M = "model-mappings.yaml"
REACHED = {
    "vllm": ("hosted_vllm/m", "http://h:1/v1", "none"),
    "llama_cpp": ("openai/m", "http://h:1/v1", "none"),
    "llama_cpp_python": ("openai/m", "http://h:1/v1", "none"),
    "openai_compatible": ("openai/m", "http://h:1/v1", "none"),
    "ollama": ("ollama_chat/m", "http://h:1", None),
    "openai": ("openai/m", "http://h:1/v1", "os.environ/OPENAI_API_KEY"),
    "anthropic": ("anthropic/m", "http://h:1", "os.environ/ANTHROPIC_API_KEY"),
}


@pytest.mark.parametrize("kind", REACHED)
@pytest.mark.parametrize("url", ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"])
def test_each_type_is_reached_as_litellm_wants_it(kind: str, url: str) -> None:
    params = litellm_params(Provider.model_validate({"type": kind, "base_url": url}), "m")
    assert (params["model"], params["api_base"], params.get("api_key")) == REACHED[kind]


def test_a_declared_key_is_referenced_and_never_leaves_for_another_address() -> None:
    provider = Provider.model_validate({"type": "vllm", "base_url": "http://h:1", "api_key_env": "VLLM_KEY"})
    assert litellm_params(provider, "m")["api_key"] == "os.environ/VLLM_KEY"
    replaced = litellm_params(provider, "m", "http://127.0.0.1:9/v1")
    assert (replaced["api_base"], replaced["api_key"]) == ("http://127.0.0.1:9/v1", "none")


def test_text_and_data_are_the_same_and_deterministic(edited: Callable[..., Stack]) -> None:
    stack = edited()
    first, second = compile_gateway(stack), compile_gateway(stack)
    assert yaml.safe_load(first.text) == first.config
    assert first == second
    assert first.text.startswith(
        "# Written by `sixgates compile` from providers.yaml and model-mappings.yaml; do not edit.\n"
    )
    assert "  # exact_matches llama (model-mappings.yaml:7)\n  - model_name: llama\n" in first.text
    assert str(stack.directory.absolute()) not in first.text


def test_chains_name_models_and_say_what_was_chosen(edited: Callable[..., Stack]) -> None:
    compiled = compile_gateway(edited())
    fallbacks = {
        name: targets for entry in _router(compiled.config)["fallbacks"] for name, targets in entry.items()
    }
    assert fallbacks["llama2-13b-vllm"] == ["llama", "local-model"]
    assert fallbacks["coder"] == ["llama", "gpt-4o-mini"]
    assert fallbacks["chat"] == ["llama2-13b-vllm", "local-model"]
    assert "vllm is its own provider; llama_cpp_python answers as local-model" in compiled.text
    assert _router(compiled.config)["model_group_alias"]["code"] == "qwen2.5-coder:7b"


def test_a_provider_with_several_models_is_undecided_in_a_chain(edited: Callable[..., Stack]) -> None:
    stack = edited((M, "chain: [vllm, llama,", "chain: [vllm, ollama,"))
    problems = compile_gateway(stack).problems
    assert [describe(problem) for problem in problems] == [
        "config/model-mappings.yaml:30:19: expected a provider with one model for this name, "
        "got ollama, which "
        "serves llama, coder. Name the model in place of the provider."
    ]


def test_a_model_without_a_name_of_its_own_gets_one(edited: Callable[..., Stack]) -> None:
    edit = ("providers.yaml", "models: [local-model]", 'models: ["llama3.1:8b"]')
    compiled = compile_gateway(edited(edit))
    names = [entry["model_name"] for entry in compiled.config["model_list"]]
    assert "llama3.1:8b@llama_cpp_python" in names


def test_weights_and_limits_are_shared_over_a_group(edited: Callable[..., Stack]) -> None:
    stack = edited((M, "  llama: {rpm: 100, tpm: 50000}", "  shared: {rpm: 100}"))
    config = compile_gateway(stack).config
    group = [one["litellm_params"] for one in config["model_list"] if one["model_name"] == "shared"]
    assert [(params["weight"], params["rpm"]) for params in group] == [(0.7, 70), (0.3, 30)]
    assert _router(config)["optional_pre_call_checks"] == ["enforce_model_rate_limits"]


def test_a_patterns_fallback_is_a_later_order(edited: Callable[..., Stack]) -> None:
    config = compile_gateway(edited()).config
    group = [one["litellm_params"] for one in config["model_list"] if one["model_name"] == "meta-llama/*"]
    assert [(params["model"], params["order"]) for params in group] == [
        ("hosted_vllm/meta-llama/*", 1),
        ("openai/local-model", 2),
    ]


def test_addresses_replace_providers(edited: Callable[..., Stack]) -> None:
    config = compile_gateway(
        edited(), addresses={"vllm": "http://127.0.0.1:9", "ollama": "http://x:2/"}
    ).config
    bases = {one["model_name"]: one["litellm_params"]["api_base"] for one in config["model_list"]}
    assert (bases["llama2-13b-vllm"], bases["llama"]) == ("http://127.0.0.1:9/v1", "http://x:2")


def test_a_line_break_in_a_name_stays_in_its_comment(edited: Callable[..., Stack]) -> None:
    compiled = compile_gateway(
        edited((M, "  coder:\n    provider", '  "co\\ngeneral_settings: {}":\n    provider'))
    )
    assert yaml.safe_load(compiled.text) == compiled.config


def test_drift_compares_content_and_not_comments(edited: Callable[..., Stack], directory: Path) -> None:
    path = directory / "litellm-unified.yaml"
    edited()
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()), sort_keys=True))
    assert drift(edited(compiled=False)) == ()
    broken = edited(
        ("litellm-unified.yaml", "hosted_vllm/meta-llama/Llama", "vllm/meta-llama/Llama"), compiled=False
    )
    (finding,) = drift(broken)
    assert finding.where.startswith("config/litellm-unified.yaml:")
    assert finding.expected.startswith("hosted_vllm/")
    assert finding.hint == "Run `sixgates compile` and commit the result."


def test_write_leaves_other_peoples_files_alone(edited: Callable[..., Stack], directory: Path) -> None:
    stack, path = edited(), directory / "litellm-unified.yaml"
    assert write(stack) == ()
    path.write_text(path.read_text() + "# mine\n")
    (refused,) = write(stack)
    assert describe(refused) == (
        "config/litellm-unified.yaml: expected a file as `sixgates compile` left it, got a file that was "
        "edited since. Move what you need into providers.yaml and model-mappings.yaml, then run "
        "`sixgates compile --force`."
    )
    assert path.read_text().endswith("# mine\n")
    path.write_text("model_list: []\n")
    assert "a file that somebody else wrote" in describe(write(stack)[0])
    kept = path.with_name("litellm-unified.yaml.bak")
    assert not kept.exists()
    assert write(stack, force=True) == ()
    assert path.read_text() == compile_gateway(stack).text
    assert kept.read_text() == "model_list: []\n"
    kept.unlink()
    assert write(stack, force=True) == ()
    assert not kept.exists(), "what sixgates wrote itself needs no copy"


def test_write_refuses_what_is_undecided(edited: Callable[..., Stack], directory: Path) -> None:
    stack = edited((M, "^meta-llama/.*", ".*"))
    before = (directory / "litellm-unified.yaml").read_text()
    assert write(stack, force=True) == compile_gateway(stack).problems
    assert (directory / "litellm-unified.yaml").read_text() == before


WILDCARDS = {
    "^meta-llama/.*": "meta-llama/*",
    "^meta-llama/.*$": "meta-llama/*",
    "^meta-llama/.+": "meta-llama/*",
    "^meta-llama/": "meta-llama/*",
    r".*\.gguf$": "*.gguf",
    r"^Qwen/Qwen2\.5-.*-Instruct$": "Qwen/Qwen2.5-*-Instruct",
    "llama": "*llama*",
    ".*": "*",
    "^exact$": None,
    "^(a|b)/.*": None,
    r".*:\d+b$": None,
    "^a?.*": None,
    "^a.b/.*": None,
    r"^\*": None,
}


@pytest.mark.parametrize("pattern", WILDCARDS)
def test_a_pattern_becomes_a_wildcard_only_where_one_says_the_same(pattern: str) -> None:
    wildcard = wildcard_of(pattern)
    assert wildcard == WILDCARDS[pattern]
    assert swallows_everything(wildcard or "x") == (pattern == ".*")
    if wildcard:
        assert samples(pattern).names
        assert all(filled(wildcard, name) is not None for name in samples(pattern).names)


def _router(config: dict[str, Any]) -> dict[str, Any]:
    settings = config["router_settings"]
    assert isinstance(settings, dict)
    return settings


def test_what_gives_embeddings_falls_back_to_nobody_by_default(edited: Callable[..., Stack]) -> None:
    """The general fallback chats; a chain that names another embeddings model is kept."""
    embeds = (
        "providers.yaml",
        "models: [gpt-4o-mini]",
        "models: [{name: gpt-4o-mini, specialty: Embeddings}]",
    )
    free = (M, "      - {provider: openai, model: gpt-4o-mini} # sixgates", "      # sixgates")
    before = compile_gateway(edited()).config
    assert "gpt-4o-mini" in {name for entry in _router(before)["fallbacks"] for name in entry}
    config = compile_gateway(edited(embeds, free)).config
    assert "gpt-4o-mini" in {entry["model_name"] for entry in config["model_list"]}
    assert "gpt-4o-mini" not in {name for entry in _router(config)["fallbacks"] for name in entry}


def test_check_prints_what_differs_and_changes_nothing(
    edited: Callable[..., Stack], directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A semantic diff: what the sources say, what the file says, and where; exit status 1."""
    arguments = ["compile", "--check", "--gateway-config", str(directory)]
    edited()
    assert main(arguments) == 0
    assert capsys.readouterr().out == "up to date\n"
    edited(("litellm-unified.yaml", "  timeout: 60", "  timeout: 6"), compiled=False)
    before = (directory / "litellm-unified.yaml").read_text()
    assert main(arguments) == 1
    shown = capsys.readouterr()
    assert "expected 60.0, got 6.0. Run `sixgates compile` and commit the result." in shown.out + shown.err
    assert (directory / "litellm-unified.yaml").read_text() == before
    (directory / "litellm-unified.yaml").unlink()
    assert main(arguments) == 2
    assert "litellm-unified.yaml does not exist: run sixgates compile" in capsys.readouterr().err
