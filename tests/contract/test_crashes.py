"""A crash is no refusal: what a provider is asked for and breaks on is red, and only a refusal is "not offered"."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from tests.serving import served

from sixgates import catalogue
from sixgates.capability import Offer, Shown
from sixgates.contract import Contract
from sixgates.detection import DETECTORS, LeftOut, check_of
from sixgates.exchange import Request, Response
from sixgates.gates import GateStatus, Thresholds, judge_gates
from sixgates.judge import Judgement, Subject
from sixgates.reference.provider import ReferenceProvider
from sixgates.run import Run
from sixgates.sources import live
from sixgates.sources.pace import Clock
from sixgates.tries import Tries
from sixgates.verdict import Cause, Gate, Outcome

CATALOGUE = catalogue.load()
CONTRACTS = Path(__file__).parents[2] / "contracts"
BROKEN = ("500", "502", "503", "reset", "cut")
NOT_OFFERED = {
    "400": Offer.REFUSED,
    "422": Offer.REFUSED,
    "404": Offer.ABSENT,
    "405": Offer.ABSENT,
    "501": Offer.ABSENT,
}
ASKED_FIRST = sorted(name for name, each in DETECTORS.items() if each.within is None and name != "auth")
"""The server wants a key, which the run has, and so `auth` is declared here."""
UNKNOWN = ("302", "408", "429")
KEY = "sk-reference"


class Faulty:
    """The reference provider on a socket, which does as `way` says to the requests that ask for a capability."""

    def __init__(self) -> None:
        self.reference = ReferenceProvider("m", key=KEY)
        self.ways: Mapping[str, str] = {}
        self.closing = Event()
        self.numbers = count()

    def way(self, request: Request) -> tuple[str, str] | None:
        """The capability that a request asks for, and what to do to it."""
        return next(((name, way) for name, way in self.ways.items() if asks_for(name, request)), None)


def asks_for(capability: str, request: Request) -> bool:
    """Whether a request is one that shows the capability."""
    if (request.header("authorization") is None) is not (capability == "auth") or request.body is None:
        return False
    probes = (DETECTORS[capability].probe, *DETECTORS[capability].more)
    same = [probe for probe in probes if request.path == probe.path]
    return json.loads(request.body) in [json.loads(probe.request("m").body or b"") for probe in same]


@contextmanager
def serving(faulty: Faulty) -> Iterator[str]:
    """The provider's root URL."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            request = Request(self.command, self.path, tuple(self.headers.items()), body or None)
            found = faulty.way(request)
            match found[1] if found else "":
                case "hang":
                    faulty.closing.wait(1.5)
                case "reset":
                    pass
                case "cut":
                    self._send(200, (("content-type", "application/json"), ("content-length", "99")), b"{")
                case "":
                    response = faulty.reference.respond(request)
                    self._send(response.status, response.headers, response.body)
                case status:
                    headers = (("content-type", "application/json"),)
                    self._send(int(status), headers, said(found[0] if found else "", int(status), faulty))

        def _send(self, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        faulty.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def said(capability: str, status: int, faulty: Faulty) -> bytes:
    """The body: an error, or with 200 an answer without the effect that was asked for."""
    if status != 200:
        return json.dumps({"error": {"message": f"status {status}"}}).encode()
    if capability == "logit_bias":
        plain = json.loads(DETECTORS["logit_bias"].beside[0].request("m").body or b"")
        request = Request("POST", "/v1/chat/completions", (("authorization", f"Bearer {KEY}"),))
        return faulty.reference.respond(replace(request, body=json.dumps(plain).encode())).body
    if capability == "completions":
        return b"{}"
    # `seed` shows by the same request twice.
    return json.dumps({"choices": [{"message": {"content": f"text {next(faulty.numbers)}"}}]}).encode()


def dependants(capability: str) -> list[str]:
    """The other checks that need the capability and no further one."""
    return [
        check.id
        for check in CATALOGUE.checks.values()
        if check.id != check_of(capability)
        and all(capability in way and way <= {"chat", capability} for way in check.ways)
    ]


@pytest.fixture(scope="module")
def faulty() -> Iterator[tuple[Faulty, str]]:
    """One server for the whole table."""
    one = Faulty()
    with serving(one) as url:
        yield one, url


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a hang nor a limit of the rate takes a minute, and the key is known."""
    target, fetch, passed = live.Target, live.fetch, [0.0]

    async def sleep(seconds: float) -> None:
        passed[0] += seconds
        await asyncio.sleep(0)

    def fetched(*args: Any, **more: Any) -> Any:
        return fetch(*args, **more, clock=Clock(lambda: passed[0], sleep))

    def made(*args: Any, **more: Any) -> live.Target:
        return replace(target(*args, **more), deadline_s=0.4)

    monkeypatch.setattr(live, "Target", made)
    monkeypatch.setattr(live, "fetch", fetched)
    monkeypatch.setenv("REFERENCE_KEY", KEY)


def judged(url: str, tmp_path: Path, *wanted: str, capabilities: tuple[str, ...] | None = ("auto",)) -> Tries:
    """The judgement of the served provider, of which only the wanted checks' probes are sent."""
    run = Run(
        tmp_path,
        tmp_path,
        tmp_path,
        live=True,
        base_url=url,
        model="m",
        api_key_env="REFERENCE_KEY",
        capabilities=capabilities,
    )
    contract = Contract(run.parties()[0], tmp_path, tmp_path, live=True, wanted=set(wanted))
    return contract.judgement()


def table(ways: Iterator[str]) -> list[tuple[str, str]]:
    """Each capability that is asked for before the rest, each way."""
    return [(capability, way) for way in ways for capability in ASKED_FIRST]


def status(judgement: Tries | Judgement, names: list[str]) -> GateStatus:
    """What gate 4 comes to with these checks."""
    verdicts = [judgement.verdict(name) for name in names]
    return judge_gates(verdicts, Thresholds())[Gate.CONTRACT - 1].status


@pytest.mark.parametrize(("capability", "way"), table(iter(BROKEN)))
def test_what_breaks_is_red_once(
    faulty: tuple[Faulty, str], tmp_path: Path, capability: str, way: str
) -> None:
    """Its own check fails, all that need it are blocked under one cause that names it."""
    server, url = faulty
    server.ways = {capability: way}
    names = [check_of(capability), *dependants(capability)]
    judgement = judged(url, tmp_path, "models.list.shape", *names)
    verdict = judgement.verdict(names[0])
    assert verdict.outcome is Outcome.FAILED
    (finding,) = verdict.findings
    assert (finding.where, finding.expected) == (
        DETECTORS[capability].probe.name,
        "offered, or refused with 4xx",
    )
    assert finding.got.startswith(f"{way} " if way.isdigit() else ("no answer: ", "200 "))
    assert verdict.reproduce.startswith("curl -sN http://127.0.0.1:")
    causes = {judgement.verdict(name).cause for name in names[1:]}
    assert {judgement.verdict(name).outcome for name in names[1:]} <= {Outcome.BLOCKED}
    if names[1:]:
        (cause,) = causes
        assert cause is not None
        assert cause.key == f"ad-hoc:{names[0]}"
        got = f"{finding.where} got {finding.got}"
        assert cause.summary == f"ad-hoc: the capability {capability} is broken: {got}"
        assert cause.next_steps == (
            f"read the server's log, and send the request again: the curl line of {names[0]}",
            f"if the server is not meant to offer {capability}, have it refuse the request with 4xx",
        )
    assert status(judgement, names) is GateStatus.NOT_MET


@pytest.mark.parametrize("capability", ASKED_FIRST)
def test_what_our_deadline_cuts_is_not_known(
    faulty: tuple[Faulty, str], tmp_path: Path, capability: str
) -> None:
    """A server that is slow, for all that a run can tell: blocked for what was cut, and never called broken."""
    server, url = faulty
    server.ways = {capability: "hang"}
    names = [check_of(capability), *dependants(capability)]
    judgement = judged(url, tmp_path, *names)
    verdict = judgement.verdict(names[0])
    assert (verdict.outcome, verdict.cause and verdict.cause.key) == (Outcome.BLOCKED, "ad-hoc:cut")
    assert [name for name in names if judgement.verdict(name).outcome is Outcome.FAILED] == []
    assert status(judgement, names) is GateStatus.BLOCKED


@pytest.mark.parametrize("capability", ASKED_FIRST)
def test_what_is_without_effect_is_red_once(
    faulty: tuple[Faulty, str], tmp_path: Path, capability: str
) -> None:
    """Its own check fails and the rest waits; a model may leave tools alone, and nothing here counts tokens."""
    server, url = faulty
    server.ways = {capability: "200"}
    names = [check_of(capability), *dependants(capability)]
    judgement = judged(url, tmp_path, "models.list.shape", *names)
    own, others = (Outcome.FAILED, Outcome.BLOCKED)
    if capability == "tools":
        own, others = (Outcome.NOT_EXERCISED, Outcome.NOT_EXERCISED)
    assert judgement.verdict(names[0]).outcome is own
    assert {judgement.verdict(name).outcome for name in names[1:]} <= {others}
    gate = GateStatus.PARTIAL if capability == "tools" else GateStatus.NOT_MET
    assert status(judgement, ["models.list.shape", *names]) is gate


@pytest.mark.parametrize(("capability", "way"), table(iter(NOT_OFFERED)))
def test_what_is_refused_does_not_apply(
    faulty: tuple[Faulty, str], tmp_path: Path, capability: str, way: str
) -> None:
    """And the verdict of its own check carries what came, for the report."""
    server, url = faulty
    server.ways = {capability: way}
    names = [check_of(capability), *dependants(capability)]
    judgement = judged(url, tmp_path, *names)
    assert {judgement.verdict(name).outcome for name in names} == {Outcome.NOT_APPLICABLE}
    asked = judgement.verdict(names[0]).asked
    assert asked is not None
    assert (asked.capability, asked.offer, asked.got[:4].rstrip(" ,")) == (capability, NOT_OFFERED[way], way)
    assert all(judgement.verdict(name).asked is None for name in names[1:])


@pytest.mark.parametrize(("capability", "way"), table(iter(UNKNOWN)))
def test_what_neither_breaks_nor_refuses_is_not_known(
    faulty: tuple[Faulty, str], tmp_path: Path, capability: str, way: str
) -> None:
    """A limit of the rate or a redirect: blocked, and so neither green nor called broken."""
    server, url = faulty
    server.ways = {capability: way}
    names = [check_of(capability), *dependants(capability)]
    judgement = judged(url, tmp_path, *names)
    assert {judgement.verdict(name).outcome for name in names} == {Outcome.BLOCKED}
    (cause,) = {judgement.verdict(name).cause for name in names}
    assert cause is not None
    if way == "429":
        assert cause.summary.startswith("ad-hoc limits the rate: POST ")
        assert "answered 429" in cause.summary
        return
    probe = DETECTORS[capability].probe.name
    assert cause.summary.startswith(
        f"ad-hoc: whether it offers {capability} is not known: {probe} got {way} "
    )
    assert cause.next_steps == (
        "run again",
        f"or say what it offers: --capabilities LIST, with {capability} or without",
    )


@pytest.mark.parametrize("way", BROKEN)
def test_a_list_leaves_out_what_it_leaves_out(faulty: tuple[Faulty, str], tmp_path: Path, way: str) -> None:
    """It is asked for and found out: that it breaks is advice, and not held against the server."""
    server, url = faulty
    server.ways = {"tools": way}
    verdict = judged(url, tmp_path, "capability.tools", capabilities=("n",)).verdict("capability.tools")
    assert (verdict.outcome, verdict.red) == (Outcome.ADVISORY, False)
    assert verdict.asked is not None
    assert (verdict.asked.capability, verdict.asked.offer) == ("tools", Offer.BROKEN)
    assert verdict.reason == "ad-hoc does not declare the capability tools"
    assert verdict.findings[0].where == DETECTORS["tools"].probe.name


@pytest.mark.parametrize("way", [*BROKEN, "hang", *NOT_OFFERED, "200", *UNKNOWN])
def test_a_request_without_key_that_is_not_refused_as_such_is_red(
    faulty: tuple[Faulty, str], tmp_path: Path, way: str
) -> None:
    """Whoever names a key declares `auth`; a server that breaks without one does not check it."""
    server, url = faulty
    server.ways = {"auth": way}
    verdict = judged(url, tmp_path, "capability.auth").verdict("capability.auth")
    if way in {"429", "hang"}:  # nothing else was let through either, or it is our deadline that ended it
        assert verdict.outcome is Outcome.BLOCKED
        return
    assert verdict.outcome is Outcome.FAILED
    (finding,) = verdict.findings
    if way in {"500", "502", "503", "reset"}:
        assert finding.expected == "offered, or refused with 4xx"
    else:
        assert finding.expected.endswith(": declared, and so offered")
    assert DETECTORS["auth"].probe.name == finding.where


def test_a_check_that_needs_something_refused_as_well_does_not_apply() -> None:
    """What cannot be judged in any case is not blocked by a crash beside it."""
    broken = LeftOut("tools", Shown(Offer.BROKEN, "500"), Cause("k", "tools is broken"))
    refused = LeftOut("p does not offer responses: refused")
    for check in CATALOGUE.checks.values():
        if check.ways == {frozenset(("tools", "responses"))}:
            subject = Subject(
                "p", "m", frozenset(("chat",)), undeclared={"tools": broken, "responses": refused}
            )
            verdict = Judgement(CATALOGUE, subject, {}).verdict(check.id)
            assert (verdict.outcome, verdict.reason) == (Outcome.NOT_APPLICABLE, refused.reason)
            return
    pytest.fail("no check needs both")


def test_what_was_not_asked_for_the_server_was_lost_is_blocked(
    faulty: tuple[Faulty, str], tmp_path: Path
) -> None:
    """After five answers that never ended the rest is not sent: what it would show is not known."""
    server, url = faulty
    server.ways = dict.fromkeys(DETECTORS, "hang")
    judgement = judged(url, tmp_path, *map(check_of, DETECTORS))
    verdicts = [judgement.verdict(check_of(name)) for name in ASKED_FIRST]
    assert {each.outcome for each in verdicts} == {Outcome.BLOCKED}
    assert {each.cause and each.cause.key for each in verdicts} == {"ad-hoc:overdue"}


EXTRAS = ("tools", "response_format", "logprobs", "logit_bias")


class Crashing(ReferenceProvider):
    """Answers 500 to whatever asks for more than a chat."""

    def respond(self, request: Request) -> Response:
        """The response to any request."""
        try:
            body = json.loads(request.body or b"{}")
        except (ValueError, RecursionError):
            body = {}
        more = isinstance(body, dict) and (body.get("n") == 2 or any(body.get(name) for name in EXTRAS))
        if more or request.path in {"/v1/embeddings", "/v1/responses", "/v1/completions"}:
            return self.json({"error": {"message": "Internal Server Error"}}, 500)
        return super().respond(request)


def test_a_server_that_crashes_on_all_but_chats_is_not_met(pytester: pytest.Pytester) -> None:
    """The whole of it, as a user sees it: once for each capability, with the status."""
    with served(Crashing("m")) as url:
        result = pytester.runpytest_subprocess(
            CONTRACTS,
            "--live",
            "--endpoint",
            url,
            "--model",
            "m",
            "--rootdir",
            pytester.path,
            "-q",
            "--tb=no",
        )
    assert result.ret == 1
    text = " ".join(result.stdout.str().split())
    assert re.search(r"4 Contract +NOT MET", result.stdout.str())
    broken = set(ASKED_FIRST) - {"seed"}
    assert result.parseoutcomes()["failed"] == len(broken) == 9
    seen = 'expected offered, or refused with 4xx, got 500 {"error": {"message": "Internal Server Error"}}'
    for name in broken:
        told = re.findall(
            rf"FAILED capability\.{name} failed: (.+?) \[ad-hoc\] \d+ checks? waits? for it", text
        )
        assert len(told) == 1
        assert told[0].endswith(f"{DETECTORS[name].probe.name}: {seen}")
    assert "BLOCKED" not in text, "every consequence is folded under one of these causes"
