"""Checks that public reports asked for: what a reader is told, and that legal answers pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sixgates.exchange import Exchange, Response
from sixgates.judge import Judgement
from sixgates.reference.defects.chat_stream import entries
from sixgates.reference.mutants import Document, Edit, in_events, in_json
from sixgates.verdict import Outcome

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]


def on(probe: str, edit: Edit) -> Callable[[Exchange], Response | None]:
    """Change the answer of one probe."""

    def changed(exchange: Exchange) -> Response | None:
        return edit(exchange.response) if exchange.probe == probe and exchange.response else None

    return changed


def every_entry(**members: Any) -> Edit:
    """Put these members into each choice of each chunk; ABSENT ones go."""

    def edit(events: list[Document]) -> None:
        for entry in entries(events):
            entry.update(members)

    return in_events(edit)


def every_chunk(**members: Any) -> Edit:
    """Put these members into each chunk."""

    def edit(events: list[Document]) -> None:
        for event in events:
            event.update(members)

    return in_events(edit)


def finishing(reason: str) -> Edit:
    """End a whole answer so."""

    def edit(document: Document) -> None:
        document["choices"][0]["finish_reason"] = reason

    return in_json(edit)


def lost(events: list[Document]) -> None:
    """Take the first piece of text away."""
    first = next(entry for entry in entries(events) if entry["delta"].get("content"))
    first["delta"]["content"] = ""


@pytest.mark.parametrize(
    ("check", "probe", "edit", "told"),
    [
        ("chat.stream.no_error_member", "chat-stream", every_chunk(error=None), ("absent", "null")),
        (
            "completions.no_error_member",
            "completions-stopped-stream",
            every_chunk(error=None),
            ("absent", "null"),
        ),
        ("chat.stream.logprobs_null", "chat-stream", every_entry(logprobs={}), ("null or absent", "{}")),
        (
            "chat.finish_consistent",
            "chat",
            finishing("tool_calls"),
            ('"stop" or "length", as no tool could be called', '"tool_calls"'),
        ),
    ],
)
def test_a_finding_says_what_was_expected_and_what_came(
    check: str, probe: str, edit: Edit, told: tuple[str, str], judge_edited: JudgeEdited
) -> None:
    """In the words that a report prints."""
    finding = judge_edited(on(probe, edit)).verdict(check).findings[0]
    assert (finding.expected, finding.got) == told


def test_text_that_a_stream_loses_is_shown_whole(judge_edited: JudgeEdited) -> None:
    """Beside the text of the plain answer."""
    verdict = judge_edited(on("tool-none-stream", in_events(lost))).verdict("tools.none.streamed_alike")
    assert verdict.outcome is Outcome.ADVISORY
    finding = verdict.findings[0]
    assert finding.expected.startswith('"Hi! A small boat')
    assert finding.expected.endswith(", as in the plain answer")
    assert finding.got.startswith('" A small boat')


@pytest.mark.parametrize("probe", ["tool-none", "tool-none-stream"])
def test_a_call_under_none_leaves_no_text_to_compare(probe: str, judge_edited: JudgeEdited) -> None:
    """That it must not come, another check says."""
    call = {"index": 0, "id": "a", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}

    def whole(document: Document) -> None:
        document["choices"][0]["message"]["tool_calls"] = [call]

    def streamed(events: list[Document]) -> None:
        events[0]["choices"][0]["delta"]["tool_calls"] = [call]

    edit = in_events(streamed) if probe.endswith("stream") else in_json(whole)
    verdict = judge_edited(on(probe, edit)).verdict("tools.none.streamed_alike")
    assert verdict.outcome is Outcome.NOT_EXERCISED


@pytest.mark.parametrize(
    ("check", "probe", "edit"),
    [
        ("chat.stream.logprobs_null", "chat-stream", every_entry(logprobs=None)),
        ("chat.stream.finish_consistent", "chat-stream", every_entry(index=0)),
        ("tools.stream.no_args", "tool-no-arguments-stream", every_entry(index=0)),
    ],
)
def test_legal_answers_pass(check: str, probe: str, edit: Edit, judge_edited: JudgeEdited) -> None:
    """As they stand."""
    assert judge_edited(on(probe, edit)).verdict(check).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("", Outcome.PASSED),
        (None, Outcome.PASSED),
        (' {"a', Outcome.PASSED),
        ("The answer", Outcome.FAILED),
        ("[1, 2", Outcome.FAILED),
    ],
)
def test_arguments_that_the_limit_cut_may_go_on(
    text: str | None, outcome: Outcome, judge_edited: JudgeEdited
) -> None:
    """Unless they could never become an object."""

    def edit(events: list[Document]) -> None:
        for entry in entries(events):
            for call in entry["delta"].get("tool_calls", []):
                call["function"]["arguments"] = text if call["function"]["arguments"] else ""
            entry["finish_reason"] = entry["finish_reason"] and "length"

    verdict = judge_edited(on("tool-no-arguments-stream", in_events(edit))).verdict("tools.stream.no_args")
    assert verdict.outcome is outcome
