"""Every mutant once more, over a real socket: what the network and httpx do in between hides no defect."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from sixgates import catalogue
from sixgates.bundles.asking import asked_apart
from sixgates.capability import CAPABILITIES
from sixgates.contract import probes_needed
from sixgates.exchange import Request, Response
from sixgates.judge import Judgement, Subject
from sixgates.preflight import first_probes
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources.live import Target, fetch
from sixgates.verdict import Outcome

CATALOGUE = catalogue.load()
MUTANTS = mutants.load()
KEY = "sk-reference"
NOTICED = {Outcome.FAILED, Outcome.ADVISORY}
UNSEEN = {
    "stream-with-a-length": "a client reads no further than the wrong length, so that other checks see a cut stream",
    "body-longer-than-announced": "a client reads no further than the length, so that other checks see cut JSON",
}
HURRY = 0.1
"""How much of its own time a stream takes here, unless the defect is in the times."""


class Ward:
    """All mutants behind one port, each under a path of its own; writes a response as it is, however wrong."""

    def __init__(self) -> None:
        self.providers: dict[str, MutantProvider] = {}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one response, and the end of the connection."""
        name, request = await self._request(reader)
        provider = self.providers.setdefault(name, MutantProvider(MUTANTS[name], ReferenceProvider(key=KEY)))
        cut = provider.mutant.cut is not None and provider.mutant.on(request)
        pace = 1.0 if _is_timed(name) else HURRY
        provider.begin(request)
        try:
            await _write(writer, provider.respond(request), pace=pace, cut=cut)
        except ConnectionError:
            provider.end(request, left=True)
        else:
            provider.end(request)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _request(self, reader: asyncio.StreamReader) -> tuple[str, Request]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = tuple(
            (name, value.strip()) for name, _, value in (line.partition(":") for line in head[1:-2])
        )
        _, name, path = target.split("/", 2)
        request = Request(method, f"/{path}", headers)
        length = request.header("content-length")
        if request.header("transfer-encoding") == "chunked":
            assert length is None
            return name, replace(request, body=await _chunked(reader))
        body = None if length is None else await reader.readexactly(int(length))
        return name, replace(request, body=body)


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def _write(writer: asyncio.StreamWriter, response: Response, *, pace: float, cut: bool) -> None:
    if cut:  # announced in full, sent without its end
        response = replace(
            response, headers=tuple(pair for pair in response.headers if pair[0] != "content-length")
        )
    chunked = response.header("content-length") is None
    head = [
        f"{response.http_version} {response.status} Said",
        *(f"{name}: {value}" for name, value in response.headers),
    ]
    head += ["transfer-encoding: chunked"] if chunked else []
    writer.write("\r\n".join([*head, "connection: close", "", ""]).encode("latin-1"))
    before = 0.0
    for chunk in response.chunks:
        if response.media_type == "text/event-stream" and chunk.at > before:
            await writer.drain()
            await asyncio.sleep((chunk.at - before) * pace)
            before = chunk.at
        writer.write(b"%x\r\n%b\r\n" % (len(chunk.data), chunk.data) if chunked else chunk.data)
    writer.write(b"0\r\n\r\n" if chunked and not cut else b"")


def _is_timed(name: str) -> bool:
    return any("incremental" in check for check in MUTANTS[name].caught_by)


@pytest.fixture(scope="module")
def ward() -> Iterator[str]:
    """The address of the mutants until the module is done."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(listener, stop)), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    stop.set()
    thread.join(10)


async def _serve(listener: socket.socket, stop: threading.Event) -> None:
    async with await asyncio.start_server(Ward().answer, sock=listener):
        while not stop.is_set():
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", [name for name in MUTANTS if name not in UNSEEN])
def test_a_mutant_is_caught_over_a_socket(name: str, ward: str) -> None:
    """The checks that a mutant names notice it in what the live source brings home."""
    mutant = MUTANTS[name]
    names = probes_needed(CATALOGUE, mutant.caught_by)
    probes = [replace(probe, alone=False) for probe in CATALOGUE.probes() if probe.name in names]
    target = Target(name, f"{ward}/{name}", "reference", KEY, 8, 2048, deadline_s=20)
    answers = fetch(
        target, probes, first=[probe for probe in first_probes(CAPABILITIES) if probe.name in names]
    )
    answers = {**answers, **asked_apart(CATALOGUE, answers, lambda wanted: fetch(target, wanted))}
    subject = Subject("reference", "reference", frozenset(CAPABILITIES), source="live")
    judgement = Judgement(CATALOGUE, subject, answers)
    assert [check for check in mutant.caught_by if judgement.verdict(check).outcome not in NOTICED] == []
