"""Thoughts: where they may stand, and that silence is no failure."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sixgates.catalogue import CHAT_PATH
from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Judgement
from sixgates.verdict import Outcome, Verdict

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
FIELDS = ("reasoning", "reasoning_content", "reasoning_details")
NEED_A_THOUGHT = ("field_consistent", "field_both", "stream_order", "content_nonempty_on_stop")


def everywhere(change: Callable[[dict[str, Any]], None]) -> Callable[[Exchange], Response | None]:
    """Change every message and every delta."""

    def edit(exchange: Exchange) -> Response | None:
        response = exchange.response
        if response is None or response.status != 200 or exchange.request.path != CHAT_PATH:
            return None
        if response.media_type == "application/json":
            document = json.loads(response.body)
            for choice in document.get("choices", []):
                change(choice.get("message", {}))
            return replace(response, chunks=(Chunk(json.dumps(document).encode(), 0.01),))
        return replace(
            response, chunks=tuple(replace(each, data=_changed(each.data)) for each in response.chunks)
        )

    def _changed(block: bytes) -> bytes:
        if block.startswith(b"data: [DONE]"):
            return block
        event = json.loads(block[6:])
        for choice in event["choices"]:
            change(choice.get("delta", {}))
        return f"data: {json.dumps(event)}\n\n".encode()

    return edit


def found(verdict: Verdict) -> list[tuple[str, str, str]]:
    """The findings of a verdict as a report shows them."""
    return [(finding.where, finding.expected, finding.got) for finding in verdict.findings]


def silent(fields: dict[str, Any]) -> None:
    """No thought at all."""
    for name in FIELDS:
        fields.pop(name, None)


def empty(fields: dict[str, Any]) -> None:
    """The fields are there, and nothing is in them."""
    fields.update(reasoning=None, reasoning_content="", reasoning_details=[])


@pytest.mark.parametrize("change", [silent, empty])
def test_what_never_thinks_leaves_nothing_to_judge(
    change: Callable[[dict[str, Any]], None], judge_edited: JudgeEdited
) -> None:
    judgement = judge_edited(everywhere(change))
    for name in NEED_A_THOUGHT:
        verdict = judgement.verdict(f"reasoning.{name}")
        assert verdict.outcome is Outcome.NOT_EXERCISED
        assert verdict.reason == "no answer came with a thought"
    assert judgement.verdict("reasoning.details_list_indexed").reason == "no delta holds a list of objects"
    for name in ("separated", "roundtrip_accepted"):
        assert judgement.verdict(f"reasoning.{name}").outcome is Outcome.PASSED


def test_one_name_is_worth_knowing_and_consistent(judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(everywhere(lambda fields: fields.pop("reasoning_content", None)))
    assert judgement.verdict("reasoning.field_consistent").outcome is Outcome.PASSED
    verdict = judgement.verdict("reasoning.field_both")
    assert verdict.outcome is Outcome.ADVISORY
    assert found(verdict) == [
        (
            where,
            "the same thought under both names",
            'reasoning_content "", reasoning "A short answer will do."',
        )
        for where in (
            "chat-unicode: message",
            "chat-stream: stream",
            "chat-stream-unicode: stream",
            "thought-led: message",
            "thought-led-stream: stream",
        )
    ]


def test_details_with_an_index_are_fine(judge_edited: JudgeEdited) -> None:
    def numbered(fields: dict[str, Any]) -> None:
        if "reasoning" in fields:
            fields["reasoning_details"] = [{"index": 0, "type": "reasoning.text", "text": "A"}]

    judgement = judge_edited(everywhere(numbered))
    for name in ("details_list_indexed", "field_consistent", "stream_order", "field_both"):
        assert judgement.verdict(f"reasoning.{name}").outcome is Outcome.PASSED


@pytest.mark.parametrize("markup", ["<think>", "</think>", "<thinking>", "[THINK]", "<|channel|>"])
def test_markup_of_a_thought_is_shown_with_the_way_out(markup: str, judge_edited: JudgeEdited) -> None:
    def leaking(fields: dict[str, Any]) -> None:
        if isinstance(fields.get("content"), str):
            fields["content"] += markup

    finding = judge_edited(everywhere(leaking)).verdict("reasoning.separated").findings[0]
    assert (finding.where, finding.expected) == ("chat: content", "no markup of a thought")
    assert finding.got == json.dumps(markup)
    assert finding.hint == "switch on the engine's parser of reasoning for this model"


def test_words_about_thinking_are_no_markup(judge_edited: JudgeEdited) -> None:
    def thinking(fields: dict[str, Any]) -> None:
        if isinstance(fields.get("content"), str):
            fields["content"] = "I think <i>so</i>"

    assert judge_edited(everywhere(thinking)).verdict("reasoning.separated").outcome is Outcome.PASSED


def test_a_stream_that_hides_its_thought_is_named(judge_edited: JudgeEdited) -> None:
    edit = everywhere(silent)
    judgement = judge_edited(lambda exchange: edit(exchange) if "stream" in exchange.probe else None)
    assert found(judgement.verdict("reasoning.field_consistent")) == [
        ("thought", "reasoning and reasoning_content in the stream as in the plain answer", "none")
    ]
