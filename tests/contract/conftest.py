"""Reference answers and how to judge a changed copy of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import pytest

from sixgates import capability, catalogue
from sixgates.catalogue import CHAT_PATH, Catalogue
from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Answer, Judgement, Subject
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources.reference import answers
from sixgates.verdict import Verdict

Answers = Mapping[str, Answer]
Judge = Callable[..., tuple[Verdict, ...]]
CAPABILITIES = frozenset(capability.CAPABILITIES)


@pytest.fixture(scope="session")
def all_checks() -> Catalogue:
    """The catalogue with every check."""
    return catalogue.load()


@pytest.fixture(scope="session")
def conforming(all_checks: Catalogue) -> dict[str, Answer]:
    """What the reference provider answers to every probe."""
    return dict(answers(ReferenceProvider(key="sk-reference"), all_checks.probes()))


@pytest.fixture(scope="session")
def judge(all_checks: Catalogue, conforming: Answers) -> Judge:
    """Judge the reference's answers with some replaced: all checks, or those on the named probes."""

    def judged(changed: Answers, *, on: Iterable[str] = ()) -> tuple[Verdict, ...]:
        subject = Subject("reference", "reference", CAPABILITIES, source="reference")
        judgement = Judgement(all_checks, subject, {**conforming, **changed})
        probes = set(on)
        chosen = [
            check.id
            for check in all_checks.checks.values()
            if not probes or probes & {probe.name for probe in check.probes}
        ]
        return tuple(judgement.verdict(name) for name in chosen)

    return judged


@pytest.fixture(scope="session")
def streams(conforming: Answers) -> dict[str, Exchange]:
    """The reference's streamed chat completions, but for those that their client leaves."""
    return {
        name: answer
        for name, answer in conforming.items()
        if isinstance(answer, Exchange)
        and answer.request.path == CHAT_PATH
        and answer.left is None
        and answer.response is not None
        and answer.response.media_type == "text/event-stream"
    }


@pytest.fixture(scope="session")
def changed_streams(streams: dict[str, Exchange]) -> Callable[[Callable[[Response], Response]], Answers]:
    """All streamed answers with their responses changed."""

    def change(edit: Callable[[Response], Response]) -> Answers:
        return {
            name: replace(answer, response=edit(answer.response))
            for name, answer in streams.items()
            if answer.response is not None
        }

    return change


@pytest.fixture(scope="session")
def judge_edited(
    all_checks: Catalogue, conforming: Answers
) -> Callable[[Callable[[Exchange], Response | None]], Judgement]:
    """Judge the reference's answers, each replaced by what a function makes of it unless that is None."""

    def judgement(edit: Callable[[Exchange], Response | None]) -> Judgement:
        changed = dict(conforming)
        for name, answer in conforming.items():
            response = edit(answer) if isinstance(answer, Exchange) else None
            if isinstance(answer, Exchange) and response is not None:
                changed[name] = replace(answer, response=response)
        subject = Subject("edited", "reference", CAPABILITIES, source="reference")
        return Judgement(all_checks, subject, changed)

    return judgement


@pytest.fixture(scope="session")
def reply() -> Callable[..., Response]:
    """A response with a JSON document or literal bytes as its body."""

    def respond(status: int, body: object, media_type: str = "application/json") -> Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Response(status, (("content-type", media_type),), (Chunk(data, 0.01),))

    return respond
