"""A server that limits the rate slows a run down: when to send again, how many at once, and when to give up."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sixgates.exchange import Exchange, Response, seconds_of
from sixgates.select import shown
from sixgates.sources.patience import MOST_WAIT_S, Patience
from sixgates.verdict import Cause

FIRST_PAUSE_S = 1.0
OWN_WAIT_S = 60.0
"""After a minute any limit per minute is over."""
Say = Callable[[str], None]
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Clock:
    """The time as waits see it."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Lanes:
    """How many requests may be under way at once; whoever waits longest goes first, and who comes again goes last."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def narrow(self) -> None:
        """Halve the width; one lane stays."""
        self.width = max(1, self.width // 2)

    async def __aenter__(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._give()
        try:
            await turn
        except asyncio.CancelledError:
            self.taken -= turn.done() and not turn.cancelled()
            raise

    async def __aexit__(self, *_: object) -> None:
        self.taken -= 1
        self._give()

    def _give(self) -> None:
        while self._waiting and self.taken < self.width:
            turn = self._waiting.popleft()
            if not turn.done():
                self.taken += 1
                turn.set_result(None)


def retry_after_s(response: Response) -> float | None:
    """The seconds that Retry-After asks for, 0 for a moment that has passed; None where it says nothing usable."""
    said = (response.header("retry-after") or "").strip()
    if _SECONDS.fullmatch(said):
        return float(said)
    moment = seconds_of(said)
    if moment is None:
        return None
    sent = seconds_of(response.header("date"))
    return max(0.0, moment - (time.time() if sent is None else sent))


def limits_the_rate(exchange: Exchange) -> bool:
    """Whether an answer says to come again later: 429, or 503 with a Retry-After."""
    response = exchange.response
    if response is None:
        return False
    return response.status == 429 or (response.status == 503 and retry_after_s(response) is not None)


@dataclass(slots=True)
class Pace:
    """When the next request to one provider may be sent.

    A refusal holds all lanes up: for as long as the server says, and at least for a pause that grows while refusals
    follow each other. What is waited in all is bounded; beyond that bound the provider is lost.
    """

    patience: Patience
    clock: Clock
    lanes: Lanes
    say: Say
    until: float = -math.inf
    held_at: float = -math.inf
    pause_s: float = FIRST_PAUSE_S
    answered: int = 0
    waited_then_s: float = 0.0
    first_refused: dict[str, int] = field(default_factory=dict)
    refused_now: set[str] = field(default_factory=set)
    own: dict[str, int] = field(default_factory=dict)

    async def over(self) -> None:
        """Return when no hold is left, or the provider is lost."""
        while self.patience.lost is None and (left := self.until - self.clock.now()) > 0:
            await self.clock.sleep(max(0.0, min(left, self.patience.left_s(self.clock.now()))))

    def refuses(self, exchange: Exchange, sent_at: float) -> bool:
        """Note an answer; whether its request is to be sent again, after `over`, because of the rate."""
        if not limits_the_rate(exchange):
            if exchange.response is not None:
                self._answered(sent_at)
            return False
        if self._is_its_own(exchange.probe):
            return False
        self._hold(exchange, sent_at)
        return True

    def _answered(self, sent_at: float) -> None:
        self.answered += 1
        self.waited_then_s = self.patience.waited_s
        self.refused_now.clear()
        if sent_at >= self.held_at:
            self.pause_s = FIRST_PAUSE_S

    def _is_its_own(self, probe: str) -> bool:
        """Whether a probe is refused whatever is waited, and others were not: then the refusal is its answer."""
        self.first_refused.setdefault(probe, self.answered)
        self.refused_now.add(probe)
        waited = self.patience.waited_s - self.waited_then_s
        if waited < OWN_WAIT_S or any(self.first_refused[each] >= self.answered for each in self.refused_now):
            return False
        self.own[probe] = self.answered
        return True

    def disproved(self) -> list[str]:
        """The probes whose refusals were taken for their own, after which nothing else was answered either."""
        return [probe for probe, answered in self.own.items() if answered == self.answered]

    def _hold(self, exchange: Exchange, sent_at: float) -> None:
        now, left = self.clock.now(), MOST_WAIT_S - self.patience.waited_s
        said = retry_after_s(exchange.response) if exchange.response is not None else None
        wait = said or 0.0
        if sent_at >= self.held_at:  # else it was under way when the hold began, and tells nothing new
            wait = max(wait, min(self.pause_s, left))
            self.pause_s *= 2
            self.held_at = now
            self.lanes.narrow()
        more = max(0.0, now + wait - max(self.until, now))
        if more > left or left <= 0 or _quota_is_used_up(exchange):
            self.patience.lost = self.patience.lost or self._cause(exchange)
            return
        if not self.patience.limited:
            self.say(self._slowed(exchange, wait))
        self.patience.limited = True
        self.patience.waited_s += more
        self.until = max(self.until, now + wait)

    def _slowed(self, exchange: Exchange, wait: float) -> str:
        return (
            f"{self.patience.provider} limits the rate: {_refusal(exchange)}; the run waits {wait:g} s, at most "
            f"{MOST_WAIT_S:g} s in all, and sends fewer requests at once"
        )

    def _cause(self, exchange: Exchange) -> Cause:
        name, body = self.patience.provider, exchange.response.body if exchange.response else b""
        said = f", saying {shown(body[:200].decode(errors='replace'))}" if body else ""
        return Cause(
            f"{name}:rate-limited",
            f"{name} limits the rate: {_refusal(exchange)}{said}, after {self.patience.waited_s:g} s of waiting, and "
            f"a run waits {MOST_WAIT_S:g} s at most: the rest is not sent",
            (
                f"raise the limit of {name} for the time of a run, or use a key with a higher one",
                "or send less: `concurrency: 1` in providers.yaml, and -k or -m for a part of the checks",
                "if it names a quota or a budget, that is used up: look at the account; if not, run again later",
            ),
        )


def _refusal(exchange: Exchange) -> str:
    asked = f"{exchange.request.method} {exchange.request.path}"
    response = exchange.response
    after = response.header("retry-after") if response else None
    said = "without Retry-After" if after is None else f"with Retry-After: {shown(after[:40])[1:-1]}"
    return f"{asked} answered {response.status if response else 'nothing'} {said}"


def _quota_is_used_up(exchange: Exchange) -> bool:
    """What OpenAI says with a 429 that no wait ends."""
    return exchange.response is not None and b'"insufficient_quota"' in exchange.response.body[:4000]
