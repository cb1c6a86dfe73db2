"""Families of cases: each module turns a run's stack and options into the items of one gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sixgates.verdict import Key, Verdict


@dataclass(frozen=True, slots=True)
class Case:
    """One pytest item: a stable id, the judgement that the item runs, and which verdict that will be.

    `needs` names the contract check for which probes have to be sent.
    """

    id: str
    judge: Callable[[], Verdict]
    check: str
    provider: str | None = None
    needs: str = ""

    @property
    def key(self) -> Key:
        """What identifies the case within its gate, before and after it is judged."""
        return self.provider or "", self.check


Settle = Callable[[Case], None]
