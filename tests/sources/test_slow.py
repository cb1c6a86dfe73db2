"""Slow servers, live: what we cut is left open, deadlines follow the pace, and a run ends when its time is up."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.hostile.monsters import JSON, STREAM, Behaviour, drips, hear, listening, stalls
from tests.serving import served
from tests.sources.scripted import OK, Asked, answer, scripted

from sixgates import catalogue
from sixgates.capability import CHAT
from sixgates.catalogue import Probe
from sixgates.connection import Connection
from sixgates.exchange import Chunk, Exchange, FailureKind, Request, Response, TransportError
from sixgates.inputs.headers import Header
from sixgates.judge import Answer, Judgement, Subject
from sixgates.probes.chat import chat, chat_stream, chat_stream_usage
from sixgates.readiness import State, assess
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.sources.live import Target, fetch
from sixgates.sources.patience import OVERDUE_S, Patience
from sixgates.sources.tempo import FIRST_S, MOST_S, Tempo
from sixgates.time_budget import TimeBudget
from sixgates.verdict import Cause, Outcome, Verdict

CORE = tuple(probe for probe in catalogue.load().probes() if not set(probe.needs) - {CHAT})
BROKEN = {Outcome.FAILED, Outcome.ADVISORY}
EVENT = (
    b'data: {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", '
    b'"choices": [{"index": 0, "delta": {"role": "assistant", "content": "a"}, "finish_reason": null}]}\n\n'
)


def judged(answers: Mapping[str, Answer]) -> dict[str, Verdict]:
    """The verdicts on a provider that chats and declares nothing more."""
    judgement = Judgement(catalogue.load(), Subject("slow", "reference", frozenset({CHAT})), answers)
    return {each.check: each for each in judgement.verdicts()}


def clients(verdicts: Mapping[str, Verdict]) -> set[State]:
    """The states of all clients."""
    whole = [replace(each, provider="slow") for each in verdicts.values()]
    return {one.state for each in assess(whole, catalogue.load().checks.values()) for one in each.clients}


def test_a_server_too_slow_for_the_deadline_is_not_broken() -> None:
    """A sound one that writes a token each 50 ms, and is given 0.3 s: nothing fails, no client is called broken."""
    provider = ReferenceProvider(key=None)
    with served(provider, pace=0.05) as url:
        target = Target("slow", url, provider.model, deadline_s=0.3, context_length=2048, concurrency=8)
        answers = fetch(target, CORE)
    cut = [each for each in answers.values() if isinstance(each, Exchange) and each.cut_by_us]
    assert len(cut) >= 5, "the negative control: it is slow"
    verdicts = judged(answers)
    assert [(name, each.findings) for name, each in verdicts.items() if each.outcome in BROKEN] == []
    assert State.BROKEN not in clients(verdicts)
    causes = {each.cause.key for each in verdicts.values() if each.outcome is Outcome.BLOCKED and each.cause}
    assert causes <= {"slow:cut", "slow:overdue"}
    assert len(causes) == 1, "one cause for all of it"


def test_the_same_server_within_its_time_passes() -> None:
    provider = ReferenceProvider(key=None)
    probes = [chat, chat_stream, chat_stream_usage]
    with served(provider, pace=0.01) as url:
        answers = fetch(Target("slow", url, provider.model, deadline_s=20), probes)
    assert not [each for each in answers.values() if not isinstance(each, Exchange) or each.error]


@pytest.mark.parametrize(
    "behave",
    [
        stalls(),
        stalls(b"HTTP/1.1 2"),
        drips(JSON * 20, 0.05),
        drips(JSON + b"content-length: 500\r\n\r\n" + b"{" * 500, 0.05),
        drips(STREAM + b"\r\n" + EVENT * 40, 0.01),
        stalls(STREAM + b"\r\n" + EVENT),
        stalls(STREAM + b"\r\n: ping\n\n"),
    ],
    ids=["first byte", "status line", "headers", "plain body", "stream", "after an event", "after a comment"],
)
def test_however_a_server_is_slow_nothing_is_held_against_it(behave: Behaviour) -> None:
    with listening(behave) as url:
        answers = fetch(Target("slow", url, "m", deadline_s=0.3), [chat, chat_stream])
    assert {isinstance(each, Exchange) and each.cut_by_us for each in answers.values()} == {True}
    verdicts = judged(answers)
    on_them = [
        verdicts[each.id]
        for each in catalogue.load().checks.values()
        if each.id in verdicts and {probe.name for probe in each.probes} <= {"chat", "chat-stream"}
    ]
    assert [each.check for each in on_them if each.outcome is Outcome.FAILED] == []
    assert "slow:cut" in {each.cause.key for each in on_them if each.cause}


@contextmanager
def one_slot() -> Iterator[tuple[str, list[int]]]:
    """A server that takes one request at a time, and answers every other with 429 and no Retry-After."""
    taken, refused = threading.Lock(), list[int]()

    def behave(connection: socket.socket) -> None:
        hear(connection)
        if not taken.acquire(blocking=False):
            refused.append(1)
            connection.sendall(answer(429, b'{"error": {"message": "busy"}}'))
            return
        try:
            time.sleep(0.05)
            connection.sendall(OK)
        finally:
            taken.release()

    with listening(behave, hears=False) as url:
        yield url, refused


def test_a_server_of_one_slot_is_asked_for_less_at_once() -> None:
    """What it refuses for its load is sent again, one at a time; no answer is a refusal."""
    with one_slot() as (url, refused):
        answers = fetch(
            Target("slow", url, "m", concurrency=4), [Probe(f"p{number}", body={}) for number in range(8)]
        )
    assert refused, "the negative control: requests at once are refused"
    statuses = {
        each.response.status for each in answers.values() if isinstance(each, Exchange) and each.response
    }
    assert (len(answers), statuses) == (8, {200})


def test_a_run_ends_when_its_time_is_up() -> None:
    """What came is kept, what was under way is cut and what was not sent is not: one cause, and it says so."""

    def behave(connection: socket.socket) -> None:
        hear(connection)
        time.sleep(0.2)
        connection.sendall(OK)

    probes = [Probe(f"p{number}", body={}) for number in range(20)]
    with listening(behave, hears=False) as url:
        began = time.monotonic()
        patience = Patience("slow", budget=TimeBudget.from_now(0.7))
        answers = fetch(Target("slow", url, "m", concurrency=2), probes, patience=patience)
        took = time.monotonic() - began
    assert took < 2
    came = [each for each in answers.values() if isinstance(each, Exchange)]
    assert 2 <= len(came) < 12
    assert not [each for each in came if each.error]
    assert {each for each in answers.values() if isinstance(each, Cause)} == {
        Cause(
            "time-budget",
            "the time budget of 0.7 s is used up: nothing further was sent, and what had come by then is judged",
            (
                "give the run more time: --time-budget SECONDS, or none at all",
                "or ask for less: one provider with --provider, or -k and -m for a part of the checks",
            ),
        )
    }


def test_a_rate_limit_is_not_waited_for_beyond_the_budget() -> None:
    with scripted(lambda asked: answer(429, b"{}", "Retry-After: 60")) as (url, script):
        patience = Patience("slow", budget=TimeBudget(5.0, script.time.now + 5.0))
        answers = fetch(Target("slow", url, "m"), [chat], clock=script.time.clock(), patience=patience)
    assert [each.key for each in answers.values() if isinstance(each, Cause)] == ["time-budget"]
    assert sum(script.time.slept) <= 5.0


REQUEST = Request("POST", "/v1/chat/completions", (), b'{"max_tokens": 16}')


def took(seconds: float, tokens: int) -> Exchange:
    """A plain answer of so many tokens."""
    body = json.dumps({"usage": {"completion_tokens": tokens}}).encode()
    return Exchange("chat", REQUEST, Response(200, (), (Chunk(body, seconds),)), None, seconds)


def test_deadlines_follow_the_pace_of_the_server() -> None:
    """60 s are enough for a quick one; one at a token a second has what its longest answer takes, twice."""
    tempo, long = Tempo(), replace(REQUEST, body=b'{"max_tokens": 64}')
    assert tempo.deadline_s(chat, REQUEST, 1) == FIRST_S
    assert tempo.deadline_s(chat, Request("GET", "/v1/models"), 1) == 60
    tempo.sees(took(0.4, 16), 1)
    assert (tempo.deadline_s(chat, long, 4), tempo.slow("p")) == (60, "")
    tempo.sees(took(16.0, 16), 1)
    assert tempo.deadline_s(chat, REQUEST, 1) == 60
    assert tempo.deadline_s(chat, long, 1) == 128
    assert tempo.deadline_s(chat, long, 2) == 256
    assert tempo.deadline_s(chat, long, 40) == MOST_S
    assert tempo.deadline_s(chat, replace(REQUEST, body=b"{}"), 1) == 256
    assert tempo.slow("vllm") == (
        "vllm is slow: 1 s a token; an answer is waited for up to 256 s and more where several are under way, "
        "at most "
        "600 s. --deadline SECONDS sets another limit, --time-budget SECONDS ends the whole run"
    )


def test_a_short_answer_and_a_refusal_measure_nothing() -> None:
    """One token after a long prompt takes the time of the prompt."""
    tempo = Tempo()
    tempo.sees(took(30.0, 1), 1)
    tempo.sees(replace(took(30.0, 16), response=Response(500)), 1)
    tempo.sees(replace(took(30.0, 16), response=None), 1)
    assert tempo.s_per_token == 0


def test_a_server_may_count_as_it_likes() -> None:
    """More than it was allowed to write is not believed, and a number beyond all bounds breaks nothing."""
    tempo = Tempo()
    tempo.sees(took(16.0, 10**400), 1)
    assert tempo.s_per_token == 1.0


def test_a_queue_in_the_server_is_no_pace() -> None:
    tempo = Tempo()
    tempo.sees(took(16.0, 16), 4)
    assert tempo.s_per_token == 0.25


def test_a_deadline_that_is_given_holds_for_every_answer() -> None:
    tempo = Tempo(7.0)
    tempo.sees(took(160.0, 16), 1)
    assert (tempo.deadline_s(chat, REQUEST, 4), tempo.slow("p")) == (7.0, "")


def test_long_deadlines_are_waited_for_only_a_few_times() -> None:
    """A server that hangs must not take the number of probes times a long deadline."""
    late = Exchange("chat", REQUEST, None, TransportError(FailureKind.DEADLINE, "no end within 600 s"), 600.0)
    patience = Patience("vllm")
    count = 0
    while patience.lost is None:
        patience.sees(late)
        count += 1
    assert count == 4
    assert patience.lost.summary == (
        "vllm did not end its answer to 4 probes, for which the run waited 2400 s, before the deadline: "
        "the rest is not sent"
    )
    assert OVERDUE_S == 15 * 60


def test_further_headers_are_sent_and_neither_judged_nor_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where a server sends them back."""
    monkeypatch.setenv("TEAM_TOKEN", "swordfish-4711")
    heard: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        heard.append(hear(connection))
        body = json.dumps({"echo": heard[-1].decode()}).encode()
        connection.sendall(answer(200, body, "X-Echo: swordfish-4711"))

    connection = Connection((Header("X-Team-Token", "$TEAM_TOKEN"), Header("User-Agent", "a-gateway/1")))
    with listening(behave, hears=False) as url:
        answers = fetch(Target("slow", url, "m", connection=connection), [chat])
    assert b"x-team-token: swordfish-4711" in heard[0].lower()
    assert b"user-agent: a-gateway/1" in heard[0].lower()
    exchange = answers["chat"]
    assert isinstance(exchange, Exchange)
    assert exchange.request.header("x-team-token") is None
    assert "swordfish" not in repr(exchange)
    label = cassette.Label("slow", "vllm", "1", "m", "2027-01-01")
    cassette.save(tmp_path, label, url, [chat], answers)
    assert "swordfish" not in (tmp_path / "chat.yaml").read_text()


def test_a_proxy_is_asked_even_for_this_machine() -> None:
    asked: list[Asked] = []

    def through(request: Asked) -> bytes:
        asked.append(request)
        return OK

    with scripted(through) as (proxy, _):
        answers = fetch(Target("slow", "http://127.0.0.1:9", "m", connection=Connection(proxy=proxy)), [chat])
    assert isinstance(answers["chat"], Exchange)
    assert answers["chat"].error is None
    assert [each.path for each in asked] == ["http://127.0.0.1:9/v1/chat/completions"]
