"""Each kind of broken server ends as a finding that names the cause and what to do next."""

from __future__ import annotations

import json
import ssl
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from sixgates.config import Provider
from sixgates.health import checks_of, judge_provider
from sixgates.verdict import Outcome, Verdict

ENDPOINT, MODELS, PORT = "health.endpoint_answers", "health.models_listed", "health.port_open"
GENERATES = "health.generates"
LLAMA = {"data": [{"id": "smollm2"}], "choices": [{"message": {"content": "Hello."}}]}
"""A document that serves as a list of models and as a completion."""


def provider(url: str, kind: str = "vllm", retries: int = 0, timeout: float = 0.5, **more: Any) -> Provider:
    patience = {"timeout": timeout, "retries": retries, "interval": 0.05}
    return Provider.model_validate(
        {"type": kind, "base_url": url, "models": ["smollm2"], "health_check": patience, **more}
    )


def response(
    body: bytes | dict[str, Any], status: int = 200, kind: str = "application/json", more: str = ""
) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(raw)}\r\n"
    head += f"{more}connection: close\r\n\r\n"
    return head.encode() + raw


def answering(raw: bytes) -> Callable[[Any, bytes], None]:
    return lambda stream, request: stream.sendall(raw)


def judged(one: Provider) -> dict[str, Verdict]:
    return judge_provider("gpu", one)


def got(verdict: Verdict) -> str:
    assert verdict.outcome is Outcome.FAILED, verdict
    return verdict.findings[0].got


def blocked_by(verdicts: dict[str, Verdict], check: str = MODELS) -> str:
    verdict = verdicts[check]
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.cause
    assert verdict.cause.key == "provider:gpu"
    return verdict.cause.summary


def test_a_healthy_provider_passes_every_check_and_is_asked_with_its_key(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPU_KEY", "sk-1234")
    server = serve(answering(response(LLAMA)))
    verdicts = judged(provider(f"{server.url}/v1", api_key_env="GPU_KEY"))
    assert {verdict.outcome for verdict in verdicts.values()} == {Outcome.PASSED}
    asked = [request.split(b" ")[1] for request in server.requests]
    assert asked == [b"/health", b"/v1/models", b"/v1/chat/completions"]
    assert all(b"authorization: bearer sk-1234" in request.lower() for request in server.requests)


def test_a_closed_port_is_refused_and_blocks_the_rest_under_one_cause(closed_port: int) -> None:
    verdicts = judged(provider(f"http://127.0.0.1:{closed_port}/v1", retries=2))
    finding = verdicts[PORT].findings[0]
    assert finding.where == f"http://127.0.0.1:{closed_port}"
    assert finding.expected == f"a TCP connection to 127.0.0.1:{closed_port}"
    assert finding.got.startswith("connection refused (refused, 3 tries in 0.")
    assert finding.hint == f"start it: vllm serve smollm2 --port {closed_port}"
    assert verdicts[ENDPOINT].cause == verdicts[MODELS].cause
    assert blocked_by(verdicts).startswith(
        f"provider gpu: http://127.0.0.1:{closed_port}: connection refused"
    )


def test_an_unknown_host_is_a_dns_finding() -> None:
    verdicts = judged(provider("http://gpu-box.invalid:8001"))
    assert got(verdicts[PORT]).startswith("DNS does not know the host: ")
    assert "getent hosts gpu-box.invalid" in verdicts[PORT].findings[0].hint


def test_a_server_that_never_answers_ends_within_the_timeout(serve: Any) -> None:
    server = serve(lambda stream, request: time.sleep(1.5))
    start = time.monotonic()
    verdicts = judged(provider(server.url, timeout=0.3, retries=1))
    assert time.monotonic() - start < 1.5
    assert verdicts[PORT].outcome is Outcome.PASSED
    assert got(verdicts[ENDPOINT]).startswith("no complete answer within 0.3 s (timeout, 2 tries in 0.")
    assert "restart the vLLM server if it hangs" in verdicts[ENDPOINT].findings[0].hint


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n"], ids=["headers", "body"]
)
def test_a_slow_drip_ends_at_the_deadline(serve: Any, start: bytes) -> None:
    def drip(stream: Any, request: bytes) -> None:
        stream.sendall(start or b"HTTP/1.1 200 OK\r\nx-drip: ")
        for _ in range(60):
            stream.sendall(b"x")
            time.sleep(0.05)

    began = time.monotonic()
    verdicts = judged(provider(serve(drip).url, timeout=0.4))
    assert time.monotonic() - began < 1.5
    assert got(verdicts[ENDPOINT]).startswith("no complete answer within 0.4 s (timeout, 1 try")


def test_a_missing_key_is_told_from_a_refused_one(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(answering(response({"error": {"message": "no such key"}}, 401)))
    unnamed = judged(provider(server.url))
    assert got(unnamed[ENDPOINT]).startswith(
        "401: it wants a key, and providers.yaml names none: no such key ("
    )
    assert "api_key_env of providers.gpu" in unnamed[ENDPOINT].findings[0].hint
    monkeypatch.delenv("GPU_KEY", raising=False)
    unset = judged(provider(server.url, api_key_env="GPU_KEY"))
    assert "the environment variable GPU_KEY is not set" in got(unset[ENDPOINT])
    monkeypatch.setenv("GPU_KEY", "sk-wrong")
    wrong = judged(provider(server.url, api_key_env="GPU_KEY"))
    assert "it refuses the key in GPU_KEY" in got(wrong[ENDPOINT])
    assert wrong[ENDPOINT].reproduce.endswith('-H "Authorization: Bearer $GPU_KEY"')
    assert "unauthorized" in blocked_by(wrong)


def test_llama_cpp_that_loads_is_waited_for(serve: Any) -> None:
    loading = response({"error": {"code": 503, "message": "Loading model"}}, 503)

    def warm_up(stream: Any, request: bytes) -> None:
        stream.sendall(loading if len(server.requests) < 3 else response(LLAMA))

    server = serve(warm_up)
    verdicts = judged(provider(server.url, "llama_cpp", retries=5))
    assert {verdict.outcome for verdict in verdicts.values()} == {Outcome.PASSED}
    still = judged(provider(serve(answering(loading)).url, "llama_cpp", retries=1))
    assert got(still[ENDPOINT]).startswith("503: the model is still loading: Loading model (loading, 2 tries")
    assert "wait until the model is loaded" in still[ENDPOINT].findings[0].hint


def test_a_503_of_vllm_is_not_called_loading(serve: Any) -> None:
    verdicts = judged(provider(serve(answering(response(b"", 503))).url))
    assert got(verdicts[ENDPOINT]).startswith("503 (error, 1 try")


def test_html_to_everything_is_not_health(serve: Any) -> None:
    verdicts = judged(provider(serve(answering(response(b"<!doctype html><p>hi", kind="text/html"))).url))
    assert "an HTML page instead of the answer of the vLLM server (not_openai" in got(verdicts[ENDPOINT])
    assert "ss -ltnp" in verdicts[ENDPOINT].findings[0].hint


def test_a_404_to_everything_is_one_root_cause(serve: Any) -> None:
    verdicts = judged(provider(serve(answering(response({"detail": "Not Found"}, 404))).url))
    assert got(verdicts[ENDPOINT]).startswith("404: no such path there")
    assert blocked_by(verdicts)


def test_another_model_is_named_with_what_is_there(serve: Any) -> None:
    server = serve(answering(response({"data": [{"id": "qwen"}, {"id": "phi"}]})))
    finding = judged(provider(server.url))[MODELS].findings[0]
    assert finding.expected == "the configured model smollm2"
    assert finding.got.startswith("only qwen, phi (wrong_model, 1 try")
    assert finding.where == f"{server.url}/v1/models"
    assert "vllm serve smollm2" in finding.hint
    assert "correct models of providers.gpu in providers.yaml" in finding.hint


@pytest.mark.parametrize(
    "body", [b"{}", b"", b"[]", b'{"data": [{}]}', b'{"data": "x"}', b"[" * 9000, b"\xff"]
)
def test_a_models_answer_of_another_shape_never_passes(serve: Any, body: bytes) -> None:
    assert "not_openai" in got(judged(provider(serve(answering(response(body))).url))[MODELS])


def test_an_empty_list_of_models_never_passes(serve: Any) -> None:
    server = serve(answering(response({"data": []})))
    assert got(judged(provider(server.url, models=[]))[MODELS]).startswith("only an empty list (wrong_model")


def test_redirects_are_not_followed_and_their_query_is_not_shown(serve: Any) -> None:
    raw = response(b"", 302, more="location: http://elsewhere.example/login?token=CANARY\r\n")
    server = serve(answering(raw))
    said = got(judged(provider(server.url))[ENDPOINT])
    assert said.startswith(
        "302, a redirect to http://elsewhere.example/login; redirects are not followed (not_openai"
    )
    assert len(server.requests) == 1


def test_https_on_a_plain_port_and_the_reverse_say_so(serve: Any, tls_context: ssl.SSLContext) -> None:
    plain = serve(answering(response(LLAMA)))
    said = got(judged(provider(plain.url.replace("http", "https")))[ENDPOINT])
    assert said.startswith("the port speaks no TLS, base_url says https:// (tls, 1 try")
    mute = serve(lambda stream, request: time.sleep(1.5))
    said = got(judged(provider(mute.url.replace("http", "https")))[ENDPOINT])
    assert said.startswith("no TLS handshake in time, base_url says https:// (tls, 1 try")
    secure = serve(answering(response(LLAMA)), tls_context)
    verdict = judged(provider(secure.url, timeout=2))[ENDPOINT]
    assert got(verdict).startswith("the port speaks TLS, base_url says http:// (tls, 1 try")
    assert "try https:// in base_url of providers.gpu" in verdict.findings[0].hint
    untrusted = judged(provider(secure.url.replace("http", "https"), timeout=2))[ENDPOINT]
    assert got(untrusted).startswith("certificate refused: self-signed certificate (tls, 1 try")
    assert "SSL_CERT_FILE" in untrusted.findings[0].hint


def test_a_huge_body_is_cut_and_reported(serve: Any) -> None:
    def flood(stream: Any, request: bytes) -> None:
        stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            stream.sendall(b"x" * 65536)

    assert got(judged(provider(serve(flood).url, timeout=3))[ENDPOINT]).startswith(
        "a body of more than 1000000 bytes (not_openai, 1 try"
    )


@pytest.mark.parametrize(
    "raw",
    [b"\x00\x01garbage\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 99999],
)
def test_a_port_that_speaks_something_else_is_a_finding(serve: Any, raw: bytes) -> None:
    assert "(not_openai, 1 try" in got(judged(provider(serve(answering(raw)).url))[ENDPOINT])


def test_ollama_is_asked_in_its_own_dialect_and_latest_is_implied(serve: Any) -> None:
    answers: dict[bytes, dict[str, Any]] = {
        b"/api/version": {"version": "0.9"},
        b"/api/tags": {"models": [{"name": "smollm2:latest"}]},
        b"/v1/chat/completions": LLAMA,
    }
    server = serve(lambda stream, request: stream.sendall(response(answers[request.split(b" ")[1]])))
    verdicts = judged(provider(server.url, "ollama"))
    assert {verdict.outcome for verdict in verdicts.values()} == {Outcome.PASSED}
    missing = judged(provider(server.url, "ollama", models=["smollm2", "qwen:7b"]))[MODELS].findings[0]
    assert missing.expected == "the configured model qwen:7b"
    assert missing.hint.startswith("ollama pull qwen:7b;")


def test_an_ollama_without_a_version_is_another_server(serve: Any) -> None:
    said = got(judged(provider(serve(answering(response(LLAMA))).url, "ollama"))[ENDPOINT])
    assert said.startswith("no `version` in the answer, the Ollama server gives one")


def test_llama_cpp_may_list_a_model_by_its_file(serve: Any) -> None:
    server = serve(answering(response({"data": [{"id": "/models/smollm2.gguf"}]})))
    assert judged(provider(server.url, "llama_cpp"))[MODELS].outcome is Outcome.PASSED


def test_a_web_interface_must_answer_with_a_page(serve: Any) -> None:
    page = judged(provider(serve(answering(response(b"<html>", kind="text/html"))).url, "web_ui"))
    assert [verdict.outcome for verdict in page.values()] == [Outcome.PASSED, Outcome.PASSED]
    said = got(judged(provider(serve(answering(response({"a": 1}))).url, "web_ui"))["health.page_is_html"])
    assert said.startswith('no HTML page but application/json: {"a": 1} (error')


def test_checks_fit_the_type() -> None:
    assert checks_of(provider("http://h", "tool_server")) == (PORT, "health.mcp_initializes")
    assert checks_of(provider("http://h", service="x")) == (
        PORT,
        "health.unit_active",
        ENDPOINT,
        MODELS,
        GENERATES,
    )


def test_no_secret_is_shown_wherever_it_stands(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_KEY", 'sk-"CANARY+one/two')
    spelled = [json.dumps('sk-"CANARY+one/two'), "CANARY-user", "CANARY-word", "CANARY-query"]
    spelled.append(b64encode(b"CANARY-user:CANARY-word").decode())
    echo = {"error": {"message": " ".join(['sk-"CANARY+one/two', *spelled])}}
    for status in (401, 500, 418, 200):
        server = serve(answering(response(echo, status, more="location: /CANARY-query\r\n")))
        url = server.url.replace("http://", "http://CANARY-user:CANARY-word@") + "/v1?key=CANARY-query"
        verdicts = judged(
            provider(url, api_key_env="GPU_KEY", start_command="vllm serve --api-key sk-CANARY9")
        )
        text = json.dumps([verdict.to_json() for verdict in verdicts.values()])
        assert "CANARY" not in text
        assert b64encode(b"CANARY-user:CANARY-word").decode() not in text
        assert b"CANARY-query" in server.requests[0]


def test_credentials_of_the_url_are_sent_but_not_shown(serve: Any) -> None:
    server = serve(answering(response({"data": []})))
    verdicts = judged(provider(server.url.replace("//", "//user:word@")))
    assert b64encode(b"user:word") in server.requests[0]
    assert verdicts[MODELS].findings[0].where == f"{server.url}/v1/models"
    assert '-u "$USERNAME:$PASSWORD"' in verdicts[MODELS].reproduce
