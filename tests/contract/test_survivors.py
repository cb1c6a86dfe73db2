"""Deleting any one field of a reference answer is noticed, or is on the list of those that nobody needs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Answer
from sixgates.verdict import Outcome, Verdict

Judge = Callable[..., tuple[Verdict, ...]]
SURVIVORS = yaml.safe_load((Path(__file__).parent / "survivors.yaml").read_text())
ANSWERS = (
    "models-list",
    "model-retrieve",
    "chat",
    "chat-stream-usage",
    "chat-stream-two-choices",
    "tool-required",
    "tool-named",
    "tool-named-stream",
)


def members(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every member of every object."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if isinstance(value, dict):
            yield (*path, key)
        yield from members(item, (*path, key))


def without(value: Any, path: tuple[Any, ...]) -> Any:
    """The document without one member."""
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = without(value[path[0]], path[1:])
    return copy


def deletions(response: Response) -> Iterator[tuple[str, Response]]:
    """Every response with one member deleted, and the member's place without the event's number."""
    if response.media_type != "text/event-stream":
        document = json.loads(response.body)
        headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
        for path in members(document):
            body = json.dumps(without(document, path)).encode()
            yield _place(document, path), replace(response, headers=headers, chunks=(Chunk(body, 0.01),))
        return
    for number, chunk in enumerate(response.chunks[:-1]):
        document = json.loads(chunk.data[6:])
        for path in members(document):
            data = b"data: " + json.dumps(without(document, path)).encode() + b"\n\n"
            chunks = (*response.chunks[:number], Chunk(data, chunk.at), *response.chunks[number + 1 :])
            yield _place(document, path), replace(response, chunks=chunks)


def _place(document: Any, path: tuple[Any, ...]) -> str:
    value = document
    for key in path:
        value = value[key]
    empty = (
        {None: " (null)", "": " (empty)"}.get(value, "") if value is None or isinstance(value, str) else ""
    )
    return re.sub(r"/\d+", "/*", "/" + "/".join(str(key) for key in path)) + empty


@pytest.mark.parametrize("name", ANSWERS)
def test_a_deleted_field_is_noticed_or_listed(name: str, judge: Judge, conforming: dict[str, Answer]) -> None:
    """The fields whose absence no check notices are exactly those on the list."""
    answer = conforming[name]
    assert isinstance(answer, Exchange)
    assert answer.response is not None
    unnoticed = set()
    for place, response in deletions(answer.response):
        verdicts = judge({name: replace(answer, response=response)}, on=[name])
        if not any(verdict.outcome in (Outcome.FAILED, Outcome.ADVISORY) for verdict in verdicts):
            unnoticed.add(place)
    assert unnoticed == {entry["field"] for entry in SURVIVORS if entry["answer"] == name}


def test_the_list_of_survivors_only_shrinks() -> None:
    """Each entry has a reason, names an answer that is tried, and there are few."""
    assert len(SURVIVORS) <= 18
    assert all(entry["reason"] and entry["answer"] in ANSWERS for entry in SURVIVORS)
