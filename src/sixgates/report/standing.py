"""Clients and profiles of each provider, short: a state, and the first check through which it stands so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sixgates.readiness import State, worst_first
from sixgates.report.escaping import code_cell, prose

Json = Mapping[str, Any]


def standing_table(readiness: Sequence[Json]) -> list[str]:
    """One Markdown table: a column for each provider, a row for each client and profile."""
    if not readiness:
        return []
    columns = [
        [(word, one) for word, key in (("", "clients"), ("profile ", "profiles")) for one in provider[key]]
        for provider in readiness
    ]
    head = "".join(f" {code_cell(provider['provider'], 80)} |" for provider in readiness)
    rows = [f"| |{head}", "|---|" + "---|" * len(readiness)]
    for cells in zip(*columns, strict=False):
        word, first = cells[0]
        rows.append(f"| {word}{prose(first['name'])} |" + "".join(f" {_cell(one)} |" for _, one in cells))
    return ["\n".join(rows)]


def standing_lines(readiness: Sequence[Json]) -> Iterator[str]:
    """The same for a terminal, a line for the providers that stand alike; those that are safe are counted."""
    for word in ("clients", "profiles"):
        if readiness:
            yield word
        alike: dict[str, list[str]] = defaultdict(list)
        for provider in readiness:
            count = len(provider[word])
            groups = (_group(state, found, count) for state, found in worst_first(provider[word]))
            alike["; ".join(groups)].append(provider["provider"])
        yield from (f"  {', '.join(names)}: {said}" for said, names in alike.items())


def _cell(standing: Json) -> str:
    state, through = standing["state"], standing["through"]
    said = f"**{state}**" if state in {State.BROKEN, State.FAILED} else state
    return f"{said}: {code_cell(through[0], 80)}{_followed(standing, _more(through))}" if through else said


def _group(state: str, found: Sequence[Json], count: int) -> str:
    if state == State.SAFE:
        return f"{len(found)} safe"
    if len(found) == count:
        first = found[0]["through"][:1]
        return f"all {count} {state}" + (
            f" ({first[0]}{_followed(found[0], ' and others')})" if first else ""
        )
    by_first: dict[str, list[Json]] = defaultdict(list)
    for one in found:
        by_first[(*one["through"], "")[0]].append(one)
    return f"{state} {', '.join(map(_named, by_first.values()))}"


def _named(standings: Sequence[Json]) -> str:
    """Those that have their first check in common."""
    names = ", ".join(one["name"] for one in standings)
    first, *others = standings
    through = first["through"]
    if not through:
        return names
    alike = all(one["through"] == through for one in others)
    more = _more(through) if alike else " and others"
    return f"{names} ({through[0]}{_followed(first, more)})"


def _followed(standing: Json, more: str) -> str:
    """What follows the first check: that it was not measured with this client, if so, and how many more there are."""
    if standing["through"][0] not in standing.get("unmeasured", ()):
        return more
    return f": not measured for this fault{',' if more else ''}{more}"


def _more(through: Sequence[str]) -> str:
    return f" and {len(through) - 1} more" if len(through) > 1 else ""
