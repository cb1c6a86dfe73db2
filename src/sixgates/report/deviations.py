"""The accepted deviations of a run: each once for all providers that share it, with the clients that it hurts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sixgates.impact.measured import CLIENTS
from sixgates.verdict import Outcome

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Accepted:
    """One deviation from one check, of every provider for which the same reason stands, each with its engine."""

    check: str
    level: str
    reason: str
    providers: tuple[tuple[str, str], ...]
    breaks: tuple[str, ...]
    misleads: tuple[str, ...]
    at_risk: tuple[str, ...]

    @property
    def harm(self) -> str:
        """What it does to which clients, such as `breaks litellm`; empty where none was measured."""
        named = (("breaks", self.breaks), ("misleads", self.misleads), ("at risk", self.at_risk))
        return "; ".join(f"{word} {_together(clients)}" for word, clients in named if clients)


def accepted(results: Sequence[Json]) -> list[Accepted]:
    """Those that break most clients first; equal ones in the order of the results."""
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
            *(_of_any(group, word) for word in ("breaks", "misleads", "at_risk")),
        )
        for (check, reason), group in groups.items()
    ]
    return sorted(found, key=lambda one: (-len(one.breaks), -len(one.misleads)))


def how_many(found: Sequence[Accepted]) -> str:
    """The number that the gate counts, one for each provider, and how many of them are different."""
    count = sum(len(one.providers) for one in found)
    return str(count) if count == len(found) else f"{count}, {len(found)} of them different"


def _of_any(group: Sequence[Json], word: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(client for one in group for client in one.get(word, ())))


def _together(clients: Sequence[str]) -> str:
    return "every client" if set(clients) == set(CLIENTS) else ", ".join(clients)
