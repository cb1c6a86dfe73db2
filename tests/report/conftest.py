"""One small run that shows every kind of result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sixgates.exchange import Finding
from sixgates.gates import Scope, Thresholds, judge_gates
from sixgates.report import Document, ProviderInfo, RunInfo, build
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DOWN = Cause(
    "refused:vllm",
    "provider vllm refuses connections at http://127.0.0.1:8001",
    ("start it: vllm serve --port 8001",),
)


def run_info(
    name: str = "run-1", *, later: int = 0, live: bool = False, interrupted: bool = False
) -> RunInfo:
    begun = START + timedelta(hours=later)
    return RunInfo(
        name,
        begun,
        begun + timedelta(seconds=1.5),
        "0.1.0",
        "3.11.9",
        "linux",
        ("pytest", "-m", "contract"),
        live,
        (ProviderInfo("llama", "llama_cpp", "b10434", "recorded", "2026-01-01"),),
        interrupted,
        1,
    )


def document_of(verdicts: Sequence[Verdict], info: RunInfo | None = None) -> Document:
    scopes = {
        gate: Scope(frozenset(verdict.key for verdict in verdicts if verdict.gate is gate))
        for gate in {verdict.gate for verdict in verdicts}
    }
    run = replace(info or run_info(), scopes=scopes)
    return build(run, verdicts, judge_gates(verdicts, Thresholds(), scopes=scopes))


def failed(**changes: object) -> Verdict:
    values: dict[str, object] = {
        "check": "chat.stream.finish_once",
        "gate": Gate.CONTRACT,
        "level": Level.MUST,
        "outcome": Outcome.FAILED,
        "requirement": "Each choice says exactly once why it stopped, in the last chunk that carries it.",
        "provider": "llama",
        "engine": "llama.cpp b10434",
        "source": "recorded",
        "findings": (Finding("event 14 /choices/0/finish_reason", "one finish_reason", "['stop', 'stop']"),),
        "breaks": ("langchain-openai", "litellm"),
        "evidence": ("openai-openapi CreateChatCompletionStreamResponse", "sgl-project/sglang#3912"),
        "reproduce": "curl -sN http://127.0.0.1:8080/v1/chat/completions -d '{\"stream\":true}'",
    }
    return Verdict(**(values | changes))  # type: ignore[arg-type]


VERDICTS = (
    Verdict("config.references", Gate.CONFIGURATION, Level.MUST, Outcome.PASSED, duration_s=0.25),
    failed(),
    failed(check="chat.id", outcome=Outcome.DEVIATION, reason="fixed in b10500", findings=(), reproduce=""),
    failed(check="chat.created", level=Level.SHOULD, outcome=Outcome.ADVISORY, reproduce=""),
    failed(check="tools.call", outcome=Outcome.NOT_APPLICABLE, reason="tools not declared", findings=()),
    Verdict("chat.a", Gate.CONTRACT, Level.MUST, Outcome.BLOCKED, provider="vllm", cause=DOWN),
    Verdict("chat.b", Gate.CONTRACT, Level.MUST, Outcome.BLOCKED, provider="vllm", cause=DOWN),
    Verdict("health.port", Gate.HEALTH, Level.MUST, Outcome.BLOCKED, provider="vllm", cause=DOWN),
)


@pytest.fixture
def document() -> Document:
    return document_of(VERDICTS)


@pytest.fixture
def verdicts() -> tuple[Verdict, ...]:
    return VERDICTS


@pytest.fixture
def make_failed() -> Callable[..., Verdict]:
    return failed


@pytest.fixture
def make_document() -> Callable[..., Document]:
    return document_of


@pytest.fixture
def make_run() -> Callable[..., RunInfo]:
    return run_info
