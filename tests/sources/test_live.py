"""Whatever a server does on the wire, an exchange ends in time, in bounded memory, as evidence."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from sixgates.catalogue import Auth, Probe
from sixgates.exchange import Exchange, FailureKind, TransportError
from sixgates.sources.live import Target, fetch
from sixgates.sources.wire import MAX_BYTES

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
Behaviour = Callable[[socket.socket], None]
PROBE = Probe("hostile", body={"model": "$model"})


@pytest.fixture
def wire() -> Iterator[Callable[[Behaviour], str]]:
    """Start raw servers that read the request's head and then do as they please."""
    stops = []

    def start(behave: Behaviour) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        stops.append(listener)

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        def serve(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                _hear(connection)
                behave(connection)
                connection.shutdown(socket.SHUT_WR)

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in stops:
        listener.close()


def _hear(connection: socket.socket) -> None:
    """Read the whole request: closing with bytes unread would reset the connection instead of ending it."""
    heard = b""
    while b"\r\n\r\n" not in heard and not heard.startswith(b"\x16"):  # 0x16 opens a TLS handshake
        heard += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = heard.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        ),
        0,
    )
    while len(body) < length and (more := connection.recv(65536)):
        body += more


def ask(url: str, *, deadline_s: float = 1.0, key: str | None = None, probe: Probe = PROBE) -> Exchange:
    """One probe's exchange."""
    answer = fetch(Target("p", url, "m", key, deadline_s=deadline_s), [probe])[probe.name]
    assert isinstance(answer, Exchange)
    return answer


def failure(exchange: Exchange) -> TransportError:
    """The transport error that must be there."""
    assert exchange.error is not None
    return exchange.error


def _pause(connection: socket.socket) -> None:
    time.sleep(20)


def _drip_head(connection: socket.socket) -> None:
    for byte in HEAD * 100:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def _endless_stream(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"\r\n")
    while True:
        connection.sendall(b": ping\n\n")
        time.sleep(0.01)


def _drip_body(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"content-length: 1000\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize("behave", [_pause, _drip_head, _endless_stream, _drip_body])
def test_nothing_outlives_its_deadline(wire: Callable[[Behaviour], str], behave: Behaviour) -> None:
    """Silence, dripped headers, dripped bodies and endless streams end when the deadline says."""
    started = time.monotonic()
    assert failure(ask(wire(behave))) == TransportError(FailureKind.DEADLINE, "no end within 1 s")
    assert time.monotonic() - started < 5


def test_what_arrived_before_the_deadline_is_kept(wire: Callable[[Behaviour], str]) -> None:
    """A cut stream still shows its chunks."""
    exchange = ask(wire(_endless_stream))
    assert exchange.response is not None
    assert exchange.response.body.startswith(b": ping\n\n: ping")


def test_a_huge_body_is_cut_at_the_bound(wire: Callable[[Behaviour], str]) -> None:
    """A body of 1 GB costs one megabyte."""

    def huge(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"content-length: 1073741824\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    exchange = ask(wire(huge), deadline_s=20)
    assert failure(exchange).kind is FailureKind.TOO_LARGE
    assert exchange.response is not None
    assert len(exchange.response.body) <= MAX_BYTES


def test_a_flood_of_headers_is_refused(wire: Callable[[Behaviour], str]) -> None:
    """Headers without end are a protocol error, not memory without end."""

    def flood(connection: socket.socket) -> None:
        connection.sendall(HEAD)
        while True:
            connection.sendall(b"x-flood: " + b"y" * 1000 + b"\r\n")

    assert failure(ask(wire(flood), deadline_s=10)).kind in {FailureKind.PROTOCOL, FailureKind.RESET}


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"", FailureKind.PROTOCOL),
        (b"garbage\r\n\r\n", FailureKind.PROTOCOL),
        (HEAD + b"content-length: 10\r\n\r\nabc", FailureKind.PROTOCOL),
        (HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\nabc", FailureKind.PROTOCOL),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", FailureKind.PROTOCOL),
    ],
)
def test_broken_framing_is_a_transport_error(
    wire: Callable[[Behaviour], str], sent: bytes, kind: FailureKind
) -> None:
    """Bytes that are no HTTP, and bodies that end too early."""
    assert failure(ask(wire(lambda connection: connection.sendall(sent)))).kind is kind


def test_a_refused_connection_is_told_from_an_unknown_host() -> None:
    """The operator needs to know which of the two it is."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    assert failure(ask(f"http://127.0.0.1:{port}")).kind is FailureKind.REFUSED
    assert failure(ask("http://no-such-host.invalid", deadline_s=10)).kind is FailureKind.DNS


def test_tls_on_a_plain_port_is_a_tls_error(wire: Callable[[Behaviour], str]) -> None:
    """An https address of an http server."""
    url = wire(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert failure(ask(url.replace("http", "https"))).kind is FailureKind.TLS


def test_a_redirect_is_evidence_and_the_key_does_not_follow_it(wire: Callable[[Behaviour], str]) -> None:
    """The second server never hears of us."""
    heard: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        heard.append(b"something")

    elsewhere = wire(listen)
    url = wire(
        lambda connection: connection.sendall(
            f"HTTP/1.1 307 Temporary Redirect\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n".encode()
        )
    )
    exchange = ask(url, key="sk-canary-of-the-redirect")
    assert exchange.response is not None
    assert exchange.response.status == 307
    assert heard == []


@pytest.mark.parametrize(
    ("auth", "key", "sent"),
    [
        (Auth.KEY, "sk-canary", b"authorization: bearer sk-canary"),
        (Auth.WRONG, "sk-canary", b"authorization: bearer sixgates-wrong-key"),
        (Auth.NONE, "sk-canary", None),
        (Auth.KEY, None, None),
    ],
)
def test_each_probe_shows_the_credentials_that_it_asks_for(
    wire: Callable[[Behaviour], str], auth: Auth, key: str | None, sent: bytes | None
) -> None:
    """And the exchange that is kept shows none."""
    url = ""
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            heard.append(connection.recv(65536).lower())
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    exchange = ask(url, key=key, probe=Probe("who", body={}, auth=auth))
    thread.join(5)
    listener.close()
    assert (sent in heard[0]) if sent else (b"authorization" not in heard[0])
    assert exchange.request.header("authorization") is None


def test_a_reset_is_told_in_words_for_an_operator(wire: Callable[[Behaviour], str]) -> None:
    """Not in those of the client library's internals."""

    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    error = failure(ask(wire(reset)))
    assert error.kind is FailureKind.RESET
    assert "deque" not in error.detail
    assert error.detail
