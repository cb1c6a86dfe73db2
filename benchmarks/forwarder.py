"""A forwarder on a loopback port that counts the HTTP requests passing through it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

LINE_END = b" HTTP/1.1\r\n"


class Counter:
    """Forwards connections to a provider; `requests` counts the request lines that went up."""

    def __init__(self, root: str) -> None:
        parts = urlsplit(root)
        if parts.scheme != "http":
            raise SystemExit(f"{root}: only http:// can be counted on its way")
        self.provider = (parts.hostname or "", parts.port or 80)
        self.path = parts.path
        self.requests = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)

    @property
    def url(self) -> str:
        """The provider's root URL as seen through the forwarder."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}{self.path}"

    def serve(self) -> None:
        """Accept until the listener is shut down."""
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                provider = socket.create_connection(self.provider)
                for source, sink, up in ((client, provider, True), (provider, client, False)):
                    threading.Thread(target=self.pump, args=(source, sink, up), daemon=True).start()

    def pump(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        """Carry bytes in one direction until it ends."""
        with suppress(OSError):
            while data := source.recv(65536):
                self.requests += data.count(LINE_END) if up else 0
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def counting(root: str) -> Iterator[Counter]:
    """A forwarder to a provider, gone at the end."""
    counter = Counter(root)
    threading.Thread(target=counter.serve, daemon=True).start()
    try:
        yield counter
    finally:
        counter.listener.shutdown(socket.SHUT_RDWR)
        counter.listener.close()
