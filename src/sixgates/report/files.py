"""Writing a report so that a reader never sees half of it, and reading one that someone else wrote."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from sixgates.gates import GateStatus
from sixgates.inputs.file import UnreadableError, read_bytes
from sixgates.readiness import State
from sixgates.report.badge import render_badge
from sixgates.report.document import Document, ReportError
from sixgates.report.markdown import render_markdown
from sixgates.verdict import Gate, Level, Outcome

FILE_NAME = "gates.json"
MAX_BYTES = 100_000_000


def write(document: Document, directory: Path, changes: Mapping[str, Sequence[str]] | None = None) -> Path:
    """Write gates.json and its renderings, each at once or not at all; raises ReportError."""
    texts = {
        "gates.md": render_markdown(document, changes),
        "badge.json": render_badge(document),
        # Last, so that renderings never are older than the document beside them.
        FILE_NAME: json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
    }
    target = directory
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            target = directory / name
            _replace(target, text)
    except OSError as error:
        raise ReportError(
            f"the report was not written: {target}: {error.strerror or error}; "
            "free space there or make it writable, or name another directory with --gates-report DIR"
        ) from error
    return target


def _replace(target: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(path: Path) -> Document:
    """A document that `write` wrote, or its directory; raises ReportError when it is none or was cut."""
    place = path / FILE_NAME if path.is_dir() else path
    try:
        document = json.loads(read_bytes(place, MAX_BYTES).decode("utf-8"))
        # What could not be written again: NaN, infinities (1e999 too), lone surrogates.
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnreadableError as error:
        step = "give a gates.json, or the directory that a run with --gates-report DIR wrote"
        raise ReportError(f"{place}: cannot be read: {error}; {step}") from error
    except (ValueError, RecursionError) as error:
        raise ReportError(
            f"{place}: is no whole JSON document ({error}); run again with --gates-report"
        ) from error
    _Checked(place).document(document)
    checked: Document = document
    return checked


_TEXT, _LIST, _NUMBER = (str,), (list,), (int, float)
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
        self.fields("run", document["run"], _RUN)
        self.fields("run.tool", document["run"]["tool"], {"name": _TEXT, "version": _TEXT})
        self.texts("run.command", document["run"]["command"])
        for number, provider in enumerate(document["run"]["providers"]):
            self.fields(f"run.providers[{number}]", provider, _PROVIDER)
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
        self.fields("footer", document["footer"], {"results": (int,)})
        promised, there = document["footer"]["results"], len(document["results"])
        if promised != there:
            self.refuse(
                "results", f"holds {there} and the footer promises {promised}: the file was cut or edited"
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
        misleads = {"misleads": result.get("misleads", [])}  # reports before version 1.2 have none
        self.fields(where, misleads, {"misleads": _LIST})
        self.texts(f"{where}.misleads", misleads["misleads"])

    def readiness(self, where: str, readiness: Any) -> None:
        self.fields(where, readiness, _READINESS)
        for word in ("clients", "profiles"):
            for number, standing in enumerate(readiness[word]):
                place = f"{where}.{word}[{number}]"
                self.fields(place, standing, _STANDING)
                self.one_of(f"{place}.state", standing["state"], list(State))
                self.texts(f"{place}.through", standing["through"])

    def fields(self, where: str, value: Any, shape: Mapping[str, tuple[type, ...]]) -> None:
        if not isinstance(value, dict):
            self.refuse(where, f"must be an object, and is {type(value).__name__}")
        for name, types in shape.items():
            if name not in value:
                self.refuse(where, f"has no {name!r}")
            one = value[name]
            if not isinstance(one, types) or (isinstance(one, bool) and bool not in types):
                wanted = " or ".join(_JSON_NAMES[kind] for kind in types)
                self.refuse(f"{where}.{name}", f"must be {wanted}, and is {one!r:.60}")

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
