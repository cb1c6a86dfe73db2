"""The model list: what is legal, and what a wrong name is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sixgates.exchange import Exchange, Response
from sixgates.judge import Judgement
from sixgates.verdict import Outcome

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
Reply = Callable[..., Response]

ANSWERED = {
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}],
}


def listing(*names: str) -> dict[str, object]:
    """A model list with further keys, as llama.cpp and vLLM have them."""
    entry = {"object": "model", "created": 1, "owned_by": "me", "max_model_len": 2048, "permission": []}
    return {"object": "list", "data": [{"id": name, **entry} for name in names], "models": []}


@pytest.mark.parametrize("names", [("reference",), ("other", "reference"), ("reference:latest",)])
def test_the_served_model_may_stand_anywhere(
    names: tuple[str, ...], judge_edited: JudgeEdited, reply: Reply
) -> None:
    judgement = judge_edited(
        lambda exchange: reply(200, listing(*names)) if exchange.probe == "models-list" else None
    )
    for check in ("models.list.shape", "models.list.entry_fields", "models.list.id_usable"):
        assert judgement.verdict(check).outcome is Outcome.PASSED


def test_a_name_that_is_not_listed_is_told_which_are(judge_edited: JudgeEdited, reply: Reply) -> None:
    judgement = judge_edited(
        lambda exchange: reply(200, listing("llama-3")) if exchange.probe == "models-list" else None
    )
    (finding,) = judgement.verdict("models.list.id_usable").findings
    assert (finding.where, finding.expected, finding.got) == (
        "/data",
        'an entry with id "reference"',
        '["llama-3"]',
    )
    assert (
        finding.hint == "name one of the listed ids as the provider's model, or make the server list this one"
    )
    assert judgement.verdict("models.retrieve.ok").outcome is Outcome.PASSED


def test_one_model_is_retrieved_without_a_list(judge_edited: JudgeEdited, reply: Reply) -> None:
    """A list that cannot be read says nothing of the path of one model."""
    judgement = judge_edited(lambda exchange: reply(200, []) if exchange.probe == "models-list" else None)
    assert judgement.verdict("models.list.shape").outcome is Outcome.FAILED
    assert judgement.verdict("models.retrieve.ok").outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("names", "status", "must", "should"),
    [
        (("reference",), 200, Outcome.PASSED, Outcome.ADVISORY),
        (("reference", "reference"), 200, Outcome.PASSED, Outcome.ADVISORY),
        (("reference", "other"), 200, Outcome.FAILED, Outcome.BLOCKED),
        (("reference",), 503, Outcome.FAILED, Outcome.BLOCKED),
        (("reference", "other"), 404, Outcome.PASSED, Outcome.PASSED),
    ],
)
def test_only_a_single_model_may_answer_for_another(
    names: tuple[str, ...],
    status: int,
    must: Outcome,
    should: Outcome,
    judge_edited: JudgeEdited,
    reply: Reply,
) -> None:
    """Where there are several, it cannot be told which one answered."""

    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe == "models-list":
            return reply(200, listing(*names))
        return reply(status, ANSWERED) if exchange.probe == "unknown-model" else None

    judgement = judge_edited(edit)
    assert judgement.verdict("errors.unknown_model").outcome is must
    assert judgement.verdict("errors.any_model_served").outcome is should


@pytest.mark.parametrize("listed", [{"data": None}, {"object": "list"}, [], "x"])
def test_a_list_that_cannot_be_read_names_no_other_model(
    listed: object, judge_edited: JudgeEdited, reply: Reply
) -> None:
    """Nothing speaks for a second model then."""

    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe == "models-list":
            return reply(200, listed)
        return reply(200, ANSWERED) if exchange.probe == "unknown-model" else None

    assert judge_edited(edit).verdict("errors.unknown_model").outcome is Outcome.PASSED


def test_an_open_listing_is_named_by_its_probe(judge_edited: JudgeEdited, reply: Reply) -> None:
    judgement = judge_edited(
        lambda exchange: (
            reply(200, listing("reference")) if exchange.probe == "models-list-wrong-scheme" else None
        )
    )
    findings = judgement.verdict("models.list.auth").findings
    assert [finding.where for finding in findings] == ["models-list-wrong-scheme: status"]
    assert findings[0].hint == (
        "the same request without the header tells whether the listing asks for no key or takes any header for one"
    )
