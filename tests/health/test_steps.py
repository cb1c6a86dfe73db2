"""What to do next fits the type and the config of a provider, and never carries a secret."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from sixgates.config import Provider, ProviderType
from sixgates.exchange import FailureKind
from sixgates.health import Symptom, cause_of, curl, next_steps, symptom_of, systemd


def provider(kind: str, url: str = "http://127.0.0.1:8001/v1", **more: Any) -> Provider:
    return Provider.model_validate({"type": kind, "base_url": url, "models": ["org/a model"], **more})


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        ("vllm", "start it: vllm serve 'org/a model' --port 8001"),
        ("llama_cpp", "start it: llama-server -m 'org/a model.gguf' --alias 'org/a model' --port 8001"),
        (
            "llama_cpp_python",
            "start it: python -m llama_cpp.server --model 'org/a model.gguf'"
            " --model_alias 'org/a model' --port 8001",
        ),
        (
            "ollama",
            "start it: OLLAMA_HOST=127.0.0.1:8001 ollama serve, then: ollama pull 'org/a model'",
        ),
        ("openai", "see https://status.openai.com"),
        ("anthropic", "see https://status.anthropic.com"),
        ("openai_compatible", "start the OpenAI-compatible server that should listen on port 8001"),
        ("tool_server", "start the MCP server that should listen on port 8001"),
        ("web_ui", "start the web interface that should listen on port 8001"),
    ],
)
def test_a_refused_provider_is_started_the_way_of_its_type(kind: str, start: str) -> None:
    assert next_steps("gpu", provider(kind), Symptom.REFUSED)[0] == start


def test_the_unit_comes_first_and_the_configured_command_next() -> None:
    one = provider("vllm", service_file="~/.config/systemd/user/vllm.service", start_command="make up")
    assert next_steps("gpu", one, Symptom.REFUSED) == (
        "systemctl --user start vllm.service",
        "start it: make up",
        "journalctl --user -u vllm.service -n 50 --no-pager",
        "check: curl -sS -i -m 10 http://127.0.0.1:8001/health",
    )


def test_commands_for_another_machine_say_where_they_are_typed() -> None:
    steps = next_steps("gpu", provider("vllm", "http://gpu-box:8001", service="vllm"), Symptom.REFUSED)
    assert steps[0] == "on gpu-box: systemctl --user start vllm.service"


@pytest.mark.parametrize("kind", list(ProviderType))
@pytest.mark.parametrize("symptom", list(Symptom))
def test_every_symptom_of_every_type_has_a_next_step(kind: ProviderType, symptom: Symptom) -> None:
    steps = next_steps("gpu", provider(kind), symptom)
    assert steps
    assert not [step for step in steps if "{" in step or not step.strip()]


def test_curl_names_the_variable_and_not_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_KEY", "sk-CANARY")
    one = provider("vllm", "http://u:CANARY@h:1/v1?k=CANARY", api_key_env="GPU_KEY")
    assert curl(one, "/v1/models") == (
        'curl -sS -m 10 http://h:1/v1/models -H "Authorization: Bearer $GPU_KEY"'
    )
    cloud = provider("anthropic", "", api_key_env="A_KEY")
    assert curl(cloud, "/v1/models").endswith('-H "x-api-key: $A_KEY" -H "anthropic-version: 2023-06-01"')


def test_a_configured_command_is_shown_without_its_key() -> None:
    one = provider("vllm", start_command="vllm serve m --api-key=sk-CANARY --hf-token CANARY --port 1")
    assert next_steps("gpu", one, Symptom.REFUSED)[0] == (
        "start it: vllm serve m --api-key=[redacted] --hf-token [redacted] --port 1"
    )


def test_causes_of_one_provider_share_their_key_and_failures_have_a_symptom() -> None:
    one = cause_of("gpu", provider("vllm"), symptom_of(FailureKind.REFUSED), "connection refused")
    assert (one.key, one.summary) == ("provider:gpu", "provider gpu: connection refused")
    assert [symptom_of(kind).value for kind in FailureKind] == [
        "refused", "dns", "tls", "timeout", "timeout", "error", "not_openai", "not_openai", "error",
    ]  # fmt: skip


def fake_systemctl(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command = folder / "systemctl"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("script", "state", "active"),
    [
        ("echo LoadState=loaded; echo ActiveState=active; echo SubState=running", "active (running)", True),
        ("echo LoadState=loaded; echo ActiveState=failed; echo SubState=failed", "failed (failed)", False),
        (
            "echo LoadState=loaded; echo ActiveState=activating; echo SubState=start",
            "activating (start)",
            False,
        ),
        ("echo LoadState=not-found; echo ActiveState=inactive; echo SubState=dead", "not-found", False),
    ],
)
def test_a_unit_is_active_only_when_systemd_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, state: str, active: bool
) -> None:
    fake_systemctl(tmp_path, script, monkeypatch)
    unit = systemd.ask("vllm.service", tmp_path)
    assert (unit.state, unit.active) == (state, active)


def test_a_unit_that_cannot_be_asked_for_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_systemctl(tmp_path, "echo 'Failed to connect to bus' >&2; exit 1", monkeypatch)
    assert systemd.ask("x.service", tmp_path / "none").missing == "systemd does not run on this machine"
    assert systemd.ask("x.service", tmp_path).missing == "systemctl --system failed: Failed to connect to bus"
