"""Findings as people, programs and forges read them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sixgates
from sixgates.config.public import public_line
from sixgates.config.rules import Severity
from sixgates.config.ruleset import RULES
from sixgates.exchange import Mendable
from sixgates.linting.reports import SHAPE, Report
from sixgates.visible import inert, visible, visible_json

_SARIF = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_SARIF_LEVELS = {Severity.ERROR: "error", Severity.WARN: "warning", Severity.INFO: "note"}
_GITHUB_LEVELS = {Severity.ERROR: "error", Severity.WARN: "warning", Severity.INFO: "notice"}
_WIDEST = 120


def human(reports: Iterable[Report]) -> str:
    """For a terminal: each finding with its line, what happens at run time, and how to mend it."""
    return "\n".join(_block(report) for report in reports)


def _block(report: Report) -> str:
    file, line, column = report.place
    where = f"{file}:{line}:{column}" if line else file
    said = [
        visible(f"{where}: {report.severity}[{report.slug}] {report.sentence}"),
        *_frame(report.text, line, column, report.sentence),
    ]
    rule = RULES.get(report.slug)
    if rule is not None:
        said.append(f"  what happens: {rule.happens}")
    return "\n".join(said)


def _frame(text: str, line: int, column: int, said: str) -> list[str]:
    lines = text.splitlines()
    if not 0 < line <= len(lines) or len(lines[line - 1]) > _WIDEST:
        return []
    quoted = public_line(lines[line - 1], said)
    # A tab is one column and any other control character would act on the terminal.
    shown = "".join(char if visible(char) == char else " " for char in quoted)
    if column > len(shown):
        return []
    return [f"  {line:>4} | {inert(shown)}", f"       | {' ' * len(inert(shown[: column - 1]))}^"]


def as_json(reports: Iterable[Report]) -> str:
    """For programs: one array of objects."""
    return _dumped([_plain(report) for report in reports])


def _dumped(document: object) -> str:
    return visible_json(json.dumps(document, indent=2, ensure_ascii=False))


def _plain(report: Report) -> Mapping[str, Any]:
    file, line, column = report.place
    finding = report.finding
    found: dict[str, Any] = {
        "rule": report.slug,
        "severity": report.severity.value,
        "file": file,
        "line": line,
        "column": column,
        "expected": finding.expected,
        "got": finding.got,
        "hint": finding.hint,
    }
    if rule := RULES.get(report.slug):
        found |= {"requirement": rule.requirement, "happens": rule.happens, "mend": rule.mend}
        found |= {"evidence": list(rule.evidence)}
    if isinstance(finding, Mendable) and not finding.secret:
        found["fix"] = {"old": finding.old, "new": finding.new}
    return found


def sarif(reports: Iterable[Report]) -> str:
    """SARIF 2.1.0, for code scanning."""
    found = list(reports)
    slugs = list(dict.fromkeys(report.slug for report in found))
    driver = {
        "name": "sixgates",
        "version": sixgates.__version__,
        "rules": [_sarif_rule(slug) for slug in slugs],
    }
    results = [_sarif_result(report, slugs.index(report.slug)) for report in found]
    run = {"tool": {"driver": driver}, "results": results}
    return _dumped({"$schema": _SARIF, "version": "2.1.0", "runs": [run]})


def _sarif_rule(slug: str) -> Mapping[str, Any]:
    rule = RULES.get(slug)
    if rule is None:
        return {"id": SHAPE, "shortDescription": {"text": "Every file has its shape."}}
    described = {"id": slug, "shortDescription": {"text": rule.requirement}}
    return described | {"help": {"text": f"{rule.happens} {rule.mend}"}}


def _sarif_result(report: Report, index: int) -> Mapping[str, Any]:
    file, line, column = report.place
    place: dict[str, Any] = {"artifactLocation": {"uri": file}}
    if line:
        place["region"] = {"startLine": line, "startColumn": column}
    return {
        "ruleId": report.slug,
        "ruleIndex": index,
        "level": _SARIF_LEVELS[report.severity],
        "message": {"text": _without_links(visible(report.sentence))},
        "locations": [{"physicalLocation": place}],
    }


def _without_links(text: str) -> str:
    """SARIF 2.1.0, 3.11.6: `[text](target)` in a message is a link, and a bracket after a backslash begins none."""
    return re.sub(r"\[(?=[^\[\]]*\]\()", r"\\[", text)


def github(reports: Iterable[Report]) -> str:
    """Workflow commands that annotate the lines of a pull request."""
    return "\n".join(_annotation(report) for report in reports)


def _annotation(report: Report) -> str:
    file, line, column = report.place
    at = f",line={line},col={column}" if line else ""
    title = f"sixgates {report.slug}"
    return f"::{_GITHUB_LEVELS[report.severity]} file={_property(file)}{at},title={title}::{_data(report.sentence)}"


def _data(text: str) -> str:
    """The text after a command; a line break is an escape in it already, so a percent sign is all that is left."""
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS: Mapping[str, Callable[[Iterable[Report]], str]] = {
    "human": human,
    "json": as_json,
    "sarif": sarif,
    "github": github,
}
