"""What a run says in one line: of the gates that it was asked for, how many are MET; and which were not run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sixgates.gates import GateStatus

Json = Mapping[str, Any]


def gates_asked_for(gates: Sequence[Json]) -> list[Json]:
    """The gates of which a run had something to judge, whatever came of it."""
    return [gate for gate in gates if gate["status"] != GateStatus.NOT_RUN or _has_cases(gate)]


def _has_cases(gate: Json) -> bool:
    cases = gate.get("cases")  # reports before version 1.3 have none
    return isinstance(cases, dict) and bool(cases.get("expected"))


def met(gates: Sequence[Json]) -> int:
    """How many of them are MET."""
    return sum(gate["status"] == GateStatus.MET for gate in gates)


def headline(gates: Sequence[Json]) -> str:
    """Of one gate its state, of several how many are MET."""
    found = gates_asked_for(gates)
    if not found:
        return "no gate was judged"
    said = f"{met(found)} of {len(found)} gates MET"
    if len(found) == 1:
        said = f"gate {found[0]['id']} {found[0]['name']} {found[0]['status']}"
    left = [str(gate["id"]) for gate in gates if gate not in found]
    return f"{said} (gate{'s' * (len(left) > 1)} {', '.join(left)} not run)" if left else said


def badge_text(gates: Sequence[Json]) -> str:
    """The same in the few words of a badge."""
    found = gates_asked_for(gates)
    if not found:
        return "not run"
    if len(found) == 1:
        return f"{found[0]['name'].lower()} {found[0]['status'].lower()}, {len(gates) - 1} not run"
    left = len(gates) - len(found)
    return f"{met(found)} of {len(found)} met" + (f", {left} not run" if left else "")
