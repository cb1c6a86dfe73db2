"""Several runs as one document, and one document against an earlier one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sixgates.gates import GateStatus
from sixgates.report.document import SCHEMA_VERSION, Document, ReportError
from sixgates.verdict import Gate, Outcome

_RED = frozenset(outcome.value for outcome in Outcome if outcome.red)
_GREEN = frozenset({Outcome.PASSED.value, Outcome.ADVISORY.value, Outcome.DEVIATION.value})


def merge(documents: Sequence[Document]) -> Document:
    """For each gate the latest run that ran it, and that run's results; raises ReportError for none."""
    if not documents:
        raise ReportError("nothing to merge: give at least one gates.json")
    ordered = sorted(documents, key=lambda one: str(one["run"]["started_at"]))
    chosen = [_latest(ordered, number) for number in range(len(ordered[0]["gates"]))]
    gates = [source["gates"][number] for number, source in enumerate(chosen)]
    results = [
        result
        for gate, source in zip(gates, chosen, strict=True)
        for result in source["results"]
        if result["gate"] == gate["id"]
    ]
    return {
        "schema_version": SCHEMA_VERSION,
        "run": _joined([one["run"] for one in ordered]),
        "gates": gates,
        "readiness": chosen[Gate.CONTRACT - 1].get("readiness", []),
        "results": results,
        "footer": {"results": len(results)},
    }


def _latest(ordered: Sequence[Document], number: int) -> Document:
    ran = [one for one in ordered if one["gates"][number]["status"] != GateStatus.NOT_RUN]
    # Of runs that judged nothing, the one that at least has something to say.
    spoke = [one for one in ordered if one["gates"][number]["counts"]]
    return (ran or spoke or ordered)[-1]


def _joined(runs: Sequence[Mapping[str, Any]]) -> Document:
    providers: dict[str, Mapping[str, Any]] = {}
    for run in runs:
        providers |= {provider["name"]: provider for provider in run["providers"]}
    modes = {run["mode"] for run in runs}
    return {
        **runs[-1],
        "started_at": runs[0]["started_at"],
        "finished_at": max(run["finished_at"] for run in runs),
        "duration_s": round(sum(run["duration_s"] for run in runs), 6),
        "mode": modes.pop() if len(modes) == 1 else "mixed",
        "providers": list(providers.values()),
        "interrupted": any(run["interrupted"] for run in runs),
        "exit_status": max(run["exit_status"] for run in runs),
        "merged_from": list(
            dict.fromkeys(id_ for run in runs for id_ in run.get("merged_from", [run["id"]]))
        ),
    }


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
