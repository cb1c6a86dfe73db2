"""The gate's cases: blocked with one cause, played once for all workers, asked of a running gateway."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sixgates.cases.integration import gateway_cases
from sixgates.config import load_stack
from sixgates.gateway.locate import find_litellm
from sixgates.gateway.loopback import Loopback
from sixgates.gateway.rehearsed import scenarios_of
from sixgates.gateway.running import running_cases
from sixgates.gateway.session import blocked
from sixgates.gateway.upstream import Message, Receive, Send
from sixgates.run import Run
from sixgates.verdict import Cause, Outcome, Verdict

PROVIDERS = """
providers:
  vllm: {type: vllm, base_url: "http://127.0.0.1:8001", status: active, models: [org/big]}
  ollama: {type: ollama, base_url: "http://127.0.0.1:11434", status: active, models: ["small:1b"]}
  idle: {type: vllm, base_url: "http://127.0.0.1:8009", status: disabled, models: [other]}
"""
MAPPINGS = """
exact_matches:
  big: {provider: vllm, backend_model: org/big}
  small: {provider: ollama, backend_model: "small:1b"}
  unused: {provider: idle, backend_model: other}
patterns:
  - {pattern: "^lab/.*", provider: vllm, fallback: ollama, backend_model: org/big}
capabilities:
  chat: {preferred_models: [small, big]}
fallback_chains:
  big: {chain: [vllm, ollama]}
load_balancing:
  both:
    providers: [{provider: vllm, weight: 0.5}, {provider: ollama, weight: 0.5}]
"""


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    (tmp_path / "providers.yaml").write_text(PROVIDERS)
    (tmp_path / "model-mappings.yaml").write_text(MAPPINGS)

    def made(**options: Any) -> Run:
        return Run(tmp_path, tmp_path / "cassettes", tmp_path / "work", **options)

    return made


def test_without_litellm_every_case_is_blocked_by_one_cause(make_run: Callable[..., Run]) -> None:
    """The gate is blocked, not green, and says once how to get LiteLLM."""
    verdicts = [case.judge() for case in gateway_cases(make_run(litellm="/nonexistent/litellm"))]
    assert len({verdict.check.partition(":")[0] for verdict in verdicts}) >= 12
    assert {verdict.outcome for verdict in verdicts} == {Outcome.BLOCKED}
    assert {verdict.cause.key for verdict in verdicts if verdict.cause} == {"litellm-missing"}


def test_case_ids_are_the_checks_and_unique(make_run: Callable[..., Run]) -> None:
    """Ids name the kind and the entry of the config, so that they are the same in every worker."""
    ids = [case.id for case in gateway_cases(make_run())]
    assert len(ids) == len(set(ids))
    assert {
        "gateway.exact:big",
        "gateway.pattern:^lab/.*",
        "gateway.capability:chat",
        "gateway.unknown_model",
    } <= set(ids)
    assert ids == [case.id for case in gateway_cases(make_run())]


def test_a_config_that_cannot_be_read_blocks_the_gate(tmp_path: Path) -> None:
    """One case, one cause, with the first problem and the command that lists the rest."""
    (case,) = gateway_cases(Run(tmp_path / "absent", tmp_path, tmp_path))
    verdict = case.judge()
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.cause
    assert verdict.cause.key == "config-unreadable"
    assert f"the configuration cannot be read: {tmp_path / 'absent'}" in verdict.cause.summary
    assert verdict.cause.next_steps == (
        "correct the files; the marker `schema` alone lists every problem with its line",
    )


def test_nothing_to_judge_is_said(make_run: Callable[..., Run], tmp_path: Path) -> None:
    """A family is never empty."""
    (case,) = gateway_cases(make_run(base_url="http://127.0.0.1:1"))
    assert case.judge().reason == "--endpoint names one provider; there is no gateway in front of it to judge"
    (tmp_path / "providers.yaml").write_text(PROVIDERS.replace("status: active", "status: disabled"))
    (case,) = gateway_cases(make_run())
    assert case.judge().outcome is Outcome.NOT_APPLICABLE
    assert case.judge().reason == "no active provider serves models, so the gateway has nothing to route"


def test_scenarios_are_played_once_for_all_workers(
    make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The second worker reads what the first one found."""
    played: list[Path] = []

    def play(stack: Any, command: Path, *_: Any) -> tuple[Verdict, ...]:
        played.append(command)
        return tuple(blocked(scenario, Cause("k", "s")) for scenario in scenarios_of(stack))

    monkeypatch.setattr("sixgates.gateway.rehearsed.rehearsed", play)
    command = tmp_path / "litellm"
    command.write_text("")
    command.chmod(0o755)
    for _worker in range(2):
        for case in gateway_cases(make_run(litellm=str(command))):
            assert case.judge().check == case.id
    assert played == [command]


def test_a_crash_of_our_own_is_raised_for_every_case(
    make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Our bug is an ERROR of each scenario, found once, never a verdict on the stack."""
    calls: list[int] = []

    def crash(*_: Any) -> tuple[Verdict, ...]:
        calls.append(1)
        raise ZeroDivisionError("our bug")

    monkeypatch.setattr("sixgates.gateway.rehearsed.rehearsed", crash)
    command = tmp_path / "litellm"
    command.write_text("")
    command.chmod(0o755)
    for case in gateway_cases(make_run(litellm=str(command)))[:3]:
        with pytest.raises(RuntimeError, match="our bug"):
            case.judge()
    assert calls == [1]


class RunningGateway:
    """A gateway as LiteLLM looks from outside; `bases` says which api_base it names for a model."""

    def __init__(self, bases: dict[str, str], ready: int = 200) -> None:
        self.bases = bases
        self.ready = ready

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serves one request."""
        raw = (await receive()).get("body", b"")
        status, headers, document = self.ready, [], {}
        if scope["path"] == "/v1/models":
            document = {"data": [{"id": name} for name in self.bases]}
        elif scope["method"] == "POST":
            name = json.loads(raw)["model"]
            named = {"model-id": "d1", "model-group": name, "model-api-base": self.bases[name]}
            headers = [(f"x-litellm-{key}".encode(), value.encode()) for key, value in named.items()]
        headers.append((b"content-type", b"application/json"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(document).encode()})


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with Loopback() as made:
        yield made


def judged(run: Run, url: str) -> dict[str, Verdict]:
    return {case.id: case.judge() for case in running_cases(run.stack, url)}


def test_a_running_gateway_is_asked_for_each_name(
    make_run: Callable[..., Run], loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is missing or that leads elsewhere is found; localhost and 127.0.0.1 are one place."""
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-canary")
    bases = {"big": "http://localhost:8001/v1", "small": "http://127.0.0.1:8001/v1"}
    verdicts = judged(make_run(), loopback.serve(RunningGateway(bases)).url + "/v1/")
    assert verdicts["gateway.running_exact:big"].outcome is Outcome.PASSED
    (wrong,) = verdicts["gateway.running_exact:small"].findings
    assert (wrong.expected, wrong.got) == ("ollama at http://127.0.0.1:11434", "http://127.0.0.1:8001/v1")
    (missing,) = verdicts["gateway.running_models"].findings
    assert missing.expected == "an entry with the id 'chat'"
    assert "gateway.running_exact:unused" not in verdicts
    assert "sk-canary" not in str(verdicts)


def test_a_running_gateway_that_cannot_be_asked_blocks(
    make_run: Callable[..., Run], loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key, nobody there, not ready: one cause each, with what to do."""
    monkeypatch.delenv("LITELLM_MASTER_KEY", raising=False)
    dead = "http://127.0.0.1:9"
    assert causes(make_run(), dead) == {("gateway-key-missing", "LITELLM_MASTER_KEY is not set")}
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-canary")
    ((key, summary),) = causes(make_run(), dead)
    assert key == "gateway-unreachable"
    assert summary.startswith(f"no gateway at {dead}: ")
    url = loopback.serve(RunningGateway({}, ready=503)).url
    assert causes(make_run(), url) == {("gateway-not-ready", f"{url}/health/readiness answers 503, not 200")}


def causes(run: Run, url: str) -> set[tuple[str, str]]:
    verdicts = judged(run, url).values()
    assert {verdict.outcome for verdict in verdicts} == {Outcome.BLOCKED}
    return {(verdict.cause.key, verdict.cause.summary) for verdict in verdicts if verdict.cause}


def test_the_real_litellm_plays_a_stack_with_two_dialects(make_run: Callable[..., Run]) -> None:
    """LiteLLM itself, in front of an OpenAI-like and an Ollama-like upstream, does what the stack says."""
    command = find_litellm()
    if isinstance(command, Cause):
        pytest.skip(f"{command.summary}; get it: {command.next_steps[0]}")
    verdicts = {case.id: case.judge() for case in gateway_cases(make_run())}
    failed = {name: v.findings for name, v in verdicts.items() if v.outcome is Outcome.FAILED}
    assert failed == {}
    assert verdicts["gateway.exact:small"].outcome is Outcome.PASSED
    assert verdicts["gateway.exact:small"].engine.startswith("LiteLLM 1.")
    assert verdicts["gateway.exact:unused"].reason == (
        "provider idle of unused takes no part: it is not active or serves no models"
    )


def test_names_that_give_embeddings_are_asked_nothing_of_chat() -> None:
    """They are listed by the gateway, and no scenario sends them a conversation."""
    stack = load_stack(Path(__file__).parents[2] / "config")
    planned = scenarios_of(stack)
    assert not [one.id for one in planned if one.ask.model.startswith("embed-")]
    (listing,) = [one for one in planned if one.kind == "models"]
    assert {"embed-llamacpp", "embed-vllm"} <= listing.expect.names
    asked = {case.id for case in running_cases(stack, "http://127.0.0.1:9")}
    assert "gateway.running_exact:smollm2-vllm" in asked
    assert not [name for name in asked if "embed-" in name]
