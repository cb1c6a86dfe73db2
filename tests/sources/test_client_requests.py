"""Requests as clients send them, on a real socket and in a recording: nothing is added, lost, or taken off."""

from __future__ import annotations

import gzip
import json
import socket
from pathlib import Path
from typing import Any

from tests.hostile.monsters import hear, listening

from sixgates import catalogue
from sixgates.catalogue import Probe
from sixgates.exchange import Exchange
from sixgates.probes.clients import (
    LARGE,
    STAYS_FOR,
    chat_gzip,
    chat_h2c,
    chat_stream_agent,
    chat_stream_chunked,
    chat_stream_gzip,
)
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.sources.live import Target, fetch
from sixgates.sources.reference import answers
from sixgates.views import Document

SAID = json.dumps({"choices": [{"message": {"role": "assistant", "content": "Hi"}}]}).encode()
EVENT = b'data: {"choices": [{"index": 0, "delta": {"content": "1"}, "finish_reason": null}]}\n\n'


class Listener:
    """Keeps what each connection said, and answers all of them alike."""

    def __init__(self, head: bytes, body: bytes) -> None:
        self.heard: list[bytes] = []
        self.answer = head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body

    def __call__(self, connection: socket.socket) -> None:
        """One request and the answer."""
        self.heard.append(hear(connection))
        connection.sendall(self.answer)


def sent(probe: Probe, listener: Listener) -> Exchange:
    """What comes of one probe."""
    with listening(listener, hears=False) as root:
        found = fetch(Target("p", root, "m", "sk-key"), [probe], first=[probe])[probe.name]
    assert isinstance(found, Exchange)
    return found


def fields(heard: bytes) -> dict[str, list[str]]:
    """The header fields as they stood on the wire, names in lower case."""
    lines = heard.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    found: dict[str, list[str]] = {}
    for name, _, value in (line.partition(":") for line in lines):
        found.setdefault(name.lower(), []).append(value.strip())
    return found


def test_an_offer_of_gzip_is_made_once_and_the_bytes_are_kept() -> None:
    packed = gzip.compress(SAID)
    listener = Listener(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n", packed)
    exchange = sent(chat_gzip, listener)
    assert fields(listener.heard[0])["accept-encoding"] == ["gzip, deflate"]
    assert exchange.response is not None
    assert exchange.response.body == packed
    assert Document.of(exchange).message["content"].text == "Hi"


def test_fetch_of_node_accepts_anything() -> None:
    listener = Listener(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n", EVENT)
    sent(chat_stream_gzip, listener)
    found = fields(listener.heard[0])
    assert (found["accept"], found["sec-fetch-mode"]) == (["*/*"], ["cors"])


def test_an_offer_of_h2c_is_made_as_the_jdk_makes_it() -> None:
    listener = Listener(b"HTTP/1.1 200 OK\r\n", SAID)
    sent(chat_h2c, listener)
    found = fields(listener.heard[0])
    assert found["connection"] == ["Upgrade, HTTP2-Settings"]
    assert found["upgrade"] == ["h2c"]
    assert found["http2-settings"] == ["AAMAAABkAAQCAAAAAAIAAAAA"]
    assert json.loads(listener.heard[0].partition(b"\r\n\r\n")[2])["max_tokens"] == 16


def test_a_server_that_takes_the_offer_is_left_there() -> None:
    """What follows would be HTTP/2."""

    def switching(connection: socket.socket) -> None:
        hear(connection)
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\0\0"
        )

    with listening(switching, hears=False) as root:
        found = fetch(Target("p", root, "m"), [chat_h2c], first=[chat_h2c])[chat_h2c.name]
    assert isinstance(found, Exchange)
    assert found.response is not None
    assert (found.response.status, found.error) == (101, None)


def test_a_body_in_chunks_has_no_length() -> None:
    listener = Listener(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n", EVENT)
    with listening(listener, hears=False) as root:
        fetch(Target("p", root, "m"), [chat_stream_agent, chat_stream_chunked])
    large, chunked = listener.heard
    assert "transfer-encoding" not in fields(large)
    assert fields(large)["content-length"] == [str(LARGE)]
    found = fields(chunked)
    assert (found["transfer-encoding"], found.get("content-length")) == (["chunked"], None)
    body = chunked.partition(b"\r\n\r\n")[2]
    size, _, rest = body.partition(b"\r\n")
    assert rest[: int(size, 16)].startswith(b'{"model": "m"')
    assert body.endswith(b"\r\n0\r\n\r\n")


def test_a_long_answer_without_a_limit_is_left() -> None:
    """After so many pieces, whatever a server would still write."""

    def endless(connection: socket.socket) -> None:
        hear(connection)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(100 * STAYS_FOR):  # the listener passes over the broken connection
            connection.sendall(b"%x\r\n%b\r\n" % (len(EVENT), EVENT))

    with listening(endless, hears=False) as root:
        found = fetch(Target("p", root, "m"), [chat_stream_agent], first=[chat_stream_agent])
        exchange = found[chat_stream_agent.name]
    assert isinstance(exchange, Exchange)
    assert exchange.response is not None
    assert (len(exchange.response.chunks), exchange.left, exchange.error) == (STAYS_FOR, 0, None)


def test_a_recording_gives_all_of_it_back(tmp_path: Path) -> None:
    """The blanks of a large body, the bytes of a compressed one, and that a client left."""
    probes = {probe.name: probe for probe in catalogue.load().probes()}
    found = answers(ReferenceProvider(), probes.values())
    label = cassette.Label("p", "vllm", "1", "reference", "2026-11-27")
    for name in (chat_stream_agent.name, chat_stream_chunked.name, chat_gzip.name):
        exchange: Any = found[name]
        path = cassette.write(tmp_path, label, probes[name], exchange, "http://127.0.0.1:1")
        assert cassette.read(path, probes[name]) == (label, exchange)
        assert path.stat().st_size < 400_000
