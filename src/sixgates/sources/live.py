"""Exchanges with a running provider: bounded in time and size, with the network's own chunks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sixgates.catalogue import Probe
from sixgates.exchange import Exchange, Request
from sixgates.gauge import FREED_WITHIN_S, busy, idle, running, why_not_to_hang_up
from sixgates.judge import Answer, NotSent
from sixgates.select import Unmet
from sixgates.sources.patience import Patience
from sixgates.sources.reference import with_key
from sixgates.sources.secrets import Scrubber, secrets_of
from sixgates.sources.wire import Capture, Meanwhile, client_for, exchanged
from sixgates.verdict import Cause

if TYPE_CHECKING:
    import httpx

SHOWN_WITHIN_S = 1.0
FIRST_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Target:
    """Where a provider listens and how to talk to it; `root` may carry userinfo and a query."""

    name: str
    root: str
    model: str
    key: str | None = field(default=None, repr=False)
    concurrency: int = 4
    context_length: int | None = None
    deadline_s: float | None = None


Stop = Callable[[Mapping[str, Answer]], Cause | None]
Choose = Callable[[Mapping[str, Answer], Probe], bool]
Report = Callable[[str, int, int], None]


def fetch(
    target: Target,
    probes: Iterable[Probe],
    *,
    first: Iterable[Probe] = (),
    stop: Stop = lambda answers: None,
    choose: Choose = lambda answers, probe: True,
    report: Report = lambda name, done, total: None,
) -> dict[str, Answer]:
    """Send each probe once; `first` go ahead, and when `stop` finds a cause in their answers nothing else is sent.

    Of the others those are sent that `choose` wants after the answers to the first.

    Never raises for what a server does: every way to fail is an exchange with a transport error.
    """
    return asyncio.run(_Session(target, report).run(tuple(probes), tuple(first), stop, choose))


class _Session:
    def __init__(self, target: Target, report: Report) -> None:
        self.target = target
        self.report = report
        self.scrubber = Scrubber(secrets_of(target.root, target.key))
        self.answers: dict[str, Answer] = {}
        self.limit = asyncio.Semaphore(target.concurrency)
        self.patience = Patience(target.name)
        self.total = 0

    async def run(
        self, probes: tuple[Probe, ...], first: tuple[Probe, ...], stop: Stop, choose: Choose
    ) -> dict[str, Answer]:
        rest = [probe for probe in probes if probe not in first]
        self.total = len(first) + len(rest)
        async with client_for(self.target.root) as client:
            for probe in first:
                await self._send(client, probe)
                if stop(self.answers) is not None:
                    return self.answers
            rest = [probe for probe in rest if choose(self.answers, probe)]
            self.total = len(first) + len(rest)
            gauges = [probe.gauge for probe in rest if probe.gauge is not None]
            others = [probe for probe in rest if probe.gauge is None and probe not in gauges]
            for probe in (probe for probe in others if probe.alone):
                await self._send(client, probe)
            for wave in _waves([probe for probe in others if not probe.alone]):
                await asyncio.gather(*(self._bounded(client, probe) for probe in wave))
            for probe, gauge in ((probe, probe.gauge) for probe in rest if probe.gauge is not None):
                await self._hang_up(client, probe, gauge)
        return self.answers

    async def _hang_up(self, client: httpx.AsyncClient, probe: Probe, gauge: Probe) -> None:
        """Leave in the middle of an answer; the gauge is read before, meanwhile and, for the record, afterwards."""

        async def meanwhile() -> int:
            return running(await self._until(client, gauge, busy, SHOWN_WITHIN_S)) or 0

        if self.patience.lost is not None:
            self.answers |= dict.fromkeys((probe.name, gauge.name), self.patience.lost)
            return
        self.answers[gauge.name] = before = await self._until(client, gauge, idle, SHOWN_WITHIN_S)
        reason = why_not_to_hang_up(before)
        if reason is not None:
            self.answers[probe.name] = NotSent(reason)
            return
        await self._send(client, probe, meanwhile)
        self.answers[gauge.name] = await self._until(client, gauge, idle, FREED_WITHIN_S)

    async def _until(
        self, client: httpx.AsyncClient, probe: Probe, holds: Callable[[Exchange], bool], within_s: float
    ) -> Exchange:
        """Ask again, in growing pauses, until an answer is right; the last one counts, `elapsed` since the first."""
        started, pause = time.perf_counter(), FIRST_PAUSE_S
        while True:
            exchange = await self._exchange(client, probe, self._request(probe))
            elapsed = round(time.perf_counter() - started, 6)
            if holds(exchange) or elapsed >= within_s:
                return replace(exchange, elapsed=elapsed)
            await asyncio.sleep(min(pause, within_s - elapsed))
            pause *= 2

    async def _bounded(self, client: httpx.AsyncClient, probe: Probe) -> None:
        if probe.group is not None:
            await self._send(client, probe)
            return
        async with self.limit:
            await self._send(client, probe)

    async def _send(
        self, client: httpx.AsyncClient, probe: Probe, meanwhile: Meanwhile | None = None
    ) -> None:
        self.answers[probe.name] = self.patience.lost or await self._answer(client, probe, meanwhile)
        self.report(probe.name, len(self.answers), self.total)

    async def _answer(
        self, client: httpx.AsyncClient, probe: Probe, meanwhile: Meanwhile | None = None
    ) -> Answer:
        try:
            request = self._request(probe)
        except Unmet as unmet:
            return NotSent(str(unmet))
        return await self._exchange(client, probe, request, meanwhile)

    def _request(self, probe: Probe) -> Request:
        earlier = self.answers.get(probe.after.name) if probe.after else None
        request = probe.request(
            self.target.model,
            earlier if isinstance(earlier, Exchange) else None,
            context_length=self.target.context_length,
        )
        return with_key(request, probe.auth, self.target.key)

    async def _exchange(
        self, client: httpx.AsyncClient, probe: Probe, request: Request, meanwhile: Meanwhile | None = None
    ) -> Exchange:
        capture = Capture(time.perf_counter(), probe.hang_up_after, meanwhile)
        deadline = self.target.deadline_s or probe.deadline_s
        exchange = await exchanged(client, self.target.root, probe.name, request, deadline, capture)
        self.patience.sees(exchange)
        refused = exchange.response is not None and exchange.response.status != 200
        if refused and probe.otherwise is not None and request.path != probe.otherwise:
            other = await self._exchange(client, probe, replace(request, path=probe.otherwise))
            if other.response is not None and other.response.status == 200:
                return other
        return self.scrubber.exchange(exchange)


def _waves(probes: list[Probe]) -> Iterator[list[Probe]]:
    """Independent probes together, then those that build on others, then each group by itself."""
    single = [probe for probe in probes if probe.group is None]
    yield [probe for probe in single if probe.after is None]
    yield [probe for probe in single if probe.after is not None]
    for group in dict.fromkeys(probe.group for probe in probes if probe.group is not None):
        yield [probe for probe in probes if probe.group == group]
