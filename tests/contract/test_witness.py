"""The official SDK as a witness: what it raises and loses is found; its types leave to others what others judge."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from sixgates import catalogue
from sixgates.checks.witness import CHATS, OPTIONAL, RESPONSES, STREAMS, WHOLE
from sixgates.checks.witness_types import OF_CHAT, OF_CHUNKS, OF_COMPLETIONS
from sixgates.completion import asked_for_stream
from sixgates.exchange import Chunk, Exchange, FailureKind, Finding, Response, TransportError
from sixgates.judge import Answer, Judgement, Subject
from sixgates.select import Json
from sixgates.verdict import Outcome
from sixgates.witness import reading
from sixgates.witness.held import Held
from sixgates.witness.replay import client
from sixgates.witness.responses import responses
from sixgates.witness.sdk import complete
from sixgates.witness.types import CHAT, Elsewhere, mistyped

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
Conforming = Mapping[str, Answer]
Document = dict[str, Any]
SDK = f"openai-python {openai.__version__}"
BAD = 44.5
"""No string, no integer, no object, no array, and none of a few words."""


def exchange(conforming: Conforming, name: str) -> Exchange:
    """The reference's exchange of one probe."""
    found = conforming[name]
    assert isinstance(found, Exchange)
    return found


def saying(found: Exchange, *pieces: bytes, media_type: str | None = None) -> Exchange:
    """The exchange with another body, in these pieces."""
    assert found.response is not None
    headers = tuple(
        (name, media_type if media_type and name == "content-type" else value)
        for name, value in found.response.headers
        if name != "content-length"
    )
    chunks = tuple(Chunk(piece, 0.01) for piece in pieces)
    return replace(found, response=replace(found.response, headers=headers, chunks=chunks))


def edited(found: Exchange, change: Callable[[Document], object]) -> Exchange:
    """The exchange with each of its JSON documents changed in place."""
    assert found.response is not None
    if found.response.media_type != "text/event-stream":
        document = json.loads(found.response.body)
        change(document)
        return saying(found, json.dumps(document).encode())
    pieces = []
    for chunk in found.response.chunks:
        piece = chunk.data
        if b"[DONE]" not in piece:
            document = json.loads(piece[6:])
            change(document)
            piece = f"data: {json.dumps(document)}\n\n".encode()
        pieces.append(piece)
    return saying(found, *pieces)


def in_deltas(change: Callable[[Document], object]) -> Callable[[Document], None]:
    """A change of each delta of a chunk."""

    def apply(event: Document) -> None:
        for entry in event["choices"]:
            change(entry["delta"])

    return apply


def test_every_chat_that_is_no_fault_is_read(all_checks: catalogue.Catalogue) -> None:
    """And nothing that nobody sends."""
    sent = {probe.name for probe in all_checks.probes()}
    assert {probe.name for probe in (*CHATS, *RESPONSES)} <= sent
    assert {"chat", "chat-two-choices", "tool-named"} <= {probe.name for probe in WHOLE}
    assert {"chat-roles", "tool-round-trip"} <= {probe.name for probe in OPTIONAL}
    assert {"chat-stream", "chat-stream-stopped", "tool-named-stream"} <= {probe.name for probe in STREAMS}


@pytest.mark.parametrize("name", [probe.name for probe in (*CHATS, *RESPONSES)])
def test_a_probe_that_streams_has_it_in_its_name(name: str, conforming: Conforming) -> None:
    """The witness asks the name, because the body of a derived probe is not known before."""
    assert asked_for_stream(exchange(conforming, name).request) is ("stream" in name.split("-"))


def test_text_that_is_no_text_makes_the_sdk_raise(conforming: Conforming) -> None:
    """Its user adds pieces up, and a list is no piece."""
    found = edited(
        exchange(conforming, "chat-stream"),
        in_deltas(lambda delta: delta.update(content=[{"type": "text", "text": "hi"}])),
    )
    (finding,) = reading.chat(found)
    assert finding == Finding(
        "chat.completions.create(stream=True)",
        "an answer that the SDK can read",
        'TypeError: "can only concatenate str (not \\"list\\") to str"',
        SDK,
    )


def test_what_the_sdk_raises_reads_the_same_each_time() -> None:
    """Python's words for an object name its address, which no baseline and no second run has."""
    problem = TypeError(f"{object()!r} is no index")
    (finding,) = reading.compared("call()", Held((), None), lambda: _raise(problem))
    assert finding.got == 'TypeError: "<object object> is no index"'


def _raise(problem: Exception) -> Held:
    raise problem


def test_calls_that_the_helper_doubles_are_lost_for_it_alone(conforming: Conforming) -> None:
    """An id in every piece: the SDK's user keeps the first, the helper puts them in a row."""

    def repeat(delta: Document) -> None:
        for call in delta.get("tool_calls") or []:
            call["id"] = "call_1"

    found = edited(exchange(conforming, "tool-named-stream"), in_deltas(repeat))
    assert list(reading.chat(found)) == []
    (finding,) = reading.helper(found)
    assert finding.where == "chat.completions.stream(), calls of choice 0"
    assert finding.expected.startswith('[["call_1", "get_weather", ')
    assert finding.expected.endswith(", as in the bytes")
    assert finding.got.startswith('[["call_1call_1')
    assert finding.hint == SDK


def test_usage_that_the_helper_drops_is_found(conforming: Conforming) -> None:
    """A chunk after the counts, and they are gone."""
    found = exchange(conforming, "chat-stream-usage")
    assert found.response is not None
    *pieces, last, done = [chunk.data for chunk in found.response.chunks]
    (finding,) = reading.helper(saying(found, *pieces[:-1], last, pieces[-1], done))
    assert finding.where == "chat.completions.stream(), usage"
    assert finding.got == "null"


def test_an_answer_that_the_token_limit_cut_is_no_loss(conforming: Conforming) -> None:
    """The helper raises by design; what it had gathered is what counts."""
    found = exchange(conforming, "chat-stream-one-token")
    assert b'"length"' in (found.response.body if found.response else b"")
    assert list(reading.helper(found)) == []


@pytest.mark.parametrize(
    ("read", "name", "call"),
    [
        (reading.chat, "chat", "chat.completions.create()"),
        (reading.legacy, "completions", "completions.create()"),
        (reading.legacy, "completions-stopped-stream", "completions.create(stream=True)"),
        (reading.embeddings, "embeddings", "embeddings.create()"),
        (reading.embeddings, "embeddings-batch", "embeddings.create()"),
        (reading.models, "models-list", "models.list()"),
    ],
)
def test_every_call_reads_the_reference_and_raises_on_a_wrong_encoding(
    read: Callable[[Exchange], Any], name: str, call: str, conforming: Conforming
) -> None:
    found = exchange(conforming, name)
    assert list(read(found)) == []
    assert found.response is not None
    headers = (*found.response.headers, ("content-encoding", "gzip"))
    (finding,) = read(replace(found, response=replace(found.response, headers=headers)))
    assert (finding.where, finding.expected) == (call, "an answer that the SDK can read")


def test_a_reading_is_kept_for_small_answers_only(
    conforming: Conforming, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hostile answer of a megabyte must not stay in memory."""
    asked: list[Exchange] = []

    def counted(found: Exchange) -> openai.OpenAI:
        asked.append(found)
        return client(found)

    monkeypatch.setattr(reading, "client", counted)
    small = replace(exchange(conforming, "chat"), elapsed=98.0)
    large = edited(small, lambda document: document.update(padding="x" * reading.KEPT))
    for found in (small, small, large, large):
        assert list(reading.chat(found)) == []
    assert len(asked) == 3


def test_vectors_that_are_not_those_of_the_bytes_are_found(
    conforming: Conforming, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that drops one without a word."""
    monkeypatch.setattr(reading, "read_vectors", lambda _: [])
    (finding,) = reading.embeddings(replace(exchange(conforming, "embeddings"), elapsed=99.0))
    assert finding.expected == "the vectors of the bytes, of lengths [8]"
    assert finding.got == "others, of lengths []"


def test_a_refusal_keeps_its_message(conforming: Conforming) -> None:
    found = exchange(conforming, "missing-messages")
    assert list(reading.refusal(found, 400, "messages")) == []
    (finding,) = reading.refusal(found, 404, "messages")
    assert finding.expected == 'an APIStatusError 404 that says "messages"'
    assert finding.got.startswith('400: "Error code: 400 - ')
    (finding,) = reading.refusal(exchange(conforming, "chat"), 400, "messages")
    assert finding.got == "no exception"


def test_a_server_that_refuses_nothing_leaves_nothing_to_witness(
    conforming: Conforming, judge_edited: JudgeEdited
) -> None:
    chat = exchange(conforming, "chat").response
    faults = {"missing-messages", "mistyped-messages", "unknown-model"}
    judgement = judge_edited(lambda found: chat if found.probe in faults else None)
    verdict = judgement.verdict("errors.witness")
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert verdict.reason == "the server refuses none of the requests that are faulty"


def test_what_was_refused_or_cut_is_for_others(
    conforming: Conforming, all_checks: catalogue.Catalogue
) -> None:
    """The SDK is right to raise there."""
    refusal = exchange(conforming, "missing-messages").response
    parts = exchange(conforming, "chat-roles")
    cut = exchange(conforming, "chat-stream-usage")
    changed = {
        **conforming,
        "chat-roles": replace(parts, response=refusal),
        "chat-stream-usage": replace(cut, error=TransportError(FailureKind.PROTOCOL, "cut")),
    }
    subject = Subject("one", "reference", frozenset({"chat"}))
    judgement = Judgement(all_checks, subject, changed)
    for name in ("chat.witness_accepted", "chat.stream.witness", "chat.stream.witness_helper"):
        assert judgement.verdict(name).outcome is Outcome.PASSED


def _at(document: Any, place: str) -> tuple[Any, str | int]:
    """The container and key of a place, made where the document has none."""
    *way, last = [0 if key == "*" else key for key in place.removesuffix("/**").split("/")[1:]]
    for key in way:
        document = document[key]
    return document, last


def _mistyping(place: str) -> Callable[[Document], None]:
    """A value of a wrong type at a place, as far as a document has what is around it and is no stream's opening."""

    def change(document: Document) -> None:
        opening = any((choice.get("delta") or {}).get("role") for choice in document.get("choices") or [])
        if opening and not place.endswith("/role"):
            return
        if document.get("choices") or not place.startswith("/choices/"):
            container, key = _at(document, place)
            container[key] = BAD

    return change


PLACES = [
    *(("chat", "chat.sdk_types", place, check) for place, check in OF_CHAT.items()),
    *(("chat-stream-usage", "chat.stream.sdk_types", place, check) for place, check in OF_CHUNKS.items()),
    *(("completions", "completions.sdk_types", place, check) for place, check in OF_COMPLETIONS.items()),
]


@pytest.mark.parametrize(
    ("probe", "types", "place", "check"), PLACES, ids=[f"{one[0]}{one[2]}" for one in PLACES]
)
def test_what_the_types_leave_to_a_check_it_does_find(
    probe: str, types: str, place: str, check: str, conforming: Conforming, judge_edited: JudgeEdited
) -> None:
    """One finding for one defect, and none falls between two checks."""
    target = "tool-named-stream" if check.startswith("tools.") else probe
    changed = edited(exchange(conforming, target), _mistyping(place)).response
    judgement = judge_edited(lambda found: changed if found.probe == target else None)
    assert judgement.verdict(check).outcome in {Outcome.FAILED, Outcome.ADVISORY}
    assert judgement.verdict(types).findings == () or place == "/choices"


@pytest.mark.parametrize(
    ("change", "where", "expected", "got"),
    [
        ({"system_fingerprint": 44}, "/system_fingerprint", "a string", "44"),
        ({"created": 1.5}, "/created", "an integer", "1.5"),
        ({"created": "1"}, "/created", "an integer", '"1"'),
        ({"object": "x"}, "/object", '"chat.completion"', '"x"'),
        ({"id": None}, "/id", "a string", "null"),
        ({"choices": {}}, "/choices", "an array", "{}"),
        ({"usage": []}, "/usage", "an object", "[]"),
        ({"choices": [1]}, "/choices/0", "an object", "1"),
    ],
)
def test_a_wrong_type_is_said_in_our_words(
    change: Document, where: str, expected: str, got: str, conforming: Conforming
) -> None:
    document = answer(conforming) | change
    assert list(mistyped(CHAT, Json(document), Elsewhere(()))) == [
        Finding(where, expected, got, "openai.types.chat.ChatCompletion")
    ]


def test_a_value_that_fits_no_variant_names_the_member(conforming: Conforming) -> None:
    """A union has many branches, and a reader wants the one that the server meant."""
    document = answer(conforming)
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": {}}}
    document["choices"][0]["message"]["tool_calls"] = [call]
    (finding,) = mistyped(CHAT, Json(document), Elsewhere(()))
    assert finding.where == "/choices/0/message/tool_calls/0/function/arguments"
    assert (finding.expected, finding.got) == ("a string", "{}")


@pytest.mark.parametrize(
    ("change", "where", "expected"),
    [
        ({"id": None}, "/id", "a string"),
        ({"function": None}, "/function", "an object"),
        ({"function": {"arguments": "{}"}}, "/function/name", "a value"),
        ({"type": "tool"}, "/type", '"function"'),
    ],
)
def test_the_variant_is_the_closest_one(
    change: Document, where: str, expected: str, conforming: Conforming
) -> None:
    document = answer(conforming)
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}} | change
    document["choices"][0]["message"]["tool_calls"] = [call]
    (finding,) = mistyped(CHAT, Json(document), Elsewhere(()))
    assert finding.where == f"/choices/0/message/tool_calls/0{where}"
    assert finding.expected == expected


def test_a_missing_member_and_a_place_judged_elsewhere(conforming: Conforming) -> None:
    document = answer(conforming)
    del document["choices"][0]["index"]
    (finding,) = mistyped(CHAT, Json(document), Elsewhere(()))
    assert (finding.where, finding.expected, finding.got) == ("/choices/0/index", "a value", "absent")
    assert list(mistyped(CHAT, Json(document), Elsewhere(("/choices/*/index",)))) == []
    assert list(mistyped(CHAT, Json(document), Elsewhere(("/choices/**",)))) == []
    assert list(mistyped(CHAT, Json(document), Elsewhere(("/choices",)))) == [finding]


@pytest.mark.parametrize("value", [None, [], "x", 5, {"choices": [{"message": []}]}])
def test_types_never_raise(value: Any) -> None:
    assert list(mistyped(CHAT, Json(value), Elsewhere(())))


def test_an_answer_without_end_costs_no_more_than_its_start(conforming: Conforming) -> None:
    """A server may send as many wrong choices as fit into its answer."""
    document = answer(conforming) | {"choices": [{}] * 50_000}
    places = [finding.where for finding in mistyped(CHAT, Json(document), Elsewhere(()))]
    assert len(places) == 3 * 200
    assert places[-1].startswith("/choices/199/")


def test_extra_and_missing_optional_members_are_legal(conforming: Conforming) -> None:
    document = answer(conforming) | {"timings": {"a": 1}, "service_tier": None}
    for name in ("usage", "system_fingerprint"):
        document.pop(name, None)
    message = document["choices"][0]["message"]
    message |= {"reasoning_content": "x", "annotations": [], "audio": None}
    message.pop("refusal", None)
    assert list(mistyped(CHAT, Json(document), Elsewhere(()))) == []


def answer(conforming: Conforming) -> Document:
    """The reference's plain answer."""
    response = exchange(conforming, "chat").response
    assert response is not None
    document: Document = json.loads(response.body)
    return document


class Inner(BaseModel, defer_build=True):
    """Holds others of its type."""

    others: list[Inner] = []


class Outer(BaseModel, defer_build=True):
    """Holds another type in a union."""

    inner: Inner | str | None = None


def test_a_type_is_completed_with_all_that_it_holds() -> None:
    assert not Inner.__pydantic_complete__
    complete(Outer)
    assert Inner.__pydantic_complete__
    assert Outer.__pydantic_complete__


def test_what_a_response_holds_is_complete_before_it_is_read(conforming: Conforming) -> None:
    assert list(responses(exchange(conforming, "response"))) == []
    assert openai.types.responses.ResponseFunctionToolCall.__pydantic_complete__
