"""Families of cases: each module turns a run's stack and options into the items of one gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sixgates.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Case:
    """One pytest item: a stable id, the judgement that the item runs, and the contract check that it needs."""

    id: str
    judge: Callable[[], Verdict]
    needs: str = ""


Settle = Callable[[Case], None]
