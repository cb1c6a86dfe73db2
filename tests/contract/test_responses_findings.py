"""What a finding about the items of a response says: where, what was expected, what came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.contract.response_streams import (
    CALL,
    THOUGHT,
    Change,
    Edit,
    JudgeEdited,
    Told,
    of,
)

from sixgates.reference.mutants import Document, in_json


def _in_event(kind: str, **fields: Any) -> Edit:
    def edit(told: Told) -> None:
        for event in told:
            if event["type"] == kind:
                event.update(fields)

    return edit


def _in_item(kind: str, **fields: Any) -> Edit:
    def edit(told: Told) -> None:
        for event in told:
            for item in (event.get("item"), *event.get("response", {}).get("output", [])):
                if item and item["type"] == kind and event["type"] != "response.output_item.added":
                    item.update(fields)

    return edit


def _last(**fields: Any) -> Edit:
    return lambda told: told[-1]["response"].update(fields)


def _late(told: Told) -> Told:
    at = next(number for number, event in enumerate(told) if event["type"] == "response.output_text.delta")
    return [*told[:at], *told[at + 1 : -1], told[at], told[-1]]


def _without(kind: str) -> Edit:
    return lambda told: [event for event in told if event["type"] != kind]


SUMMARY = "response.reasoning_summary_text.delta"
WORDS: list[tuple[str, str, Edit, tuple[str, str, str]]] = [
    (
        "stream.nothing_after_done",
        "response-stream",
        _late,
        (
            "event 22/type",
            "no event of an item that was done in event 21",
            '"response.output_text.delta"',
        ),
    ),
    (
        "stream.item_done",
        CALL,
        _without("response.output_item.done"),
        ("event 2", '1 times response.output_item.done of this item of type "function_call"', "0"),
    ),
    (
        "stream.indices",
        THOUGHT,
        _in_event(SUMMARY, summary_index=3),
        ("event 4/summary_index", "the index of a part that was added", "3"),
    ),
    (
        "stream.indices",
        THOUGHT,
        _in_event("response.output_text.delta", output_index=0),
        ("event 22/output_index", "that of an item of type message", "0"),
    ),
    (
        "stream.thought_part_added",
        THOUGHT,
        _without("response.reasoning_summary_part.added"),
        (
            "event 3/type",
            "response.reasoning_summary_part.added of its part before it",
            '"response.reasoning_summary_text.delta"',
        ),
    ),
    (
        "stream.done_events",
        THOUGHT,
        _without("response.reasoning_summary_part.done"),
        ("event 3", "one event after it that ends the part", "0"),
    ),
    (
        "stream.deltas",
        THOUGHT,
        _in_event("response.reasoning_summary_text.done", text="Else."),
        ("event 9/text", '"A short answer will do.", as the deltas add up to', '"Else."'),
    ),
    (
        "output_items",
        THOUGHT,
        _in_item("reasoning", summary=None),
        ("event 26/response/output/0/summary", "an array", "null"),
    ),
    (
        "encrypted_content",
        THOUGHT,
        _in_item("reasoning", encrypted_content="A short answer will do."),
        (
            "event 26/response/output/0/encrypted_content",
            "a cipher, not the content itself",
            '"A short answer will do."',
        ),
    ),
    (
        "items_ended",
        THOUGHT,
        _in_item("message", status="in_progress"),
        (
            "event 26/response/output/1/status",
            "completed, since the response has ended",
            '"in_progress"',
        ),
    ),
    (
        "echo",
        CALL,
        _last(tool_choice="auto"),
        ("event 11/response/tool_choice", '"required", as it was sent', '"auto"'),
    ),
    (
        "echo",
        THOUGHT,
        _last(tool_choice="none"),
        ("event 26/response/tool_choice", '"auto": the request has no tool_choice', '"none"'),
    ),
    (
        "usage_members",
        CALL,
        _last(usage={"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}),
        ("event 11/response/usage/input_tokens", "an integer ≥ 0", "absent"),
    ),
    (
        "max_output_tokens",
        "response-stream",
        _last(usage={"input_tokens": 1, "output_tokens": 400, "total_tokens": 401}),
        ("event 23/response/usage/output_tokens", "at most 16, as max_output_tokens allows", "400"),
    ),
    (
        "tools.call_named",
        CALL,
        _in_item("function_call", name=None),
        ("event 10/item/name", '"get_weather", as in event 2/item/name', "null"),
    ),
    (
        "tools.call_item_fields",
        CALL,
        lambda told: _in_item("function_call", id=told[-1]["response"]["output"][0]["call_id"])(told),
        ("event 11/response/output/0/id", "another id than the call_id", '"call_ID"'),
    ),
]


@pytest.mark.parametrize(
    ("name", "probe", "edit", "words"), WORDS, ids=[f"{row[0]}-{at}" for at, row in enumerate(WORDS)]
)
def test_a_finding_says_where_and_what(
    name: str, probe: str, edit: Edit, words: tuple[str, str, str], judge_edited: JudgeEdited
) -> None:
    """In words that stand alone."""
    finding = judge_edited(of(probe, edit)).verdict(f"responses.{name}").findings[0]
    got = '"call_ID"' if finding.got.startswith('"call_') else finding.got
    assert (finding.where.removeprefix(f"{probe}: "), finding.expected, got) == words


def in_answer(probe: str, alter: Callable[[Document], Any]) -> Change:
    """Change the JSON answer to one probe."""

    def change(document: Document) -> None:
        alter(document)

    edit = in_json(change)
    return lambda exchange: edit(exchange.response) if exchange.probe == probe and exchange.response else None


PLAIN_WORDS: list[tuple[str, str, Callable[[Document], Any], tuple[str, str, str]]] = [
    (
        "text_format",
        "response-schema",
        lambda answer: answer["output"][-1]["content"][0].update(text='```json\n{"unit": 1}\n```'),
        (
            "output text",
            "JSON",
            r'"```json\n{\"unit\": 1}\n```" (Expecting value: line 1 column 1 (char 0))',
        ),
    ),
    (
        "text_format_values",
        "response-schema",
        lambda answer: answer["output"][-1]["content"][0].update(text='{"unit": "kelvin", "rain": true}'),
        ("output text/unit", '"celsius"', '"kelvin"'),
    ),
    (
        "text_format_written",
        "response-schema",
        lambda answer: answer.update(output=answer["output"][:1]),
        ("/output", "an item of type message with a text", ""),
    ),
    (
        "echo_previous",
        "response-follow-up",
        lambda answer: answer.update(previous_response_id=None),
        ("/previous_response_id", '"resp_ID", as it was sent', "null"),
    ),
    (
        "item_ids_unique",
        "response-tool-result",
        lambda answer: answer["output"].append(answer["output"][0]),
        ("response-tool-result: /output/1/id", "another id than /output/0/id has", '"msg_ID"'),
    ),
    (
        "incomplete",
        "response",
        lambda answer: answer.update(status="completed", incomplete_details=None),
        ("response: /status", '"incomplete"', '"completed"'),
    ),
    (
        "usage_cut",
        "response",
        lambda answer: answer["usage"].update(output_tokens=3),
        ("response: /usage/output_tokens", "16, as max_output_tokens allows", "3"),
    ),
    (
        "thought_parts",
        "response-schema",
        lambda answer: answer["output"][0]["content"][0].update(type="output_text"),
        ("response-schema: /output/0/content/0/type", '"reasoning_text"', '"output_text"'),
    ),
]


@pytest.mark.parametrize(
    ("name", "probe", "alter", "words"), PLAIN_WORDS, ids=[f"{row[0]}-{row[1]}" for row in PLAIN_WORDS]
)
def test_a_finding_on_a_whole_response_says_where_and_what(
    name: str,
    probe: str,
    alter: Callable[[Document], Any],
    words: tuple[str, str, str],
    judge_edited: JudgeEdited,
) -> None:
    """The same where nothing is streamed."""
    finding = judge_edited(in_answer(probe, alter)).verdict(f"responses.{name}").findings[0]
    where, expected, got = words
    assert finding.where == where
    assert without_numbers(finding.expected) == expected
    assert without_numbers(finding.got) == got or not got


def without_numbers(text: str) -> str:
    """The text with ids that the reference numbers as ID."""
    for kind in ("resp", "msg"):
        head, mark, rest = text.partition(f'"{kind}_')
        text = f"{head}{mark}ID{rest[rest.index(chr(34)) :]}" if mark else text
    return text
