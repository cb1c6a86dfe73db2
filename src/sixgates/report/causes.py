"""What stands in the way of all gates, each cause once with its consequences, the most valuable to know first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sixgates.blockers import rank
from sixgates.verdict import Outcome

Json = Mapping[str, Any]
MOST_UNEXERCISED = 3


def root_causes(gates: Sequence[Json]) -> list[dict[str, Any]]:
    """The blockers of all gates, those of one key and outcome joined into one, and what waits for one under it.

    Each has its `consequences`: blockers, of checks that wait for the check that failed here.
    """
    joined: dict[tuple[str, str], dict[str, Any]] = {}
    for gate in gates:
        for blocker in gate["blockers"]:
            seen = joined.setdefault(
                (blocker["outcome"], blocker["key"]),
                {**blocker, "count": 0, "providers": [], "gates": [], "consequences": []},
            )
            seen["count"] += blocker["count"]
            seen["gates"].append(gate["id"])
            seen["providers"] = sorted({*seen["providers"], *blocker["providers"]})
    return sorted(_folded(joined), key=_rank)


def unexercised(causes: Sequence[Json]) -> list[Json]:
    """The checks that saw nothing to judge, where they are too many to be told one by one."""
    found = [
        cause
        for cause in causes
        if cause["outcome"] == Outcome.NOT_EXERCISED and not cause["next_steps"] and not cause["consequences"]
    ]
    return found if len(found) > MOST_UNEXERCISED else []


def waiting_for(cause: Json) -> str:
    """How many checks wait for what failed; empty where none does."""
    count = sum(each["count"] for each in cause["consequences"])
    return f"{count} check{'s wait' if count > 1 else ' waits'} for it" if count else ""


def _folded(joined: Mapping[tuple[str, str], dict[str, Any]]) -> list[dict[str, Any]]:
    """What waits for a check of a provider has both as its key, and stands under the failure of that check."""
    found, folded = list(joined.values()), set()
    for cause in found:
        for provider in cause["providers"] if cause["outcome"] != Outcome.BLOCKED else ():
            key = Outcome.BLOCKED.value, f"{provider}:{cause['key']}"
            if key in joined:
                cause["consequences"].append(joined[key])
                steps = (*cause["next_steps"], *joined[key]["next_steps"])
                cause["next_steps"] = list(dict.fromkeys(steps))
                folded.add(key)
    return [cause for key, cause in joined.items() if key not in folded]


def _rank(cause: Json) -> tuple[int, int, str]:
    waiting = sum(each["count"] for each in cause["consequences"])
    urgent = Outcome.BLOCKED if waiting else Outcome(cause["outcome"])
    return rank(urgent), -(cause["count"] + waiting), cause["key"]
