"""Which check judges which requirement on which surface: what holds of an answer holds of its twins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

from sixgates import catalogue
from sixgates.catalogue import CHAT_PATH, COMPLETIONS_PATH, RESPONSES_PATH, Check, Probe
from sixgates.verdict import Level

_PATHS = {CHAT_PATH: "chat", COMPLETIONS_PATH: "completions", RESPONSES_PATH: "response"}
ANSWERS = tuple(f"{name}{stream}" for name in _PATHS.values() for stream in ("", " stream"))
PARTS = ("text", "text stream", "arguments", "arguments stream", "thought", "thought stream")
ITEMS = ("message", "message stream", "call", "call stream", "reasoning", "reasoning stream")
COLUMNS: Mapping[str, tuple[str, ...]] = {"answers": ANSWERS, "parts": PARTS, "items": ITEMS}
"""The surfaces of each table: answers of the API, parts of a chat completion, items of a response."""
UNNAMED = "unnamed"
"""Where a check stands whose surfaces do not follow from its probes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement: by surface the checks that judge it there, or the reason why none does or none is a MUST."""

    requirement: str
    cells: Mapping[str, tuple[str, ...]]
    holes: Mapping[str, str]
    lower: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Alone:
    """Checks of what has no twin, with the reason."""

    checks: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Twins:
    """The tables by name, and what stands in none of them."""

    tables: Mapping[str, tuple[Row, ...]]
    alone: tuple[Alone, ...]

    def problems(self) -> Iterator[str]:
        """What is not as the catalogue has it: in words, each for one line of the tables."""
        checks = catalogue.load().checks
        for name, rows in self.tables.items():
            for row in rows:
                yield from (f"{row.requirement}: {each}" for each in _problems(row, COLUMNS[name], checks))
        yield from self._misplaced(checks)

    def _misplaced(self, checks: Mapping[str, Check]) -> Iterator[str]:
        placed = {
            check
            for rows in self.tables.values()
            for row in rows
            for names in row.cells.values()
            for check in names
        }
        alone = {check for entry in self.alone for check in entry.checks}
        for check in checks:
            if check not in placed | alone:
                yield f"{check} stands in no row, and is not said to have no twin"
            if check in placed & alone:
                yield f"{check} is said to have no twin, and stands in a row"
        yield from (f"{check} is no check" for check in sorted((placed | alone) - checks.keys()))


def surface_of(probe: Probe) -> str | None:
    """The column of an answer: the endpoint, and whether it is streamed; None for other endpoints."""
    name = _PATHS.get(probe.path.rstrip("/"))
    if name is None or probe.method != "POST":
        return None
    return f"{name} stream" if "stream" in probe.name.split("-") else name


def surfaces_of(check: Check) -> tuple[str, ...]:
    """The columns of the answers that a check judges; none where it compares several, which its row must name."""
    found = {surface_of(probe) for probe in check.probes}
    seen = tuple(surface for surface in ANSWERS if surface in found)
    return () if check.together and len(seen) > 1 else seen


@cache
def load() -> Twins:
    """The tables as `checks/twins.yaml` has them, patterns replaced by the checks that they name."""
    import yaml

    text = (files("sixgates.checks") / "twins.yaml").read_text(encoding="utf-8")
    document: Mapping[str, list[dict[str, Any]]] = yaml.safe_load(text)
    tables = {
        name: tuple(_row(entry, columns) for entry in document[name]) for name, columns in COLUMNS.items()
    }
    alone = tuple(Alone(tuple(_named(entry["checks"])), entry["reason"]) for entry in document["one_surface"])
    return Twins(tables, alone)


def _row(entry: Mapping[str, Any], columns: tuple[str, ...]) -> Row:
    holes, lower = dict(entry.get("holes", {})), dict(entry.get("lower", {}))
    if "checks" not in entry:
        cells = {column: tuple(_named(entry.get(column, []))) for column in columns}
        return Row(entry["requirement"], cells, holes, lower)
    cells = dict.fromkeys(columns, ())
    for name, surfaces in _placed(entry["checks"]):
        for surface in surfaces:
            cells[surface] = (*cells.get(surface, ()), name)
    return Row(entry["requirement"], cells, holes, lower)


def _placed(entries: list[Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each check of a row with its surfaces: those that are named, else those of its probes."""
    checks = catalogue.load().checks
    for entry in entries:
        if isinstance(entry, dict):
            yield from ((name, tuple(surfaces)) for name, surfaces in entry.items())
            continue
        for name in _named([entry]):
            yield name, (surfaces_of(checks[name]) if name in checks else ()) or (UNNAMED,)


def _named(patterns: list[str]) -> Iterator[str]:
    """The checks that patterns name; a pattern that names none stands for itself, so that it is reported."""
    checks = catalogue.load().checks
    for pattern in patterns:
        yield from sorted(name for name in checks if fnmatchcase(name, pattern)) or [pattern]


def _problems(row: Row, columns: tuple[str, ...], checks: Mapping[str, Check]) -> Iterator[str]:
    for column in columns:
        names = row.cells.get(column, ())
        if not names and column not in row.holes:
            yield f"nothing judges {column}, and no reason is given"
        if names and column in row.holes:
            yield f"{column} has a reason for a hole, but {', '.join(names)} judges it"
        for name in names:
            if name in checks and not any(_shows(probe, column) for probe in checks[name].probes):
                yield f"{name} sees no {column}"
    yield from _levels(row, columns, checks)
    for name in row.cells.get(UNNAMED, ()):
        yield f"{name} is no check of one surface: name those that it judges"
    named = {*row.cells, *row.holes, *row.lower} - {*columns, UNNAMED}
    yield from (f"there is no column {each}" for each in sorted(named))
    reasons = (*row.holes.items(), *row.lower.items())
    yield from (f"the reason for {each} is empty" for each, reason in reasons if not reason)


def _levels(row: Row, columns: tuple[str, ...], checks: Mapping[str, Check]) -> Iterator[str]:
    """What is a MUST on one surface is one on all, or a reason is given."""
    levels = {
        column: {checks[name].level for name in row.cells[column] if name in checks}
        for column in columns
        if row.cells.get(column)
    }
    firm = {column for column, found in levels.items() if Level.MUST in found}
    for column in levels:
        if firm and column not in firm and column not in row.lower:
            yield f"no check of {column} is a MUST as elsewhere, and no reason is given"
        if column in row.lower and (not firm or column in firm):
            yield f"{column} has a reason why no check is a MUST, and needs none"


def _shows(probe: Probe, column: str) -> bool:
    """Whether the answer to a probe can hold what a column is about."""
    surface = surface_of(probe)
    if column in ANSWERS:
        return surface == column
    kind, _, streamed = column.partition(" ")
    endpoint = "chat" if column in PARTS else "response"
    if kind in {"arguments", "call"} and probe.capability != "tools":
        return False
    return surface == " ".join(filter(None, (endpoint, streamed)))
