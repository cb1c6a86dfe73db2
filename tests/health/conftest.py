"""Real servers on loopback ports: well-behaved, broken, and hostile ones."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Handler = Callable[[socket.socket, bytes], None]


class RawServer:
    """Accepts connections and lets a handler write what it likes; keeps the requests it read."""

    def __init__(self, handler: Handler, context: ssl.SSLContext | None = None) -> None:
        self.handler, self.context = handler, context
        self.requests: list[bytes] = []
        self.stopping = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    @property
    def url(self) -> str:
        """The root URL."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stops accepting and waits for the handlers."""
        self.stopping.set()
        self.listener.close()
        for thread in self.threads:
            thread.join(5)

    def _accept(self) -> None:
        self.listener.settimeout(0.05)
        while not self.stopping.is_set():
            try:
                one, _ = self.listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(one,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve(self, one: socket.socket) -> None:
        one.settimeout(2)
        with one:
            try:
                stream = self.context.wrap_socket(one, server_side=True) if self.context else one
                with stream:
                    request = b""
                    while b"\r\n\r\n" not in request and (piece := stream.recv(65536)):
                        request += piece
                        if request[:1] == b"\x16":
                            break
                    request += _body(stream, request)
                    if request:
                        self.requests.append(request)
                        self.handler(stream, request)
            except OSError:
                return


def _body(stream: socket.socket, request: bytes) -> bytes:
    """What is still to come of the body; a server that leaves it unread resets the connection."""
    head, _, body = request.partition(b"\r\n\r\n")
    lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    rest = b""
    while lengths and len(body) + len(rest) < int(lengths[0]) and (piece := stream.recv(65536)):
        rest += piece
    return rest


Serve = Callable[..., RawServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    started: list[RawServer] = []

    def start(handler: Handler, context: ssl.SSLContext | None = None) -> RawServer:
        started.append(RawServer(handler, context))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def tls_context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder: Path = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
