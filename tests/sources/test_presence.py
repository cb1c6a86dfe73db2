"""A server that dies in the middle of a run is one cause that names what was under way; one that lives on is not."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest
from tests.hostile.monsters import hear
from tests.sources.scripted import OK, Asked, Time, answer, scripted

from sixgates import catalogue
from sixgates.board import Watch
from sixgates.catalogue import Probe
from sixgates.exchange import Exchange, FailureKind
from sixgates.judge import Answer
from sixgates.sources.live import Target, fetch
from sixgates.sources.pace import Clock
from sixgates.sources.patience import AWAY_S, Patience
from sixgates.verdict import Cause

ALONE = [Probe(f"a{number}", body={"number": number}, alone=True) for number in range(4)]
PROBES = [Probe(f"p{number}", body={"number": number}) for number in range(12)]


@dataclass(slots=True)
class Mortal:
    """A server that dies at its n-th request, with all that is under way, and may come back at a later moment."""

    dies_at: int
    returns_at: float | None = None
    time: Time = field(default_factory=Time)
    port: int = 0
    heard: list[bytes] = field(default_factory=list)
    under_way: set[socket.socket] = field(default_factory=set)
    listener: socket.socket | None = None
    crowd: int = 1
    """The request that kills waits until so many are under way."""

    def start(self) -> str:
        """Listen, at first on a port of the system's choice."""
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()
        return f"http://127.0.0.1:{self.port}"

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(listener.accept()[0],), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self.under_way.add(connection)
            heard = hear(connection)
            self.heard.append(heard)
            if len(self.heard) == self.dies_at:
                while len(self.under_way) < self.crowd:
                    threading.Event().wait(0.001)
                self.die()
                return
            if self.crowd > 1 and len(self.heard) > self.dies_at - self.crowd:
                threading.Event().wait(2)  # until it is cut
            connection.sendall(OK)
            self.under_way.discard(connection)
            connection.close()

    def die(self) -> None:
        """Close the port and reset all connections."""
        if self.listener is not None:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        while self.under_way:
            connection = self.under_way.pop()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
            connection.close()

    def clock(self) -> Clock:
        """The clock as the source takes it."""
        return Clock(lambda: self.time.now, self.sleep)

    async def sleep(self, seconds: float) -> None:
        """Pass the time, and come back when it has come."""
        await self.time.sleep(seconds)
        if self.returns_at is not None and self.time.now >= self.returns_at and self.listener is None:
            self.start()
            self.returns_at = None


@contextmanager
def mortal(dies_at: int, **more: object) -> Iterator[tuple[str, Mortal]]:
    """A server that will die."""
    server = Mortal(dies_at, **more)  # type: ignore[arg-type]
    try:
        yield server.start(), server
    finally:
        server.die()


def ask(url: str, server: Mortal, probes: list[Probe], **more: object) -> dict[str, Answer]:
    """All answers."""
    return fetch(Target("vllm", url, "m", deadline_s=5.0), probes, clock=server.clock(), **more)  # type: ignore[arg-type]


def lost(answers: Mapping[str, Answer]) -> set[str]:
    """The probes whose answer is a cause."""
    return {name for name, each in answers.items() if isinstance(each, Cause)}


def cause_of(answers: Mapping[str, Answer]) -> Cause:
    """The one cause among them."""
    (cause,) = {each for each in answers.values() if isinstance(each, Cause)}
    return cause


def kinds(answers: Mapping[str, Answer]) -> list[FailureKind]:
    """How the failed exchanges failed."""
    return [each.error.kind for each in answers.values() if isinstance(each, Exchange) and each.error]


def test_all_that_a_dead_server_did_not_answer_has_one_cause() -> None:
    """The second request kills it; it, and all after it, are the cause; the first was answered."""
    with mortal(2) as (url, server):
        answers = ask(url, server, [*ALONE, *PROBES])
    assert set(answers) - lost(answers) == {"a0"}
    assert kinds(answers) == []
    cause = cause_of(answers)
    assert cause.key == "vllm:gone"
    assert cause.summary.startswith(
        "vllm stopped answering in the middle of the run, after 1 answers: GET /v1/models got "
    )
    assert cause.summary.endswith(f", for {AWAY_S:g} s; the rest is not sent. Under way at that moment: a1")
    assert len(server.heard) == 2


def test_it_is_looked_for_within_a_bound() -> None:
    with mortal(2) as (url, server):
        ask(url, server, ALONE)
    assert server.time.now <= 1000.0 + AWAY_S
    assert 5 < len(server.time.slept) < 20


def test_all_that_was_under_way_is_named() -> None:
    """Four were; the one that never connected is no suspect."""
    with mortal(5, crowd=4) as (url, server):
        answers = ask(url, server, [ALONE[0], *PROBES])
    assert set(answers) - lost(answers) == {"a0"}
    named = cause_of(answers).summary.rpartition("Under way at that moment: ")[2]
    assert sorted(named.split(", ")) == ["p0", "p1", "p2", "p3"]


def test_a_death_at_the_last_request_is_noticed() -> None:
    """Nothing is sent after it that would be refused."""
    with mortal(4) as (url, server):
        answers = ask(url, server, ALONE)
    assert lost(answers) == {"a3"}
    assert cause_of(answers).summary.endswith("Under way at that moment: a3")


def test_a_death_between_two_requests_has_no_suspect() -> None:
    with mortal(99) as (url, server):

        class Death(Watch):
            def keeps(self, name: str, what: object) -> None:
                if name == "a1":
                    server.die()

        answers = ask(url, server, ALONE, watch=Death())
    assert lost(answers) == {"a2", "a3"}
    cause = cause_of(answers)
    assert cause.summary.endswith("Under way at that moment: no request")
    assert cause.next_steps[-1] == "restart it, and judge it again"


def test_the_next_steps_lead_to_the_suspect() -> None:
    """Here a probe of the catalogue, and what the caller knows of the server."""
    suspect = Probe("tool-named", body={}, alone=True)
    with mortal(2) as (url, server):
        target = Target("vllm", url, "m", deadline_s=5.0, when_gone=("systemctl --user start vllm.service",))
        answers = fetch(target, [ALONE[0], suspect, *PROBES], clock=server.clock())
    steps = cause_of(answers).next_steps
    assert steps[:3] == (
        "look at the end of its log: journalctl, or where it was started",
        "look whether it ran out of memory: journalctl -k | grep -i 'out of memory', or its log for a GPU's",
        "systemctl --user start vllm.service",
    )
    assert steps[3] == (
        "restart it, and send what was under way by itself: the same command with -k tools.named.accepted_object"
    )


def test_a_server_that_comes_back_is_asked_on() -> None:
    """What was cut stays as it was, and it is said."""
    said: list[str] = []
    with mortal(2, returns_at=1005.0) as (url, server):
        answers = ask(url, server, [*ALONE, *PROBES], say=said.append)
    assert lost(answers) == set()
    assert kinds(answers) == [FailureKind.RESET, FailureKind.REFUSED]
    (line,) = said
    assert line.startswith("vllm could not be reached in the middle of the run, and answered again after ")
    assert line.endswith(" s: the run goes on. Under way at that moment: a1")


def test_time_away_is_bounded_in_all() -> None:
    """A server that dies again and again does not hold a run up for ever."""
    patience = Patience("vllm")
    for _ in range(3):
        with mortal(2, returns_at=1012.0) as (url, server):
            answers = ask(url, server, ALONE, patience=patience)
    assert patience.away_s <= AWAY_S
    assert cause_of(answers).key == "vllm:gone"


def test_who_never_answered_did_not_die() -> None:
    """Preflight tells about that, at once."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    server = Mortal(1)
    answers = ask(f"http://127.0.0.1:{port}", server, ALONE)
    assert kinds(answers) == [FailureKind.REFUSED] * 4
    assert server.time.slept == []


@pytest.mark.parametrize("resets", [{2}, {2, 3}, {1}, {16}])
def test_a_reset_of_a_living_server_is_an_answer(resets: set[int]) -> None:
    """Also when it is the last of all: the server is looked for, and there."""
    with scripted(lambda asked: None if asked.number in resets else OK) as (url, script):
        answers = fetch(
            Target("vllm", url, "m", deadline_s=5.0), [*ALONE, *PROBES], clock=script.time.clock()
        )
    assert lost(answers) == set()
    assert kinds(answers) == [FailureKind.RESET] * len(resets)
    assert script.time.slept == []


def proxied(dead_after: int, *, lists: bool, status: int) -> Callable[[Asked], bytes]:
    """A proxy whose server dies; it may list the models by itself."""

    def behave(asked: Asked) -> bytes:
        models = asked.path == "/v1/models"
        return (
            OK
            if asked.number <= dead_after or (models and lists)
            else answer(status, b"<html>Bad Gateway</html>")
        )

    return behave


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_before_a_dead_server_is_the_same_cause(status: int) -> None:
    with scripted(proxied(2, lists=False, status=status)) as (url, script):
        answers = fetch(Target("vllm", url, "m"), [*ALONE, *PROBES], clock=script.time.clock())
    assert set(answers) - lost(answers) == {"a0", "a1"}
    assert f"GET /v1/models answered {status}, for 30 s; the rest is not sent" in cause_of(answers).summary
    assert cause_of(answers).summary.endswith("Under way at that moment: a2")


def test_a_proxy_may_list_the_models_of_a_dead_server() -> None:
    """Five of its own answers in a row, with none of the server's between them."""
    with scripted(proxied(2, lists=True, status=502)) as (url, script):
        target = Target("vllm", url, "m", concurrency=1)
        answers = fetch(target, [*ALONE, *PROBES], clock=script.time.clock())
    assert set(answers) - lost(answers) == {"a0", "a1"}
    assert "POST /v1/chat/completions answered 502, as did 4 requests before it; the rest is not sent" in (
        cause_of(answers).summary
    )


def test_a_server_that_answers_all_of_one_kind_with_503_is_there() -> None:
    """It says so of what it cannot do; with a request of another kind among them nobody is behind the proxy."""
    known = [probe for probe in catalogue.load().probes() if probe.derive is None and probe.gauge is None]
    tools = [replace(probe, alone=False) for probe in known if probe.capability == "tools"][:7]
    other = next(replace(probe, alone=False) for probe in known if probe.capability == "n")
    assert len(tools) == 7
    for asked, gone in ((tools, False), ([*tools, other], True)):
        with scripted(proxied(2, lists=True, status=503)) as (url, script):
            target = Target("vllm", url, "m", concurrency=1)
            answers = fetch(target, [*ALONE[:2], *asked], clock=script.time.clock())
        assert bool(lost(answers)) is gone


def test_a_bad_gateway_now_and_then_is_an_answer() -> None:
    """One of two servers behind a balancer is down: clients see that, and so do the checks."""
    turn = iter(range(999))
    with scripted(lambda asked: OK if next(turn) % 2 else answer(502)) as (url, script):
        answers = fetch(Target("vllm", url, "m"), [*ALONE, *PROBES], clock=script.time.clock())
    assert lost(answers) == set()
