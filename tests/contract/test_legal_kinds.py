"""Kinds of legal behaviour, each drawn at random: none is FAILED, and no client is called broken by one.

`tests/field/contract/legal*.py` has those that were seen on servers; these are the others of their kinds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sixgates import catalogue
from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Judgement
from sixgates.readiness import State, assess
from sixgates.verdict import Outcome

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
Document = dict[str, Any]
SOME = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
DATA = b"data: "
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(0, 1), st.text("aé{", max_size=3))
NAMES = st.from_regex(r"x_[a-z]{1,6}", fullmatch=True)
WORDS = st.from_regex(r"[a-z][a-z_0-9-]{0,12}", fullmatch=True)
OPTIONAL = {
    "message": ("refusal", "function_call", "audio", "annotations", "tool_calls", "reasoning_content"),
    "delta": ("refusal", "function_call", "tool_calls", "content", "reasoning_content", "reasoning"),
    "choice": ("logprobs", "stop_reason", "token_ids", "content_filter_results"),
    "top": ("system_fingerprint", "service_tier", "prompt_logprobs", "kv_transfer_params"),
}
"""By the kind of object, what servers set to null where they have none."""


def alarms(judgement: Judgement) -> list[str]:
    """What is called broken: checks that FAILED or raised, and clients."""
    verdicts = judgement.verdicts()
    wrong = [one.check for one in verdicts if one.outcome in {Outcome.FAILED, Outcome.ERROR}]
    for readiness in assess(verdicts, catalogue.load().checks.values()):
        wrong += [f"{one.name}: {one.through}" for one in readiness.clients if one.state is State.BROKEN]
    return wrong


def rewritten(change: Callable[[Document], None]) -> Callable[[Exchange], Response | None]:
    """Every JSON object that a server sends changed in place: whole answers, refusals, and events of streams."""

    def line(text: bytes) -> bytes:
        if not text.startswith(DATA) or not text.startswith(DATA + b"{"):
            return text
        document = json.loads(text.removeprefix(DATA))
        change(document)
        return DATA + json.dumps(document).encode()

    def edit(exchange: Exchange) -> Response | None:
        response = exchange.response
        if response is None:
            return None
        if response.media_type == "text/event-stream":
            return replace(
                response,
                chunks=tuple(
                    Chunk(b"\n".join(map(line, chunk.data.split(b"\n"))), chunk.at)
                    for chunk in response.chunks
                ),
            )
        if response.media_type != "application/json":
            return None
        document = json.loads(response.body)
        change(document)
        headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
        return replace(response, headers=headers, chunks=(Chunk(json.dumps(document).encode(), 0.01),))

    return edit


def objects(value: Any) -> list[Document]:
    """Each object in a document; what a map of strings or a call's arguments hold is left out."""
    if isinstance(value, list):
        return [found for each in value for found in objects(each)]
    if not isinstance(value, dict):
        return []
    inner = (objects(each) for name, each in value.items() if name not in {"metadata", "arguments"})
    return [value, *(found for each in inner for found in each)]


@SOME
@given(
    members=st.dictionaries(
        NAMES, st.one_of(SCALARS, st.dictionaries(NAMES, SCALARS, max_size=2)), max_size=3
    )
)
def test_members_that_nobody_knows_are_legal_anywhere(members: Document, judge_edited: JudgeEdited) -> None:
    """In answers, choices, messages, deltas, calls, usage, events, items, models and errors."""

    def change(document: Document) -> None:
        for each in objects(document):
            if "schema" not in each:
                each.update(members)

    assert alarms(judge_edited(rewritten(change))) == []


@SOME
@given(data=st.data())
def test_what_is_optional_may_be_null(data: st.DataObject, judge_edited: JudgeEdited) -> None:
    """Whatever of it: servers write out what they have not."""
    nulls = {kind: data.draw(st.sets(st.sampled_from(names))) for kind, names in OPTIONAL.items()}

    def change(document: Document) -> None:
        if "choices" not in document:
            return
        for name in nulls["top"]:
            document.setdefault(name, None)
        for choice in document["choices"]:
            for name in nulls["choice"]:
                choice.setdefault(name, None)
            for kind in {"message", "delta"} & choice.keys():
                choice[kind] = {**dict.fromkeys(nulls[kind]), **choice[kind]}

    assert alarms(judge_edited(rewritten(change))) == []


@SOME
@given(kept=st.sets(st.sampled_from(["object", "created", "owned_by"])), bare=st.booleans())
def test_a_listed_model_needs_an_id_alone(kept: set[str], *, bare: bool, judge_edited: JudgeEdited) -> None:
    """What else the specification asks for is advised."""

    def change(document: Document) -> None:
        if not isinstance(document.get("data"), list) or "created" not in document["data"][0]:
            return
        if bare:
            del document["object"]
        document["data"] = [
            {name: value for name, value in each.items() if name == "id" or name in kept}
            for each in document["data"]
        ]

    assert alarms(judge_edited(rewritten(change))) == []


@SOME
@given(tier=WORDS, reason=WORDS)
def test_lists_of_words_grow(tier: str, reason: str, judge_edited: JudgeEdited) -> None:
    """A tier and a native reason that no specification has yet."""

    def change(document: Document) -> None:
        if "choices" in document or document.get("object") == "response":
            document["service_tier"] = tier
        if isinstance(document.get("response"), dict):
            document["response"]["service_tier"] = tier
        for choice in document.get("choices", []):
            choice["native_finish_reason"] = reason

    assert alarms(judge_edited(rewritten(change))) == []


@SOME
@given(
    way=st.lists(st.one_of(WORDS, st.just("[0]")), min_size=0, max_size=3),
    beside=st.sampled_from(["finish", "choice", "own"]),
    last=st.sampled_from(["none", "empty", "whole"]),
)
def test_counts_may_stand_anywhere(way: list[str], beside: str, last: str, judge_edited: JudgeEdited) -> None:
    """In the chunk that finishes, in its choice, or under any member; a last chunk may have a choice, or not come."""

    def nested(usage: Document) -> Any:
        value: Any = usage
        for step in way:
            value = [value] if step == "[0]" else {step: value}
        return value

    def edit(exchange: Exchange) -> Response | None:
        response = exchange.response
        if response is None or b'"usage": {' not in response.body or len(response.chunks) < 3:
            return None
        *head, finish, end, done = response.chunks
        if b"data: [DONE]" not in done.data or b'"chat.completion.chunk"' not in end.data:
            return None
        finished, counted = (json.loads(each.data.removeprefix(DATA)) for each in (finish, end))
        usage = counted.pop("usage")
        place = finished["choices"][0] if beside == "choice" else finished
        place["x_usage" if beside == "own" or way else "usage"] = nested(usage)
        counted["choices"] = [{"index": 0, "delta": {}, "finish_reason": None}] if last == "whole" else []
        told = [finished] if last == "none" else [finished, counted]
        chunks = [Chunk(DATA + json.dumps(each).encode() + b"\n\n", end.at) for each in told]
        return replace(response, chunks=(*head, *chunks, done))

    assert alarms(judge_edited(edit)) == []


@SOME
@given(prefix=WORDS, number=st.integers(0, 10**9))
def test_ids_have_any_form(prefix: str, number: int, judge_edited: JudgeEdited) -> None:
    """Each id renamed in the same way: of answers, calls, responses and items."""

    def renamed(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: renamed(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [renamed(each) for each in value]
        named = key in {"id", "call_id", "item_id"} and isinstance(value, str) and value != "reference"
        return f"{prefix}{number}:{value}" if named else value

    def change(document: Document) -> None:
        document.update(renamed(document))

    assert alarms(judge_edited(rewritten(change))) == []


@SOME
@given(
    members=st.dictionaries(NAMES, SCALARS, max_size=3),
    code=st.sampled_from([None, "code", 400, 422, 1.5]),
    param=st.sampled_from([None, "body.messages", ["body", "messages"]]),
)
def test_an_error_needs_a_message_alone(
    members: Document, code: object, param: object, judge_edited: JudgeEdited
) -> None:
    """What code and param are is advised, and what else stands there is nobody's business."""

    def change(document: Document) -> None:
        if isinstance(document.get("error"), dict):
            document["error"] = {
                "message": document["error"]["message"],
                "code": code,
                "param": param,
                **members,
            }

    assert alarms(judge_edited(rewritten(change))) == []


COMMENTS = st.from_regex(rb":[ -~]{0,20}\n(\n|\r\n)?", fullmatch=True)


@SOME
@given(comments=st.lists(COMMENTS, min_size=1, max_size=4), data=st.data())
def test_comments_may_stand_between_all_events(
    comments: list[bytes], data: st.DataObject, judge_edited: JudgeEdited
) -> None:
    """Of chat, completions and Responses; with a blank line or without."""
    every = data.draw(st.integers(1, 4))

    def edit(exchange: Exchange) -> Response | None:
        response = exchange.response
        if response is None or response.media_type != "text/event-stream":
            return None
        chunks: list[Chunk] = []
        for number, chunk in enumerate(response.chunks):
            if number % every == 0:
                chunks.append(Chunk(comments[number % len(comments)], chunk.at))
            chunks.append(chunk)
        return replace(response, chunks=tuple(chunks))

    assert alarms(judge_edited(edit)) == []


def test_an_illegal_change_is_found_in_the_same_way(judge_edited: JudgeEdited) -> None:
    """The control: what these changes touch does reach the checks, in answers and in events."""

    def without_choices(document: Document) -> None:
        document.pop("choices", None)

    found = alarms(judge_edited(rewritten(without_choices)))
    assert {"http.content_coding.plain", "chat.stream.answered"} <= set(found)
    assert any(each.startswith("openai-python: ") for each in found)
