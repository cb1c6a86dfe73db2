"""What several places say alike: which value is the right one where they differ, and which place has strayed."""

from __future__ import annotations

from collections.abc import Sequence

from sixgates.responses_parts import same
from sixgates.select import Findings, Json, Kind, shown


def strayed(told: Sequence[Json], kind: Kind, first: str = "") -> Findings:
    """A finding at the first place that is not of the kind, or says something else than most that are.

    Where no value has more than half of them, the first is the right one; `first` is what its place is called.
    """
    right = _right([each for each in told if kind.holds(each.value)])
    for each in told:
        if right is None:
            yield from each.unlike(kind)
            return
        if not same(each, right):
            source = first if first and right is told[0] else right.where
            yield each.finding(f"{shown(right.value)}, as in {source}")
            return


def _right(fitting: Sequence[Json]) -> Json | None:
    for each in fitting:
        if 2 * sum(same(each, other) for other in fitting) > len(fitting):
            return each
    return fitting[0] if fitting else None
