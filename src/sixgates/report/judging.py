"""The gates of a document, computed from its results: what a document says of itself is never believed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sixgates.blockers import Blocker
from sixgates.gates import GateResult, Scope, Thresholds, judge_gates
from sixgates.report.document import Document
from sixgates.verdict import Gate, Key, Outcome, Verdict

Json = Mapping[str, Any]
_BY_MARKER = {gate.marker: gate for gate in Gate}
_OF_PROVIDERS = (Gate.CONTRACT, Gate.HEALTH)


def thresholds_of(run: Json) -> Thresholds:
    """What the owner asked for when the run was made."""
    given = run["thresholds"]
    return Thresholds(
        given["unit_exercised"],
        given["integration_success"],
        given["deviations_allowed"],
        {_BY_MARKER[marker]: age for marker, age in given["max_age_s"].items()},
    )


def gates_of(document: Json) -> tuple[GateResult, ...]:
    """The six gates as the results of a document, and what each gate consists of, make them."""
    run = document["run"]
    verdicts = _verdicts(document)
    return judge_gates(
        verdicts, thresholds_of(run), strict=run["thresholds"]["strict"], scopes=_scopes(document, verdicts)
    )


def judged_again(document: Document) -> Document:
    """The document with gates and readiness computed anew from its results."""
    from sixgates import catalogue
    from sixgates.readiness import assess

    verdicts = _verdicts(document)
    contract = any(one.gate is Gate.CONTRACT and one.provider for one in verdicts)
    readiness = assess(verdicts, catalogue.load().checks.values()) if contract else ()
    ids = {gate: _latest(document, gate) for gate in Gate}
    return {
        **document,
        "gates": [{**gate.to_json(), "run": ids[gate.gate]} for gate in gates_of(document)],
        "readiness": [one.to_json() for one in readiness],
    }


def _verdicts(document: Json) -> list[Verdict]:
    return [
        Verdict.from_json({key: value for key, value in result.items() if key not in {"run", "others"}})
        for result in document["results"]
    ]


def _latest(document: Json, gate: Gate) -> str:
    """The id of the latest run that judged a gate."""
    ran = {result["run"] for result in document["results"] if result["gate"] == gate}
    runs = [run["id"] for run in document["runs"] if run["id"] in ran]
    return str(runs[-1] if runs else document["run"]["id"])


def _scopes(document: Json, verdicts: Collection[Verdict]) -> dict[Gate, Scope]:
    expected: dict[Gate, set[Key]] = defaultdict(set)
    for entry in document["run"]["expected"]:
        keys = ((entry["provider"] or "", check) for check in entry["checks"])
        expected[Gate(entry["gate"])].update(keys)
    bounds = document["run"]["bounds"]
    return {
        gate: Scope(
            frozenset(keys),
            bounds=tuple(bounds.get(gate.marker, ())),
            absent=tuple(_absent(document, gate, keys, [one for one in verdicts if one.gate is gate])),
        )
        for gate, keys in expected.items()
    }


def _absent(
    document: Json, gate: Gate, expected: Collection[Key], verdicts: Collection[Verdict]
) -> Iterator[Blocker]:
    """Why what is missing from a merged document blocks its gate: it is too old, or nobody judged a provider."""
    missing = set(expected) - {one.key for one in verdicts}
    if "runs" not in document or not missing:
        return
    aged = [entry["run"] for entry in document["too_old"] if entry["gate"] == gate]
    if aged:
        yield _aged(document, gate, aged, len(missing))
        return
    if gate in _OF_PROVIDERS and verdicts:
        heard = {one.provider for one in verdicts if one.outcome is not Outcome.NOT_APPLICABLE}
        for name in sorted({provider for provider, _ in missing} - heard - {""}):
            yield _unheard(gate, name, sum(provider == name for provider, _ in missing))


def _aged(document: Json, gate: Gate, runs: Collection[str], count: int) -> Blocker:
    age = document["run"]["thresholds"]["max_age_s"][gate.marker]
    told = ", ".join(
        f"{run['id']} of {run['host'] or 'an unknown host'}, {run['finished_at']}"
        for run in document["runs"]
        if run["id"] in runs
    )
    return Blocker(
        f"too-old:{gate.marker}",
        Outcome.BLOCKED,
        f"the results of gate {gate.value} are older than max_age allows, {age} s in gates.yaml: {told}",
        (f"run it again: pytest -m {gate.marker}, and merge that report",),
        count,
    )


def _unheard(gate: Gate, name: str, count: int) -> Blocker:
    return Blocker(
        f"unreported:{gate.marker}:{name}",
        Outcome.BLOCKED,
        f"nobody judged provider {name} for gate {gate.value}",
        (
            f"where it can be reached: pytest -m {gate.marker} --live --provider {name} --gates-report DIR, "
            "and merge that report too",
        ),
        count,
        (name,),
    )
