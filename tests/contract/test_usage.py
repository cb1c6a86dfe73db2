"""Token counts: what may be missing, and what cannot be judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Judgement
from sixgates.verdict import Outcome

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]


def changing(probe: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Exchange], Response | None]:
    """Change the JSON answer to one probe."""

    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe != probe or exchange.response is None:
            return None
        document = json.loads(exchange.response.body)
        change(document)
        return replace(exchange.response, chunks=(Chunk(json.dumps(document).encode(), 0.01),))

    return edit


def test_a_single_choice_for_n_2_leaves_nothing_to_add_up(judge_edited: JudgeEdited) -> None:
    verdict = judge_edited(changing("chat-two-choices", lambda answer: answer["choices"].pop())).verdict(
        "usage.n_choices"
    )
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert verdict.reason == "the answer to n 2 holds no two choices, so there is nothing to add up"


def test_choices_that_stop_early_need_fewer_tokens(judge_edited: JudgeEdited) -> None:
    def change(answer: dict[str, Any]) -> None:
        for choice in answer["choices"]:
            choice["finish_reason"] = "stop"
        answer["usage"] = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}

    verdict = judge_edited(changing("chat-two-choices", change)).verdict("usage.n_choices")
    assert verdict.outcome is Outcome.PASSED


def test_another_text_in_the_stream_may_have_another_count(judge_edited: JudgeEdited) -> None:
    def change(answer: dict[str, Any]) -> None:
        answer["choices"][0]["message"]["content"] = "Another story."
        answer["usage"]["completion_tokens"] += 1
        answer["usage"]["total_tokens"] += 1

    assert judge_edited(changing("chat", change)).verdict("usage.stream_equals").outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("usage", "where"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 6}, "/usage/total_tokens"),
        ({"prompt_tokens": 5, "completion_tokens": 2}, "/usage/total_tokens"),
        ({"prompt_tokens": 5.0, "completion_tokens": 2, "total_tokens": 7}, "/usage/prompt_tokens"),
        ({"prompt_tokens": 5, "completion_tokens": -2, "total_tokens": 3}, "/usage/completion_tokens"),
        ({"prompt_tokens": True, "completion_tokens": 2, "total_tokens": 3}, "/usage/prompt_tokens"),
        ([5, 2, 7], "/usage/prompt_tokens"),
    ],
)
def test_sums_are_of_counts(usage: object, where: str, judge_edited: JudgeEdited) -> None:
    def change(answer: dict[str, Any]) -> None:
        answer["usage"] = usage

    verdict = judge_edited(changing("chat", change)).verdict("usage.sum")
    assert [finding.where for finding in verdict.findings] == [f"chat: {where}"]


@pytest.mark.parametrize(
    ("total", "details", "outcome"),
    [
        (7, None, Outcome.PASSED),
        (8, None, Outcome.ADVISORY),
        (8, {"reasoning_tokens": 1}, Outcome.PASSED),
        (7, {"reasoning_tokens": 1}, Outcome.PASSED),
        (9, {"reasoning_tokens": 1}, Outcome.ADVISORY),
        (8, {"reasoning_tokens": "1"}, Outcome.ADVISORY),
        (8, [], Outcome.ADVISORY),
    ],
)
def test_thoughts_may_be_counted_apart(
    total: int, details: object, outcome: Outcome, judge_edited: JudgeEdited
) -> None:
    """As xAI counts them; what a total has besides is advised, as of Gemini, and fails nothing."""

    def change(answer: dict[str, Any]) -> None:
        answer["usage"] = {
            "prompt_tokens": 5,
            "completion_tokens": 2,
            "total_tokens": total,
            "completion_tokens_details": details,
        }

    judgement = judge_edited(changing("chat", change))
    assert judgement.verdict("usage.sum").outcome is Outcome.PASSED
    assert judgement.verdict("usage.total").outcome is outcome
