"""Servers that break the rules of the wire: what each does with a connection once it has heard the request."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat

Behaviour = Callable[[socket.socket], None]

LIFETIME_S = 6.0
OK = b"HTTP/1.1 200 OK\r\n"
JSON = OK + b"content-type: application/json\r\n"
STREAM = OK + b"content-type: text/event-stream\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n\r\n"
EVENT = b'data: {"choices": []}\n\n'
TLS_ALERT = b"\x15\x03\x03\x00\x02\x02\x46"


def whole(body: bytes, head: bytes = JSON) -> Behaviour:
    """Answer with this body and its length."""
    return says(head + b"content-length: %d\r\n\r\n" % len(body) + body)


def says(*pieces: bytes) -> Behaviour:
    """Send these bytes and end the connection."""

    def behave(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return behave


def stalls(*pieces: bytes) -> Behaviour:
    """Send these bytes and then nothing, until the client goes."""

    def behave(connection: socket.socket) -> None:
        says(*pieces)(connection)
        while connection.recv(65536):
            pass

    return behave


def resets(*pieces: bytes) -> Behaviour:
    """Send these bytes and reset the connection."""

    def behave(connection: socket.socket) -> None:
        says(*pieces)(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return behave


def forever(start: bytes, piece: bytes, pause_s: float = 0.0) -> Behaviour:
    """Repeat a piece until the client goes."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(start)
        end = time.monotonic() + LIFETIME_S
        for each in repeat(piece):
            connection.sendall(each)
            time.sleep(pause_s)
            if time.monotonic() > end:
                return

    return behave


def drips(data: bytes, pause_s: float = 0.02) -> Behaviour:
    """Send one byte after the other."""

    def behave(connection: socket.socket) -> None:
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(pause_s)

    return behave


def _redirect(status: int, location: bytes) -> Behaviour:
    return says(b"HTTP/1.1 %d Go\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % (status, location))


DEEP = b"[" * 10_000 + b"]" * 10_000
ANSWER = (
    b'{"id": "c", "object": "chat.completion", "created": %s, "model": "m", "choices": [{"index": 0, '
    b'"finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}], '
    b'"usage": {"prompt_tokens": %s, "completion_tokens": %s, "total_tokens": %s}}'
)
DIGITS = b"9" * 4300
MB = 1024 * 1024

MONSTERS: dict[str, Behaviour] = {
    "accepts-and-stalls": stalls(),
    "stalls-in-the-status-line": stalls(b"HTTP/1.1 2"),
    "stalls-after-the-status-line": stalls(OK),
    "stalls-in-a-header": stalls(OK + b"content-ty"),
    "stalls-after-the-head": stalls(JSON + b"content-length: 100\r\n\r\n"),
    "stalls-in-the-body": stalls(JSON + b'content-length: 100\r\n\r\n{"choices": ['),
    "stalls-in-a-chunk-size": stalls(STREAM + CHUNKED + b"1"),
    "stalls-before-the-last-chunk": stalls(STREAM + CHUNKED + b"%x\r\n%s\r\n" % (len(EVENT), EVENT)),
    "stalls-after-done": stalls(STREAM + b"\r\n" + EVENT + b"data: [DONE]\n\n"),
    "stalls-after-continue": stalls(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "drips-the-head": drips(JSON * 20),
    "drips-the-body": drips(JSON + b"content-length: 500\r\n\r\n" + b"{" * 500),
    "endless-stream": forever(STREAM + b"\r\n", EVENT, 0.01),
    "endless-stream-in-haste": forever(STREAM + b"\r\n", EVENT * 1000),
    "endless-comments": forever(STREAM + b"\r\n", b": ping\n\n" * 5000),
    "endless-blank-lines": forever(STREAM + b"\r\n", b"\n" * 65536),
    "endless-line": forever(STREAM + b"\r\ndata: ", b"x" * 65536),
    "endless-headers": forever(OK, b"x-flood: " + b"y" * 1000 + b"\r\n"),
    "endless-header": forever(OK + b"x-flood: ", b"y" * 65536),
    "endless-status-line": forever(b"HTTP/1.1 200 ", b"y" * 65536),
    "endless-chunk-size": forever(STREAM + CHUNKED, b"0" * 65536),
    "endless-tiny-chunks": forever(STREAM + CHUNKED, b"1\r\nx\r\n" * 10_000),
    "endless-trailer": forever(STREAM + CHUNKED + b"0\r\n", b"x-flood: y\r\n" * 1000),
    "one-gigabyte": forever(JSON + b"content-length: 1073741824\r\n\r\n", b"x" * 65536),
    "flood-of-continue": forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "flood-of-early-hints": forever(b"", b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" * 100, 0.01),
    "switches-protocols": stalls(
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"
    ),
    "gzip-bomb": whole(gzip.compress(b" " * 20 * MB), JSON + b"content-encoding: gzip\r\n"),
    "claims-gzip": whole(b"{}", JSON + b"content-encoding: gzip\r\n"),
    "length-too-long": says(JSON + b"content-length: 100\r\n\r\n{}"),
    "length-too-short": says(JSON + b'content-length: 1\r\n\r\n{"choices": []}'),
    "length-negative": says(JSON + b"content-length: -1\r\n\r\n{}"),
    "length-no-number": says(JSON + b"content-length: many\r\n\r\n{}"),
    "length-huge": says(JSON + b"content-length: " + DIGITS + b"\r\n\r\n{}"),
    "lengths-that-differ": says(JSON + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}"),
    "length-and-chunked": says(JSON + b"content-length: 2\r\n" + CHUNKED + b"2\r\n{}\r\n0\r\n\r\n"),
    "chunk-size-no-number": says(STREAM + CHUNKED + b"zz\r\nabc\r\n"),
    "chunk-size-negative": says(STREAM + CHUNKED + b"-5\r\nabc\r\n"),
    "chunk-size-huge": says(STREAM + CHUNKED + b"f" * 15 + b"\r\nabc\r\n"),
    "chunk-longer-than-said": says(STREAM + CHUNKED + b"3\r\nabcdef\r\n0\r\n\r\n"),
    "chunks-without-an-end": says(STREAM + CHUNKED + b"3\r\nabc\r\n"),
    "unknown-transfer-encoding": says(STREAM + b"transfer-encoding: br\r\n\r\nabc"),
    "invalid-utf-8": whole(b'{"choices": [{"message": {"content": "\xff\xfe\xc0"}}]}'),
    "invalid-utf-8-stream": whole(b'data: {"id": "\xff\xfe"}\n\ndata: [DONE]\n\n', STREAM),
    "invalid-utf-8-header": whole(b"{}", JSON + b"x-name: \xff\xfe\r\n"),
    "nul-bytes": whole(b"\0" * 1000),
    "nul-in-json": whole(b'{"choices": "\\u0000\0"}'),
    "nul-in-a-stream": whole(b"data: \0\0\n\n" + EVENT, STREAM),
    "nul-in-a-header": says(JSON + b"x-name: a\0b\r\n\r\n{}"),
    "lone-surrogates": whole(b'{"id": "\\ud800", "choices": [{"message": {"content": "\\udfff"}}]}'),
    "nan": whole(ANSWER % (b"NaN", b"NaN", b"-Infinity", b"1")),
    "infinite-numbers": whole(ANSWER % (b"1e999", b"1e999", b"-1e999", b"1e999")),
    "huge-numbers": whole(ANSWER % (DIGITS, DIGITS, DIGITS, DIGITS)),
    "numbers-too-huge-to-read": whole(ANSWER % (b"9" * 5000, b"1", b"1", b"2")),
    "deep-json": whole(b'{"choices": %s, "data": %s, "error": %s}' % (DEEP, DEEP, DEEP)),
    "deep-json-within-bounds": whole(
        b'{"choices": %s, "data": %s}' % (b"[" * 900 + b"]" * 900, b"[" * 900 + b"]" * 900)
    ),
    "deep-json-stream": whole(b'data: {"choices": %s}\n\n' % DEEP, STREAM),
    "duplicate-keys": whole(
        b'{"choices": [], "choices": null, "id": "a", "id": 1, "object": "list", "object": []}'
    ),
    "one-event-of-ten-megabytes": whole(b'data: {"id": "' + b"x" * 10 * MB + b'"}\n\n', STREAM),
    "events-without-number": whole(b"data: 1\n\n" * 100_000, STREAM),
    "empty-objects-without-number": whole(
        b'{"data": [%s{}], "choices": [%s{}]}' % (b"{}," * 150_000, b"{}," * 150_000)
    ),
    "bad-choices-without-number": whole(b'data: {"choices": [%s1]}\n\n' % (b"1," * 50_000), STREAM),
    "redirects-to-itself": _redirect(307, b"/v1/chat/completions"),
    "redirects-nowhere": _redirect(308, b"http://[::::]/\xff"),
    "redirects-to-a-file": _redirect(302, b"file:///etc/passwd"),
    "tls-on-a-plain-port": says(TLS_ALERT),
    "resets-at-once": resets(),
    "http-1.0": says(b"HTTP/1.0 200 OK\r\n\r\n{}"),
    "http-0.9": says(b"{}"),
    "http-9.9": says(b"HTTP/9.9 200 OK\r\n\r\n{}"),
    "status-of-two-digits": says(b"HTTP/1.1 20 OK\r\n\r\n{}"),
    "status-999": says(b"HTTP/1.1 999 What\r\ncontent-length: 2\r\n\r\n{}"),
    "speaks-ssh": says(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "garbage-without-end": forever(b"", bytes(range(256)) * 256),
    "header-without-colon": says(OK + b"nonsense\r\n\r\n{}"),
    "header-without-name": says(OK + b": nonsense\r\n\r\n{}"),
    "second-answer-behind-the-first": says((JSON + b"content-length: 2\r\n\r\n{}") * 2),
    "keep-alive-and-gone": resets(JSON + b"connection: keep-alive\r\ncontent-length: 2\r\n\r\n{}"),
    "no-content-with-content": says(b"HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n{}"),
}
"""Every monster answers each request alike."""


def reset_at_each_byte() -> Behaviour:
    """Reset one byte later on each connection, through a whole answer."""
    answer = JSON + b"content-length: 2\r\n\r\n{}"
    counter = iter(range(10**6))

    def behave(connection: socket.socket) -> None:
        resets(answer[: next(counter) % (len(answer) + 1)])(connection)

    return behave


@contextmanager
def listening(behave: Behaviour, *, hears: bool = True) -> Iterator[str]:
    """A server that behaves like that on each connection; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(LIFETIME_S)
            if hears:
                hear(connection)
            behave(connection)
            connection.shutdown(socket.SHUT_WR)

    def run() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def hear(connection: socket.socket) -> bytes:
    """Read the whole request: closing with bytes unread would reset the connection instead of ending it."""
    heard = b""
    while b"\r\n\r\n" not in heard and not heard.startswith(b"\x16"):  # 0x16 opens a TLS handshake
        heard += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = heard.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    wanted = int(lengths[0].split(b":")[1]) if lengths else 0
    chunked = b"transfer-encoding: chunked" in head.lower()
    while (len(body) < wanted or (chunked and not body.endswith(b"0\r\n\r\n"))) and (
        more := connection.recv(65536)
    ):
        body += more
        heard += more
    return heard
