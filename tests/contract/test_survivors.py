"""A field that is deleted from a reference answer or retyped is noticed, or is on the list of survivors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from sixgates.capability import CAPABILITIES
from sixgates.catalogue import Catalogue, load
from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Answer, Judgement, Subject
from sixgates.verdict import Outcome

Change = Callable[[Any, tuple[Any, ...]], Any]
SURVIVORS = yaml.safe_load((Path(__file__).parent / "survivors.yaml").read_text())
PROBES = [probe.name for probe in load().probes() if probe.hang_up_after is None]
"""The beginning of a stream that its client leaves is nobody's answer: the gauge tells what becomes of it."""
MOST = 30
SUBJECT = Subject("reference", "reference", frozenset(CAPABILITIES), source="reference")
NOTICED = {Outcome.FAILED, Outcome.ADVISORY}
CHANGES: dict[str, Change] = {}


def change(function: Change) -> Change:
    """Register a way to spoil one member of a document."""
    CHANGES[function.__name__] = function
    return function


@change
def deleted(value: Any, path: tuple[Any, ...]) -> Any:
    """The document without one member."""
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = deleted(value[path[0]], path[1:])
    return copy


@change
def retyped(value: Any, path: tuple[Any, ...]) -> Any:
    """The document with a value of another type in one place."""
    if path:
        copy = dict(value) if isinstance(value, dict) else list(value)
        copy[path[0]] = retyped(value[path[0]], path[1:])
        return copy
    return 7 if isinstance(value, str) else [{}] if value is None or isinstance(value, dict) else {"x": []}


def members(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every member of every object."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if isinstance(value, dict):
            yield (*path, key)
        yield from members(item, (*path, key))


def spoiled(response: Response) -> Iterator[tuple[str, Response]]:
    """Every response with one member spoiled, and which: `deleted /choices/*/index`."""
    if response.media_type != "text/event-stream":
        document = _parsed(response.body)
        headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
        for name, other in _changed(document):
            body = json.dumps(other).encode()
            yield name, replace(response, headers=headers, chunks=(Chunk(body, 0.01),))
        return
    for number in _telling(response):
        chunk = response.chunks[number]
        head, _, text = chunk.data.partition(b"data: ")
        for name, other in _changed(_parsed(text)):
            data = head + b"data: " + json.dumps(other).encode() + b"\n\n"
            chunks = (*response.chunks[:number], Chunk(data, chunk.at), *response.chunks[number + 1 :])
            yield name, replace(response, chunks=chunks)


def _telling(response: Response) -> list[int]:
    """The first and the last event of each shape; the others say the same."""
    shapes: dict[str, list[int]] = {}
    for number, chunk in enumerate(response.chunks):
        document = _parsed(chunk.data.partition(b"data: ")[2])
        shape = repr([_place(document, path) for path in members(document)])
        shapes.setdefault(shape, []).append(number)
    return sorted({each for numbers in shapes.values() for each in (numbers[0], numbers[-1])})


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _changed(document: Any) -> Iterator[tuple[str, Any]]:
    for path in members(document):
        for name, spoil in CHANGES.items():
            yield f"{name} {_place(document, path)}", spoil(document, path)


def _place(document: Any, path: tuple[Any, ...]) -> str:
    value = document
    for key in path:
        value = value[key]
    empty = " (null)" if value is None else " (empty)" if value == "" else ""
    return re.sub(r"/\d+", "/*", "/" + "/".join(str(key) for key in path)) + empty


@pytest.fixture(scope="session")
def surviving(conforming: dict[str, Answer], all_checks: Catalogue) -> Callable[[str], set[str]]:
    """By probe, what can be spoiled in its answer without a check that says so."""

    def noticed(name: str, answer: Exchange) -> bool:
        judgement = Judgement(all_checks, SUBJECT, {**conforming, name: answer})
        concerned = (
            check for check in all_checks.checks.values() if any(probe.name == name for probe in check.probes)
        )
        # What judges each probe by itself is asked of this one alone: others are as they were.
        verdicts = (
            judgement.verdict(check.id) if check.together else judgement.among(check.id, {name})
            for check in concerned
        )
        return any(verdict.outcome in NOTICED for verdict in verdicts)

    @cache
    def unnoticed(name: str) -> set[str]:
        answer = conforming[name]
        assert isinstance(answer, Exchange)
        assert answer.response is not None
        return {
            what
            for what, response in spoiled(answer.response)
            if not noticed(name, replace(answer, response=response))
        }

    return unnoticed


def fields(entry: dict[str, Any]) -> list[str]:
    """What an entry is about: one kind of change, or several with the same reason."""
    found = entry["field"]
    return found if isinstance(found, list) else [found]


def listed(name: str, what: str) -> bool:
    """Whether an entry of the list covers this."""
    return any(
        any(fnmatchcase(what, field) for field in fields(entry))
        and any(fnmatchcase(name, pattern) for pattern in entry["answers"])
        for entry in SURVIVORS
    )


@pytest.mark.parametrize("name", PROBES)
def test_a_spoiled_field_is_noticed_or_listed(
    name: str, surviving: Callable[[str], set[str]], conforming: dict[str, Answer]
) -> None:
    """Every member of every successful answer is somebody's business, or the list says why not."""
    answer = conforming[name]
    assert isinstance(answer, Exchange)
    assert answer.response is not None
    if answer.response.status == 200:
        assert sorted(what for what in surviving(name) if not listed(name, what)) == []


def test_the_list_of_survivors_is_short_and_true(surviving: Callable[[str], set[str]]) -> None:
    """Each entry has a reason, and in each answer that it names something survives."""
    assert len(SURVIVORS) <= MOST
    for entry in SURVIVORS:
        assert entry["reason"]
        for pattern in entry["answers"]:
            names = [name for name in PROBES if fnmatchcase(name, pattern)]
            assert any(
                fnmatchcase(what, field)
                for field in fields(entry)
                for name in names
                for what in surviving(name)
            ), (entry["field"], pattern)
