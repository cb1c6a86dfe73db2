"""Legal streams raise no alarm, hostile ones end as findings, and the network's cuts change nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.occasions import NOT_SHOWN

from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Answer
from sixgates.reference.mutants import Document, Edit, in_events, in_pieces, with_body, with_header
from sixgates.select import Unmet
from sixgates.verdict import Level, Outcome, Verdict
from sixgates.views import ChatStream

Answers = Mapping[str, Answer]
Judge = Callable[..., tuple[Verdict, ...]]
Changed = Callable[[Edit], Answers]
METADATA = {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": []}
OFTEN = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


def alarms(verdicts: tuple[Verdict, ...]) -> set[str]:
    """The checks that did not pass."""
    return {verdict.check for verdict in verdicts if not _fine(verdict)}


def _fine(verdict: Verdict) -> bool:
    silent = verdict.check in NOT_SHOWN or verdict.check.startswith("reasoning.")
    return (silent and verdict.outcome is Outcome.NOT_EXERCISED) or verdict.outcome is Outcome.PASSED


def each_piece(change: Callable[[bytes], bytes]) -> Edit:
    """Change the bytes of every event."""
    return in_pieces(lambda pieces: [change(piece) for piece in pieces])


def each_chunk(change: Callable[[Document], None]) -> Edit:
    """Change every JSON event in place."""

    def edit(events: list[Document]) -> None:
        for event in events:
            change(event)

    return in_events(edit)


def each_entry(change: Callable[[Document], None]) -> Edit:
    """Change every entry of `choices` in place."""

    def edit(event: Document) -> None:
        for entry in event["choices"]:
            change(entry)

    return each_chunk(edit)


def on_many_lines(piece: bytes) -> bytes:
    """The event's JSON on one data line for each of its own."""
    text = piece.decode().removeprefix("data: ").strip()
    if text == "[DONE]":
        return piece
    lines = json.dumps(json.loads(text), indent=1).splitlines()
    return "".join(f"data: {line}\n" for line in lines).encode() + b"\n"


def numbered(pieces: list[bytes]) -> list[bytes]:
    """Every event with an id."""
    return [f"id: {number}\n".encode() + piece for number, piece in enumerate(pieces)]


def without_nulls(document: Any) -> Any:
    """The same JSON without members that are null."""
    if isinstance(document, dict):
        return {key: without_nulls(value) for key, value in document.items() if value is not None}
    return [without_nulls(item) for item in document] if isinstance(document, list) else document


def finish_with_last_piece(events: list[Document]) -> list[Document]:
    """The finish reason in the chunk of the last delta, as far as there is one choice."""
    at = next((number for number, event in enumerate(events) if _finish(event)), 0)
    if at < 2 or events[at]["choices"][0]["index"] or events[at - 1]["choices"][0]["finish_reason"]:
        return events
    events[at - 1]["choices"][0]["finish_reason"] = _finish(events[at])
    return [*events[:at], *events[at + 1 :]]


def _finish(event: Document) -> Any:
    return event["choices"][0]["finish_reason"] if event["choices"] else None


def first_content_null(entry: Document) -> None:
    """Null instead of "" beside the role."""
    if entry["delta"].get("content") == "":
        entry["delta"]["content"] = None


def merged(response: Response) -> Response:
    """All of the body at once, when it was complete."""
    return replace(response, chunks=(Chunk(response.body, response.chunks[-1].at),))


def bytewise(response: Response) -> Response:
    """Every byte in a chunk of its own."""
    pieces = [Chunk(bytes([byte]), chunk.at) for chunk in response.chunks for byte in chunk.data]
    return replace(response, chunks=tuple(pieces))


WITNESSED = {"chat.stream.witness", "chat.stream.witness_helper"}
INCREMENTAL = {
    "chat.stream.incremental",
    "chat.stream.incremental_compressed",
    "chat.stream.incremental_with_tools",
}
LEGAL: dict[str, tuple[Edit, set[str]]] = {
    "no space after the colon": (each_piece(lambda piece: piece.replace(b"data: ", b"data:", 1)), set()),
    "CRLF": (each_piece(lambda piece: piece.replace(b"\n", b"\r\n")), set()),
    "CR": (each_piece(lambda piece: piece.replace(b"\n", b"\r")), set()),
    "comments between events": (in_pieces(lambda pieces: [b": hi\n\n" + piece for piece in pieces]), set()),
    "comments in events": (each_piece(lambda piece: b": hi\n" + piece), set()),
    "blank lines between events": (each_piece(lambda piece: piece + b"\n\n"), set()),
    "several data lines": (each_piece(on_many_lines), set()),
    # Legal, and yet openai-python takes the mark for a part of the field's name and loses the first event.
    "byte-order mark": (
        in_pieces(lambda pieces: [b"\xef\xbb\xbf" + pieces[0], *pieces[1:]]),
        WITNESSED | {"http.no_bom"},
    ),
    "event names": (each_piece(lambda piece: b"event: message\n" + piece), set()),
    "event ids": (in_pieces(numbered), set()),
    "charset": (with_header("content-type", "Text/Event-Stream; charset=utf-8"), set()),
    "no-store": (with_header("cache-control", "no-store"), set()),
    "unknown fields": (each_chunk(lambda event: event.update(timings={"a": 1}, x_y=None)), set()),
    "unknown fields in entries": (each_entry(lambda entry: entry.update(token_ids=None)), set()),
    "unknown fields in deltas": (each_entry(lambda entry: entry["delta"].setdefault("reasoning", "")), set()),
    "no nulls": (
        in_events(lambda events: [without_nulls(event) for event in events]),
        {"chat.stream.finish_key_present"},
    ),
    "usage null everywhere": (each_chunk(lambda event: event.setdefault("usage", None)), set()),
    "fingerprint": (each_chunk(lambda event: event.update(system_fingerprint="fp")), set()),
    "service tier": (each_chunk(lambda event: event.update(service_tier="default")), set()),
    "metadata first": (in_events(lambda events: [METADATA, *events]), set()),
    "role null later": (each_entry(lambda entry: entry["delta"].setdefault("role", None)), set()),
    "refusal null": (each_entry(lambda entry: entry["delta"].update(refusal=None)), set()),
    "finish with the last piece": (in_events(finish_with_last_piece), set()),
    "first content null": (each_entry(first_content_null), {"chat.stream.first_content_string"}),
    "merged": (merged, INCREMENTAL),
    "byte by byte": (bytewise, set()),
}


@pytest.mark.parametrize("name", LEGAL)
def test_legal_variations_raise_no_alarm(name: str, judge: Judge, changed_streams: Changed) -> None:
    """What the specification and real servers allow is found by no check but those named beside it."""
    edit, allowed = LEGAL[name]
    verdicts = judge(changed_streams(edit))
    assert alarms(verdicts) <= allowed
    must = {verdict.check for verdict in verdicts if verdict.level is Level.MUST}
    assert alarms(verdicts) & must <= WITNESSED


def test_a_cut_at_any_byte_changes_nothing(streams: dict[str, Exchange]) -> None:
    """A stream in two chunks is the stream in one, wherever the cut is."""
    whole = streams["chat-stream-one-token"]
    assert whole.response is not None
    body, response = whole.response.body, whole.response
    expected = ChatStream.of(whole)
    for cut in range(1, len(body)):
        chunks = (Chunk(body[:cut], 0.1), Chunk(body[cut:], 0.2))
        stream = ChatStream.of(replace(whole, response=replace(response, chunks=chunks)))
        assert [block.fields for block in stream.blocks] == [block.fields for block in expected.blocks]
        assert stream.documents == expected.documents


@OFTEN
@given(cuts=st.lists(st.integers(1, 4000), min_size=1, max_size=40))
def test_chunks_change_no_verdict(cuts: list[int], judge: Judge, changed_streams: Changed) -> None:
    """However the network cuts the bodies, all verdicts but those on timing stay."""

    def cut(response: Response) -> Response:
        body = response.body
        edges = sorted({0, len(body), *(each for each in cuts if each < len(body))})
        pairs = pairwise(edges)
        pieces = tuple(Chunk(body[a:b], 0.01 * number) for number, (a, b) in enumerate(pairs))
        return replace(response, chunks=pieces)

    assert alarms(judge(changed_streams(cut))) <= INCREMENTAL


@OFTEN
@given(seed=st.integers(0, 2**32).map(random.Random), name=st.from_regex(r"x_[a-z]{1,8}", fullmatch=True))
def test_order_and_unknown_fields_change_no_verdict(
    seed: Any, name: str, judge: Judge, changed_streams: Changed
) -> None:
    """Members in any order, and members that nobody knows, are no one's business."""

    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            members = [*((key, shuffled(item)) for key, item in value.items()), (name, {"n": [1]})]
            seed.shuffle(members)
            return dict(members)
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    edit = in_events(lambda events: [shuffled(event) for event in events])
    assert alarms(judge(changed_streams(edit))) == set()


HOSTILE = {
    "nothing": b"",
    "garbage": bytes(range(256)) * 4,
    "HTML": b"<!doctype html><h1>It works!</h1>",
    "an empty object": b"{}",
    "null": b"null",
    "an array": b"[]",
    "done only": b"data: [DONE]\n\n",
    "an empty event": b"data:\n\n",
    "an object without anything": b"data: {}\n\ndata: [DONE]\n\n",
    "endless comments": b": keep-alive\n\n" * 500,
    "not a number": b'data: {"choices": NaN}\n\ndata: [DONE]\n\n',
    "invalid UTF-8": b'data: {"choices": "\xff\xfe"}\n\n',
    "deep nesting": b"data: " + b"[" * 100_000 + b"\n\n",
    "deep objects": b"data: " + b'{"choices":' * 50_000 + b"\n\n",
    "a huge line": b'data: {"id": "' + b"x" * 500_000 + b'"}\n\n',
    "a huge number": b'data: {"created": ' + b"9" * 10_000 + b"}\n\n",
    "choices of wrong types": b'data: {"choices": [1, null, [], "x", {"index": {}}]}\n\ndata: [DONE]\n\n',
    "an error": b'data: {"error": {"message": "no"}}\n\n',
    "an error in text": b'data: {"error": "no"}\n\ndata: [DONE]\n\n',
}


@pytest.mark.parametrize("media_type", ["text/event-stream", "application/json", "text/html"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_end_in_findings(
    name: str, media_type: str, judge: Judge, conforming: Answers
) -> None:
    """A server that answers everything with the same nonsense passes no MUST and breaks no judge."""
    edit = with_body(HOSTILE[name], media_type, 200)
    changed = {
        probe: replace(answer, response=edit(answer.response))
        for probe, answer in conforming.items()
        if isinstance(answer, Exchange) and answer.response is not None
    }
    verdicts = judge(changed)
    assert [verdict.check for verdict in verdicts if verdict.outcome is Outcome.ERROR] == []
    # The SDK reads what came as an answer; what was refused is for the other checks.
    judged = [verdict for verdict in verdicts if not verdict.check.endswith(".witness")]
    musts = [verdict for verdict in judged if verdict.level is Level.MUST]
    passed = {verdict.check for verdict in musts if verdict.outcome is Outcome.PASSED}
    assert not {check for check in passed if check.startswith(("chat.stream.", "tools."))}


WRONG: list[Any] = [None, True, -1, 1.5, "x", "", [], [[]], {}, {"a": [None]}, "\ud800"]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON document."""
    found = [path]
    if isinstance(value, dict):
        found += [each for key, item in value.items() for each in paths(item, (*path, key))]
    if isinstance(value, list):
        found += [each for key, item in enumerate(value) for each in paths(item, (*path, key))]
    return found


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The document with another value in one place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("probe", ["chat-stream-one-token", "tool-cut-stream"])
def test_values_of_wrong_types_never_raise(probe: str, judge: Judge, streams: dict[str, Exchange]) -> None:
    """Whatever stands where in a stream, the judge finds and does not fall."""
    exchange = streams[probe]
    assert exchange.response is not None
    events = [json.loads(chunk.data[6:]) for chunk in exchange.response.chunks[:-1]]
    for number, event in [(0, events[0]), (len(events) - 2, events[-2]), (len(events) - 1, events[-1])]:
        for path in paths(event):
            for wrong in WRONG:
                changed = [*events[:number], put(event, path, wrong), *events[number + 1 :]]
                pieces = [f"data: {json.dumps(each)}\n\n".encode() for each in changed] + [
                    b"data: [DONE]\n\n"
                ]
                chunks = tuple(Chunk(piece, 0.1) for piece in pieces)
                answer = replace(exchange, response=replace(exchange.response, chunks=chunks))
                verdicts = judge({probe: answer}, on=[probe])
                broken = [(each.check, each.reason) for each in verdicts if each.outcome is Outcome.ERROR]
                assert not broken, (number, path, wrong)


def test_a_stream_without_a_response_is_a_finding(streams: dict[str, Exchange]) -> None:
    """No response is said as such, with what the transport said."""
    with pytest.raises(Unmet, match="connection: expected a complete HTTP response, got no response"):
        ChatStream.of(replace(streams["chat-stream"], response=None))
