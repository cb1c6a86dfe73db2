"""Light checks of a report that someone else wrote, so that nothing stumbles over it; the schema says it all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from sixgates.capability import Offer
from sixgates.gates import GateStatus
from sixgates.readiness import State
from sixgates.report.document import Document, ReportError
from sixgates.verdict import Gate, Level, Outcome


def check(place: Path, document: Any) -> None:
    """Refuse a document in which something is missing or not of its type; raises ReportError that names it."""
    _Checked(place).document(document)


def knows_its_gates(document: Document) -> bool:
    """Whether a document says what its gates consist of, as those since version 1.3 do."""
    minor = document["schema_version"].partition(".")[2]
    return minor.isdigit() and int(minor) >= 3


_TEXT, _LIST, _NUMBER = (str,), (list,), (int, float)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_DOCUMENT = {"schema_version": _TEXT, "run": (dict,), "gates": _LIST, "results": _LIST, "footer": (dict,)}
_RUN = {
    **dict.fromkeys(("id", "started_at", "finished_at", "python", "platform", "mode"), _TEXT),
    "duration_s": _NUMBER,
    "tool": (dict,),
    "command": _LIST,
    "providers": _LIST,
    "interrupted": (bool,),
    "exit_status": (int,),
}
_JUDGED = {
    "host": _TEXT,
    "litellm": _TEXT,
    **dict.fromkeys(("config", "thresholds", "bounds"), (dict,)),
    "expected": _LIST,
}
_THRESHOLDS = {
    **dict.fromkeys(("unit_exercised", "integration_success"), _NUMBER),
    **dict.fromkeys(("deviations_allowed", "strict"), (bool,)),
    "max_age_s": (dict,),
}
_EXPECTED = {"gate": (int,), "provider": (str, type(None)), "checks": _LIST}
_ATTEMPT = {"outcome": _TEXT, "findings": _LIST, "exchanges": _LIST}
_PROVIDER = dict.fromkeys(("name", "type", "engine_version", "source"), _TEXT)
_GATE = {
    "id": (int,),
    **dict.fromkeys(("name", "status", "required", "actual", "run"), _TEXT),
    "blockers": _LIST,
    "counts": (dict,),
}
_BLOCKER = {
    **dict.fromkeys(("key", "outcome", "summary"), _TEXT),
    "next_steps": _LIST,
    "count": (int,),
    "providers": _LIST,
}
_RESULT = {
    "gate": (int,),
    **dict.fromkeys(
        ("check", "level", "outcome", "requirement", "engine", "source", "reason", "reproduce"), _TEXT
    ),
    "provider": (str, type(None)),
    "findings": _LIST,
    "cause": (dict, type(None)),
    "evidence": _LIST,
    "breaks": _LIST,
    "duration_s": _NUMBER,
}
_FINDING = dict.fromkeys(("where", "expected", "got", "hint"), _TEXT)
_READINESS = {"provider": _TEXT, "clients": _LIST, "profiles": _LIST}
_STANDING = {"name": _TEXT, "state": _TEXT, "through": _LIST}
_CAUSE = {"key": _TEXT, "summary": _TEXT, "next_steps": _LIST}


class _Checked:
    """Light checks of a document's shape, so that no rendering stumbles; the schema says it all."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def document(self, document: Any) -> None:
        self.version(document)
        self.fields("the document", document, _DOCUMENT)
        self.run("run", document["run"])
        for number, gate in enumerate(document["gates"]):
            self.gate(f"gates[{number}]", gate)
        if [gate["id"] for gate in document["gates"]] != [int(gate) for gate in Gate]:
            self.refuse("gates", "must be the six gates, ids 1 to 6 in order")
        for number, result in enumerate(document["results"]):
            self.result(f"results[{number}]", result)
        readiness = {"readiness": document.get("readiness", [])}  # reports of version 1.0 have none
        self.fields("the document", readiness, {"readiness": _LIST})
        for number, one in enumerate(readiness["readiness"]):
            self.readiness(f"readiness[{number}]", one)
        if knows_its_gates(document):
            self.since_1_3(document)
        self.fields("footer", document["footer"], {"results": (int,)})
        promised, there = document["footer"]["results"], len(document["results"])
        if promised != there:
            self.refuse(
                "results", f"holds {there} and the footer promises {promised}: the file was cut or edited"
            )

    def since_1_3(self, document: Any) -> None:
        """What says of a document what its gates consist of, and of a merged one what it is made of."""
        merged = {name: document.get(name, []) for name in ("runs", "replaced", "too_old")}
        self.fields("the document", merged, dict.fromkeys(merged, _LIST))
        for number, run in enumerate([document["run"], *merged["runs"]]):
            where = f"runs[{number - 1}]" if number else "run"
            self.run(where, run)
            self.what_it_judged(where, run)
        for name in ("replaced", "too_old"):
            for number, entry in enumerate(merged[name]):
                self.fields(f"{name}[{number}]", entry, {"run": _TEXT, "gate": (int,)})
                self.one_of(f"{name}[{number}].gate", entry["gate"], [int(gate) for gate in Gate])
        said = {entry["gate"] for entry in document["run"]["expected"]}
        for number, result in enumerate(document["results"]):
            where = f"results[{number}]"
            self.attempts(where, result)
            if result["gate"] not in said:
                self.refuse(
                    "run.expected", f"says nothing of gate {result['gate']}, of which there are results"
                )
            if merged["runs"]:
                self.fields(where, result, {"run": _TEXT})
            for other in self.fields(where, {"others": [], **result}, {"others": _LIST})["others"]:
                self.result(f"{where}.others", other)
                self.attempts(f"{where}.others", other)
                self.fields(f"{where}.others", other, {"run": _TEXT})

    def run(self, where: str, run: Any) -> None:
        self.fields(where, run, _RUN)
        self.fields(f"{where}.tool", run["tool"], {"name": _TEXT, "version": _TEXT})
        self.texts(f"{where}.command", run["command"])
        for number, provider in enumerate(run["providers"]):
            self.fields(f"{where}.providers[{number}]", provider, _PROVIDER)
            self.fields(
                f"{where}.providers[{number}]", {"recorded_at": "", **provider}, {"recorded_at": _TEXT}
            )

    def what_it_judged(self, where: str, run: Any) -> None:
        """What a run says of its gates, and when it was."""
        self.fields(where, run, _JUDGED)
        for word in ("started_at", "finished_at"):
            if not _MOMENT.fullmatch(run[word]):
                self.refuse(
                    f"{where}.{word}",
                    f"must be a time such as 2026-01-02T03:04:05.000Z, and is {run[word]!r:.60}",
                )
        self.fields(f"{where}.config", run["config"], {"digest": _TEXT, "source": _TEXT})
        self.fields(f"{where}.thresholds", run["thresholds"], _THRESHOLDS)
        markers = [gate.marker for gate in Gate]
        for marker, age in run["thresholds"]["max_age_s"].items():
            self.one_of(f"{where}.thresholds.max_age_s", marker, markers)
            self.fields(f"{where}.thresholds.max_age_s", {marker: age}, {marker: (int,)})
        for name in ("unit_exercised", "integration_success"):
            share = run["thresholds"][name]
            if not 0 <= share <= 1:
                self.refuse(
                    f"{where}.thresholds.{name}", f"must be a share from 0 to 1, and is {share!r:.60}"
                )
        for number, entry in enumerate(run["expected"]):
            place = f"{where}.expected[{number}]"
            self.fields(place, entry, _EXPECTED)
            self.one_of(f"{place}.gate", entry["gate"], [int(gate) for gate in Gate])
            self.texts(f"{place}.checks", entry["checks"])
        for marker, said in run["bounds"].items():
            self.one_of(f"{where}.bounds", marker, markers)
            self.fields(f"{where}.bounds", {marker: said}, {marker: _LIST})
            self.texts(f"{where}.bounds.{marker}", said)

    def attempts(self, where: str, result: Any) -> None:
        """How often a check was judged, each attempt of one that is flaky, what came of a capability."""
        counted = {"times": 1, "failed": 0, "luck": "", "attempts": [], **result}
        self.fields(where, counted, {"times": (int,), "failed": (int,), "luck": _TEXT, "attempts": _LIST})
        if (asked := result.get("asked")) is not None:
            self.fields(f"{where}.asked", asked, dict.fromkeys(("capability", "offer", "got"), _TEXT))
            self.one_of(f"{where}.asked.offer", asked["offer"], list(Offer))
        for number, attempt in enumerate(counted["attempts"]):
            place = f"{where}.attempts[{number}]"
            self.fields(place, attempt, _ATTEMPT)
            self.one_of(f"{place}.outcome", attempt["outcome"], list(Outcome))
            for finding in attempt["findings"]:
                self.fields(f"{place}.findings", finding, _FINDING)
            for exchange in attempt["exchanges"]:
                self.fields(
                    f"{place}.exchanges", exchange, dict.fromkeys(("probe", "request", "answer"), _TEXT)
                )

    def version(self, document: Any) -> None:
        version = document.get("schema_version") if isinstance(document, dict) else None
        if not isinstance(version, str):
            self.refuse("schema_version", "is missing, so this is no gates.json")
        if version.split(".")[0] != "1":
            self.refuse("schema_version", f"is {version!r} and this sixgates reads 1.x; upgrade sixgates")

    def gate(self, where: str, gate: Any) -> None:
        self.fields(where, gate, _GATE)
        self.one_of(f"{where}.status", gate["status"], list(GateStatus))
        for number, blocker in enumerate(gate["blockers"]):
            place = f"{where}.blockers[{number}]"
            self.fields(place, blocker, _BLOCKER)
            self.one_of(f"{place}.outcome", blocker["outcome"], list(Outcome))
            self.texts(f"{place}.next_steps", blocker["next_steps"])
            self.texts(f"{place}.providers", blocker["providers"])

    def result(self, where: str, result: Any) -> None:
        self.fields(where, result, _RESULT)
        self.one_of(f"{where}.outcome", result["outcome"], list(Outcome))
        self.one_of(f"{where}.level", result["level"], list(Level))
        self.one_of(f"{where}.gate", result["gate"], [int(gate) for gate in Gate])
        for number, finding in enumerate(result["findings"]):
            self.fields(f"{where}.findings[{number}]", finding, _FINDING)
        if result["cause"] is not None:
            self.fields(f"{where}.cause", result["cause"], _CAUSE)
            self.texts(f"{where}.cause.next_steps", result["cause"]["next_steps"])
        self.texts(f"{where}.evidence", result["evidence"])
        self.texts(f"{where}.breaks", result["breaks"])
        later = ("misleads", "at_risk", "unmeasured", "not_recorded", "consequences")
        for name in later:  # older reports lack some of them
            lists = {name: result.get(name, [])}
            self.fields(where, lists, {name: _LIST})
            self.texts(f"{where}.{name}", lists[name])

    def readiness(self, where: str, readiness: Any) -> None:
        self.fields(where, readiness, _READINESS)
        for word in ("clients", "profiles"):
            for number, standing in enumerate(readiness[word]):
                place = f"{where}.{word}[{number}]"
                self.fields(place, standing, _STANDING)
                self.one_of(f"{place}.state", standing["state"], list(State))
                self.texts(f"{place}.through", standing["through"])
                unmeasured = {"unmeasured": standing.get("unmeasured", [])}  # only clients since version 1.5
                self.fields(place, unmeasured, {"unmeasured": _LIST})
                self.texts(f"{place}.unmeasured", unmeasured["unmeasured"])

    def fields(self, where: str, value: Any, shape: Mapping[str, tuple[type, ...]]) -> Any:
        if not isinstance(value, dict):
            self.refuse(where, f"must be an object, and is {type(value).__name__}")
        for name, types in shape.items():
            if name not in value:
                self.refuse(where, f"has no {name!r}")
            one = value[name]
            if not isinstance(one, types) or (isinstance(one, bool) and bool not in types):
                wanted = " or ".join(_JSON_NAMES[kind] for kind in types)
                self.refuse(f"{where}.{name}", f"must be {wanted}, and is {one!r:.60}")
        return value

    def texts(self, where: str, value: Sequence[Any]) -> None:
        for number, one in enumerate(value):
            if not isinstance(one, str):
                self.refuse(f"{where}[{number}]", f"must be a string, and is {one!r:.60}")

    def one_of(self, where: str, value: Any, allowed: Sequence[Any]) -> None:
        if value not in allowed:
            self.refuse(where, f"is {value!r}; allowed: {', '.join(str(one) for one in allowed)}")

    def refuse(self, where: str, what: str) -> NoReturn:
        raise ReportError(f"{self.place}: {where} {what}")


_JSON_NAMES: dict[type, str] = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    type(None): "null",
}
