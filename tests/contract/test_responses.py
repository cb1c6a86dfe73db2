"""The Responses API: legal answers pass, others are found in words that stand alone, and garbage raises nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sixgates import catalogue
from sixgates.exchange import Chunk, Exchange, Request, Response
from sixgates.judge import Answer, Judgement
from sixgates.reference.defects.response_events import dropping, each, in_typed_events
from sixgates.reference.mutants import Document, Edit, in_pieces, with_body, with_header
from sixgates.reference.provider import ReferenceProvider
from sixgates.responses_view import FinalResponse, ResponseStream
from sixgates.verdict import Level, Outcome

Change = Callable[[Exchange], Response | None]
JudgeEdited = Callable[[Change], Judgement]
CHECKS = [check for check in catalogue.load().checks.values() if check.area == "responses"]
STREAMED = {"response-stream", "response-tool-stream", "response-tool-cut-stream", "response-thought-stream"}
REASONING: Document = {"id": "rs_1", "type": "reasoning", "summary": []}
OFTEN = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def in_streams(edit: Edit, *probes: str) -> Change:
    """Change the streamed responses, or those to the named probes."""

    def change(exchange: Exchange) -> Response | None:
        chosen = exchange.probe in (probes or STREAMED)
        return edit(exchange.response) if chosen and exchange.response is not None else None

    return change


def in_answer(probe: str, alter: Callable[[Document], Any]) -> Change:
    """Change the JSON answer to one probe."""

    def change(exchange: Exchange) -> Response | None:
        if exchange.probe != probe or exchange.response is None:
            return None
        document = json.loads(exchange.response.body)
        alter(document)
        return replace(exchange.response, chunks=(Chunk(json.dumps(document).encode(), 0.01),))

    return change


def to(probe: str, status: int, body: bytes, media_type: str = "application/json") -> Change:
    """The answer to one probe."""
    answer = Response(status, (("content-type", media_type),), (Chunk(body, 0.01),))
    return lambda exchange: answer if exchange.probe == probe else None


def alarms(judgement: Judgement) -> dict[str, Outcome]:
    """The checks of the area that did not pass."""
    verdicts = [judgement.verdict(check.id) for check in CHECKS]
    return {verdict.check: verdict.outcome for verdict in verdicts if verdict.outcome is not Outcome.PASSED}


def found(judgement: Judgement, name: str) -> tuple[str, str, str]:
    """The first finding of a check."""
    finding = judgement.verdict(name).findings[0]
    return finding.where, finding.expected, finding.got


def thinking_first(told: list[Document]) -> list[Document]:
    """A reasoning item before the rest, as a model that thinks sends it."""
    place = {"item_id": "rs_1", "output_index": 0, "content_index": 0}
    part = {"type": "reasoning_text", "text": "Hm"}
    thought = [
        {"type": "response.output_item.added", "item": REASONING, "output_index": 0},
        {"type": "response.content_part.added", "part": {**part, "text": ""}, **place},
        {"type": "response.reasoning_text.delta", "delta": "Hm", **place},
        {"type": "response.reasoning_text.done", "text": "Hm", **place},
        {"type": "response.content_part.done", "part": part, **place},
        {"type": "response.output_item.done", "item": REASONING, "output_index": 0},
    ]
    for event in told:
        if "output_index" in event:
            event["output_index"] += 1
    told[-1]["response"]["output"].insert(0, REASONING)
    return renumbered([*told[:2], *thought, *told[2:]])


def refusing(told: list[Document]) -> list[Document]:
    """A second part of the message, a refusal."""
    at = next(number for number, event in enumerate(told) if event["type"] == "response.output_item.done")
    part = {"type": "refusal", "refusal": "No."}
    place = {"item_id": told[at]["item"]["id"], "output_index": 0, "content_index": 1}
    more = [
        {"type": "response.content_part.added", "part": part, **place},
        {"type": "response.refusal.delta", "delta": "No.", **place},
        {"type": "response.content_part.done", "part": part, **place},
    ]
    for item in (told[at]["item"], told[-1]["response"]["output"][0]):
        item["content"].append(part)
    return renumbered([*told[:at], *more, *told[at:]])


def renumbered(told: list[Document]) -> list[Document]:
    """The events numbered from 0."""
    return [{**event, "sequence_number": number} for number, event in enumerate(told)]


def once_more_unknown(told: list[Document]) -> list[Document]:
    """An event that the specification does not know."""
    return renumbered([*told[:3], {"type": "response.vendor.trace", "x": 1}, *told[3:]])


LEGAL: dict[str, Change] = {
    "[DONE] in the end": in_streams(in_pieces(lambda pieces: [*pieces, b"data: [DONE]\n\n"])),
    "no response.in_progress": in_streams(dropping("response.in_progress")),
    "queued before": in_streams(
        in_typed_events(lambda told: renumbered([told[0], {**told[1], "type": "response.queued"}, *told[1:]]))
    ),
    "a thought first": in_streams(in_typed_events(thinking_first)),
    "a refusal after the text": in_streams(in_typed_events(refusing), "response-stream"),
    "unknown events": in_streams(in_typed_events(once_more_unknown)),
    "unknown fields": in_streams(each("", lambda event: event.update(x_trace=None))),
    "comments": in_streams(in_pieces(lambda pieces: [b": ping\n\n" + piece for piece in pieces])),
    "CRLF": in_streams(in_pieces(lambda pieces: [piece.replace(b"\n", b"\r\n") for piece in pieces])),
    "charset": in_streams(with_header("content-type", "text/event-stream; charset=utf-8")),
    "no logprobs": in_streams(each("", lambda event: event.pop("logprobs", None))),
    "all at once": in_streams(
        lambda response: replace(response, chunks=(Chunk(response.body, response.chunks[-1].at),))
    ),
    "added without arguments": in_streams(
        each("output_item.added", lambda event: event["item"].pop("arguments", None)), "response-tool-stream"
    ),
    "created_at with a fraction": in_answer("response", lambda answer: answer.update(created_at=1.7e9 + 0.5)),
    "a refusal": in_answer(
        "response",
        lambda answer: answer["output"][0]["content"].insert(0, {"type": "refusal", "refusal": "No."}),
    ),
    "422": to("response-mistyped", 422, b'{"error": {"message": "no", "code": null}}'),
}


WITNESSED = {"added without arguments": {"responses.witness_helper"}}
"""What the helper of openai-python cannot read, legal or not."""


@pytest.mark.parametrize("name", LEGAL)
def test_legal_answers_raise_no_alarm(name: str, judge_edited: JudgeEdited) -> None:
    """What the specification leaves open, and what servers add."""
    assert set(alarms(judge_edited(LEGAL[name]))) <= WITNESSED.get(name, set())


def test_a_server_without_a_store_may_say_so(judge_edited: JudgeEdited) -> None:
    """It is only wrong where stored_responses is declared."""
    judgement = judge_edited(to("response-follow-up", 404, b'{"error": {"message": "no such response"}}'))
    assert alarms(judgement) == {
        "responses.stored": Outcome.FAILED,
        "responses.echo_previous": Outcome.NOT_EXERCISED,
    }


def _nothing_but_thought(told: list[Document]) -> list[Document]:
    added = {"type": "response.output_item.added", "item": REASONING, "output_index": 0}
    done = {**added, "type": "response.output_item.done"}
    end = told[-1]
    end["type"] = "response.incomplete"
    end["response"].update(output=[REASONING], status="incomplete")
    end["response"]["incomplete_details"] = {"reason": "max_output_tokens"}
    usage, most = end["response"]["usage"], end["response"]["max_output_tokens"]
    usage.update(output_tokens=most, total_tokens=usage["input_tokens"] + most)
    return renumbered([*told[:2], added, done, end])


def test_a_thought_that_the_limit_cut_is_no_lack_of_an_answer(judge_edited: JudgeEdited) -> None:
    """A model that thinks spends small limits on its thought; what it never wrote is not judged."""
    judgement = judge_edited(in_streams(in_typed_events(_nothing_but_thought)))
    found = alarms(judgement)
    assert set(found.values()) == {Outcome.NOT_EXERCISED}
    assert {judgement.verdict(name).reason for name in found} == {
        "the token limit came before the model had called a function"
    }
    assert {"responses.tools.required_called", "responses.tools.function_beside"} <= set(found)
    everywhere = judge_edited(
        lambda exchange: (
            in_streams(in_typed_events(_nothing_but_thought))(exchange)
            or in_answer("response", _thought_only)(exchange)
        )
    )
    verdict = everywhere.verdict("responses.output_message")
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert verdict.reason == "the token limit came before the model had written a message"


def _thought_only(answer: Document) -> None:
    answer.update(output=[REASONING], status="incomplete")


def test_a_schema_needs_room_for_its_text(judge_edited: JudgeEdited) -> None:
    """The same without a stream."""
    verdict = judge_edited(in_answer("response-schema", _thought_only)).verdict("responses.text_format")
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert verdict.reason == "the token limit came before the model had written a text"


def test_an_answer_below_the_limit_was_not_cut(judge_edited: JudgeEdited) -> None:
    """A model that ends by itself leaves nothing to say; one answer that was cut is enough to look at."""

    def ended(answer: Document) -> None:
        answer.update(status="completed", incomplete_details=None)
        answer["usage"]["output_tokens"] = 3

    def ended_in_streams(told: list[Document]) -> None:
        told[-1]["type"] = "response.completed"
        ended(told[-1]["response"])

    alone = in_answer("response", ended)
    judgement = judge_edited(alone)
    for name in ("responses.usage_cut", "responses.incomplete"):
        assert judgement.verdict(name).outcome is Outcome.PASSED, "the streams were cut"
    streams = in_streams(in_typed_events(ended_in_streams))
    judgement = judge_edited(lambda exchange: alone(exchange) or streams(exchange))
    for name in ("responses.usage_cut", "responses.incomplete"):
        verdict = judgement.verdict(name)
        assert verdict.outcome is Outcome.NOT_EXERCISED
        assert verdict.reason == (
            "fewer tokens were written than max_output_tokens allows, or usage does not say how many"
        )


def _no_place(told: list[Document]) -> None:
    for event in told:
        for key in ("output_index", "content_index", "sequence_number"):
            event.pop(key, None)


def test_events_without_places_are_one_fault(judge_edited: JudgeEdited) -> None:
    """llama.cpp numbers neither items nor parts nor events; nothing else is wrong with its streams."""
    judgement = judge_edited(in_streams(in_typed_events(_no_place)))
    assert alarms(judgement) == {
        "responses.stream.indices": Outcome.FAILED,
        "responses.stream.sequence_number": Outcome.ADVISORY,
        "responses.witness_helper": Outcome.ADVISORY,
    }
    where = "response-stream: event 2/output_index"
    assert found(judgement, "responses.stream.indices") == (where, "0", "absent")


def _completed(told: list[Document]) -> None:
    told[-1]["type"] = "response.completed"


WORDS: list[tuple[str, Change, tuple[str, str, str]]] = [
    (
        "responses.stream.terminal_status",
        in_streams(in_typed_events(_completed), "response-stream"),
        ("response-stream: event 23/type", '"response.incomplete"', '"response.completed"'),
    ),
    (
        "responses.stream.created_first",
        in_streams(dropping("response.created"), "response-stream"),
        ("response-stream: event 0/type", '"response.created"', '"response.in_progress"'),
    ),
    (
        "responses.stream.event_names",
        in_streams(
            in_pieces(lambda pieces: [piece.partition(b"\n")[2] for piece in pieces]), "response-stream"
        ),
        ("response-stream: event 0", "event: response.created", "absent"),
    ),
    (
        "responses.stream.part_added",
        in_streams(dropping("content_part.added"), "response-stream"),
        (
            "response-stream: event 3/type",
            "response.content_part.added of its part before it",
            '"response.output_text.delta"',
        ),
    ),
    (
        "responses.stream.item_added_first",
        in_streams(dropping("output_item.added"), "response-stream"),
        (
            "response-stream: event 2/type",
            "response.output_item.added of its item before it",
            '"response.content_part.added"',
        ),
    ),
    (
        "responses.stream.terminal_event",
        in_streams(in_typed_events(lambda told: told[:-1]), "response-stream"),
        (
            "response-stream: event 22/type",
            "response.completed or response.incomplete or response.failed in the end",
            '"response.output_item.done"',
        ),
    ),
    (
        "responses.stream.done_events",
        in_streams(dropping("output_text.done"), "response-stream"),
        ("response-stream: event 3", "one event after it that says its text whole", "0"),
    ),
    (
        "responses.stream.response_id_stable",
        in_streams(
            each("in_progress", lambda event: event["response"].update(id="resp_x")), "response-stream"
        ),
        ("response-stream: event 1/response/id", '"resp_ID", as in event 0/response/id', '"resp_x"'),
    ),
    (
        "responses.input_items",
        to("response-stream", 400, b'{"error": "no"}'),
        ("status", "200", '400 "{\\"error\\": \\"no\\"}"'),
    ),
    (
        "responses.input_items",
        to("response-stream", 200, b'data: {"type": "error", "message": "no"}\n\n', "text/event-stream"),
        ("event 0", "no error", '{"type": "error", "message": "no"}'),
    ),
    (
        "responses.tools.required_called",
        in_streams(in_typed_events(lambda told: _text_instead(told)), "response-tool-stream"),
        (
            "event 11/response/output",
            "an item of type function_call, as tool_choice requires",
            'status "completed", text "Hello."',
        ),
    ),
    (
        "responses.text_format",
        in_answer("response-schema", lambda answer: answer["output"][-1]["content"][0].update(text="Rain")),
        ("output text", "JSON", '"Rain" (Expecting value: line 1 column 1 (char 0))'),
    ),
    (
        "responses.previous_response_id",
        in_answer("response-follow-up", lambda answer: answer["usage"].update(input_tokens=30)),
        ("/usage/input_tokens", "at least 71, one for each word of the earlier input", "30"),
    ),
    (
        "responses.instructions",
        in_answer("response", lambda answer: answer["usage"].update(input_tokens=80)),
        ("/usage/input_tokens", "at least 134, one for each word that was sent", "80"),
    ),
    (
        "responses.error_envelope",
        to("response-mistyped", 200, b'{"error": {"message": "no"}}'),
        ("status", "a 4xx", '200 "{\\"error\\": {\\"message\\": \\"no\\"}}"'),
    ),
]


def _text_instead(told: list[Document]) -> None:
    message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello."}]}
    told[-1]["response"]["output"] = [message]


@pytest.mark.parametrize(
    ("name", "change", "words"), WORDS, ids=[f"{row[0]}-{at}" for at, row in enumerate(WORDS)]
)
def test_a_finding_says_where_and_what(
    name: str, change: Change, words: tuple[str, str, str], judge_edited: JudgeEdited
) -> None:
    """In words that stand alone."""
    where, expected, got = found(judge_edited(change), name)
    identity = expected.partition("resp_")[2].partition('"')[0]
    shown = expected.replace(f"resp_{identity}", "resp_ID") if identity else expected
    assert (where, shown, got) == words


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (404, "the server has no /v1/responses: take `responses` out of its capabilities"),
        (500, "the server's log says why it refuses a plain request"),
    ],
)
def test_a_refusal_comes_with_the_next_step(status: int, hint: str, judge_edited: JudgeEdited) -> None:
    """Whether the endpoint is missing or broken, whatever it is asked for."""
    answer = to("response", status, b"{}")
    judgement = judge_edited(
        lambda exchange: (
            answer(replace(exchange, probe="response")) if exchange.request.path == "/v1/responses" else None
        )
    )
    assert [finding.hint for finding in judgement.verdict("responses.answered").findings] == [hint]


def test_a_store_forgets_the_oldest() -> None:
    """The reference keeps the last hundred conversations and refuses the others."""
    provider = ReferenceProvider()
    first = json.loads(_post(provider, input="Hi").body)["id"]
    for _ in range(100):
        last = json.loads(_post(provider, input="Hi").body)["id"]
    assert _post(provider, input="Hi", previous_response_id=first).status == 400
    assert _post(provider, input="Hi", previous_response_id=last).status == 200
    assert len(provider.stored) == 100


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": []}, "input"),
        ({"input": [1]}, "input"),
        ({"input": [{"role": "nobody", "content": "Hi"}]}, "input"),
        ({"input": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}, "input"),
        ({"input": [{"type": "function_call", "call_id": "x"}]}, "input"),
        ({"input": "Hi", "max_output_tokens": "many"}, "max_output_tokens"),
        ({"input": "Hi", "instructions": 1}, "instructions"),
        ({"input": "Hi", "tools": [{"type": "function", "function": {"name": "ping"}}]}, "tools"),
        ({"input": "Hi", "previous_response_id": 1}, "previous_response_id"),
        ({"input": "word " * 3000}, "input"),
    ],
)
def test_the_reference_refuses_what_the_api_refuses(fields: Document, param: str) -> None:
    """With the name of the parameter."""
    response = _post(ReferenceProvider(), **fields)
    assert (response.status, json.loads(response.body)["error"]["param"]) == (400, param)


def test_the_reference_thinks_where_there_is_room() -> None:
    """A thought is an item before the message, whole and streamed, and not to be replayed wrongly."""
    provider = ReferenceProvider()
    whole = json.loads(_post(provider, input="Hi", max_output_tokens=64).body)
    assert [item["type"] for item in whole["output"]] == ["reasoning", "message"]
    streamed = _post(provider, input="Hi", max_output_tokens=64, stream=True)
    request = Request("POST", "/v1/responses", (), b'{"stream": true}')
    answer = FinalResponse.of(Exchange("x", request, streamed))
    assert [item["type"].value for item in answer.output] == ["reasoning", "message"]
    assert answer.text == whole["output"][1]["content"][0]["text"]


def _post(provider: ReferenceProvider, **fields: Any) -> Response:
    body = json.dumps({"model": "reference", **fields}).encode()
    return provider.respond(Request("POST", "/v1/responses", (), body))


GARBAGE = {
    "nothing": b"",
    "page": b"<!doctype html><html><body>It works!</body></html>",
    "object": b"{}",
    "array": b"[]",
    "null": b"null",
    "nested": b"[" * 100_000,
    "lone-surrogate": b'{"id": "\\ud800", "output": [{"type": "message", "content": [{"text": "\\ud800"}]}]}',
    "wrong-types": b'{"id": [], "status": {}, "output": [[1], null, {"type": []}], "usage": [], "error": 1}',
    "events-of-nothing": b"data: {}\n\n",
    "events-of-arrays": b"data: []\n\ndata: null\n\n",
    "half-an-event": b'data: {"type": "response.created", "resp',
    "wrong-types-in-events": (
        b'data: {"type": "response.created", "response": []}\n\n'
        b'data: {"type": "response.output_item.added", "item": 1, "output_index": []}\n\n'
        b'data: {"type": "response.output_text.delta", "delta": {}, "item_id": {}, "content_index": "0"}\n\n'
        b'data: {"type": ["response.output_text.done"], "text": 1}\n\n'
        b'data: {"type": "response.completed", "response": {"output": {"0": 1}, "status": [], "usage": 1}}\n\n'
    ),
}


def raised(judgement: Judgement) -> list[tuple[str, str]]:
    """The checks that failed by themselves."""
    verdicts = [judgement.verdict(check.id) for check in CHECKS]
    return [(verdict.check, verdict.reason) for verdict in verdicts if verdict.outcome is Outcome.ERROR]


@pytest.mark.parametrize("media_type", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_in_answer_to_everything_is_found_out(
    name: str, status: int, media_type: str, judge_edited: JudgeEdited
) -> None:
    """No check raises, and no MUST passes but that of refusals."""
    answer = Response(status, (("content-type", media_type),), (Chunk(GARBAGE[name], 0.01),))
    judgement = judge_edited(lambda _: answer)
    assert raised(judgement) == []
    # The SDK reads what came as an answer; what was refused is for the other checks.
    musts = [each.id for each in CHECKS if each.level is Level.MUST and not each.id.endswith(".witness")]
    passed = {check for check in musts if judgement.verdict(check).outcome is Outcome.PASSED}
    spared = {"responses.answered"} if status == 200 else set()
    assert passed <= spared | SPARED.get(name, set())


_ARRAY_AS_OUTPUT = {"responses.tools.output_roundtrip", "responses.tools.output_parts", "responses.stored"}
_READ = {"responses.witness", "responses.witness_accepted"}
_EVENTS = {
    "responses.input_items",
    "responses.tools.flat_format",
    "responses.tools.other_types_not_5xx",
    "responses.thoughts_replayed",
}
SPARED = {
    "lone-surrogate": _ARRAY_AS_OUTPUT | _READ | {"responses.tools.none_not_called"},
    "wrong-types": _ARRAY_AS_OUTPUT | _READ,
    "events-of-nothing": _EVENTS,
    "wrong-types-in-events": {*_EVENTS, "responses.stream.terminal_event"},
}
"""What holds even there: an array as output, which the SDK reads; events without an error; an end told once."""


@OFTEN
@given(value=json_values, at=st.integers(0, 400))
def test_any_value_anywhere_raises_nothing(value: Any, at: int, judge_edited: JudgeEdited) -> None:
    """In the responses and in each event of the streams."""

    def spoil(document: Any) -> None:
        places = list(_places(document))
        container, key = places[at % len(places)]
        container[key] = value

    def change(exchange: Exchange) -> Response | None:
        response = exchange.response
        if exchange.request.path != "/v1/responses" or response is None:
            return None
        if response.media_type == "text/event-stream":
            return _spoilt(response, spoil, at)
        document = json.loads(response.body)
        spoil(document)
        return with_body(json.dumps(document).encode())(response)

    assert raised(judge_edited(change)) == []


def _spoilt(response: Response, spoil: Callable[[Any], None], at: int) -> Response:
    number = at % len(response.chunks)
    chunk = response.chunks[number]
    document = json.loads(chunk.data.partition(b"data: ")[2])
    spoil(document)
    data = b"data: " + json.dumps(document).encode() + b"\n\n"
    chunks = (*response.chunks[:number], Chunk(data, chunk.at), *response.chunks[number + 1 :])
    return replace(response, chunks=chunks)


def _places(value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from _places(inner)


def test_a_request_that_is_none_asked_for_nothing(conforming: dict[str, Answer]) -> None:
    """The view reads the request only where it is an object."""
    assert Request("POST", "/", (), b"[1]").asked == {}
    assert Request("POST", "/", (), b"{").asked == {}
    assert Request("POST", "/", (), b"[" * 100_000).asked == {}
    answer = conforming["response-stream"]
    assert isinstance(answer, Exchange)
    assert ResponseStream.of(answer).orphans == []
