"""Messages: what is dropped shows in the count, and a refusal blames what it names."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Judgement
from sixgates.verdict import Outcome, Verdict

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
ROLES = ("system_not_first", "system_multiple", "system_unsupported_template", "consecutive_same_role")
REPLAYED = {
    "input.name_field": "a name",
    "input.null_message_fields": "null fields",
    "structured.text.accepted": "`response_format` text",
    "reasoning.roundtrip_accepted": "a thought",
}


def counting(**tokens: int | None) -> Callable[[Exchange], Response | None]:
    """Count the prompts of these probes (written with underscores) differently, or not at all."""

    def edit(exchange: Exchange) -> Response | None:
        name = exchange.probe.replace("-", "_")
        if name not in tokens or exchange.response is None:
            return None
        document = json.loads(exchange.response.body)
        document["usage"]["prompt_tokens"] = tokens[name]
        return replace(exchange.response, chunks=(Chunk(json.dumps(document).encode(), 0.01),))

    return edit


def refusing(probe: str, message: str, status: int = 400) -> Callable[[Exchange], Response | None]:
    """Refuse one probe with these words."""
    body = json.dumps({"error": {"message": message, "type": "x", "param": None, "code": None}}).encode()
    return lambda exchange: (
        replace(exchange.response, status=status, chunks=(Chunk(body, 0.01),))
        if exchange.probe == probe and exchange.response
        else None
    )


def found(verdict: Verdict) -> list[tuple[str, str, str, str]]:
    """The findings of a verdict as a report shows them."""
    return [(each.where, each.expected, each.got, each.hint) for each in verdict.findings]


@pytest.mark.parametrize("overhead", [0, 20, 60])
def test_any_template_may_add_to_the_count(overhead: int, judge_edited: JudgeEdited) -> None:
    """One sentence is nine tokens here, and seven messages have seven beginnings and ends."""
    judgement = judge_edited(
        counting(chat=30, chat_longer_prompt=201, chat_roles=606 + overhead, chat_developer=205)
    )
    for name in (*ROLES, "role_developer"):
        assert judgement.verdict(f"input.{name}").outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("tokens", "dropped"),
    [
        (606 - 360, {"system_not_first"}),
        (632 - 360, {"system_not_first"}),
        (606 - 180, {"system_multiple"}),
        (632 - 180, {"system_multiple"}),
        (632 - 540, {"system_not_first", "system_multiple"}),
    ],
)
def test_a_dropped_system_message_is_told_from_the_other(
    tokens: int, dropped: set[str], judge_edited: JudgeEdited
) -> None:
    judgement = judge_edited(counting(chat=30, chat_longer_prompt=201, chat_roles=tokens))
    assert {name for name in ROLES if found(judgement.verdict(f"input.{name}"))} == dropped


def test_what_was_dropped_is_said(judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(counting(chat=30, chat_longer_prompt=201, chat_roles=90, chat_developer=31))
    hints = {
        "system_not_first": "accepted, and the late system message dropped",
        "system_multiple": "accepted, and the second system message dropped",
        "role_developer": "accepted, and the developer message dropped",
    }
    for name, hint in hints.items():
        ((where, expected, _, said),) = found(judgement.verdict(f"input.{name}"))
        assert (where, expected) == ("/usage/prompt_tokens", "far more than 30, the count without it")
        assert said == hint


@pytest.mark.parametrize("count", [None, 0, -1])
def test_without_a_count_nobody_knows_what_was_read(count: int | None, judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(counting(chat_roles=count, chat_developer=count, chat_parts=count))
    for name in ("system_unsupported_template", "consecutive_same_role", "content_parts_text"):
        assert judgement.verdict(f"input.{name}").outcome is Outcome.PASSED
    for name in ("role_developer", "system_not_first", "system_multiple"):
        verdict = judgement.verdict(f"input.{name}")
        assert verdict.outcome is Outcome.NOT_EXERCISED
        assert verdict.reason == "the server counts no prompt tokens, so a dropped message would not show"
    verdict = judgement.verdict("input.content_parts_multi")
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert verdict.reason == "the server counts no prompt tokens, so a dropped part would not show"


def test_a_count_that_does_not_grow_says_nothing(judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(counting(chat=30, chat_longer_prompt=30, chat_roles=30))
    assert judgement.verdict("input.system_not_first").outcome is Outcome.NOT_EXERCISED


def test_dropped_parts_are_counted(judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(counting(chat_longer_prompt=201, chat_parts=112))
    assert judgement.verdict("input.content_parts_text").outcome is Outcome.PASSED
    assert found(judgement.verdict("input.content_parts_multi")) == [
        (
            "/usage/prompt_tokens",
            "about 201, as for the same text as a string",
            "112",
            "parts of the message were dropped",
        )
    ]


@pytest.mark.parametrize(
    ("message", "blamed", "topic"),
    [
        ("System message must be at the beginning.", {"system_not_first"}, "a late system message"),
        ("Multiple system messages are given", {"system_multiple"}, "several system messages"),
        ("System role not supported", set(), "system messages"),
        ("roles must alternate user/assistant/user", set(), "messages of one role in a row"),
    ],
)
def test_a_refusal_blames_what_it_names(
    message: str, blamed: set[str], topic: str, judge_edited: JudgeEdited
) -> None:
    judgement = judge_edited(refusing("chat-roles", message))
    assert {name for name in ROLES if found(judgement.verdict(f"input.{name}"))} == blamed
    others = [judgement.verdict(f"input.{name}") for name in ROLES if name not in blamed]
    waiting = [each for each in others if each.outcome in {Outcome.NOT_EXERCISED, Outcome.NOT_APPLICABLE}]
    assert {each.reason for each in waiting} == {f"chat-roles was refused for {topic}: the error names it"}


def test_a_refusal_that_names_nothing_is_told_once(judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(refusing("chat-roles", "bad request", 500))
    told = {name: found(judgement.verdict(f"input.{name}")) for name in ROLES}
    ((name, ((where, _, got, hint),)),) = [(name, findings) for name, findings in told.items() if findings]
    assert (name, where) == ("system_not_first", "status")
    assert got.startswith("500 ")
    assert hint == (
        "one of a late system message, several system messages, messages of one role in a row and "
        "system messages is refused, and the error does not say which"
    )


@pytest.mark.parametrize(
    ("message", "blamed"),
    [
        ("messages.0.name: Extra inputs are not permitted", "input.name_field"),
        ("messages.1.tool_calls: Input should be a valid list", "input.null_message_fields"),
        ("type must be number, but is null", "input.null_message_fields"),
        ("'response_format.type' must be 'json_schema'", "structured.text.accepted"),
        ("messages.1.reasoning_content: Extra inputs are not permitted", "reasoning.roundtrip_accepted"),
    ],
)
def test_a_replayed_message_is_refused_for_one_field(
    message: str, blamed: str, judge_edited: JudgeEdited
) -> None:
    judgement = judge_edited(refusing("chat-replayed", message, 422))
    for name in REPLAYED:
        verdict = judgement.verdict(name)
        if name == blamed:
            assert verdict.outcome is Outcome.ADVISORY
        else:
            why = f"chat-replayed was refused for {REPLAYED[blamed]}: the error names it"
            assert (verdict.outcome, verdict.reason) == (Outcome.NOT_EXERCISED, why)


def test_no_envelope_is_searched_as_text(judge_edited: JudgeEdited) -> None:
    body = b"unexpected keyword argument 'reasoning_content'"
    judgement = judge_edited(
        lambda exchange: (
            replace(exchange.response, status=500, chunks=(Chunk(body, 0.01),))
            if exchange.probe == "chat-replayed" and exchange.response
            else None
        )
    )
    assert judgement.verdict("reasoning.roundtrip_accepted").outcome is Outcome.ADVISORY
    assert judgement.verdict("input.name_field").outcome is Outcome.NOT_EXERCISED


def test_a_fault_that_is_ignored_is_told_from_a_failure(
    judge_edited: JudgeEdited, reply: Callable[..., Response]
) -> None:
    ignored = judge_edited(lambda exchange: reply(200, {}) if exchange.probe == "chat-broken-image" else None)
    assert found(ignored.verdict("input.image_bad")) == [
        ("status", "a 4xx", '200 "{}": accepted, and the fault ignored', "")
    ]
    failed = judge_edited(refusing("chat-broken-image", "image input is not supported", 500))
    ((_, expected, got, _),) = found(failed.verdict("input.image_bad"))
    assert expected == "a 4xx"
    assert got.startswith("500 ")
    assert "ignored" not in got


def test_messages_that_are_missing_are_named(judge_edited: JudgeEdited) -> None:
    verdict = judge_edited(refusing("missing-messages", "bad request")).verdict("input.messages_missing")
    ((where, expected, _, _),) = found(verdict)
    assert (where, expected) == ("/error", "an error that names messages")
