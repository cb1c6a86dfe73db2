"""Whatever a server does on the wire, its probes end in time, in bounded memory, and nothing is MET."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pytest
from tests.hostile.monsters import MONSTERS, hear, listening, reset_at_each_byte

from sixgates import capability, catalogue
from sixgates.exchange import Exchange
from sixgates.judge import Answer, Judgement, Subject
from sixgates.sources import cassette
from sixgates.sources.live import Target, fetch
from sixgates.sources.wire import LONGEST_DETAIL, MAX_BYTES
from sixgates.verdict import Level, Outcome, Verdict

DEADLINE_S = 0.2
SLACK_S = 1.0
KNOWN = catalogue.load()
PROBES = KNOWN.probes()
LABEL = cassette.Label("monster", "openai_compatible", "", "m", "2026-01-01")


def ask(url: str, deadline_s: float = DEADLINE_S, key: str | None = None) -> dict[str, Answer]:
    """Every probe's answer."""
    return fetch(Target("monster", url, "m", key, deadline_s=deadline_s, context_length=64), PROBES)


def judged(answers: Mapping[str, Answer]) -> tuple[Verdict, ...]:
    """Every check's verdict on a provider that declares all there is."""
    subject = Subject("monster", "m", frozenset(capability.CAPABILITIES), root="http://127.0.0.1")
    return Judgement(KNOWN, subject, answers).verdicts()


def assert_survived(answers: Mapping[str, Answer], folder: Path) -> None:
    """Bounded evidence that can be written and read, no raising check, a red gate and a report of one megabyte."""
    assert set(answers) == {probe.name for probe in PROBES}
    exchanges = [answer for answer in answers.values() if isinstance(answer, Exchange)]
    for exchange in exchanges:
        assert exchange.elapsed < DEADLINE_S + SLACK_S, exchange.probe
        assert exchange.error is None or len(exchange.error.detail) <= LONGEST_DETAIL + 1
        assert exchange.response is None or len(exchange.response.body) <= MAX_BYTES
    cassette.save(folder, LABEL, "http://127.0.0.1", PROBES, answers)
    assert cassette.answers(folder, "monster", PROBES)[1] == answers
    verdicts = judged(answers)
    assert [(verdict.check, verdict.reason) for verdict in verdicts if verdict.outcome is Outcome.ERROR] == []
    shape = [
        one
        for one in verdicts
        if one.level is Level.MUST and one.check.startswith(("chat.shape", "chat.stream"))
    ]
    assert any(verdict.outcome in {Outcome.FAILED, Outcome.BLOCKED} for verdict in shape)
    assert len(json.dumps([verdict.to_json() for verdict in verdicts], default=asdict)) < 1_000_000


@pytest.mark.parametrize("name", MONSTERS)
def test_a_monster_is_survived(name: str, tmp_path: Path) -> None:
    started = time.monotonic()
    with listening(MONSTERS[name]) as url:
        answers = ask(url)
        took = time.monotonic() - started
        assert took < 20
    assert_survived(answers, tmp_path)


def test_a_reset_at_each_byte_is_survived(tmp_path: Path) -> None:
    with listening(reset_at_each_byte()) as url:
        answers = ask(url)
    assert_survived(answers, tmp_path)
    assert sum(isinstance(answer, Exchange) for answer in answers.values()) > 40


def test_a_stall_before_the_request_is_read_is_survived(tmp_path: Path) -> None:
    """The listener accepts and never reads."""
    with listening(lambda connection: time.sleep(3), hears=False) as url:
        assert_survived(ask(url), tmp_path)


@pytest.mark.parametrize("name", ["accepts-and-stalls", "tls-on-a-plain-port", "http-1.0"])
def test_tls_is_asked_of_a_plain_port(name: str, tmp_path: Path) -> None:
    """A handshake that stalls, one that is refused, and one that is answered in clear."""
    with listening(MONSTERS[name]) as url:
        answers = ask(url.replace("http://", "https://"))
    assert_survived(answers, tmp_path)
    first = answers["chat"]
    assert isinstance(first, Exchange)
    assert first.response is None
    assert first.error is not None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_request_and_no_key_follow_a_redirect(status: int, tmp_path: Path) -> None:
    """The address that the redirect names hears nothing at all."""
    heard: list[bytes] = []

    def note(connection: object) -> None:
        heard.append(b"a connection")

    with listening(note, hears=False) as elsewhere:
        answer = f"HTTP/1.1 {status} Go\r\nlocation: {elsewhere}/v1\r\ncontent-length: 0\r\n\r\n".encode()
        with listening(lambda connection: connection.sendall(answer)) as url:
            answers = ask(url, key="sk-canary-of-the-redirect")
        assert heard == []
    assert_survived(answers, tmp_path)


def test_an_echoed_key_is_in_no_evidence(tmp_path: Path) -> None:
    """In the body, in a header and in the reason of a refusal."""

    def echoing(connection: socket.socket) -> None:
        request = hear(connection)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nx-echo: sk-canary-1234\r\ncontent-length: %d\r\n\r\n" % len(request)
            + request
        )

    with listening(echoing, hears=False) as url:
        answers = ask(url, key="sk-canary-1234")
    assert "sk-canary-1234" not in repr(answers)
    cassette.save(tmp_path, LABEL, "http://127.0.0.1", PROBES, answers)
    assert all(b"sk-canary-1234" not in path.read_bytes() for path in tmp_path.iterdir())
