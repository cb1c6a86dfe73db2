"""A provider that lists its model and generates nothing is not healthy; whatever a model says, is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.serving import served

from sixgates.cases.health import health_cases
from sixgates.config import HealthCheck, Provider
from sixgates.gates import GateStatus, Thresholds, judge_gates
from sixgates.health import generation, judge_provider
from sixgates.reference.provider import ReferenceProvider
from sixgates.run import Run
from sixgates.verdict import Gate, Outcome, Verdict

GENERATES = "health.generates"
LISTED = {"data": [{"id": "smollm2"}], "models": [{"name": "smollm2"}], "version": "1"}
HEALTHY = ("health.port_open", "health.endpoint_answers", "health.models_listed")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for minutes."""
    monkeypatch.setattr(generation, "DEADLINE_S", 0.6)


def provider(url: str, kind: str = "vllm", **more: Any) -> Provider:
    patience = {"timeout": 0.5, "retries": 1, "interval": 0.05}
    entry = {"type": kind, "base_url": url, "models": ["smollm2"], "health_check": patience, **more}
    return Provider.model_validate(entry)


def raw(body: bytes | object, status: int = 200, kind: str = "application/json") -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(data)}\r\n"
    return head.encode() + b"connection: close\r\n\r\n" + data


def message(finish: str | None = "stop", used: int = 0, **said: Any) -> dict[str, Any]:
    """A chat completion."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **said}}
    return {"choices": [choice], "usage": {"completion_tokens": used}}


class Corpse:
    """A server that answers every GET as a healthy one and each POST as it is told; keeps what it was asked."""

    def __init__(self, *answers: bytes | Callable[[Any], None]) -> None:
        self.answers, self.asked = answers, list[dict[str, Any]]()
        self.paths: list[str] = []

    def __call__(self, stream: Any, request: bytes) -> None:
        """Answer one request; a client that tries whether the port speaks TLS gets nothing."""
        if not request.startswith(b"POST"):
            stream.sendall(raw(LISTED) if request.startswith(b"GET") else b"")
            return
        head, _, body = request.partition(b"\r\n\r\n")
        self.paths.append(head.split(b" ")[1].decode())
        self.asked.append(json.loads(body))
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, bytes):
            stream.sendall(answer)
        else:
            answer(stream)


def hang(stream: Any) -> None:
    time.sleep(1.5)


def drip(stream: Any) -> None:
    stream.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{")
    for _ in range(60):
        stream.sendall(b" ")
        time.sleep(0.05)


def flood(stream: Any) -> None:
    stream.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    while True:
        stream.sendall(b" " * 65536)


def cut(stream: Any) -> None:
    stream.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{")


def judged(serve: Any, corpse: Corpse, **more: Any) -> dict[str, Verdict]:
    return judge_provider("gpu", provider(serve(corpse).url, **more))


CORPSES: dict[str, tuple[bytes | Callable[[Any], None], str]] = {
    "hang": (hang, "no complete answer within 0.6 s (timeout, 1 try"),
    "drip": (drip, "no complete answer within 0.6 s (timeout, 1 try"),
    "huge": (flood, "a body of more than 1000000 bytes (not_openai, 1 try"),
    "reset": (lambda stream: None, "not HTTP: "),
    "cut": (cut, "not HTTP: "),
    "500": (raw({"error": {"message": "CUDA error"}}, 500), "500: CUDA error (error, 1 try"),
    "502": (raw(b"<html>Bad Gateway", 502, "text/html"), "502: an HTML page (error, 1 try"),
    "503": (raw({"error": {"message": "Loading model"}}, 503), "503: it is still loading, or overloaded: "),
    "429": (raw({"error": "slow down"}, 429), "429: it limits the rate of requests: slow down (limited, 2 t"),
    "401": (
        raw({"error": "no"}, 401),
        "401: it wants a key, and providers.yaml names none: no (unauthorized",
    ),
    "400": (raw({"error": {"message": "no template"}}, 400), "400: no template (rejected, 1 try"),
    "405": (raw({"detail": "Method Not Allowed"}, 405), '405: {"detail": "Method Not Allowed"} (rejected'),
    "501": (raw({"error": {"message": "embeddings only"}}, 501), "501: embeddings only (rejected, 1 try"),
    "404 path": (raw({"detail": "Not Found"}, 404), '404: {"detail": "Not Found"} (rejected, 1 try'),
    "404 model": (
        raw({"error": {"message": "The model `smollm2` does not exist.", "param": None}}, 404),
        "404: it does not serve smollm2: The model `smollm2` does not exist. (wrong_model, 1 try",
    ),
    "302": (raw(b"", 302), "302, a redirect; redirects are not followed (not_openai"),
    "html": (raw(b"<!doctype html><p>hi", 200, "text/html"), "200, and no JSON object: an HTML page (not_op"),
    "no json": (raw(b"OK", 200, "text/plain"), "200, and no JSON object: OK (not_openai, 1 try"),
    "nothing": (raw(b"", 200), "200, and no JSON object: an empty body (not_openai"),
    "deep": (raw(b"[" * 90_000), "200, and no JSON object: [[["),
    "error object": (
        raw({"error": {"message": "CUDA error"}}),
        "200 with an error: CUDA error (error, 1 try",
    ),
    "error text": (raw({"error": "boom", "choices": []}), "200 with an error: boom (error, 1 try"),
    "other json": (raw({"status": "ok"}), '200 without a list `choices`: {"status": "ok"} (not_openai'),
    "null choices": (raw({"choices": None}), '200 without a list `choices`: {"choices": null} (not_openai'),
    "no choices": (raw({"choices": []}), '200, and nothing generated: {"choices": []} (no_output, 1 try'),
    "empty": (raw(message(content="")), '200, and nothing generated: {"choices": [{"index": 0, "finish_re'),
    "null": (raw(message(content=None)), "200, and nothing generated: "),
    "empty, stopped": (raw(message(content="", used=1)), "200, and nothing generated: "),
    "empty, cut": (raw(message("length", content="")), "200, and nothing generated: "),
    "empty parts": (raw(message(content=[{"type": "text", "text": ""}])), "200, and nothing generated: "),
    "no calls": (raw(message("tool_calls", tool_calls=[])), "200, and nothing generated: "),
    "no message": (raw({"choices": [{}, None, {"message": "Hello"}]}), "200, and nothing generated: "),
}


@pytest.mark.parametrize("way", CORPSES)
def test_a_corpse_is_not_healthy(serve: Any, way: str) -> None:
    """Everything else about it is; the gate is NOT MET, and what came is said."""
    answer, seen = CORPSES[way]
    started = time.monotonic()
    verdicts = judged(serve, Corpse(answer))
    assert time.monotonic() - started < 3
    assert {verdicts[name].outcome for name in HEALTHY} == {Outcome.PASSED}
    verdict = verdicts[GENERATES]
    assert verdict.outcome is Outcome.FAILED
    assert verdict.findings[0].got.startswith(seen)
    assert verdict.findings[0].expected == "text, reasoning or a tool call from the model smollm2"
    assert verdict.findings[0].hint
    gate = judge_gates(tuple(verdicts.values()), Thresholds())[Gate.HEALTH - 1]
    assert (gate.status, gate.actual) == (GateStatus.NOT_MET, "0 of 1 provider healthy")


ALIVE: dict[str, dict[str, Any]] = {
    "text": message(content="Hello."),
    "disobedient": message(content="no"),
    "blank": message(content=" "),
    "parts": message(content=[{"type": "text", "text": "Hello."}]),
    "reasoning only": message(content=None, reasoning_content="The user wants"),
    "reasoning of another name": message(content="", reasoning="The user wants"),
    "tool call only": message(
        "tool_calls", tool_calls=[{"id": "1", "function": {"name": "f", "arguments": ""}}]
    ),
    "refusal": message(content=None, refusal="I can not"),
    "null content, tokens used": message("length", used=16, content=None),
    "an error that is null": {**message(content="Hello."), "error": None},
}


@pytest.mark.parametrize("way", ALIVE)
def test_whatever_was_generated_is_healthy(serve: Any, way: str) -> None:
    """The model's obedience is not judged, and one request is enough."""
    corpse = Corpse(raw(ALIVE[way]))
    assert judged(serve, corpse)[GENERATES].outcome is Outcome.PASSED
    assert corpse.asked == [
        {
            "model": "smollm2",
            "messages": [{"role": "user", "content": "Say hello in one short sentence."}],
            "max_tokens": 16,
        }
    ]


def test_the_reference_generates() -> None:
    """The conforming provider, on a socket."""
    with served(ReferenceProvider("smollm2")) as url:
        assert judge_provider("gpu", provider(url))[GENERATES].outcome is Outcome.PASSED


def test_nothing_is_said_only_after_a_second_prompt(serve: Any) -> None:
    """A model may have nothing to say to the first."""
    corpse = Corpse(raw(message(content="")), raw(message(content="1, 2")))
    assert judged(serve, corpse)[GENERATES].outcome is Outcome.PASSED
    prompts = [body["messages"][0]["content"] for body in corpse.asked]
    assert prompts == ["Say hello in one short sentence.", "Count from one to five."]
    silent = Corpse(raw(message(content="")))
    assert "no_output" in judged(serve, silent)[GENERATES].findings[0].got
    assert len(silent.asked) == 2


def test_a_failure_is_asked_once_and_a_busy_server_within_the_patience(serve: Any) -> None:
    """What waiting does not mend is not asked again."""
    broken = Corpse(raw(b"", 500))
    judged(serve, broken)
    assert len(broken.asked) == 1
    busy = Corpse(raw(b"", 503), raw(message(content="Hello.")))
    assert judged(serve, busy)[GENERATES].outcome is Outcome.PASSED
    limited = Corpse(raw(b"", 429))
    assert (
        "429: it limits the rate of requests (limited, 2 tries"
        in judged(serve, limited)[GENERATES].findings[0].got
    )
    assert len(limited.asked) == 2


def test_a_server_that_stays_busy_slowly_is_not_waited_for_twenty_times(serve: Any) -> None:
    """The tries together end with the deadline, whatever retries says."""

    def slowly(stream: Any) -> None:
        time.sleep(0.4)
        stream.sendall(raw(b"", 503))

    started = time.monotonic()
    judged(serve, Corpse(slowly), health_check={"timeout": 0.5, "retries": 20, "interval": 0.05})
    assert time.monotonic() - started < 2


def test_a_limit_refused_by_its_name_is_renamed(serve: Any) -> None:
    """As the models of OpenAI that think do."""
    said = {"error": {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'."}}
    corpse = Corpse(
        raw(said, 400), raw(message(content=""), 200), raw(message("length", used=9, content=None))
    )
    assert judged(serve, corpse)[GENERATES].outcome is Outcome.PASSED
    limits = [{key: value for key, value in body.items() if key.startswith("max")} for body in corpse.asked]
    assert limits == [{"max_tokens": 16}, {"max_completion_tokens": 256}, {"max_completion_tokens": 256}]
    stubborn = Corpse(raw(said, 400))
    assert "rejected" in judged(serve, stubborn)[GENERATES].findings[0].got
    assert len(stubborn.asked) == 2


def test_a_model_for_embeddings_is_asked_for_a_vector(serve: Any) -> None:
    """As numbers or as base64; no vector is no health."""
    models = [{"name": "smollm2", "specialty": "embeddings"}]
    for vector in ([0.1], "zczMPQ=="):
        corpse = Corpse(raw({"data": [{"embedding": vector}]}))
        assert judged(serve, corpse, models=models)[GENERATES].outcome is Outcome.PASSED
        assert (corpse.paths, list(corpse.asked[0])) == (["/v1/embeddings"], ["model", "input"])
    none: list[list[Any]] = [[], [{"embedding": []}], [{"embedding": None}], ["x"]]
    for data in none:
        finding = judged(serve, Corpse(raw({"data": data})), models=models)[GENERATES].findings[0]
        assert finding.expected == "a vector from the model smollm2"
        assert finding.got.startswith("200, and nothing generated: ")


def test_anthropic_is_asked_for_a_message(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its own dialect, with its own headers."""
    monkeypatch.setenv("A_KEY", "sk-CANARY")
    for document, outcome in (
        ({"content": [{"type": "text", "text": "Hello."}]}, Outcome.PASSED),
        ({"content": [], "stop_reason": "max_tokens", "usage": {"output_tokens": 16}}, Outcome.PASSED),
        ({"content": [], "stop_reason": "end_turn", "usage": {"output_tokens": 1}}, Outcome.FAILED),
        ({"type": "error", "error": {"message": "Overloaded"}}, Outcome.FAILED),
    ):
        corpse = Corpse(raw(document))
        verdict = judged(serve, corpse, kind="anthropic", api_key_env="A_KEY")[GENERATES]
        assert verdict.outcome is outcome
        assert set(corpse.paths) == {"/v1/messages"}
        assert "CANARY" not in json.dumps(verdict.to_json())
    assert verdict.reproduce.endswith('-H "x-api-key: $A_KEY" -H "anthropic-version: 2023-06-01"')


def test_a_listed_model_is_asked_where_none_is_configured(serve: Any) -> None:
    """Nothing says whether it chats or embeds, so both will do."""
    corpse = Corpse(raw(message(content="Hello.")))
    assert judged(serve, corpse, kind="ollama", models=[])[GENERATES].outcome is Outcome.PASSED
    assert corpse.asked[0]["model"] == "smollm2"
    embeds = Corpse(raw({"error": {"message": "does not chat"}}, 400), raw({"data": [{"embedding": [1]}]}))
    assert judged(serve, embeds, models=[])[GENERATES].outcome is Outcome.PASSED
    neither = Corpse(raw({"error": {"message": "does not chat"}}, 400))
    verdict = judged(serve, neither, models=[])[GENERATES]
    assert verdict.findings[0].got.startswith("400: does not chat (rejected, 1 try")
    assert neither.paths == ["/v1/chat/completions", "/v1/embeddings"]


def test_a_cloud_is_asked_for_no_model_that_nobody_named(serve: Any) -> None:
    """What a listed one costs is not known; the gap is shown."""
    corpse = Corpse(raw(message(content="Hello.")))
    verdict = judged(serve, corpse, kind="openai", models=[])[GENERATES]
    assert (verdict.outcome, corpse.asked) == (Outcome.NOT_EXERCISED, [])
    assert verdict.reason == (
        "no model is named, and what a listed one costs is not known: "
        "name one in models of providers.gpu in providers.yaml"
    )


def run(folder: Path, **more: Any) -> Run:
    (folder / "providers.yaml").write_text("providers: {}\n")
    (folder / "model-mappings.yaml").write_text("exact_matches: {}\n")
    return Run(folder, folder / "cassettes", folder / "work", live=True, **more)


def test_nothing_is_generated_through_a_gateway_unless_a_model_is_named(serve: Any, tmp_path: Path) -> None:
    """Its owner said that it is asked read-only; the providers behind it are asked themselves."""
    corpse = Corpse(raw(message(content="Hello.")))
    url = serve(lambda stream, request: stream.sendall(raw({**LISTED, "status": "healthy"}))).url
    verdicts = [case.judge() for case in health_cases(run(tmp_path, gateway_url=url))]
    generates = next(verdict for verdict in verdicts if verdict.check == GENERATES)
    assert (generates.outcome, generates.reason) == (
        Outcome.NOT_APPLICABLE,
        "no model is named, and a generation through a gateway may cost money; the providers behind it are "
        "asked. To ask through it, add an entry gateway with models to providers.yaml",
    )
    assert judge_gates(verdicts, Thresholds())[Gate.HEALTH - 1].status is GateStatus.MET
    named = judged(serve, corpse, kind="openai_compatible", health_endpoint="/health/liveliness")[GENERATES]
    assert (named.outcome, len(corpse.asked)) == (Outcome.PASSED, 1)


def test_an_ad_hoc_model_for_embeddings_is_known_by_its_capabilities(serve: Any, tmp_path: Path) -> None:
    """`--capabilities embeddings` says so to both gates."""
    corpse = Corpse(raw({"data": [{"embedding": [1]}]}))
    more = {"base_url": serve(corpse).url, "model": "smollm2", "capabilities": ("embeddings",)}
    verdicts = [case.judge() for case in health_cases(run(tmp_path, **more))]
    assert {verdict.outcome for verdict in verdicts} == {Outcome.PASSED}
    assert corpse.paths == ["/v1/embeddings"]


def test_without_any_model_it_is_blocked(serve: Any) -> None:
    """The list has failed already."""
    server = serve(lambda stream, request: stream.sendall(raw({"data": []})))
    cause = judge_provider("gpu", provider(server.url, models=[]))[GENERATES].cause
    assert cause is not None
    assert cause.summary == (
        "provider gpu: no model is configured and none is listed, so nothing can be generated"
    )


def test_an_earlier_cause_blocks_it(closed_port: int) -> None:
    """One cause for all."""
    verdicts = judge_provider("gpu", provider(f"http://127.0.0.1:{closed_port}"))
    assert verdicts[GENERATES].outcome is Outcome.BLOCKED
    assert verdicts[GENERATES].cause == verdicts["health.models_listed"].cause


def test_the_failure_names_address_model_and_the_next_step(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the curl line sends the same request again, without the key."""
    monkeypatch.setenv("GPU_KEY", "sk-CANARY")
    echo = raw({"error": {"message": "bad key sk-CANARY \x1b[2J"}}, 500)
    server = serve(Corpse(echo))
    url = server.url.replace("//", "//CANARY-user:CANARY-word@") + "/v1?key=CANARY-query"
    verdict = judge_provider("gpu", provider(url, api_key_env="GPU_KEY"))[GENERATES]
    assert "CANARY" not in json.dumps(verdict.to_json())
    finding = verdict.findings[0]
    assert finding.where == f"{server.url}/v1/chat/completions"
    assert finding.got.startswith("500: bad key [redacted]  [2J (error, 1 try in 0.")
    assert finding.hint == "read the log of the vLLM server"
    assert verdict.reproduce == (
        f"curl -sS -i -m 0.6 {server.url}/v1/chat/completions -H 'Content-Type: application/json' "
        """-d '{"model": "smollm2", "messages": [{"role": "user", "content": "Say hello in one short """
        """sentence."}], "max_tokens": 16}' -H "Authorization: Bearer $GPU_KEY\""""
    )


@pytest.mark.parametrize(
    ("way", "hint"),
    [
        ("hang", "restart the vLLM server if it hangs; a slow machine: raise health_check.timeout of "
         "providers.gpu in providers.yaml"),
        ("400", "if smollm2 is made for embeddings: give it specialty: embeddings in models of providers.gpu in "
         "providers.yaml; read the log of the vLLM server"),
        ("429", "wait until the limit of the server lets requests pass, and run again; raise "
         "health_check.retries or health_check.interval of providers.gpu in providers.yaml"),
        ("empty", "look at the model's chat template and stop words, and whether its file is whole; restart the "
         "vLLM server if it hangs"),
    ],
)  # fmt: skip
def test_the_next_step_fits_what_came(serve: Any, way: str, hint: str) -> None:
    """By symptom."""
    assert judged(serve, Corpse(CORPSES[way][0]))[GENERATES].findings[0].hint == hint


def test_a_longer_timeout_of_the_config_wins(serve: Any) -> None:
    """Over the deadline of this check."""
    patience = HealthCheck(timeout=0.9, retries=0).model_dump()
    verdict = judged(serve, Corpse(hang), health_check=patience)[GENERATES]
    assert verdict.findings[0].got.startswith("no complete answer within 0.9 s")
    assert verdict.reproduce.startswith("curl -sS -i -m 0.9 ")


def test_the_deadline_leaves_time_to_load_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two minutes."""
    monkeypatch.undo()
    assert generation.DEADLINE_S == 120
