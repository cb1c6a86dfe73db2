"""Text is Unicode wherever it stands, on every surface; what is found is said so that it can be found again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixgates.capability import CAPABILITIES
from sixgates.catalogue import Catalogue, load
from sixgates.exchange import Chunk, Exchange, Request, Response
from sixgates.judge import Answer, Judgement, Subject
from sixgates.probes.twins import RARE
from sixgates.strings import Strings, broken_text
from sixgates.twins import surface_of
from sixgates.verdict import Outcome

SUBJECT = Subject("reference", "reference", frozenset(CAPABILITIES), source="reference")
UNICODE = {
    "chat": "chat.unicode",
    "chat stream": "chat.stream.unicode",
    "completions": "completions.unicode",
    "completions stream": "completions.unicode",
    "response": "responses.unicode",
    "response stream": "responses.unicode",
}
PROBES = [
    (probe.name, UNICODE[surface])
    for probe in load().probes()
    if (surface := surface_of(probe)) is not None
    and probe.name in {each.name for each in load().checks[UNICODE[surface]].probes}
]
HALF = "\ud83e"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a string stands in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if isinstance(item, str):
            yield (*path, key)
        else:
            yield from places(item, (*path, key))


def halved(value: Any, path: tuple[Any, ...]) -> Any:
    """The document with half of a character more in one of its strings."""
    if not path:
        return f"{value}{HALF}"
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = halved(value[path[0]], path[1:])
    return copy


def spoiled(response: Response) -> Iterator[tuple[str, Response]]:
    """The response with one string spoiled, for each place in its documents, once for each shape of an event."""
    seen: set[str] = set()
    for number, chunk in enumerate(response.chunks):
        head, mark, text = chunk.data.rpartition(b"data: ")
        if text.strip() == b"[DONE]":
            continue
        document = json.loads(text)
        for path in places(document):
            name = f"{document.get('type')} {path}"
            if name in seen:
                continue
            seen.add(name)
            data = head + mark + json.dumps(halved(document, path)).encode() + (b"\n\n" if mark else b"")
            chunks = (*response.chunks[:number], Chunk(data, chunk.at), *response.chunks[number + 1 :])
            yield name, replace(response, chunks=chunks)


@pytest.mark.parametrize(("name", "check"), PROBES, ids=[name for name, _ in PROBES])
def test_half_a_character_is_found_in_every_string_of_every_answer(
    name: str, check: str, conforming: dict[str, Answer], all_checks: Catalogue
) -> None:
    """No place of text is left out, on any surface: the kind is closed, not a list of members."""
    answer = conforming[name]
    assert isinstance(answer, Exchange)
    assert answer.response is not None
    tried = 0
    for place, response in spoiled(answer.response):
        if response.status >= 400:
            continue
        changed = {**conforming, name: replace(answer, response=response)}
        judgement = Judgement(all_checks, SUBJECT, changed)
        verdict = judgement.among(check, {name})
        found = [verdict]
        if verdict.outcome is Outcome.BLOCKED:  # by a check that binds this very string, and so found it
            found = [judgement.verdict(each) for each in all_checks.checks[check].prerequisites]
        assert Outcome.FAILED in {each.outcome for each in found}, place
        tried += 1
    assert tried or answer.response.status >= 400


def told(text: bytes, media_type: str = "application/json") -> Strings:
    """The strings of a body."""
    response = Response(200, (("content-type", media_type),), (Chunk(text, 0.1),))
    return Strings.of(Exchange("chat", Request("POST", "/v1/chat/completions"), response))


def test_a_finding_shows_the_half_by_its_escape_and_where_it_is() -> None:
    """The report itself holds no half, and shows what stands around it in a long text."""
    text = json.dumps({"a": ["x" * 300 + HALF + "!"]}).encode()
    (finding,) = broken_text(told(text))
    assert finding.where == "/a/0"
    assert finding.expected == "Unicode text: no half of a surrogate pair"
    assert finding.got == f'"{"x" * 20}\\ud83e!", at character 300'


def test_a_name_of_a_member_is_text_too() -> None:
    assert [finding.where for finding in broken_text(told(b'{"a": {"\\udee0": 1}}'))] == ["/a"]


def test_bytes_of_a_half_are_found_as_its_escape_is() -> None:
    """Python's JSON reads the three bytes of a half as it reads the escape."""
    assert len(list(broken_text(told(b'{"a": "\xed\xa0\xbe"}')))) == 1


@pytest.mark.parametrize("text", ["🫠", "\ufffd", "\u0000", "e\u0301", "\uffff", RARE])
def test_whole_characters_are_no_finding(text: str) -> None:
    """A pair of escapes in one string is a character; U+FFFD, NUL and marks are characters too."""
    assert not list(broken_text(told(json.dumps({"a": text}).encode())))
    assert not list(broken_text(told(json.dumps({"a": text}, ensure_ascii=False).encode())))


@given(st.binary(max_size=200), st.sampled_from(["application/json", "text/event-stream", "text/html"]))
def test_whatever_comes_the_strings_can_be_looked_at(body: bytes, media_type: str) -> None:
    """A judge never raises."""
    list(broken_text(told(body, media_type)))


def test_a_deep_document_is_looked_at_to_its_bottom() -> None:
    deep = b'{"a":' * 400 + b'"\\ud83e"' + b"}" * 400
    assert len(list(broken_text(told(deep)))) == 1


def test_nothing_that_came_holds_no_text() -> None:
    """A request without an answer is the business of other checks."""
    assert Strings.of(Exchange("chat", Request("POST", "/v1/chat/completions"))).documents == ()
