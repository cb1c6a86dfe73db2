"""A server that plays exchanges: whatever is asked below an exchange's address gets its bytes, in its pieces."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sixgates.exchange import Exchange


class Stage(ThreadingHTTPServer):
    """Plays the exchange with the number that a path starts with, and counts how often each was asked for."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        super().__init__(("127.0.0.1", 0), _Player)
        self.exchanges = exchanges
        self.asked: Counter[int] = Counter()

    def url(self, number: int) -> str:
        """The base URL that a client is given."""
        return f"http://127.0.0.1:{self.server_address[1]}/{number}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves is no error."""


class _Player(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Stage

    def do_POST(self) -> None:
        """Take the body and play."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline().strip() or b"0", 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def do_GET(self) -> None:
        """Play the exchange; one that was cut ends without its last chunk."""
        self.close_connection = True
        number = int(self.path.split("/")[1])
        self.server.asked[number] += 1
        exchange = self.server.exchanges[number]
        response = exchange.response
        if response is None:
            return
        lines = [f"HTTP/1.1 {response.status} Played"]
        lines += [f"{name}: {value}" for name, value in response.headers if name.lower() not in _OURS]
        lines += ["transfer-encoding: chunked", "connection: close", "", ""]
        self.wfile.write("\r\n".join(lines).encode("latin-1", "replace"))
        for chunk in response.chunks:
            if chunk.data:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk.data), chunk.data))
                self.wfile.flush()
        if exchange.error is None:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


_OURS = {"transfer-encoding", "content-length", "connection", "keep-alive"}


@contextmanager
def staged(exchanges: Sequence[Exchange]) -> Iterator[Stage]:
    """The exchanges on a socket, until the block ends."""
    stage = Stage(exchanges)
    thread = threading.Thread(target=stage.serve_forever, daemon=True)
    thread.start()
    try:
        yield stage
    finally:
        stage.shutdown()
        stage.server_close()
        thread.join(10)
