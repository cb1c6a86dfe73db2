"""Servers that answer by a script of the test's, on a clock that passes without waiting."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.hostile.monsters import hear, listening

from sixgates.sources.pace import Clock

Answering = Callable[["Asked"], bytes | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the server heard it; `number` counts from 1."""

    number: int
    method: str
    path: str
    body: bytes
    at: float


@dataclass(slots=True)
class Time:
    """A clock that a sleep moves at once."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        """The clock as the source takes it."""
        return Clock(lambda: self.now, self.sleep)

    async def sleep(self, seconds: float) -> None:
        """Pass the time."""
        until = self.now + seconds
        self.slept.append(seconds)
        await asyncio.sleep(0)
        self.now = max(self.now, until)


def answer(status: int, body: bytes = b"{}", *headers: str) -> bytes:
    """An answer with its length."""
    head = "".join(f"{each}\r\n" for each in headers)
    return f"HTTP/1.1 {status} X\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body


OK = answer(200, json.dumps({"choices": [{"message": {"content": "Once upon a time"}}]}).encode())


@dataclass(slots=True)
class Script:
    """What a server heard, and what it answers; None resets the connection."""

    answering: Answering
    time: Time = field(default_factory=Time)
    heard: list[Asked] = field(default_factory=list)

    def behave(self, connection: socket.socket) -> None:
        """One request and its answer."""
        raw = hear(connection)
        head, _, body = raw.partition(b"\r\n\r\n")
        method, path = head.split(b" ")[:2]
        asked = Asked(len(self.heard) + 1, method.decode(), path.decode(), body, self.time.now)
        self.heard.append(asked)
        said = self.answering(asked)
        if said is None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            return
        with contextlib.suppress(OSError):
            connection.sendall(said)


@contextmanager
def scripted(answering: Answering) -> Iterator[tuple[str, Script]]:
    """A server that answers by a function of what it is asked."""
    script = Script(answering)
    with listening(script.behave, hears=False) as url:
        yield url, script
