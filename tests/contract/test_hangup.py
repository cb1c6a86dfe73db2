"""Who hangs up in the middle of a stream frees the server, as far as a gauge shows that; else there is no alarm."""

from __future__ import annotations

import json
import re
import socket
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.hostile.monsters import hear, listening
from tests.serving import served

from sixgates.capability import CHAT
from sixgates.catalogue import Catalogue, load
from sixgates.exchange import Chunk, Exchange, Request, Response
from sixgates.gauge import running
from sixgates.judge import Answer, Judgement, Subject
from sixgates.probes.hangup import chat_stream_hung_up, gauge
from sixgates.probes.limits import chat_stream_max_tokens_zero
from sixgates.probes.models import model_unknown, models_list
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.sources.live import Target, fetch
from sixgates.verdict import Outcome, Verdict

CHECK = "chat.stream.disconnect_aborts"
ALONE = Catalogue({CHECK: replace(load().checks[CHECK], requires=())})
VLLM = 'vllm:num_requests_running{{engine="0",model_name="m"}} {:.1f}'
LLAMA = "llamacpp:requests_processing {}"
EVENT = b'data: {"choices": [{"index": 0, "delta": {"content": "1, "}}]}\n\n'
UNTOLD = "running requests, not one: it does not tell what becomes of this one"
NEVER = 1000.0


@dataclass(slots=True)
class Server:
    """A server whose gauge says what the test wants: before a stream, while it is open, and after it was left."""

    before: int = 0
    meanwhile: int = 1
    freed_after_s: float = 0.0
    events: int = 1000
    pause_s: float = 0.01
    path: str = "/metrics"
    line: str = VLLM
    refusal: bytes = b""
    mute_when_left: bool = False
    slow_s: float = 0.0
    opened: bool = False
    left_at: float | None = None
    asked: list[str] = field(default_factory=list)

    def behave(self, connection: socket.socket) -> None:
        """One request and its answer; the connection ends it."""
        heard = hear(connection)
        path = heard.split(b" ")[1].decode()
        self.asked.append(path)
        if path == "/v1/chat/completions":
            self.stream(connection)
        elif self.mute_when_left and self.left_at is not None:
            time.sleep(3)
        elif path == self.path:
            time.sleep(self.slow_s)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + self.page().encode())
        else:
            connection.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")

    def stream(self, connection: socket.socket) -> None:
        """Events until the client goes, or all of them."""
        if self.refusal:
            connection.sendall(b"HTTP/1.1 400 No\r\n\r\n" + self.refusal)
            return
        self.opened = True
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        for _ in range(self.events):
            try:
                connection.sendall(EVENT)
            except OSError:
                break
            time.sleep(self.pause_s)
        self.left_at = time.monotonic()

    def page(self) -> str:
        """What the gauge shows now."""
        if not self.opened:
            return self.shown(self.before)
        if self.left_at is not None and time.monotonic() >= self.left_at + self.freed_after_s:
            return self.shown(0)
        return self.shown(self.meanwhile)

    def shown(self, count: int) -> str:
        """A page with this number; of slots there are two."""
        if self.path == "/slots":
            return json.dumps([{"id": each, "is_processing": each < count} for each in range(2)])
        return f"# HELP {self.line.split('{')[0]} …\n{self.line.format(count)}\nother_total 7\n"


def judged(url: str, *, deadline_s: float | None = None) -> Verdict:
    """The check by itself on what a server answers."""
    answers = fetch(Target("p", url, "reference", deadline_s=deadline_s), [gauge, chat_stream_hung_up])
    return verdict_of(answers, url)


def verdict_of(answers: dict[str, Answer], url: str = "") -> Verdict:
    """The check's verdict."""
    return Judgement(ALONE, Subject("p", "m", frozenset({CHAT}), root=url), answers).verdict(CHECK)


def outcome(server: Server) -> tuple[Outcome, str]:
    """What becomes of a server, with the reason."""
    with listening(server.behave, hears=False) as url:
        verdict = judged(url)
    return verdict.outcome, verdict.reason


@pytest.mark.parametrize(
    "server",
    [
        Server(),
        Server(line=LLAMA),
        Server(path="/slots"),
        Server(freed_after_s=3.0),
    ],
    ids=["vllm", "llama.cpp", "slots", "falls after 3 s"],
)
def test_a_gauge_that_falls_in_time_passes(server: Server) -> None:
    assert outcome(server) == (Outcome.PASSED, "")


def test_a_request_that_goes_on_is_told_with_what_the_gauge_showed_and_what_it_costs() -> None:
    server = Server(freed_after_s=NEVER)
    with listening(server.behave, hears=False) as url:
        verdict = judged(url)
    (finding,) = verdict.findings
    assert verdict.outcome is Outcome.ADVISORY
    assert finding.where == "GET /metrics"
    assert finding.expected == "no running request within 5 s after the client left, as before it came"
    assert finding.got == "1 while its stream was open, still 1 after 5.0 s"
    assert finding.hint == (
        "an abandoned request holds its place until its last token, so that clients which give up and ask again fill "
        "the server; or another client came in these seconds"
    )
    assert "/v1/chat/completions" in verdict.reproduce
    assert 5 <= server.asked.count("/metrics") <= 10


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (Server(path="/none"), "no gauge shows running requests: GET /metrics got 404"),
        (
            Server(line="other 0"),
            "no gauge shows running requests: GET /metrics has neither vllm:num_requests_running nor "
            "llamacpp:requests_processing",
        ),
        (
            Server(before=2),
            "GET /metrics shows 2 running requests before ours, which could not be told from them",
        ),
    ],
    ids=["none", "another gauge", "busy"],
)
def test_no_stream_is_left_where_the_gauge_could_not_tell(server: Server, reason: str) -> None:
    assert outcome(server) == (
        Outcome.NOT_EXERCISED,
        f"the probe chat-stream-hung-up was not sent: {reason}",
    )
    assert not server.opened


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (
            Server(meanwhile=0),
            f"while the stream was open GET /metrics showed 0 {UNTOLD}",
        ),
        (
            Server(meanwhile=3, freed_after_s=NEVER),
            f"while the stream was open GET /metrics showed 3 {UNTOLD}",
        ),
        (
            Server(events=2),
            "the client could not hang up in the middle of a stream: it had ended after 2 pieces",
        ),
        (
            Server(refusal=b"too long"),
            'the client could not hang up in the middle of a stream: 400 "too long"',
        ),
    ],
    ids=["not shown", "others came", "ended", "refused"],
)
def test_what_proves_nothing_is_no_pass(server: Server, reason: str) -> None:
    assert outcome(server) == (Outcome.NOT_EXERCISED, reason)


def test_a_server_so_fast_that_it_ends_by_itself_proves_nothing() -> None:
    """Two seconds after the client left its thousand tokens are written, whether or not it noticed."""
    chosen, reason = outcome(Server(freed_after_s=2.0, pause_s=0.0005))
    assert chosen is Outcome.NOT_EXERCISED
    assert re.fullmatch(
        r"GET /metrics showed no running request after 3\.\d s, but at the stream's pace its whole answer takes "
        r"no more than \d\.\d s",
        reason,
    )


def test_a_cassette_says_that_we_left(tmp_path: Path) -> None:
    response = Response(200, (), (Chunk(EVENT, 0.1),))
    request = chat_stream_hung_up.request("m")
    label = cassette.Label("p", "vllm", "1", "m", "2026-11-26")
    for left in (None, 0, 1):
        exchange = Exchange(chat_stream_hung_up.name, request, response, left=left)
        path = cassette.write(tmp_path, label, chat_stream_hung_up, exchange, "http://127.0.0.1:1")
        assert cassette.read(path, chat_stream_hung_up) == (label, exchange)
        assert ("left: " in path.read_text()) is (left is not None)


def test_the_client_that_leaves_comes_last() -> None:
    server = Server()
    with listening(server.behave, hears=False) as url:
        fetch(Target("p", url, "m"), [gauge, chat_stream_hung_up, model_unknown], first=[models_list])
    assert server.asked == [
        "/v1/models",
        "/v1/models/sixgates-no-such-model",
        "/metrics",
        "/v1/chat/completions",
        "/metrics",
        *server.asked[5:],
    ]
    assert set(server.asked[5:]) == {"/metrics"}


def test_an_answer_without_a_limit_is_left_without_a_gauge() -> None:
    """After so many pieces nothing more is to be seen; of what becomes of it nothing is said."""
    server = Server(path="/none")
    with listening(server.behave, hears=False) as url:
        answers = fetch(Target("p", url, "m"), [chat_stream_max_tokens_zero])
    exchange = answers[chat_stream_max_tokens_zero.name]
    assert isinstance(exchange, Exchange)
    assert exchange.response is not None
    assert (len(exchange.response.chunks), exchange.left, exchange.error) == (40, 0, None)
    assert server.asked == ["/v1/chat/completions"]


def test_a_gauge_that_falls_silent_is_left_open_in_time() -> None:
    """It may be slow: our deadline cut its answer."""
    server = Server(mute_when_left=True)
    started = time.monotonic()
    with listening(server.behave, hears=False) as url:
        verdict = judged(url, deadline_s=2)
    assert time.monotonic() - started < 9
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.cause is not None
    assert verdict.cause.key == "p:cut"


def test_a_slow_gauge_that_never_falls_takes_little_longer() -> None:
    """Each of its answers comes shortly before the deadline."""
    server = Server(freed_after_s=NEVER, slow_s=1.5)
    started = time.monotonic()
    with listening(server.behave, hears=False) as url:
        verdict = judged(url, deadline_s=4)
    assert time.monotonic() - started < 5 + 4 * 1.5 + 1
    assert verdict.outcome is Outcome.ADVISORY


def test_a_gauge_that_is_gone_is_a_finding() -> None:
    request = Request("GET", "/metrics")
    stream = Exchange(chat_stream_hung_up.name, request, Response(200, (), (Chunk(EVENT, 0.1),)), left=1)
    after = Exchange(gauge.name, request, Response(500, (), (Chunk(b"no", 0.1),)), elapsed=3.0)
    (finding,) = verdict_of({gauge.name: after, chat_stream_hung_up.name: stream}).findings
    assert finding.expected == "the gauge of running requests, as before the client left"
    assert finding.got == '500 "no"'


def test_the_served_reference_hears_that_its_client_left() -> None:
    with served(ReferenceProvider()) as url:
        assert judged(url).outcome is Outcome.PASSED


def test_a_served_mutant_does_not() -> None:
    with served(MutantProvider(mutants.load()["stream-goes-on-without-a-client"])) as url:
        assert judged(url).outcome is Outcome.ADVISORY


def test_an_exchange_says_that_the_client_left_and_no_error_does() -> None:
    with served(ReferenceProvider()) as url:
        answers = fetch(Target("p", url, "reference"), [gauge, chat_stream_hung_up])
    stream = answers[chat_stream_hung_up.name]
    assert isinstance(stream, Exchange)
    assert (stream.left, stream.error) == (1, None)
    assert stream.response is not None
    assert len(stream.response.chunks) == 3


@pytest.mark.parametrize(
    ("path", "body", "count"),
    [
        ("/metrics", "vllm:num_requests_running 0.0\n", 0),
        (
            "/metrics",
            'vllm:num_requests_running{engine="0"} 1.0\nvllm:num_requests_running{engine="1"} 2.0\n',
            3,
        ),
        ("/metrics", "# TYPE vllm:num_requests_running gauge\n", None),
        ("/metrics", "vllm:num_requests_running NaN\n", None),
        ("/metrics", "vllm:num_requests_running +Inf\n", None),
        ("/metrics", f"vllm:num_requests_running {'9' * 5000}\n", None),
        ("/metrics", "vllm:num_requests_running many\n", None),
        ("/metrics", "vllm:num_requests_running_total 4\n", None),
        ("/metrics", "<html>", None),
        ("/slots", '[{"is_processing": true}, {"is_processing": false}]', 1),
        ("/slots", '[{"state": 1}]', None),
        ("/slots", "[]", None),
        ("/slots", '{"error": 1}', None),
        ("/slots", "[[1]]", None),
    ],
)
def test_the_gauge_is_read_or_is_none(path: str, body: str, count: int | None) -> None:
    response = Response(200, (), (Chunk(body.encode(), 0.1),))
    assert running(Exchange("gauge", Request("GET", path), response)) == count
    assert running(Exchange("gauge", Request("GET", path), replace(response, status=501))) is None
