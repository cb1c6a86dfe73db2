"""What is said of led answers: the model's choices raise no alarm, and the server's defects are named."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.contract.led_servers import (
    CHECKS,
    Server,
    judged,
    leads,
    on,
    outcomes,
    unforced,
    unled,
)

from sixgates.exchange import Request
from sixgates.leading import forces_a_call, writes_instead
from sixgates.reference.defects.chat_stream import entries
from sixgates.reference.mutants import Document, asking
from sixgates.verdict import Level, Outcome


def _prose(document: Document) -> None:
    document["choices"][0].update(
        finish_reason="stop", message={"role": "assistant", "content": "Sunny, I guess."}
    )


def _streamed_prose(events: list[Document]) -> None:
    first, *rest, last = entries(events)
    for entry in rest:
        entry["delta"].clear()
    first["delta"] = {"role": "assistant", "content": "Sunny, I guess."}
    last["finish_reason"] = "stop"


def _first_call(document: Document) -> None:
    message = document["choices"][0]["message"]
    message["tool_calls"] = message["tool_calls"][:1]


def _with_text(document: Document) -> None:
    document["choices"][0]["message"]["content"] = "Let me look."


def _with_streamed_text(events: list[Document]) -> None:
    entries(events)[0]["delta"]["content"] = "Let me look."


def _markup(document: Document) -> None:
    message = {"role": "assistant", "content": '<tool_call>\n{"name": "get_'}
    document["choices"][0]["message"] = message


LEGAL: Mapping[str, Server] = {
    "the-plain-answer-is-prose": on("tool-led", "tool-led-parallel", change=_prose),
    "the-stream-is-prose": on("tool-led-stream", "tool-led-parallel-stream", stream=_streamed_prose),
    "text-before-the-call": on("tool-led", "tool-led-stream", change=_with_text, stream=_with_streamed_text),
    "the-cut-call-is-the-text-so-far": on("tool-led-cut", change=_markup),
    "none-is-answered-with-markup": on("tool-led-none", change=_markup),
    "one-call-is-enough": on("tool-led-parallel", "tool-led-parallel-off", change=_first_call),
}


@pytest.mark.parametrize("name", sorted(LEGAL.keys() - {"one-call-is-enough"}))
def test_what_a_model_may_do_raises_no_alarm(name: str) -> None:
    """The model's choice is not the server's defect; at most something is not exercised."""
    found = outcomes(judged(LEGAL[name]))
    assert {each: outcome for each, outcome in found.items() if outcome is not Outcome.NOT_EXERCISED} == {}
    assert all(CHECKS[each].level is not Level.MUST for each in found)


def test_one_call_less_than_streamed_is_a_loss_where_nothing_else_is_said() -> None:
    """The message says the same before its one call as the stream before its two."""
    verdict = judged(LEGAL["one-call-is-enough"]).verdict("tools.led.streamed_alike")
    assert [(each.where, each.expected, each.got) for each in verdict.findings] == [
        ("message", "2 calls, as in the stream", '1; content "Both at once."')
    ]


def _short(document: Document) -> None:
    document["usage"].update(completion_tokens=5, total_tokens=document["usage"]["prompt_tokens"] + 5)


def _dropped(document: Document) -> None:
    document["choices"][0]["message"] = {"role": "assistant", "content": ""}


SAID: Mapping[str, tuple[Server, str, Outcome, str]] = {
    "no-call-at-all": (
        Server(asked=lambda request: unforced(unled(request))),
        "tools.parallel.disabled",
        Outcome.NOT_EXERCISED,
        "no tool was called, and so none too many",
    ),
    "a-short-call": (
        on("tool-led", change=_short, asked=unforced),
        "tools.led.cut",
        Outcome.NOT_EXERCISED,
        "without the limit of 12 tokens, 5 were written",
    ),
    "no-thought": (
        on(
            "thought-led",
            "thought-led-stream",
            change=lambda document: document["choices"][0].update(message={"content": "9"}),
            stream=lambda events: [entry["delta"].clear() for entry in entries(events)] and None,
        ),
        "reasoning.led.streamed_alike",
        Outcome.NOT_EXERCISED,
        "the model was led to a thought, and had none",
    ),
    "calls-under-none": (
        Server(asked=lambda request: asking(tool_choice=None)(request) if leads(request) else request),
        "tools.none.not_called",
        Outcome.FAILED,
        'tool-led-none: /choices/0/message/tool_calls/0/function/name: expected no tool call, got "get_weather"',
    ),
    "responses-under-none": (
        Server(asked=lambda request: asking(tool_choice=None)(request) if leads(request) else request),
        "responses.tools.none_not_called",
        Outcome.FAILED,
        '/output/0/name: expected no call of a function, got "get_weather"',
    ),
    "a-call-as-text": (
        on("tool-led", change=_markup),
        "tools.led.call_as_text",
        Outcome.ADVISORY,
        'tool-led: content: expected the call among tool_calls, got "<tool_call>\\n{\\"name\\": \\"get_"',
    ),
    "a-cut-that-says-nothing": (
        on("tool-led-cut", change=_dropped),
        "tools.led.cut_shown",
        Outcome.ADVISORY,
        "tool-led-cut: message: expected the beginning of a call, of 12 tokens, got no call and no content",
    ),
    "a-thought-for-free": (
        on("thought-led", change=lambda document: document["usage"].update(completion_tokens=1)),
        "usage.reasoning_counted",
        Outcome.ADVISORY,
        "thought-led: /usage/completion_tokens: expected at least 6, a token for each word of thought and content,"
        " got 1",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_what_was_seen_is_said_in_words(name: str) -> None:
    server, check, outcome, text = SAID[name]
    verdict = judged(server).verdict(check)
    assert verdict.outcome is outcome
    found = [f"{each.where}: expected {each.expected}, got {each.got}" for each in verdict.findings]
    assert (found or [verdict.reason])[0] == text


@pytest.mark.parametrize(
    ("text", "writes"),
    [
        ("Sunny, I guess.", True),
        ("I have get_weather as a tool.", True),
        ("Let me look.", False),
        ("", False),
        (" \n", False),
        ('{\n  "name": "get_weather",\n  "arguments": {', False),
        ('<tool_call>\n{"name": "get_weather"}', False),
        ("get_time(city='Rome')", False),
        ("[TOOL_CALLS] [", False),
        ("<function=get_weather>", False),
    ],
)
def test_a_call_that_stands_in_the_text_is_told_from_prose(text: str, writes: bool) -> None:
    assert writes_instead(text, "Let me look. ") is writes


@pytest.mark.parametrize(
    ("body", "forces"),
    [
        (b'{"tool_choice": "required"}', True),
        (b'{"tool_choice": {"type": "function"}}', True),
        (b'{"tool_choice": "none"}', False),
        (b'{"tool_choice": "auto"}', False),
        (b"{}", False),
        (b"[]", False),
        (b"{", False),
        (b"[" * 100_000, False),
        (None, False),
    ],
)
def test_a_forced_call_is_told_from_a_led_one(body: bytes | None, forces: bool) -> None:
    assert forces_a_call(Request("POST", "/v1/chat/completions", (), body)) is forces


def test_a_thought_is_dropped_under_the_name_that_counts_less() -> None:
    def shorter(document: Document) -> None:
        document["usage"].update(prompt_tokens=10)

    verdict = judged(on("thought-led-renamed", change=shorter)).verdict("reasoning.history_either_name")
    assert verdict.outcome is Outcome.ADVISORY
    assert verdict.findings[0].got.endswith("10 as reasoning_content: reasoning_content is dropped")


def test_what_a_gateway_makes_of_two_calls_is_told_call_by_call() -> None:
    """As LiteLLM's `ollama_chat/` streams them: each whole, with its own id, both under index 0."""

    def collided(events: list[Document]) -> None:
        for entry in entries(events):
            for call in entry["delta"].get("tool_calls", []):
                call["index"] = 0

    judgement = judged(on("tool-led-parallel-stream", stream=collided))
    verdict = judgement.verdict("tools.stream.index_distinct")
    assert verdict.outcome is Outcome.FAILED
    assert verdict.findings[0].where.startswith("tool-led-parallel-stream: event ")
    assert verdict.findings[0].expected.startswith("a new index: call ")
    assert judgement.verdict("tools.led.streamed_alike").outcome is Outcome.PASSED


def test_a_call_in_the_stream_and_text_in_the_plain_answer_is_named() -> None:
    """As LiteLLM's `ollama/` answers."""

    def as_text(document: Document) -> None:
        text = '{\n  "name": "get_weather",\n  "arguments": {"city": "Rome"}}'
        document["choices"][0].update(finish_reason="stop", message={"role": "assistant", "content": text})

    judgement = judged(on("tool-led", change=as_text))
    verdict = judgement.verdict("tools.led.streamed_alike")
    assert verdict.outcome is Outcome.FAILED
    assert [(each.where, each.expected) for each in verdict.findings] == [
        ("message", "1 calls, as in the stream")
    ]
    assert judgement.verdict("tools.led.call_as_text").outcome is Outcome.ADVISORY
