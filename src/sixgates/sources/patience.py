"""How much a provider may cost before the rest of its probes is not sent: overdue answers, bytes and waits."""

from __future__ import annotations

from dataclasses import dataclass

from sixgates.exchange import Exchange, FailureKind
from sixgates.verdict import Cause

OVERDUE_IN_A_ROW = 5
OVERDUE_IN_ALL = 15
BYTES_IN_ALL = 6 * 1024 * 1024
MOST_WAIT_S = 120.0
"""For all rate limits of one provider in one run."""
AWAY_S = 30.0
"""For a server that went away in the middle of a run to come back, in all."""
_CHUNK_COST = 256
_LATE = {FailureKind.DEADLINE, FailureKind.CONNECT_TIMEOUT}


@dataclass(slots=True)
class Patience:
    """What one provider's exchanges have cost so far; `lost` is set once, by the first bound that is passed.

    Without it a provider that lets each probe run into its deadline holds a run up for an hour. One is enough for
    all that a run sends to a provider: the bounds hold for the whole run.
    """

    provider: str
    lost: Cause | None = None
    overdue: int = 0
    in_a_row: int = 0
    size: int = 0
    limited: bool = False
    waited_s: float = 0.0
    away_s: float = 0.0
    answered: int = 0
    times: int = 1
    """How often the run sends each request: its bounds on what comes back grow with it."""

    def sees(self, exchange: Exchange) -> None:
        """Count one exchange."""
        late = exchange.error is not None and exchange.error.kind in _LATE
        self.overdue += late
        self.in_a_row = self.in_a_row + 1 if late else 0
        if exchange.response is not None:
            # A chunk costs memory even when it holds a single byte.
            self.size += sum(len(chunk.data) + _CHUNK_COST for chunk in exchange.response.chunks)
        self.lost = self.lost or self._overdue() or self._oversized()

    def _overdue(self) -> Cause | None:
        if self.in_a_row >= OVERDUE_IN_A_ROW:
            passed = f"{self.in_a_row} probes in a row"
        elif self.overdue >= OVERDUE_IN_ALL * self.times:
            passed = f"{self.overdue} probes"
        else:
            return None
        return Cause(
            f"{self.provider}:overdue",
            f"{self.provider} did not end its answer to {passed} before the deadline: the rest is not sent",
            ("look at the provider's log and load, give it a smaller or faster model, and judge it again",),
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
