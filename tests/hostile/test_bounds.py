"""Each bound on what a server may make us hold says in one line which bound it was."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from tests.hostile.monsters import MONSTERS, listening, stalls

from sixgates import capability, catalogue
from sixgates.catalogue import Probe
from sixgates.config import Provider
from sixgates.contract import Contract
from sixgates.exchange import Chunk, Exchange, FailureKind, Finding, Request, Response, TransportError
from sixgates.health.fetch import get
from sixgates.judge import LOOKED_FOR, MOST_FINDINGS, Judgement, Subject
from sixgates.party import Party
from sixgates.preflight import diagnose, first_probes
from sixgates.select import INTEGER, Findings, Json, Unmet, parse_json, shown
from sixgates.sources.live import LONGEST_DETAIL, Target, fetch
from sixgates.symptom import Symptom
from sixgates.views import ChatStream

REQUEST = Request("POST", "/v1/chat/completions", (), b"{}")


def answered(body: bytes, error: TransportError | None = None) -> Exchange:
    """A 200 with this body."""
    return Exchange("chat", REQUEST, Response(200, (), (Chunk(body, 0.1),)), error)


def unmet(raised: pytest.ExceptionInfo[Unmet]) -> Finding:
    """The finding of what was raised."""
    return raised.value.finding


def test_a_number_that_python_refuses_to_print_is_shown() -> None:
    assert shown(10**5000) == "int too large to show"


def test_an_integer_has_64_bits() -> None:
    assert INTEGER.holds(2**63 - 1)
    assert not INTEGER.holds(2**63)
    assert INTEGER.holds(-(2**63))


@pytest.mark.parametrize("number", ["1e999", "-1e999"])
def test_a_number_beyond_the_range_is_no_json(number: str) -> None:
    with pytest.raises(Unmet) as raised:
        parse_json(f"[{number}]")
    assert unmet(raised) == Finding("body", "JSON", f'"[{number}]" ({number} is beyond the range of numbers)')


def test_an_array_has_a_bound() -> None:
    assert len(Json([1] * 20_000).elements) == 20_000
    with pytest.raises(Unmet) as raised:
        _ = Json([1] * 20_001, "/data").elements
    assert unmet(raised) == Finding("/data", "at most 20000 elements", "20001 elements")


@pytest.mark.parametrize("ending", [b"\n", b"\r", b"\r\n"])
def test_a_stream_has_a_bound_of_lines(ending: bytes) -> None:
    with pytest.raises(Unmet) as raised:
        ChatStream.of(answered(b"data: {}" + ending * 20_001))
    found = unmet(raised)
    assert found.expected == "an event stream of at most 20000 lines"
    assert found.got == f"{20_001 * len(ending)} lines"


def judgement_of(findings: list[Finding]) -> tuple[Finding, ...]:
    """What a verdict keeps of a check's findings."""

    def judge(_: Exchange) -> Findings:
        yield from findings

    known = catalogue.load()
    check = next(one for one in known.checks.values() if one.probes[0].answered_by is None)
    views: Any = (Exchange,)
    noisy = replace(check, judge=judge, views=views, probes=check.probes[:1], requires=(), together=False)
    known = replace(known, checks={**known.checks, check.id: noisy})
    answers = {check.probes[0].name: answered(b"{}")}
    subject = Subject("p", "m", frozenset(capability.CAPABILITIES))
    return Judgement(known, subject, answers).verdict(check.id).findings


def test_a_verdict_keeps_a_dozen_findings_and_counts_the_rest() -> None:
    findings = judgement_of([Finding("/id", "a string", "1")] * 20)
    assert len(findings) == MOST_FINDINGS + 1
    assert findings[-1] == Finding("and so on", "none of these", "8 more")
    findings = judgement_of([Finding("/id", "a string", "1")] * (LOOKED_FOR * 2))
    assert findings[-1].got == "988 more or even more"


def test_a_finding_is_cut() -> None:
    (finding,) = judgement_of([Finding("/id", "a string", "x" * 5000)])
    assert finding.got == f"{'x' * 500}… (5000 characters)"


def test_what_the_library_quotes_of_garbage_is_cut() -> None:
    """Live and in the health gate."""
    with listening(MONSTERS["garbage-without-end"]) as url:
        answer = fetch(Target("p", url, "m", deadline_s=5), [Probe("chat", body={})])["chat"]
        asked = get(Provider.model_validate({"type": "vllm", "base_url": url}), "/health", 5)
    assert isinstance(answer, Exchange)
    assert answer.error is not None
    assert asked.error is not None
    for detail in (answer.error.detail, asked.error.detail):
        assert "\n" not in detail
        assert len(detail) <= LONGEST_DETAIL + len("not HTTP: ") + 1


@pytest.mark.parametrize("name", MONSTERS)
def test_the_health_gate_survives_a_monster(name: str) -> None:
    """One GET each, ended by its timeout at the latest."""
    with listening(MONSTERS[name]) as url:
        answer = get(Provider.model_validate({"type": "vllm", "base_url": url}), "/health", 0.2)
    assert answer.status or answer.error
    assert len(answer.body) <= 1_000_000
    assert answer.error is None or len(answer.error.detail) < 400


def test_a_handshake_that_stalls_is_told_from_a_slow_answer() -> None:
    with listening(stalls(), hears=False) as url:
        target = Target("p", url.replace("http", "https"), "m", deadline_s=0.3)
        answer = fetch(target, [Probe("chat", body={})])["chat"]
    assert isinstance(answer, Exchange)
    assert answer.error == TransportError(
        FailureKind.CONNECT_TIMEOUT, "no connection and TLS handshake within 0.3 s"
    )


def test_a_lone_surrogate_goes_back_as_it_came() -> None:
    """A request that builds on an answer may hold whatever that answer held."""
    probe = Probe("next", after=Probe("chat"), derive=lambda earlier: {"stop": "\udfff"})
    assert probe.request("m", answered(b"")).body == b'{"stop": "\\udfff"}'


@pytest.mark.parametrize(
    ("kind", "symptom"),
    [
        (FailureKind.DEADLINE, Symptom.TIMEOUT),
        (FailureKind.TOO_LARGE, Symptom.NOT_OPENAI),
        (FailureKind.RESET, Symptom.ERROR),
    ],
)
def test_a_cut_answer_to_both_first_probes_is_a_cause(kind: FailureKind, symptom: Symptom) -> None:
    cut = answered(b"{", TransportError(kind, "cut"))
    assert diagnose(first_probes({"chat"}), {"models-list": cut, "chat": cut}) == (
        symptom,
        "POST /v1/chat/completions: cut",
    )


def test_a_lost_provider_is_said_and_not_recorded(tmp_path: Path) -> None:
    """The first two answers are fine, and then nothing ends."""
    heard = iter(range(1000))

    def tires(connection: socket.socket) -> None:
        if next(heard) > 1:
            stalls()(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    said: list[str] = []
    with listening(tires) as url, mock.patch("sixgates.sources.live.Target", _hurried):
        entry = Provider.model_validate(
            {"type": "vllm", "base_url": url, "models": [{"name": "m"}], "capabilities": ["tools"]}
        )
        contract = Contract(
            Party("vllm", entry), tmp_path / "cassettes", tmp_path, live=True, record=True, say=said.append
        )
        verdicts = contract.judgement().verdicts()
    summary = "vllm did not end its answer to 5 probes in a row before the deadline: the rest is not sent"
    assert said[-1] == f"{summary}; nothing was recorded"
    assert not (tmp_path / "cassettes").exists()
    assert summary in {verdict.cause.summary for verdict in verdicts if verdict.cause}
    assert not [verdict for verdict in verdicts if verdict.outcome == "ERROR"]
    assert json.dumps([verdict.to_json() for verdict in verdicts], default=str)


def _hurried(*arguments: Any, **more: Any) -> Target:
    return replace(Target(*arguments, **more), deadline_s=0.2)
