"""Legal ways to write a whole reply raise no alarm: order, spaces, escapes, further members, headers, cuts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.occasions import NOT_SHOWN

from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Judgement
from sixgates.verdict import Level, Outcome

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
Edit = Callable[[Response], Response]
OFTEN = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


def written(write: Callable[[Any], bytes]) -> Edit:
    """The reply's JSON written anew."""

    def edit(response: Response) -> Response:
        headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
        return replace(response, headers=headers, chunks=(Chunk(write(json.loads(response.body)), 0.01),))

    return edit


def changed(change: Callable[[Any], Any]) -> Edit:
    """The reply's JSON with each object in it replaced by what a function makes of it, inner ones first.

    `metadata` stays: it is a map of strings, so a member of another type is not legal in it.
    """

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return change({key: item if key == "metadata" else walk(item) for key, item in value.items()})
        return [walk(item) for item in value] if isinstance(value, list) else value

    return written(lambda document: json.dumps(walk(document)).encode())


def at_the_top(**members: Any) -> Edit:
    """Members added to the outermost object."""
    return written(lambda document: json.dumps({**document, **members}).encode())


def in_messages(change: Callable[[dict[str, Any]], None]) -> Edit:
    """Each message of a completion changed in place."""

    def write(document: Any) -> bytes:
        for choice in document.get("choices") or []:
            if "message" in choice:
                change(choice["message"])
        return json.dumps(document).encode()

    return written(write)


def content_empty_beside_calls(message: dict[str, Any]) -> None:
    """An empty text where the reference has null."""
    if message.get("tool_calls") and message["content"] is None:
        message["content"] = ""


def without_nulls_beside_calls(message: dict[str, Any]) -> None:
    """No refusal and no annotations where there are calls."""
    for name in ("refusal", "annotations"):
        if message.get(name, 0) is None:
            del message[name]


def detailed(members: dict[str, Any]) -> dict[str, Any]:
    """Usage with the details that some servers give, null where they have none."""
    if "total_tokens" in members:
        members |= {"prompt_tokens_details": None, "completion_tokens_details": {"reasoning_tokens": 0}}
    return members


def with_headers(*more: tuple[str, str]) -> Edit:
    """Further headers."""
    return lambda response: replace(response, headers=(*response.headers, *more))


def media_type(value: str) -> Edit:
    """Another way to say application/json."""
    return lambda response: replace(
        response,
        headers=tuple((k, value if k == "content-type" else v) for k, v in response.headers),
    )


def header_names(write: Callable[[str], str]) -> Edit:
    """Header names in another case."""
    return lambda response: replace(response, headers=tuple((write(k), v) for k, v in response.headers))


def cut_every(size: int) -> Edit:
    """The body in pieces of a few bytes."""

    def edit(response: Response) -> Response:
        body = response.body
        pieces = tuple(Chunk(body[at : at + size], 0.01 + at / 1e6) for at in range(0, len(body), size))
        return replace(response, chunks=pieces)

    return edit


LEGAL: dict[str, tuple[Edit, set[str]]] = {
    "unknown members everywhere": (changed(lambda members: {**members, "x_y": {"a": [None]}}), set()),
    "keys in another order": (changed(lambda members: dict(reversed(members.items()))), set()),
    "keys sorted": (written(lambda document: json.dumps(document, sort_keys=True).encode()), set()),
    "spread over lines": (written(lambda document: json.dumps(document, indent=2).encode()), set()),
    "no spaces": (written(lambda document: json.dumps(document, separators=(",", ":")).encode()), set()),
    "blanks around": (written(lambda document: b"\r\n " + json.dumps(document).encode() + b"\n"), set()),
    "escaped": (written(lambda document: json.dumps(document, ensure_ascii=True).encode()), set()),
    "not escaped": (written(lambda document: json.dumps(document, ensure_ascii=False).encode()), set()),
    "slashes escaped": (
        written(lambda document: json.dumps(document).replace("/", "\\/").encode()),
        set(),
    ),
    "a fingerprint": (at_the_top(system_fingerprint="fp_1"), set()),
    "a service tier": (at_the_top(service_tier="default"), set()),
    "timings": (at_the_top(timings={"prompt_ms": 1.5}), set()),
    "usage in detail": (changed(detailed), set()),
    "content empty beside calls": (in_messages(content_empty_beside_calls), set()),
    "no nulls beside calls": (
        in_messages(without_nulls_beside_calls),
        {"chat.shape.refusal_key"},
    ),
    "annotations": (in_messages(lambda message: message.update(annotations=[])), set()),
    "charset": (media_type("application/json; charset=utf-8"), set()),
    "media type in capitals": (media_type("Application/JSON"), set()),
    "headers of a proxy": (with_headers(("via", "1.1 proxy"), ("x-cache", "MISS")), set()),
    "cookies": (with_headers(("set-cookie", "a=1"), ("set-cookie", "b=2")), set()),
    "header names in capitals": (header_names(str.upper), set()),
    "header names in title case": (header_names(str.title), set()),
    "byte by byte": (cut_every(1), set()),
    "in pieces of seven": (cut_every(7), set()),
    "HTTP/2": (lambda response: replace(response, http_version="HTTP/2"), set()),
}


def of_documents(edit: Edit) -> Callable[[Exchange], Response | None]:
    """The edit on every JSON reply, refusals included."""

    def apply(exchange: Exchange) -> Response | None:
        response = exchange.response
        if response is None or response.media_type != "application/json":
            return None
        return edit(response)

    return apply


def alarms(judgement: Judgement) -> dict[str, Level]:
    """The checks that did not pass, with their levels."""
    fine = {Outcome.PASSED}
    silent = {Outcome.PASSED, Outcome.NOT_EXERCISED}
    return {
        each.check: each.level
        for each in judgement.verdicts()
        if each.outcome
        not in (silent if each.check in NOT_SHOWN or each.check.startswith("reasoning.") else fine)
    }


@pytest.mark.parametrize("name", LEGAL)
def test_legal_replies_raise_no_alarm(name: str, judge_edited: JudgeEdited) -> None:
    """No MUST fails, and no SHOULD but those that are named beside the variation."""
    edit, allowed = LEGAL[name]
    found = alarms(judge_edited(of_documents(edit)))
    assert set(found) <= allowed, found
    assert Level.MUST not in found.values()


@OFTEN
@given(seed=st.randoms(use_true_random=False), name=st.from_regex(r"x_[a-z]{1,8}", fullmatch=True))
def test_order_and_unknown_members_change_no_verdict(seed: Any, name: str, judge_edited: JudgeEdited) -> None:
    """Members in any order, and members that nobody knows, are no one's business."""

    def shuffled(members: dict[str, Any]) -> dict[str, Any]:
        pairs = [*members.items(), (name, {"n": [1]})]
        seed.shuffle(pairs)
        return dict(pairs)

    assert alarms(judge_edited(of_documents(changed(shuffled)))) == {}


@OFTEN
@given(cuts=st.lists(st.integers(1, 2000), min_size=1, max_size=20))
def test_cuts_of_the_network_change_no_verdict(cuts: list[int], judge_edited: JudgeEdited) -> None:
    """A body is the same in however many chunks it comes."""

    def cut(response: Response) -> Response:
        body = response.body
        edges = sorted({0, len(body), *(each for each in cuts if each < len(body))})
        return replace(response, chunks=tuple(Chunk(body[a:b], 0.01) for a, b in pairwise(edges)))

    assert alarms(judge_edited(of_documents(cut))) == {}


def test_an_illegal_variation_is_found_the_same_way(judge_edited: JudgeEdited) -> None:
    """The control of the controls: what these edits change does reach the checks."""
    edit = changed(lambda members: {key: value for key, value in members.items() if key != "finish_reason"})
    assert "chat.shape.required_fields" in alarms(judge_edited(of_documents(edit)))
