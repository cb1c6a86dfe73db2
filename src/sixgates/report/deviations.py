"""The accepted deviations of a run: each once for all providers that share it, with the clients that it hurts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sixgates.verdict import Outcome

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Accepted:
    """One deviation from one check, of every provider for which the same reason stands, each with its engine."""

    check: str
    level: str
    reason: str
    providers: tuple[tuple[str, str], ...]
    hurts: tuple[str, ...]


def accepted(results: Sequence[Json]) -> list[Accepted]:
    """Those that hurt most clients first; equal ones in the order of the results."""
    groups: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for result in results:
        if result["outcome"] == Outcome.DEVIATION:
            groups[result["check"], result["reason"] or result["requirement"]].append(result)
    found = [
        Accepted(
            check,
            group[0]["level"],
            reason,
            tuple((one["provider"] or "", one["engine"]) for one in group),
            tuple(group[0]["breaks"]),
        )
        for (check, reason), group in groups.items()
    ]
    return sorted(found, key=lambda one: -len(one.hurts))
