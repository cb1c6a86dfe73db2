"""One document against an earlier one: what fails now, what is fixed, what came and what is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sixgates.gates import GateStatus
from sixgates.verdict import Outcome

_RED = frozenset(outcome.value for outcome in Outcome if outcome.red) | {Outcome.FLAKY.value}
_GREEN = frozenset({Outcome.PASSED.value, Outcome.ADVISORY.value, Outcome.DEVIATION.value})


def compare(baseline: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, list[str]]:
    """What changed: subjects (`check [provider]`) newly failing, fixed, new and gone, each in order."""
    before, after = _outcomes(baseline["results"]), _outcomes(document["results"])
    shared = before.keys() & after.keys()
    ran = {gate["id"] for gate in document["gates"] if gate["status"] != GateStatus.NOT_RUN}
    return {
        "newly failing": _named(
            key for key in after if after[key] & _RED and not before.get(key, set()) & _RED
        ),
        "fixed": _named(key for key in shared if before[key] & _RED and after[key] <= _GREEN),
        "new": _named(key for key in after.keys() - before.keys() if not after[key] & _RED),
        # A gate that this run left out has lost nothing.
        "gone": _named(key for key in before.keys() - after.keys() if key[0] in ran),
    }


_Subject = tuple[int, str, str]


def _outcomes(results: Iterable[Mapping[str, Any]]) -> dict[_Subject, set[str]]:
    found: dict[_Subject, set[str]] = {}
    for result in results:
        key = (int(result["gate"]), str(result["check"]), str(result["provider"] or ""))
        found.setdefault(key, set()).add(result["outcome"])
    return found


def _named(keys: Iterable[_Subject]) -> list[str]:
    return [f"{check} [{provider}]" if provider else check for _, check, provider in sorted(keys)]
