"""What is said of clients is what was measured, and of the official SDK what it shows on the bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.field.clients.compare import effect
from tests.field.clients.drive import ask
from tests.field.clients.met import MET
from tests.field.clients.stage import staged

from sixgates import catalogue
from sixgates.capability import CAPABILITIES
from sixgates.exchange import Chunk, Exchange, Finding, Request, Response
from sixgates.impact import claims as claiming
from sixgates.impact.claims import WITNESSED, claims
from sixgates.impact.fault import fault_of, way_of
from sixgates.impact.measured import Effect, reads
from sixgates.judge import Judgement, Subject
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.sources.reference import answers
from sixgates.verdict import Outcome, Verdict

ROOT = Path(__file__).parents[2]
KNOWN = catalogue.load()
EVERYTHING = frozenset(CAPABILITIES)
BROKEN = {Outcome.FAILED, Outcome.ADVISORY}


def chat(body: object, *, stream: bool = False, status: int = 200) -> Exchange:
    """An answer of a chat, whole or as a stream."""
    asked = Request("POST", "/v1/chat/completions", body=json.dumps({"stream": stream}).encode())
    response = Response(
        status, (("content-type", "application/json"),), (Chunk(json.dumps(body).encode(), 0.1),)
    )
    return Exchange("chat", asked, response)


@pytest.mark.parametrize(
    ("where", "got", "exchange", "fault"),
    [
        ("/choices/0/message", "absent", chat({}), "whole /choices/*/message: absent"),
        ("chat: /object", "null", chat({}), "whole /object: null"),
        (
            "event 14 /choices/1/delta/role",
            '""',
            chat({}, stream=True),
            'stream event /choices/*/delta/role: ""',
        ),
        ("event 3 /usage", '{"prompt_tokens": 3}', chat({}, stream=True), "stream event /usage: an object"),
        (
            "header content-type",
            '"text/plain"',
            chat({}, status=500),
            "failure header content-type: a string",
        ),
        ("/error/message", "12", chat({}, status=404), "refusal /error/message: a number"),
        ("status", '404 "no such page"', chat({}, status=404), "refusal status: 4xx"),
        ("body", '"ok" (Expecting value: line 1)', chat({}), "whole body: a string that is no JSON"),
        (
            "chat.completions.create()",
            'TypeError: "no"',
            chat({}),
            "whole chat.completions.create(): TypeError",
        ),
        ("/choices", '2 choices, "a" and "b"', chat({}), "whole /choices: # choices, … and …"),
        ("connection", "no response", None, "lost connection: no response"),
    ],
)
def test_a_fault_is_what_stood_where_whatever_the_values(
    where: str, got: str, exchange: Exchange | None, fault: str
) -> None:
    assert fault_of(Finding(where, "else", got), exchange, "chat") == fault


def judged(provider: ReferenceProvider | MutantProvider) -> Judgement:
    """A provider of ours under all checks."""
    return Judgement(KNOWN, Subject("one", "reference", EVERYTHING), answers(provider, KNOWN.probes()))


HABITS = {habit.name: habit for habit in MET}


def server(name: str) -> Judgement:
    """The reference with one habit of a server that was met."""
    return judged(MutantProvider(HABITS[name], ReferenceProvider(key="sk-reference")))


@pytest.mark.parametrize("name", [name for name, habit in HABITS.items() if not habit.caught_by])
def test_no_client_is_called_broken_by_what_it_reads(name: str) -> None:
    """Lists, usage and refusals of aichat, Groq, OpenRouter and vllm-router, which every client reads."""
    found = [verdict for verdict in server(name).verdicts() if verdict.outcome in BROKEN]
    assert [(verdict.check, verdict.breaks) for verdict in found if verdict.breaks] == []


FOLDERS = sorted({path.parent for path in (ROOT / "cassettes").rglob("*.yaml")})
"""Each recorded provider."""


@cache
def recorded(folder: Path) -> Judgement:
    """A recorded provider under all checks, with no deviation declared."""
    _, found = cassette.answers(folder, folder.name, KNOWN.probes())
    return Judgement(KNOWN, Subject(folder.name, "m", EVERYTHING), found)


@cache
def right() -> Judgement:
    """The reference."""
    return judged(ReferenceProvider(key="sk-reference"))


def broken_claims(judgement: Judgement) -> list[tuple[str, str]]:
    """The official SDK's claims: check and client."""
    return [
        (verdict.check, client)
        for verdict in judgement.verdicts()
        if verdict.outcome in BROKEN
        for client in WITNESSED
        if client in verdict.breaks
    ]


def refuted(judgement: Judgement, said: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the claims that the client itself, asked over a socket, does not confirm on any of the bytes."""
    return [
        (check, client) for check, client in said if not any(map(_confirms(client), judgement.told(check)))
    ]


def _confirms(client: str) -> Callable[[Any], bool]:
    def confirms(found: tuple[str, Exchange | None, Finding]) -> bool:
        probe, exchange, _ = found
        good = right().answers[probe]
        way = way_of(exchange) if exchange else None
        if exchange is None or not isinstance(good, Exchange) or way not in reads(client):
            return False
        with staged([exchange, good]) as stage:
            came = [ask(client, way or "", stage.url(number)) or {} for number in (0, 1)]
        return effect(exchange, came[0], 1, good, came[1], 1, refused=True) is Effect.BROKEN

    return confirms


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT / "cassettes")))
def test_the_sdk_confirms_each_claim_on_the_recorded_bytes(folder: Path) -> None:
    judgement = recorded(folder)
    assert refuted(judgement, broken_claims(judgement)) == []


def test_a_claim_that_the_sdk_refutes_is_caught() -> None:
    """The control: a claim as it was made of a list that lacks nothing but `object`."""
    judgement = server("aichat-list-without-object")
    assert judgement.verdict("models.list.object").outcome in BROKEN
    said = [("models.list.object", "openai-python")]
    assert refuted(judgement, said) == said


def test_the_sdk_is_asked_on_the_very_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that breaks it by the table breaks it no more where it reads the bytes, and another may."""
    check = KNOWN.checks["models.list.shape"]
    finding = Finding("/data", "an array", "null")
    asked = Request("GET", "/v1/models")
    exchange = Exchange("models-list", asked, Response(200, (), (Chunk(b'{"data": null}', 0.1),)))
    assert "openai-python" in claims(check, [("models-list", exchange, finding)]).breaks
    monkeypatch.setattr(claiming, "loses", lambda *_: False)
    said = claims(check, [("models-list", exchange, finding)])
    assert "openai-python" not in (*said.breaks, *said.at_risk)


def test_what_was_not_measured_is_a_risk_and_says_so() -> None:
    check = KNOWN.checks["chat.stream.role_first"]
    exchange = chat({}, stream=True)
    said = claims(check, [("chat", exchange, Finding("event 1 /choices/0/delta/role", "a role", "[1]"))])
    assert (said.breaks, said.at_risk, said.unmeasured) == ((), check.breaks, check.breaks)
    said = claims(check, [("chat", exchange, Finding("event 1 /choices/0/delta/role", "a role", "absent"))])
    assert (said.breaks, said.at_risk, said.unmeasured) == (check.breaks, (), ())


def test_before_anything_is_found_a_verdict_names_whom_the_check_may_hurt() -> None:
    check = KNOWN.checks["chat.stream.role_first"]
    passed: Verdict = right().verdict(check.id)
    assert (passed.outcome, passed.breaks, passed.unmeasured) == (Outcome.PASSED, check.breaks, ())
    assert replace(passed, outcome=Outcome.BLOCKED).breaks == check.breaks
