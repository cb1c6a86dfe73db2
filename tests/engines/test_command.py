"""The subcommands, and the configurations that they hand to pytest."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from sixgates.config import load_stack
from sixgates.engines import ENGINES, EngineError, RunningEngine, command, embedded, recording
from sixgates.engines.__main__ import main

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIXGATES_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def server(name: str, url: str) -> RunningEngine:
    return RunningEngine(ENGINES[name], url, 1, Path("log"), 1.0)


def test_the_list_names_every_engine_and_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engine", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines] == [[name, e.version, "-"] for name, e in ENGINES.items()]
    assert lines[-1].endswith("LiteLLM proxy, older (480 MB)")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["engine", "sglang"], f"sixgates: No engine is called 'sglang'. There are: {', '.join(ENGINES)}.\n"),
        (
            ["engine"],
            f"sixgates: name an engine: {', '.join(ENGINES)} (sixgates engine --list tells more).\n",
        ),
        (
            ["demo", "--example", "nowhere"],
            "sixgates: nowhere/providers.yaml is not there; run this in a clone of sixgates, "
            "or say --example DIR.\n",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    assert capsys.readouterr().err == message


def test_ctrl_c_is_answered_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_args: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    assert command.stopped_cleanly(interrupted, argparse.Namespace()) == 130
    assert capsys.readouterr().out == "interrupted; everything that was started has been stopped\n"


def test_a_recording_sees_its_own_provider_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    monkeypatch.setenv("VLLM_API_KEY", "")
    shutil.copytree(REPOSITORY / "config", config)
    declared = [
        {"provider": name, "check": "chat.shape.id", "reason": "known for long", "expires": date(2099, 1, 1)}
        for name in ("vllm", "llama_cpp")
    ]
    (config / "deviations.yaml").write_text(yaml.safe_dump({"deviations": declared}))
    seen: dict[str, Any] = {}

    @contextlib.contextmanager
    def running(name: str, *, model_alias: str, report: object, key: str | None) -> Iterator[RunningEngine]:
        seen.update(engine=name, alias=model_alias, key=key)
        yield server("vllm", "http://127.0.0.1:9")
        seen["left"] = True

    def pytest_run(*arguments: str) -> int:
        seen.update(arguments=arguments[:-1], stack=load_stack(Path(arguments[-1])))
        return 5

    monkeypatch.setattr(recording, "running", running)
    monkeypatch.setattr(recording, "warm_up", lambda *_: None)
    monkeypatch.setattr(recording, "run_pytest", pytest_run)
    assert recording.record("vllm", config) == 5
    stack = seen["stack"]
    assert list(stack.active) == ["vllm"]
    provider = stack.active["vllm"]
    assert (provider.base_url, (provider.model_extra or {})["engine_version"]) == (
        "http://127.0.0.1:9",
        "0.32.0",
    )
    assert [deviation.provider for deviation in stack.deviations] == ["vllm"]
    assert seen["arguments"] == ("contracts", "--live", "--record", "--provider", "vllm", "--gateway-config")
    assert (seen["engine"], seen["alias"], seen["left"]) == ("vllm", "smollm2", True)
    assert seen["key"] == os.environ["VLLM_API_KEY"] != ""


def test_a_provider_that_is_not_configured_gets_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "providers.yaml").write_text("providers: {a: {models: []}, b: {}}")
    with pytest.raises(EngineError) as unknown:
        recording.record("vllm", tmp_path)
    assert str(unknown.value) == f"{tmp_path / 'providers.yaml'} has no provider 'vllm'. It has: a, b."
    with pytest.raises(EngineError) as idle:
        recording.record("a", tmp_path)
    assert str(idle.value) == "provider a lists no model; add the one that the engine is to serve."


def test_the_example_is_copied_with_the_real_addresses(tmp_path: Path) -> None:
    real = {
        written: f"http://127.0.0.1:{port}" for port, written in enumerate(embedded.WRITTEN.values(), 5001)
    }
    folder = embedded.write_config(REPOSITORY / "examples" / "embedded", tmp_path / "work", real)
    stack = load_stack(folder)
    assert [provider.base_url for provider in stack.active.values()] == list(real.values())
    assert stack.gateway_document is not None
    bases = {entry["litellm_params"]["api_base"] for entry in stack.gateway_document["model_list"]}
    assert bases == {f"{url}/v1" for url in real.values()}


def test_the_example_states_the_engine_that_is_started() -> None:
    stack = load_stack(REPOSITORY / "examples" / "embedded")
    assert {name: entry.base_url for name, entry in stack.active.items()} == embedded.WRITTEN
    versions = {(entry.model_extra or {}).get("engine_version") for entry in stack.active.values()}
    assert versions == {ENGINES[embedded.ENGINE].version}
    assert [model.name for entry in stack.active.values() for model in entry.models] == [embedded.MODEL] * 2


def test_pytest_runs_beside_us_and_its_status_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_one.py").write_text("def test_it():\n    raise SystemExit(1)\n")
    assert recording.run_pytest("-q", "-p", "no:cacheprovider", "test_one.py") == 1


def test_the_template_renders_calls_and_results() -> None:
    text = (REPOSITORY / "src/sixgates/engines/chatml-tools.jinja").read_text()
    call = {"function": {"name": "add", "arguments": '{"a": 1}'}}
    messages: Sequence[dict[str, Any]] = [
        {"role": "user", "content": "1+2?"},
        {"role": "assistant", "content": None, "tool_calls": [call, call]},
        {"role": "tool", "content": "3"},
        {"role": "tool", "content": "4"},
    ]
    environment = jinja2.Environment(autoescape=False)
    spoken = environment.from_string(text).render(
        messages=messages, tools=[{"type": "function"}], add_generation_prompt=True
    )
    called = '<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>'
    assert spoken.startswith("<|im_start|>system\nYou are a helpful assistant.\n\nYou may call")
    assert '<tools>\n{"type": "function"}\n</tools>' in spoken
    assert f"<|im_start|>assistant\n{called}\n{called}<|im_end|>\n" in spoken
    assert spoken.endswith(
        "<|im_start|>user\n<tool_response>\n3\n</tool_response>\n<tool_response>\n4\n</tool_response><|im_end|>\n"
        "<|im_start|>assistant\n"
    )
