"""Legacy completions: which answers are legal, and in which words the others are found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sixgates import catalogue
from sixgates.checks.completions import OTHER_TEXT
from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Answer, Judgement, NotSent
from sixgates.probes.completions import completions_stopped_stream, stop_word
from sixgates.reference.mutants import in_events
from sixgates.select import Unmet
from sixgates.verdict import Outcome

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
Reply = Callable[..., Response]
CHECKS = [check.id for check in catalogue.load().checks.values() if check.area == "completions"]
ERROR = {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}


def changing(probe: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Exchange], Response | None]:
    """Change the JSON answer to one probe."""

    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe != probe or exchange.response is None:
            return None
        document = json.loads(exchange.response.body)
        change(document)
        return replace(exchange.response, chunks=(Chunk(json.dumps(document).encode(), 0.01),))

    return edit


def in_stream(change: Callable[[list[dict[str, Any]]], Any]) -> Callable[[Exchange], Response | None]:
    """Change the events of the stream."""

    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe != "completions-stopped-stream" or exchange.response is None:
            return None
        return in_events(change)(exchange.response)

    return edit


def to(probe: str, response: Response) -> Callable[[Exchange], Response | None]:
    """The answer to one probe."""
    return lambda exchange: response if exchange.probe == probe else None


def outcomes(judgement: Judgement) -> dict[str, Outcome]:
    """The checks on completions that did not pass."""
    verdicts = [judgement.verdict(name) for name in CHECKS]
    return {verdict.check: verdict.outcome for verdict in verdicts if verdict.outcome is not Outcome.PASSED}


def _usage_with_the_finish(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    events[-2]["usage"] = events[-1]["usage"]
    return events[:-1]


def _text_with_the_finish(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    events[-3]["choices"][0]["finish_reason"] = events[-2]["choices"][0]["finish_reason"]
    return [*events[:-2], events[-1]]


def _another_text(events: list[dict[str, Any]]) -> None:
    events[0]["choices"][0]["text"] = "Elsewhere"


@pytest.mark.parametrize("change", [_usage_with_the_finish, _text_with_the_finish])
def test_streams_as_engines_send_them_are_no_finding(
    change: Callable[[list[dict[str, Any]]], Any], judge_edited: JudgeEdited
) -> None:
    """llama.cpp sends usage with the finish, vLLM text."""
    assert outcomes(judge_edited(in_stream(change))) == {}


def test_a_stream_that_goes_another_way_is_an_advisory_and_not_cut_wrongly(judge_edited: JudgeEdited) -> None:
    """Two plain answers had one text, so that the stream should have it too; of its stop word nothing shows."""
    judgement = judge_edited(in_stream(_another_text))
    assert outcomes(judgement) == {
        "completions.equals_nonstream": Outcome.ADVISORY,
        "completions.stop_and_max": Outcome.NOT_EXERCISED,
    }
    verdict = judgement.verdict("completions.stop_and_max")
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_EXERCISED, OTHER_TEXT)


def test_a_stop_word_that_comes_through_is_shown(judge_edited: JudgeEdited) -> None:
    def unstopped(events: list[dict[str, Any]]) -> None:
        events[0]["choices"][0]["text"] += stop_word(_plain_text(judge_edited))

    verdict = judge_edited(in_stream(unstopped)).verdict("completions.stop_and_max")
    (finding,) = verdict.findings
    assert (finding.where, verdict.outcome) == ("text", Outcome.FAILED)
    assert finding.expected.startswith('nothing from the stop words ["⌘sixgates⌘", ')


def _plain_text(judge_edited: JudgeEdited) -> str:
    answer = judge_edited(lambda _: None).answers["completions"]
    assert isinstance(answer, Exchange)
    assert answer.response is not None
    return str(json.loads(answer.response.body)["choices"][0]["text"])


def test_more_tokens_than_asked_for_are_counted(judge_edited: JudgeEdited) -> None:
    def long(document: dict[str, Any]) -> None:
        document["usage"]["completion_tokens"] = 40

    (finding,) = judge_edited(changing("completions", long)).verdict("completions.stop_and_max").findings
    assert (finding.where, finding.expected, finding.got) == ("/usage/completion_tokens", "at most 12", "40")


@pytest.mark.parametrize(
    ("probe", "check", "reason"),
    [
        (
            "completions-echo",
            "completions.logprobs_shape",
            "completions-echo was refused: one of `echo` and `logprobs` is refused, ",
        ),
    ],
)
def test_what_was_refused_cannot_be_looked_at(
    probe: str, check: str, reason: str, judge_edited: JudgeEdited, reply: Reply
) -> None:
    verdict = judge_edited(to(probe, reply(400, ERROR))).verdict(check)
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert verdict.reason.startswith(reason)


def test_swapped_prompts_are_told_by_the_plain_answer(judge_edited: JudgeEdited) -> None:
    def swap(document: dict[str, Any]) -> None:
        first, second = document["choices"]
        first["text"], second["text"] = second["text"], first["text"]

    judgement = judge_edited(changing("completions-two-prompts", swap))
    (finding,) = judgement.verdict("completions.prompt_array").findings
    assert finding.where == "/choices/1/text"
    assert finding.expected.startswith(
        "the start of what 'Once upon a time, in a small town by the sea,' gets alone"
    )


def test_choices_may_come_in_any_order_and_numerics_may_differ(judge_edited: JudgeEdited) -> None:
    def turn(document: dict[str, Any]) -> None:
        document["choices"].reverse()
        document["choices"][0]["text"] = "Another"

    judgement = judge_edited(changing("completions-two-prompts", turn))
    assert outcomes(judgement) == dict.fromkeys(
        ("completions.prompt_array", "completions.prompt_array_usage"), Outcome.NOT_EXERCISED
    )
    assert judgement.verdict("completions.prompt_array").reason == OTHER_TEXT


def test_an_ignored_echo_is_said_to_be_ignored(judge_edited: JudgeEdited) -> None:
    def ignore(document: dict[str, Any]) -> None:
        document["choices"][0]["text"] = "a"

    (finding,) = judge_edited(changing("completions-echo", ignore)).verdict("completions.echo").findings
    assert finding.hint == "echo was accepted and ignored"
    assert finding.expected == "'Once upon a time, in a small town by the sea,' and what follows"


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (404, "the server has no /v1/completions: take `completions` out of its capabilities"),
        (
            500,
            "the server's log says why it refuses a plain request; one of `seed` and `temperature` is refused, "
            "and the error does not say which",
        ),
    ],
)
def test_a_server_without_the_endpoint_is_told_what_to_do(
    status: int, hint: str, judge_edited: JudgeEdited, reply: Reply
) -> None:
    judgement = judge_edited(to("completions", reply(status, ERROR)))
    (finding,) = judgement.verdict("completions.answered").findings
    assert finding.hint == hint
    assert set(outcomes(judgement).values()) == {Outcome.FAILED, Outcome.BLOCKED}


def test_no_text_gives_no_stop_word(conforming: dict[str, Answer]) -> None:
    """A model that ends at once leaves the stream unsent, which the judge says."""
    plain = conforming["completions"]
    assert isinstance(plain, Exchange)
    empty = changing("completions", lambda document: document["choices"][0].update(text=""))(plain)
    with pytest.raises(Unmet, match='some text to derive a stop word from, got ""'):
        completions_stopped_stream.request("reference", replace(plain, response=empty))
    judgement = Judgement(
        catalogue.load(),
        _subject(),
        {**conforming, "completions-stopped-stream": NotSent("nothing to stop at")},
    )
    verdict = judgement.verdict("completions.stop_and_max")
    assert verdict.outcome is Outcome.NOT_EXERCISED


def _subject() -> Any:
    from sixgates.capability import CAPABILITIES
    from sixgates.judge import Subject

    return Subject("reference", "reference", frozenset(CAPABILITIES))


@pytest.mark.parametrize(("text", "word"), [("abcdefgh", "efgh"), ("ab�", "b"), ("a", "a"), ("", "")])
def test_a_stop_word_is_whole_text_from_the_middle(text: str, word: str) -> None:
    assert stop_word(text) == word
