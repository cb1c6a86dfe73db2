"""Whatever a server answers, checks on models, shape, usage and errors neither raise nor pass on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sixgates import catalogue
from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Judgement
from sixgates.verdict import Level, Outcome

AREAS = {"chat", "chat.shape", "errors", "models", "models.list", "models.retrieve", "usage"}
AREAS |= {"completions", "embeddings", "params"}
AREAS |= {"input", "reasoning", "structured"}
CHECKS = [check for check in catalogue.load().checks.values() if check.area in AREAS]
SHAPE = [check.id for check in CHECKS if check.area == "chat.shape" and check.level is Level.MUST]
REFUSED = {Outcome.FAILED, Outcome.BLOCKED}
JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]

BODIES = {
    "nothing": b"",
    "blank": b" \r\n",
    "page": b"<!doctype html><html><body>It works!</body></html>",
    "object": b"{}",
    "array": b"[]",
    "null": b"null",
    "text": b'"hello"',
    "number": b"1",
    "nan": b'{"created": NaN}',
    "huge-number": b'{"created": ' + b"9" * 5000 + b"}",
    "nested": b"[" * 100_000,
    "nested-whole": b"[" * 5000 + b"]" * 5000,
    "not-utf-8": b'{"id": "\xff\xfe"}',
    "lone-surrogate": b'{"id": "\\ud800", "error": {"message": "\\ud800"}}',
    "cut": b'{"id": "chatcmpl-1", "choices": [{"index": 0, "mess',
    "error": b'{"error": {"message": "overloaded"}}',
    "no-choices": b'{"id": "x", "choices": []}',
    "choices-object": b'{"choices": {"0": {}}}',
    "choices-of-null": b'{"choices": [null]}',
    "message-null": b'{"choices": [{"message": null}]}',
    "wrong-types": json.dumps(
        {
            "id": [],
            "object": {},
            "created": "x",
            "model": 1,
            "data": {},
            "usage": [],
            "choices": [[]],
            "error": 1,
        }
    ).encode(),
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
unhurried = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def answering(body: bytes, status: int = 200) -> Callable[[Exchange], Response | None]:
    """Every request gets the same answer."""
    return lambda exchange: Response(status, (("content-type", "application/json"),), (Chunk(body, 0.01),))


def raised(judgement: Judgement) -> list[tuple[str, str]]:
    """The checks that failed by themselves."""
    verdicts = [judgement.verdict(check.id) for check in CHECKS]
    return [(verdict.check, verdict.reason) for verdict in verdicts if verdict.outcome is Outcome.ERROR]


def accepted(judgement: Judgement) -> list[str]:
    """The requirements on a completion's shape that held."""
    return [name for name in SHAPE if judgement.verdict(name).outcome not in REFUSED]


@pytest.mark.parametrize("status", [200, 204, 302, 400, 500])
@pytest.mark.parametrize("name", BODIES)
def test_a_fixed_answer_to_everything_is_found_out(name: str, status: int, judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(answering(BODIES[name], status))
    assert raised(judgement) == []
    assert accepted(judgement) == []


@pytest.mark.parametrize("name", ["nothing", "page", "object", "null", "array", "error"])
def test_a_fixed_success_is_no_refusal(name: str, judge_edited: JudgeEdited) -> None:
    """A server that answers 200 to broken JSON keeps none of the promises about errors."""
    judgement = judge_edited(answering(BODIES[name]))
    musts = [check.id for check in CHECKS if check.area == "errors" and check.level is Level.MUST]
    held = {name for name in musts if judgement.verdict(name).outcome not in REFUSED}
    assert held == {"errors.connection_close_on_crash"}


@unhurried
@given(value=json_values, status=st.sampled_from([200, 400]))
def test_any_json_is_found_out(value: Any, status: int, judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(answering(json.dumps(value).encode(), status))
    assert raised(judgement) == []
    assert accepted(judgement) == []


@unhurried
@given(body=st.binary(max_size=40))
def test_any_bytes_are_found_out(body: bytes, judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(answering(body))
    assert raised(judgement) == []
    assert accepted(judgement) == []


@unhurried
@given(value=json_values, at=st.integers(0, 200), date=st.text(st.characters(max_codepoint=255), max_size=30))
def test_any_value_anywhere_raises_nothing(value: Any, at: int, date: str, judge_edited: JudgeEdited) -> None:
    def edit(exchange: Exchange) -> Response | None:
        response = exchange.response
        if response is None or response.media_type != "application/json":
            return None
        document = json.loads(response.body)
        places = list(_places(document))
        container, key = places[at % len(places)]
        container[key] = value
        headers = (*(pair for pair in response.headers if pair[0] != "date"), ("date", date))
        return replace(response, headers=headers, chunks=(Chunk(json.dumps(document).encode(), 0.01),))

    assert raised(judge_edited(edit)) == []


def _places(value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from _places(inner)
