"""Errors: which answers to a client's fault are legal, and which are told apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sixgates import catalogue
from sixgates.capability import CAPABILITIES
from sixgates.exchange import Exchange, FailureKind, Response, TransportError
from sixgates.judge import Answer, Judgement, Subject
from sixgates.verdict import Level, Outcome

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
Reply = Callable[..., Response]
MUSTS = [
    check.id
    for check in catalogue.load().checks.values()
    if check.area == "errors" and check.level is Level.MUST
]
ENVELOPE = {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}


def to(probe: str, response: Response) -> Callable[[Exchange], Response | None]:
    """The answer to one probe, and its stream."""
    return lambda exchange: response if exchange.probe in {probe, f"{probe}-stream"} else None


def failed(judgement: Judgement) -> dict[str, tuple[object, ...]]:
    """The MUSTs about errors that did not pass."""
    verdicts = [judgement.verdict(name) for name in MUSTS]
    return {verdict.check: verdict.findings for verdict in verdicts if verdict.outcome is not Outcome.PASSED}


@pytest.mark.parametrize(
    ("probe", "status"),
    [
        ("unknown-model", 400),
        ("unknown-model", 404),
        ("invalid-json", 422),
        ("missing-messages", 422),
        ("mistyped-messages", 422),
        ("context-overflow", 413),
        ("context-overflow", 422),
        ("deeply-nested", 422),
    ],
)
def test_legal_statuses_break_no_must(
    probe: str, status: int, judge_edited: JudgeEdited, reply: Reply
) -> None:
    assert failed(judge_edited(to(probe, reply(status, ENVELOPE)))) == {}


@pytest.mark.parametrize(
    "error",
    [
        {"message": "no"},
        {"message": "no", "type": "BadRequestError", "code": 400},
        {"message": "no", "type": "x", "param": None, "code": None, "n_ctx": 2048},
        {"message": "at the end of file.js: no", "type": "x"},
        {"message": "a < b is not an error code", "type": "x"},
    ],
)
def test_legal_envelopes_break_no_must(error: object, judge_edited: JudgeEdited, reply: Reply) -> None:
    assert failed(judge_edited(to("mistyped-temperature", reply(400, {"error": error})))) == {}


def test_a_mistyped_field_may_be_ignored(judge_edited: JudgeEdited, reply: Reply) -> None:
    """Coercing "hot" is a SHOULD's matter, as long as what comes back is a completion."""
    completion = {"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}}]}
    judgement = judge_edited(to("mistyped-temperature", reply(200, completion)))
    assert failed(judgement) == {}
    assert judgement.verdict("errors.status_400_vs_422").outcome is Outcome.ADVISORY


def test_unknown_routes_break_no_must_without_html(judge_edited: JudgeEdited, reply: Reply) -> None:
    bare = reply(404, b"404 page not found", "text/plain")
    assert failed(judge_edited(to("unknown-route", bare))) == {}


def test_a_wider_context_than_declared_says_where_to_correct_it(
    judge_edited: JudgeEdited, reply: Reply
) -> None:
    message = {"role": "assistant", "content": "Hi"}
    read = {"choices": [{"index": 0, "message": message}], "usage": {"prompt_tokens": 3072}}
    judgement = judge_edited(to("context-overflow", reply(200, read)))
    finding = judgement.verdict("errors.context_length_status").findings[0]
    assert finding.hint == (
        "the server did not find this prompt too long: correct the model's context_length in providers.yaml, "
        "or what the list of models says of it"
    )
    assert judgement.verdict("errors.context_no_silent_truncation").outcome is Outcome.PASSED


def test_a_cut_prompt_is_told_in_tokens(judge_edited: JudgeEdited, reply: Reply) -> None:
    cut = {"choices": [{}], "usage": {"prompt_tokens": 2048}}
    (finding,) = (
        judge_edited(to("context-overflow", reply(200, cut)))
        .verdict("errors.context_no_silent_truncation")
        .findings
    )
    assert (finding.where, finding.expected, finding.got) == (
        "/usage/prompt_tokens",
        "at least 90 % of 3072",
        "2048",
    )


def test_a_connection_closed_on_a_fault_is_said_once(
    conforming: dict[str, Answer],
) -> None:
    exchange = conforming["invalid-json"]
    assert isinstance(exchange, Exchange)
    closed = replace(exchange, response=None, error=TransportError(FailureKind.RESET, "closed"))
    everything = frozenset(CAPABILITIES)
    subject = Subject("edited", "reference", everything)
    judgement = Judgement(catalogue.load(), subject, {**conforming, "invalid-json": closed})
    (finding,) = judgement.verdict("errors.connection_close_on_crash").findings
    assert (finding.where, finding.got) == ("invalid-json: connection", "reset: closed")
    assert set(failed(judgement)) == {"errors.connection_close_on_crash", "errors.invalid_json"}
    blocked = judgement.verdict("errors.invalid_json")
    assert blocked.cause is not None
    assert blocked.cause.key == "edited:errors.connection_close_on_crash"
