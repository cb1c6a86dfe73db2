"""Structured output: which answers fit, which begin well, and what a report says of the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sixgates.checks.structured import begins_object
from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Judgement
from sixgates.reference.mutants import in_events
from sixgates.verdict import Outcome, Verdict

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
THOUGHT = {"reasoning_content": "Hm.", "reasoning": "Hm."}
OBJECT = '{"a": [1.5e+3, -2, true, null, {"b\\"": "x\\u00e9\\ny"}], "c": {}, "d": "🫠", "e": false}'


def answering(
    probe: str, content: object, finish: str = "stop", **fields: Any
) -> Callable[[Exchange], Response | None]:
    """Answer one probe with this content."""

    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe != probe or exchange.response is None:
            return None
        message = {"role": "assistant", "content": content, **fields}
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return replace(
            exchange.response,
            status=200,
            chunks=(Chunk(json.dumps({"choices": [choice]}).encode(), 0.01),),
        )

    return edit


def found(verdict: Verdict) -> list[tuple[str, str, str]]:
    """The findings of a verdict as a report shows them."""
    return [(finding.where, finding.expected, finding.got) for finding in verdict.findings]


@pytest.mark.parametrize("length", range(len(OBJECT) + 1))
def test_every_beginning_of_an_object_is_one(length: int) -> None:
    assert begins_object(OBJECT[:length])


@pytest.mark.parametrize(
    "text",
    [
        "The rain",
        "[1, 2",
        '"a',
        "{The rain",
        '{"a": 1} and more',
        '{"a" 1',
        '{"a": x',
        '{"a": "one\ntwo',
        '{"a": trup',
        "{'a': 1",
        '```json\n{"a": 1',
        '{"a": "\\q',
        "true",
        "1",
    ],
)
def test_what_no_object_begins_with_is_none(text: str) -> None:
    assert not begins_object(text)


@pytest.mark.parametrize("text", ["{" + '"a":{' * 20_000, '{"a":' * 20_000])
def test_deep_beginnings_raise_nothing(text: str) -> None:
    assert isinstance(begins_object(text), bool)


@pytest.mark.parametrize(
    ("content", "finish"),
    [
        ('{"unit":"celsius","rain":false}', "stop"),
        ('{\n  "rain" : true,\n  "unit" : "celsius"\n}\n', "stop"),
        ('{"unit":"cel', "length"),
        ("{\n\n\t", "length"),
        ("\n", "length"),
        ('{"rain":fals', "length"),
    ],
)
@pytest.mark.parametrize("name", ["json_object.valid", "json_schema.enforced", "json_schema.malformed"])
def test_any_fitting_text_passes(name: str, content: str, finish: str, judge_edited: JudgeEdited) -> None:
    probes = {
        "json_object.valid": "json-object",
        "json_schema.enforced": "schema",
        "json_schema.malformed": "schema-misplaced",
    }
    judgement = judge_edited(answering(probes[name], content, finish))
    assert judgement.verdict(f"structured.{name}").outcome is Outcome.PASSED


def cut_everywhere(content: str | None, **fields: Any) -> Callable[[Exchange], Response | None]:
    """The plain answer and the stream cut after this content."""

    def end(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for event, delta in zip(
            events, ({"role": "assistant", **fields}, {"content": content}), strict=False
        ):
            event["choices"][0]["delta"] = delta
        events[-1]["choices"][0]["finish_reason"] = "length"
        return [*events[:2], events[-1]]

    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe == "schema-stream" and exchange.response is not None:
            return in_events(end)(exchange.response)
        return answering("schema", content, "length", **fields)(exchange)

    return edit


def test_a_thought_may_use_up_the_tokens(judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(cut_everywhere(None, **THOUGHT))
    assert judgement.verdict("structured.json_schema.enforced").outcome is Outcome.PASSED
    verdict = judgement.among("structured.no_whitespace_runaway", {"schema"})
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert verdict.reason == "the thought left no tokens for the answer"


def test_a_cut_answer_says_nothing_of_its_members(judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(cut_everywhere('{"unit":'))
    for name in ("enum", "additional_properties", "ref_defs"):
        assert (
            judge_edited(answering("schema", '{"unit":', "length"))
            .verdict(f"structured.json_schema.{name}")
            .outcome
            is Outcome.PASSED
        ), "the stream shows it"
        verdict = judgement.verdict(f"structured.json_schema.{name}")
        assert verdict.outcome is Outcome.NOT_EXERCISED
        assert verdict.reason == "the token limit cut the answer"


def test_prose_is_shown(judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(answering("schema", "Rain falls", "length"))
    assert found(judgement.verdict("structured.json_schema.enforced")) == [
        (
            "schema: content",
            'the beginning of an answer that fits the schema, such as {"unit":"celsius","rain":true}',
            '"Rain falls"',
        )
    ]
    judgement = judge_edited(answering("json-object", "Rain falls", "length"))
    assert found(judgement.verdict("structured.json_object.valid")) == [
        ("content", "the beginning of a JSON object", '"Rain falls"')
    ]


def test_another_value_is_shown(judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(answering("schema", '{"unit":"kelvin","rain":0,"wind":1}'))
    assert found(judgement.verdict("structured.json_schema.enum")) == [
        ("schema: content/unit", '"celsius"', '"kelvin"')
    ]
    assert found(judgement.verdict("structured.json_schema.ref_defs")) == [
        ("schema: content/rain", "true or false", "0")
    ]
    assert found(judgement.verdict("structured.json_schema.additional_properties")) == [
        ("schema: content/wind", "absent: the schema allows no other properties", "1")
    ]


def test_a_misplaced_schema_that_is_dropped_is_told_from_a_refusal(judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(answering("schema-misplaced", "Rain falls"))
    assert found(judgement.verdict("structured.json_schema.malformed")) == [
        (
            "content",
            "a refusal with 400, or an answer that fits the schema",
            '200 "Rain falls": accepted, and the schema ignored',
        )
    ]


def test_white_space_without_end_is_counted(judge_edited: JudgeEdited) -> None:
    judgement = judge_edited(answering("schema", "{" + " " * 30, "length"))
    ((where, expected, got),) = found(judgement.verdict("structured.no_whitespace_runaway"))
    assert (where, expected) == ("schema: content", "fewer than 20 white-space characters in a row")
    assert got == f'30 at character 1 of "{{{" " * 30}"'
    judgement = judge_edited(answering("schema", '{"unit":', "length"))
    assert found(judgement.verdict("structured.no_whitespace_runaway")) == [
        ("schema: /choices/0/finish_reason", '"stop": the schema allows only short answers', '"length"')
    ]
