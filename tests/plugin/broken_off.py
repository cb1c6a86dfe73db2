"""A run in a process of its own against a server that stops answering, and what is left of it when it is ended."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hostile.monsters import hear, listening
from tests.serving import served

from sixgates.reference.provider import ReferenceProvider

ROOT = Path(__file__).parents[2]
STALLED_S = 120.0


@dataclass(slots=True)
class Stalling:
    """The reference provider, until so many requests were answered; then it takes them and says nothing."""

    answers: int
    heard: int = 0
    url: str = ""
    stalled: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def behave(self, connection: socket.socket, host: str, port: int) -> None:
        """One connection."""
        connection.settimeout(STALLED_S)
        asked = hear(connection)
        with self._lock:
            self.heard += 1
            stalls = self.heard > self.answers
        if stalls:
            self.stalled.set()
            while connection.recv(65536):
                pass
            return
        with socket.create_connection((host, port)) as upstream:
            upstream.sendall(re.sub(rb"(?i)\r\nconnection: keep-alive", b"\r\nconnection: close", asked))
            while data := upstream.recv(65536):
                connection.sendall(data)


@contextmanager
def stalling(answers: int) -> Iterator[Stalling]:
    """A server that stalls after so many answers."""
    server = Stalling(answers)
    with served(ReferenceProvider("m")) as url:
        host, port = url.removeprefix("http://").split(":")
        with listening(lambda each: server.behave(each, host, int(port)), hears=False) as server.url:
            yield server


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run left: its status, its output, its report."""

    status: int
    output: str
    document: Mapping[str, Any]

    @property
    def statuses(self) -> list[str]:
        """The states of the gates."""
        return [gate["status"] for gate in self.document["gates"]]

    def outcomes(self, gate: int) -> Counter[str]:
        """How many results of a gate have which outcome."""
        return Counter(each["outcome"] for each in self.document["results"] if each["gate"] == gate)


@dataclass(slots=True)
class Started:
    """A run that is under way."""

    process: subprocess.Popen[str]
    report: Path

    def end(self, number: signal.Signals, *, group: bool = False) -> Ended:
        """Send the signal, to all its processes as a terminal does or to the first alone, and wait."""
        (os.killpg if group else os.kill)(self.process.pid, number)
        return self.wait()

    def wait(self) -> Ended:
        """Until it ends by itself."""
        output, _ = self.process.communicate(timeout=90)
        document = json.loads((self.report / "gates.json").read_text(encoding="utf-8"))
        return Ended(self.process.returncode, output, document)


@contextmanager
def run(report: Path, *arguments: str, cwd: Path = ROOT) -> Iterator[Started]:
    """Start pytest with a report there; what is left of it at the end is killed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    # Not by a shell with `&`: what that starts is deaf to SIGINT.
    process = subprocess.Popen(
        [*command, "--gates-report", str(report)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield Started(process, report)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
