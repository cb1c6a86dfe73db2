"""How long a run may take in all: when that is used up, nothing further is sent, and what came is judged."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self

from sixgates.verdict import Cause


@dataclass(frozen=True, slots=True)
class TimeBudget:
    """So many seconds, and the moment of the monotonic clock at which they are over."""

    seconds: float
    ends_at: float

    @classmethod
    def from_now(cls, seconds: float) -> Self:
        """The budget of a run that begins."""
        return cls(seconds, time.monotonic() + seconds)

    def left_s(self, now: float | None = None) -> float:
        """Seconds that are left; 0 or less when it is used up."""
        return self.ends_at - (time.monotonic() if now is None else now)

    @property
    def cause(self) -> Cause:
        """The one cause of all that was not sent, or not waited for, because the time was up."""
        return Cause(
            "time-budget",
            f"the time budget of {self.seconds:g} s is used up: nothing further was sent, and what had come by then "
            "is judged",
            (
                "give the run more time: --time-budget SECONDS, or none at all",
                "or ask for less: one provider with --provider, or -k and -m for a part of the checks",
            ),
        )
