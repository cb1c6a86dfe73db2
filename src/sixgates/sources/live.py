"""Exchanges with a running provider: each probe sent once, as fast as the provider takes them, while it is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace

from sixgates.board import Watch
from sixgates.catalogue import Probe
from sixgates.connection import PLAIN, Connection
from sixgates.exchange import Exchange, Request
from sixgates.gauge import FREED_WITHIN_S, busy, idle, running, why_not_to_hang_up
from sixgates.judge import Answer, NotSent
from sixgates.probes.models import models_list
from sixgates.select import Unmet
from sixgates.sources.pace import Clock, Lanes, Pace, Say, limits_the_rate
from sixgates.sources.patience import AWAY_S, Patience
from sixgates.sources.presence import Presence, is_there
from sixgates.sources.reference import with_key
from sixgates.sources.secrets import Scrubber, secrets_of
from sixgates.sources.tempo import Tempo
from sixgates.sources.wire import Capture, Meanwhile, client_for, exchanged
from sixgates.stated import stated_length
from sixgates.verdict import Cause

SHOWN_WITHIN_S = 1.0
FIRST_PAUSE_S = 0.1
FIRST_LOOK_S = 0.25
LONGEST_LOOK_S = 4.0
_CLOCK = Clock()
_UNWATCHED = Watch()


@dataclass(frozen=True, slots=True)
class Target:
    """Where a provider listens and how to talk to it; `root` may carry userinfo and a query.

    `when_gone` is what an operator does first when it does not listen any more.
    """

    name: str
    root: str = field(repr=False)
    model: str
    key: str | None = field(default=None, repr=False)
    concurrency: int = 4
    context_length: int | None = None
    deadline_s: float | None = None
    when_gone: tuple[str, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """What else this process knows and no answer may hold, such as the keys of other providers."""
    connection: Connection = PLAIN


Stop = Callable[[Mapping[str, Answer]], Cause | None]
Choose = Callable[[Mapping[str, Answer], Probe], bool]
Sending = Callable[[], Awaitable[Exchange]]
Lane = AbstractAsyncContextManager[None]


def fetch(
    target: Target,
    probes: Iterable[Probe],
    *,
    first: Iterable[Probe] = (),
    stop: Stop = lambda answers: None,
    choose: Choose = lambda answers, probe: True,
    watch: Watch = _UNWATCHED,
    say: Say = lambda text: None,
    patience: Patience | None = None,
    clock: Clock = _CLOCK,
    before: Mapping[str, Answer] | None = None,
) -> dict[str, Answer]:
    """Send each probe once; `first` go ahead, and when `stop` finds a cause in their answers nothing else is sent.

    Of the others those are sent that `choose` wants after the answers to the first. With the `patience` of an
    earlier call its bounds hold for both; what builds on an answer that was given `before` builds on that.

    Never raises for what a server does: every way to fail is an exchange with a transport error, or a cause.
    """
    session = _Session(target, patience or Patience(target.name), clock, say, watch)
    session.before = before or {}
    return asyncio.run(session.run(tuple(probes), tuple(first), stop, choose))


class _Session:
    def __init__(self, target: Target, patience: Patience, clock: Clock, say: Say, watch: Watch) -> None:
        self.target = target
        self.patience = patience
        self.clock = clock
        self.say = say
        self.watch = watch
        own = (*secrets_of(target.root, target.key), *target.connection.secrets())
        self.scrubber = Scrubber((*own, *sorted(target.secrets)))
        self.answers: dict[str, Answer] = {}
        self.lanes = Lanes(target.concurrency)
        self.pace = Pace(patience, clock, self.lanes, say)
        self.presence = Presence(patience)
        self.tempo = Tempo(target.deadline_s)
        self.told_slow = False
        self.door = asyncio.Lock()
        self.before: Mapping[str, Answer] = {}

    async def run(
        self, probes: tuple[Probe, ...], first: tuple[Probe, ...], stop: Stop, choose: Choose
    ) -> dict[str, Answer]:
        rest = [probe for probe in probes if probe not in first]
        self.watch.expects(len(first) + len(rest))
        async with client_for(self.target.root, self.target.connection) as self.client:
            for probe in first:
                await self._send(probe)
                if stop(self.answers) is not None:
                    return self.answers
            rest = [probe for probe in rest if choose(self.answers, probe)]
            self.watch.expects(len(first) + len(rest))
            await self._send_all(rest)
            if self.presence.is_doubted_at_the_end():
                await self._look()
        if self.patience.lost is not None:
            self.answers |= dict.fromkeys(self.pace.disproved(), self.patience.lost)
        return self.answers

    async def _send_all(self, rest: list[Probe]) -> None:
        gauges = [probe.gauge for probe in rest if probe.gauge is not None]
        others = [probe for probe in rest if probe.gauge is None and probe not in gauges]
        for probe in (probe for probe in others if probe.alone):
            await self._send(probe)
        for wave in _waves([probe for probe in others if not probe.alone]):
            if wave and wave[0].group is not None:
                await self._send_together(wave)
            else:
                await asyncio.gather(*(self._send(probe, self.lanes) for probe in wave))
        for probe, gauge in ((probe, probe.gauge) for probe in rest if probe.gauge is not None):
            await self._hang_up(probe, gauge)

    async def _send(self, probe: Probe, lane: Lane | None = None) -> None:
        answer = None
        while answer is None:
            async with lane or nullcontext():
                answer = await self._attempt(probe)
        self._keep(probe, answer)

    async def _send_together(self, group: list[Probe]) -> None:
        """At the same moment; when the server refuses some of them for its rate, all of them go once more."""
        refused_in_part = 0
        while True:
            found = await asyncio.gather(*(self._attempt(probe) for probe in group))
            refused = found.count(None)
            refused_in_part += 0 < refused < len(group)
            if not refused or refused_in_part == 2:
                break
        fewer = (
            f"of {len(group)} requests at the same moment the server refused {refused} for its rate, twice"
        )
        for probe, answer in zip(group, found, strict=True):
            self._keep(probe, answer or self.patience.lost or NotSent(fewer))

    def _keep(self, probe: Probe, answer: Answer) -> None:
        self.answers[probe.name] = answer
        self.watch.keeps(probe.name, answer)

    async def _attempt(
        self, probe: Probe, meanwhile: Meanwhile | None = None, *, within_s: float | None = None
    ) -> Answer | None:
        """Send a probe; None where it is to be sent again because the server limits the rate.

        With `within_s` it is a gauge, asked until it shows nothing.
        """
        await self._wait()
        self.patience.left_s(self.clock.now())
        if self.patience.lost is not None:
            return self.patience.lost
        try:
            request = self._request(probe)
        except Unmet as unmet:
            return NotSent(str(unmet))
        began = self.clock.now()
        if within_s is None:
            exchange = await self._watched(probe, self._exchange(probe, request, meanwhile))
        else:
            exchange = await self._watched(probe, self._until(probe, idle, within_s))
        if self.pace.refuses(exchange, began):
            return None
        if exchange.cut_by_us and self.patience.left_s(self.clock.now()) <= 0:
            return self.patience.lost  # the end of the run cut it, not its own deadline
        return self._or_cause(exchange)

    async def _wait(self) -> None:
        """Until nothing holds requests up: neither a look whether the server is there, nor its rate limit."""
        async with self.door:
            pass
        await self.pace.over()

    async def _watched(self, probe: Probe, sending: Awaitable[Exchange]) -> Exchange:
        began = self.clock.now()
        self.presence.begins(probe.name, began)
        under_way = len(self.presence.under_way)
        self.watch.begins(probe.name)
        exchange = await sending
        self.watch.ends(probe.name)
        self.presence.ends(exchange, self.clock.now())
        self.tempo.sees(exchange, under_way)
        self._tell_of_the_pace()
        if self.presence.is_doubted(exchange, began):
            await self._look()
        return exchange

    def _tell_of_the_pace(self) -> None:
        said = "" if self.told_slow else self.tempo.slow(self.target.name)
        if said:
            self.told_slow = True
            self.say(said)

    def _or_cause(self, exchange: Exchange) -> Answer:
        return (self.patience.lost or exchange) if self.presence.took(exchange) else exchange

    async def _look(self) -> None:
        """Whether the server is still there; if not, all that it did not answer has one cause."""
        asked_at = self.clock.now()
        async with self.door:
            if self.presence.is_known_since(asked_at):
                return
            last, away_s = await self._looked_for()
            self.presence.looked_at = self.clock.now()
            if not is_there(last):
                self.presence.give_up(last, f"for {AWAY_S:g} s")
            elif away_s:
                self.say(self.presence.returned(away_s))
            elif self.presence.nobody_is_behind():
                self.presence.give_up(None, "")
        if self.presence.is_gone:
            cause = self.presence.cause(self.target.when_gone)
            self.patience.lost = self.patience.lost or cause
            self.answers |= dict.fromkeys(self.presence.victims(), self.patience.lost)

    async def _looked_for(self) -> tuple[Exchange, float]:
        """Ask for the models until the server is there again, or until time is up; how long it was away."""
        request = self._request(models_list)
        deadline = min(models_list.deadline_s, self._deadline_s(models_list, request))
        began, pause, away = self.clock.now(), FIRST_LOOK_S, 0.0
        while True:
            capture = Capture(time.perf_counter())
            last = await exchanged(self.client, self.target.root, "look", request, deadline, capture)
            if is_there(last) or self.patience.away_s + away + pause > AWAY_S:
                break
            await self.clock.sleep(pause)
            away, pause = self.clock.now() - began, min(2 * pause, LONGEST_LOOK_S)
        self.patience.away_s += away
        return self.scrubber.exchange(last), away

    async def _hang_up(self, probe: Probe, gauge: Probe) -> None:
        answer = None
        while answer is None:
            answer = await self._left(probe, gauge)
        self._keep(probe, answer)

    async def _left(self, probe: Probe, gauge: Probe) -> Answer | None:
        """Leave in the middle of an answer; the gauge is read before, meanwhile and, for the record, afterwards.

        None where it is to be done again because the server limits the rate.
        """
        refused = False

        async def meanwhile() -> int:
            nonlocal refused
            shows = await self._until(gauge, busy, SHOWN_WITHIN_S)
            refused = limits_the_rate(shows)
            return running(shows) or 0

        before = await self._attempt(gauge, within_s=SHOWN_WITHIN_S)
        if before is not None:
            self._keep(gauge, before)
        if not isinstance(before, Exchange):
            return before
        reason = why_not_to_hang_up(before)
        if reason is not None:
            return NotSent(reason)
        answer = await self._attempt(probe, meanwhile)
        if not isinstance(answer, Exchange):
            return answer
        after = await self._watched(gauge, self._until(gauge, idle, FREED_WITHIN_S))
        self._keep(gauge, self._or_cause(after))
        unread = f"the server limits the rate, {after.request.path} too: the gauge could not be read in time"
        return NotSent(unread) if refused or limits_the_rate(after) else self._or_cause(answer)

    async def _until(self, probe: Probe, holds: Callable[[Exchange], bool], within_s: float) -> Exchange:
        """Ask again, in growing pauses, until an answer is right; the last one counts, `elapsed` since the first."""
        started, pause = time.perf_counter(), FIRST_PAUSE_S
        while True:
            exchange = await self._exchange(probe, self._request(probe))
            elapsed = round(time.perf_counter() - started, 6)
            if holds(exchange) or elapsed >= within_s:
                return replace(exchange, elapsed=elapsed)
            await asyncio.sleep(min(pause, within_s - elapsed))
            pause *= 2

    def _request(self, probe: Probe) -> Request:
        after = probe.after.name if probe.after else ""
        earlier = self.answers.get(after, self.before.get(after))
        length = self.target.context_length
        if length is None and "context_length" in probe.needs:
            length = stated_length(self.answers.get(models_list.name), self.target.model)
        request = probe.request(
            self.target.model,
            earlier if isinstance(earlier, Exchange) and not earlier.cut_by_us else None,
            context_length=length,
        )
        return with_key(request, probe.auth, self.target.key)

    def _deadline_s(self, probe: Probe, request: Request) -> float:
        own = self.tempo.deadline_s(probe, request, len(self.presence.under_way))
        return max(0.001, min(own, self.patience.left_s(self.clock.now())))

    async def _exchange(self, probe: Probe, request: Request, meanwhile: Meanwhile | None = None) -> Exchange:
        capture = Capture(time.perf_counter(), probe.hang_up_after, meanwhile, mask=self.scrubber.text)
        deadline = self._deadline_s(probe, request)
        exchange = await exchanged(self.client, self.target.root, probe.name, request, deadline, capture)
        self.patience.sees(exchange)
        refused = exchange.response is not None and exchange.response.status != 200
        elsewhere = probe.otherwise is not None and request.path != probe.otherwise
        if refused and elsewhere and not limits_the_rate(exchange):
            other = await self._exchange(probe, replace(request, path=probe.otherwise or ""))
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
