"""How much a provider may cost before the rest of its probes is not sent: overdue answers, bytes and waits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sixgates.cut import overdue, slow_steps
from sixgates.exchange import Exchange
from sixgates.time_budget import TimeBudget
from sixgates.verdict import Cause

OVERDUE_IN_A_ROW = 5
OVERDUE_IN_ALL = 15
OVERDUE_S = 900.0
"""What may be waited in all for answers that do not end, where deadlines are long; three of them in any case."""
BYTES_IN_ALL = 6 * 1024 * 1024
MOST_WAIT_S = 120.0
"""For all rate limits of one provider in one run."""
AWAY_S = 30.0
"""For a server that went away in the middle of a run to come back, in all."""
_CHUNK_COST = 256


@dataclass(slots=True)
class Patience:
    """What one provider's exchanges have cost so far; `lost` is set once, by the first bound that is passed.

    Without it a provider that lets each probe run into its deadline holds a run up for an hour. One is enough for
    all that a run sends to a provider: the bounds hold for the whole run.
    """

    provider: str
    lost: Cause | None = None
    overdue: int = 0
    overdue_s: float = 0.0
    in_a_row: int = 0
    size: int = 0
    limited: bool = False
    waited_s: float = 0.0
    away_s: float = 0.0
    answered: int = 0
    times: int = 1
    """How often the run sends each request: its bounds on what comes back grow with it."""
    budget: TimeBudget | None = None
    """When the whole run ends."""

    def left_s(self, now: float) -> float:
        """Seconds that the run has left; when there are none, the provider is lost to it."""
        if self.budget is None:
            return math.inf
        left = self.budget.left_s(now)
        if left <= 0:
            self.lost = self.lost or self.budget.cause
        return left

    def sees(self, exchange: Exchange) -> None:
        """Count one exchange."""
        late = exchange.cut_by_us
        self.overdue += late
        self.overdue_s += exchange.elapsed * late
        self.in_a_row = self.in_a_row + 1 if late else 0
        if exchange.response is not None:
            # A chunk costs memory even when it holds a single byte.
            self.size += sum(len(chunk.data) + _CHUNK_COST for chunk in exchange.response.chunks)
        self.lost = self.lost or self._overdue(exchange) or self._oversized()

    def _overdue(self, last: Exchange) -> Cause | None:
        most_s = max(OVERDUE_S, 3 * last.elapsed)
        if self.in_a_row >= OVERDUE_IN_A_ROW:
            passed = f"{self.in_a_row} probes in a row"
        elif self.overdue >= OVERDUE_IN_ALL * self.times:
            passed = f"{self.overdue} probes"
        elif self.overdue_s > most_s * self.times:
            passed = f"{self.overdue} probes, for which the run waited {self.overdue_s:.0f} s,"
        else:
            return None
        return Cause(
            overdue(self.provider),
            f"{self.provider} did not end its answer to {passed} before the deadline: the rest is not sent",
            (
                "look at the provider's log and load, give it a smaller or faster model, and judge it again",
                *slow_steps(self.provider)[:2],
            ),
        )

    def _oversized(self) -> Cause | None:
        if self.size <= BYTES_IN_ALL * self.times:
            return None
        return Cause(
            f"{self.provider}:oversized",
            f"{self.provider} answered with more than {BYTES_IN_ALL * self.times} bytes in all: the rest is not sent",
            (
                "look at what it sends with the curl line of a failed check: the probes ask for 64 tokens at most",
            ),
        )
