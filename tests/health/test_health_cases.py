"""The family of gate 6: what it yields live, without `--live`, and when there is nothing to judge."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from sixgates.cases.health import health_cases
from sixgates.config import Provider
from sixgates.health import judge_provider, tool_server
from sixgates.run import Run
from sixgates.verdict import Outcome


def run(folder: Path, providers: str = "", **more: Any) -> Run:
    (folder / "providers.yaml").write_text(providers or "providers: {}\n")
    (folder / "model-mappings.yaml").write_text("exact_matches: {}\n")
    return Run(folder, folder / "cassettes", folder / "work", **more)


ONE = "providers:\n  gpu:\n    type: vllm\n    base_url: http://127.0.0.1:{port}\n    models: [m]\n"


def test_without_live_each_provider_says_how_it_is_judged(tmp_path: Path) -> None:
    cases = health_cases(run(tmp_path, ONE.format(port=1)))
    verdict = cases[0].judge()
    assert [case.id for case in cases] == ["gpu/health.port_open"]
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_APPLICABLE, "health is judged with --live")


def test_live_a_dead_provider_is_visited_once_and_shared_between_workers(
    tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ONE.format(port=closed_port) + "    health_check: {retries: 0, timeout: 1, interval: 1}\n"
    first = [case.judge() for case in health_cases(run(tmp_path, text, live=True))]
    assert [one.outcome for one in first] == [Outcome.FAILED, *[Outcome.BLOCKED] * 3]

    def refuse(*_: object) -> None:
        raise AssertionError("visited twice")

    visits = importlib.import_module("sixgates.health.visits")
    monkeypatch.setattr(visits, "judge_provider", refuse)
    assert [case.judge() for case in health_cases(run(tmp_path, text, live=True))] == first


def test_a_disabled_health_check_says_so(tmp_path: Path) -> None:
    text = ONE.format(port=1) + "    health_check: {enabled: false}\n"
    (case,) = health_cases(run(tmp_path, text, live=True))
    assert case.judge().reason == "health_check.enabled of providers.gpu is false in providers.yaml"


def test_unreadable_files_and_empty_stacks_are_blocked(tmp_path: Path) -> None:
    (case,) = health_cases(run(tmp_path, "providers: [\n", live=True))
    cause = case.judge().cause
    assert cause
    assert cause.key == "config-unreadable"
    (case,) = health_cases(run(tmp_path, ONE.format(port=1), live=True, only=("cpu",)))
    cause = case.judge().cause
    assert cause
    assert cause.summary == "no active provider named cpu"


def test_an_ad_hoc_provider_and_a_gateway_are_judged_too(tmp_path: Path) -> None:
    cases = health_cases(run(tmp_path, live=True, base_url="http://h/v1", model="m"))
    assert {case.id.split("/")[0] for case in cases} == {"ad-hoc"}
    cases = health_cases(run(tmp_path, ONE.format(port=1), live=True, gateway_url="http://h:4000"))
    assert {case.id.split("/")[0] for case in cases} == {"gpu", "gateway"}


def test_a_missing_mcp_sdk_blocks_with_how_to_install_it(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_server, "sdk_present", lambda: False)
    server = serve(lambda stream, request: None)
    verdict = judge_provider("t", tools(server.url))["health.mcp_initializes"]
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.cause
    assert verdict.cause.next_steps == ('pip install "sixgates[mcp]"',)


def tools(url: str) -> Provider:
    return Provider.model_validate(
        {"type": "tool_server", "base_url": url, "health_check": {"timeout": 2, "retries": 0}}
    )


ANSWER = (
    b'{"jsonrpc":"2.0","id":%d,"result":{"protocolVersion":"2025-03-26","capabilities":{},'
    b'"serverInfo":{"name":"t","version":"1"}}}'
)


def json_reply(body: bytes, status: int = 200) -> bytes:
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + b"connection: close\r\n\r\n" + body


def test_a_tool_server_that_initializes_passes_and_others_say_why(serve: Any) -> None:
    pytest.importorskip("mcp", reason="tool servers need the extra sixgates[mcp]")

    def mcp(stream: Any, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
        )
        while len(body) < length:
            body += stream.recv(65536)
        if b'"initialize"' in body:
            number = int(body.split(b'"id":')[1].strip().split(b",")[0].rstrip(b"}"))
            stream.sendall(json_reply(ANSWER % number))
        else:
            stream.sendall(json_reply(b"", 202 if head.startswith(b"POST") else 405))

    verdict = judge_provider("t", tools(serve(mcp).url))["health.mcp_initializes"]
    assert verdict.outcome is Outcome.PASSED, verdict
    for raw, said in (
        (json_reply(b"{}", 401), "401: it wants a key, and providers.yaml names none (unauthorized"),
        (json_reply(b"{}"), "not_openai"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>",
            "no MCP answer but text/html (not_openai",
        ),
        (b"HTTP/1.1 302 X\r\nlocation: /x?k=v\r\ncontent-length: 0\r\n\r\n", "a redirect to /x; redirects"),
    ):
        server = serve(lambda stream, request, raw=raw: stream.sendall(raw))
        verdict = judge_provider("t", tools(server.url))["health.mcp_initializes"]
        assert verdict.outcome is Outcome.FAILED
        assert said in verdict.findings[0].got
