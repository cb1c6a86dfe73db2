"""Several runs as one document: by gate, provider and check, never greener than what its runs say.

A host's later complete run of a gate and provider replaces its own earlier one. In every other conflict the worse
outcome holds, and the others stand beside it. States are computed from the results.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sixgates.gates import weight
from sixgates.report.checking import knows_its_gates
from sixgates.report.document import SCHEMA_VERSION, Document, ReportError, expected_of
from sixgates.report.judging import judged_again, thresholds_of
from sixgates.verdict import Gate, Key, Verdict

Json = Mapping[str, Any]
Subject = tuple[str, Gate, str]
"""A run's id, a gate, and a provider: what is replaced as a whole."""
AHEAD = timedelta(minutes=5)
_LIVE = frozenset({Gate.CONTRACT, Gate.HEALTH})
"""Gates whose results are about running providers, or about recordings of them."""


@dataclass(slots=True)
class _Part:
    """One run and what it says of each case, by gate, provider and check."""

    run: Json
    results: dict[tuple[Gate, Key], Json] = field(default_factory=dict)

    def of(self, gate: Gate, provider: str) -> set[str]:
        """The checks of one provider that the run judged."""
        return {check for (one, (name, check)) in self.results if (one, name) == (gate, provider)}

    def expected(self, gate: Gate, provider: str) -> set[str]:
        """The checks that the gate consists of for one provider, as the run knew it."""
        return {
            check
            for entry in self.run["expected"]
            if (entry["gate"], entry["provider"] or "") == (gate, provider)
            for check in entry["checks"]
        }

    def replaces(self, other: _Part, gate: Gate, provider: str) -> bool:
        """Whether this is the same host's later run, complete, and about all that the other says."""
        mine, theirs = self.run, other.run
        if not mine["host"] or mine["host"] != theirs["host"] or mine["started_at"] <= theirs["started_at"]:
            return False
        if gate in _LIVE and mine["mode"] != theirs["mode"]:
            return False
        own = self.expected(gate, provider)
        wanted = own | other.expected(gate, provider) | other.of(gate, provider)
        return bool(own) and wanted <= self.of(gate, provider)


def merge(documents: Sequence[Document], now: datetime | None = None) -> Document:
    """One document of these; raises ReportError for what must not be merged, with the reason."""
    if not documents:
        raise ReportError("nothing to merge: give at least one gates.json")
    moment = now or datetime.now(UTC)
    for document in documents:
        _refuse(document, moment)
    parts = _parts(documents)
    _refuse_strangers([part.run for part in parts])
    replaced = {*_replaced(parts), *_known(documents)}
    aged = _too_old(parts, moment)
    kept = _kept(parts, replaced, aged)
    run = _joined([part.run for part in parts], _expected(parts, replaced))
    results = [_chosen(candidates, run) for _, candidates in sorted(kept.items(), key=lambda one: one[0])]
    document = {
        "schema_version": SCHEMA_VERSION,
        "run": run,
        "runs": [part.run for part in parts],
        "gates": [],
        "readiness": [],
        "results": results,
        "replaced": [
            {"run": id_, "gate": int(gate), "provider": provider or None}
            for id_, gate, provider in sorted(replaced)
        ],
        "too_old": [{"run": id_, "gate": int(gate)} for id_, gate in sorted(aged)],
        "footer": {"results": len(results)},
    }
    return judged_again(document)


def _refuse(document: Document, now: datetime) -> None:
    """Refuse a document that does not say what its gates consist of, or that comes from the future."""
    name = f"run {document['run']['id']}"
    if not knows_its_gates(document):
        raise ReportError(
            f"{name}: version {document['schema_version']} of gates.json does not say what each gate consists of: "
            "it can be a --baseline, but not be merged; run again with this sixgates"
        )
    for run in document.get("runs", [document["run"]]):
        for word in ("started_at", "finished_at"):
            if datetime.fromisoformat(run[word]) > now + AHEAD:
                raise ReportError(
                    f"run {run['id']} of host {run['host'] or 'unknown'}: {word} is {run[word]}, more than 5 minutes "
                    f"ahead of this machine's clock ({now.isoformat(timespec='seconds')}): "
                    "set the clock that is wrong, and run again"
                )


def _parts(documents: Iterable[Document]) -> list[_Part]:
    """The runs of all documents, merged ones taken apart again, oldest first; each run once."""
    found: dict[str, _Part] = {}
    for document in documents:
        for run in document.get("runs", [document["run"]]):
            part = found.setdefault(run["id"], _Part(run))
            if part.run != run:
                raise ReportError(_two_of_one(run))
        for result in document["results"]:
            for one in (result, *result.get("others", ())):
                id_ = one.get("run", document["run"]["id"])
                plain = {key: value for key, value in one.items() if key not in {"run", "others"}}
                key = Gate(one["gate"]), (one["provider"] or "", one["check"])
                if id_ not in found or found[id_].results.setdefault(key, plain) != plain:
                    raise ReportError(_two_of_one({"id": id_}))
    return sorted(found.values(), key=lambda part: (part.run["started_at"], part.run["id"]))


def _two_of_one(run: Json) -> str:
    return (
        f"run {run['id']} is told in two ways: one of the files was edited; "
        "give each run once, as --gates-report wrote it"
    )


def _refuse_strangers(runs: Sequence[Json]) -> None:
    """Refuse runs of another configuration; one that ended before it read any has none."""
    known = [run for run in runs if run["config"]["digest"]]
    for run in known[1:]:
        if run["config"]["digest"] != known[0]["config"]["digest"]:
            raise ReportError(
                f"{_described(run)} judged another configuration than {_described(known[0])}: merge reports of one "
                "state of the files, and judge again what was judged before they changed"
            )


def _described(run: Json) -> str:
    config = run["config"]
    host = f" of host {run['host']}" if run["host"] else ""
    return f"run {run['id']}{host} ({config['source']}, {config['digest'][:12]})"


def _replaced(parts: Sequence[_Part]) -> set[Subject]:
    """What a host has judged again, later and completely."""
    return {
        (part.run["id"], gate, provider)
        for part in parts
        for gate, provider in {(gate, provider) for gate, (provider, _) in part.results}
        if any(other.replaces(part, gate, provider) for other in parts)
    }


def _known(documents: Iterable[Document]) -> set[Subject]:
    """What earlier merges replaced."""
    return {
        (entry["run"], Gate(entry["gate"]), entry["provider"] or "")
        for document in documents
        for entry in document.get("replaced", ())
    }


def _too_old(parts: Sequence[_Part], now: datetime) -> set[tuple[str, Gate]]:
    """Runs whose results for a gate are older than `max_age` in gates.yaml allows."""
    return {
        (part.run["id"], gate)
        for part in parts
        for gate, age in thresholds_of(part.run).max_age_s.items()
        if now - datetime.fromisoformat(part.run["finished_at"]) > timedelta(seconds=age)
        and any(one is gate for one, _ in part.results)
    }


_Kept = dict[tuple[Gate, Key], list[tuple[str, Json]]]


def _kept(parts: Sequence[_Part], replaced: set[Subject], aged: set[tuple[str, Gate]]) -> _Kept:
    """What still counts of each case, with the run that says it: of what is too old, only what is red."""
    found: _Kept = defaultdict(list)
    for part in parts:
        id_ = part.run["id"]
        for (gate, key), result in part.results.items():
            if (id_, gate, key[0]) in replaced:
                continue
            if (id_, gate) not in aged or Verdict.from_json(result).red:
                found[gate, key].append((id_, result))
    return found


def _expected(parts: Sequence[_Part], replaced: set[Subject]) -> dict[Gate, set[Key]]:
    """What the gates consist of, as all runs know it but those that were replaced."""
    found: dict[Gate, set[Key]] = defaultdict(set)
    for part in parts:
        for entry in part.run["expected"]:
            gate, provider = Gate(entry["gate"]), entry["provider"] or ""
            if (part.run["id"], gate, provider) not in replaced:
                found[gate].update((provider, check) for check in entry["checks"])
    return found


def _chosen(candidates: Sequence[tuple[str, Json]], run: Json) -> Document:
    """The heaviest result, of equal ones the latest, with what other runs say beside it."""
    thresholds, strict = thresholds_of(run), run["thresholds"]["strict"]

    def heavy(candidate: tuple[str, Json]) -> int:
        return weight(Verdict.from_json(candidate[1]), thresholds, strict=strict)

    ranked = sorted(enumerate(candidates), key=lambda one: (heavy(one[1]), one[0]), reverse=True)
    (first, result), *rest = [candidate for _, candidate in ranked]
    others = [{**one, "run": id_} for id_, one in rest]
    return {**result, "run": first, **({"others": others} if others else {})}


def _joined(runs: Sequence[Json], expected: Mapping[Gate, Iterable[Key]]) -> Document:
    providers: dict[str, Json] = {}
    for run in runs:
        providers |= {provider["name"]: provider for provider in run["providers"]}
    modes = {run["mode"] for run in runs}
    bounds: dict[str, dict[str, None]] = defaultdict(dict)
    for run in runs:
        for marker, said in run["bounds"].items():
            bounds[marker] |= dict.fromkeys(said)
    known = [run for run in runs if run["config"]["digest"]]
    return {
        **runs[-1],
        "started_at": runs[0]["started_at"],
        "finished_at": max(run["finished_at"] for run in runs),
        "duration_s": round(sum(run["duration_s"] for run in runs), 6),
        "mode": modes.pop() if len(modes) == 1 else "mixed",
        "providers": list(providers.values()),
        "interrupted": any(run["interrupted"] for run in runs),
        "exit_status": max(run["exit_status"] for run in runs),
        "host": ", ".join(sorted({run["host"] for run in runs if run["host"]})),
        "config": (known or runs)[0]["config"],
        "litellm": ", ".join(sorted({run["litellm"] for run in runs if run["litellm"]})),
        "thresholds": _strictest([run["thresholds"] for run in runs]),
        "expected": expected_of(expected),
        "bounds": {marker: list(said) for marker, said in sorted(bounds.items())},
        "merged_from": [run["id"] for run in runs],
    }


def _strictest(given: Sequence[Json]) -> Document:
    ages: dict[str, int] = {}
    for one in given:
        for marker, age in one["max_age_s"].items():
            ages[marker] = min(age, ages.get(marker, age))
    return {
        "unit_exercised": max(one["unit_exercised"] for one in given),
        "integration_success": max(one["integration_success"] for one in given),
        "deviations_allowed": all(one["deviations_allowed"] for one in given),
        "strict": any(one["strict"] for one in given),
        "max_age_s": dict(sorted(ages.items())),
    }
