"""What is legal in a completion passes, and what is not is said in words that help."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sixgates import catalogue
from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Judgement
from sixgates.verdict import Level, Outcome

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
Change = Callable[[dict[str, Any]], Any]
CHECKS = [
    check for check in catalogue.load().checks.values() if check.area in {"chat", "chat.shape", "usage"}
]


def on_completions(change: Change) -> Callable[[Exchange], Response | None]:
    """Change every completion in place, each with its first message."""

    def edit(exchange: Exchange) -> Response | None:
        response = exchange.response
        if response is None or response.status != 200 or b'"chat.completion"' not in response.body:
            return None
        document = json.loads(response.body)
        change(document)
        headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
        return replace(response, headers=headers, chunks=(Chunk(json.dumps(document).encode(), 0.01),))

    return edit


def _drop(*path: str | int) -> Change:
    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for key in path[:-1]:
            place = place[key]
        place.pop(path[-1], None)

    return change


def _put(value: Any, *path: str | int) -> Change:
    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


MESSAGE = ("choices", 0, "message")
LEGAL: dict[str, Change] = {
    "refusal-absent": _drop(*MESSAGE, "refusal"),
    "logprobs-absent": _drop("choices", 0, "logprobs"),
    "usage-absent": _drop("usage"),
    "usage-null": _put(None, "usage"),
    "content-null": _put(None, *MESSAGE, "content"),
    "content-empty": _put("", *MESSAGE, "content"),
    "content-absent": _drop(*MESSAGE, "content"),
    "fingerprint": _put("fp_1", "system_fingerprint"),
    "fingerprint-null": _put(None, "system_fingerprint"),
    "service-tier": _put("default", "service_tier"),
    "service-tier-unknown": _put("standard", "service_tier"),
    "extra-fields": _put({"cache_n": 1}, "timings"),
    "extra-in-message": _put("thinking", *MESSAGE, "reasoning_content"),
    "error-null": _put(None, "error"),
    "details-null": _put(None, "usage", "prompt_tokens_details"),
    "details": _put({"cached_tokens": 0, "audio_tokens": 0}, "usage", "prompt_tokens_details"),
    "annotations": _put([], *MESSAGE, "annotations"),
    "id-number-in-text": _put("763", "id"),
    "model-of-another-name": _put("reference-2026-01-01", "model"),
    "a-choice-filtered": _put("content_filter", "choices", 0, "finish_reason"),
}


@pytest.mark.parametrize("name", LEGAL)
def test_legal_variations_break_no_must(name: str, judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(on_completions(LEGAL[name]))
    musts = [judgement.verdict(check.id) for check in CHECKS if check.level is Level.MUST]
    wrong = [(verdict.check, verdict.findings) for verdict in musts if verdict.outcome is not Outcome.PASSED]
    assert wrong == []


@pytest.mark.parametrize("value", [None, []])
def test_no_tool_calls_may_be_null_or_an_empty_array(value: object, judge_edited: JudgeEdited) -> None:
    def change(document: dict[str, Any]) -> None:
        document["choices"][0]["message"].setdefault("tool_calls", value)

    judgement = judge_edited(on_completions(change))
    assert judgement.verdict("chat.shape.tool_calls_absent").outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("date", "outcome"),
    [
        (None, Outcome.PASSED),
        ("yesterday", Outcome.PASSED),
        ("Wed, 15 Nov 2023 20:13:20 GMT", Outcome.PASSED),
        ("Thu, 16 Nov 2023 22:13:20 GMT", Outcome.FAILED),
    ],
)
def test_created_is_compared_with_a_readable_date(
    date: str | None, outcome: Outcome, judge_edited: JudgeEdited
) -> None:
    def edit(exchange: Exchange) -> Response | None:
        if exchange.response is None or exchange.probe != "chat":
            return None
        others = tuple(pair for pair in exchange.response.headers if pair[0] != "date")
        return replace(exchange.response, headers=others if date is None else (*others, ("Date", date)))

    assert judge_edited(edit).verdict("chat.shape.created_int").outcome is outcome


@pytest.mark.parametrize(
    ("asked", "leaks"), [("hosted_vllm/reference", True), ("openai/x", False), ("reference-1", False)]
)
def test_only_a_prefix_before_the_asked_name_is_a_leak(
    asked: str, leaks: bool, judge_edited: JudgeEdited
) -> None:
    verdict = judge_edited(on_completions(_put(asked, "model"))).verdict("chat.shape.model_echo")
    assert (verdict.outcome is Outcome.ADVISORY) is leaks


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (
            401,
            "no",
            "the server asks for a key: name its variable as the provider's api_key_env, and export it",
        ),
        (
            404,
            "The model `reference` does not exist.",
            'the server does not know the model "reference": configure an id that GET /v1/models lists',
        ),
        (
            400,
            "Invalid model name passed in",
            'the server does not know the model "reference": configure an id that GET /v1/models lists',
        ),
        (
            404,
            "Not Found",
            "nothing answers POST /v1/chat/completions there: check the provider's base_url",
        ),
        (
            503,
            "Loading model",
            "the server is not ready: wait until its health endpoint answers 200, then run again",
        ),
        (400, "prompt too long", "the server's log says why it refuses a plain request"),
        (302, "", ""),
    ],
)
def test_an_unanswered_chat_says_what_to_do(
    status: int, message: str, hint: str, judge_edited: JudgeEdited, reply: Callable[..., Response]
) -> None:
    judgement = judge_edited(lambda exchange: reply(status, {"error": {"message": message}}))
    (finding,) = judgement.verdict("chat.answered").findings
    assert (finding.where, finding.expected, finding.hint) == ("status", "200", hint)
    assert finding.got.startswith(f"{status} ")
    blocked = judgement.verdict("chat.shape.role")
    assert blocked.cause is not None
    assert blocked.cause.key == "edited:chat.answered"


def test_each_missing_field_is_named(judge_edited: JudgeEdited) -> None:
    def change(document: dict[str, Any]) -> None:
        del document["id"], document["created"]
        document["choices"][0]["finish_reason"] = None

    findings = judge_edited(on_completions(change)).verdict("chat.shape.required_fields").findings
    assert [(finding.where, finding.got) for finding in findings[:3]] == [
        ("chat: /id", "absent"),
        ("chat: /created", "absent"),
        ("chat: /choices/0/finish_reason", "null"),
    ]
