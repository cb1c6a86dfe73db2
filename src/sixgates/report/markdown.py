"""The report as a comment on a pull request: the six rows first, then what to do, then the details."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sixgates.report.causes import root_causes, waiting_for
from sixgates.report.deviations import Accepted, accepted, how_many
from sixgates.report.disagreement import disagreements, merged_of, replaced
from sixgates.report.escaping import block, code, prose
from sixgates.report.headline import gates_asked_for, headline, met
from sixgates.report.offers import NotOffered, not_offered
from sixgates.report.standing import standing_table
from sixgates.report.terminal import tried
from sixgates.verdict import FOUND, Level, Outcome

LIMIT = 60_000  # GitHub takes 65,536 characters.
LONGEST_COMMAND = 4_000
MOST_FINDINGS = 10
LONGEST_EXCERPT = 200
# A section's heading, its end, and the note on what was left out.
_FRAME = 300
_FAILURES = (Outcome.FAILED, Outcome.STALE, Outcome.ERROR)

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Section:
    heading: str
    blocks: Sequence[str]
    end: str = ""


def render_markdown(document: Json, changes: Mapping[str, Sequence[str]] | None = None) -> str:
    """Markdown of at most `LIMIT` characters; `changes` is what `compare` found against a baseline."""
    results = document["results"]
    head = [_title(document), _table(document["gates"])]
    tail = [_counts(results), _identity(document["run"])]
    room = LIMIT - sum(len(part) + 2 for part in head + tail)
    body = []
    for section in _sections(document, changes):
        if section.blocks:
            text = _fitted(section, room)
            body.append(text)
            room -= len(text) + 2
    return "\n\n".join(part for part in (*head, *body, *tail) if part) + "\n"


def _sections(document: Json, changes: Mapping[str, Sequence[str]] | None) -> list[_Section]:
    results = document["results"]
    failures = [_failure(result) for result in results if _fails(result)]
    deviations = accepted(results)
    undeclared = [_line(result) for result in results if _found(result)]
    refused = [_refused(one) for one in not_offered(results)]
    advisories = [_line(result) for result in results if _advises(result)]
    folded = f"<details>\n<summary>Advisories ({len(advisories)})</summary>\n"
    return [
        _Section("## What stands in the way", [_cause(one) for one in root_causes(document["gates"])]),
        _Section("## Clients and profiles", standing_table(document.get("readiness", []))),
        _Section("## Judged differently", _differing(document)),
        _Section("## Since the baseline", [] if changes is None else _changes(changes)),
        _Section(f"## Failures ({len(failures)})", failures),
        _Section(f"## Accepted deviations ({how_many(deviations)})", [_deviation(one) for one in deviations]),
        _Section(f"## Found but undeclared ({len(undeclared)})", undeclared),
        _Section("## Not offered, or accepted without effect", refused),
        _Section(folded, advisories, "\n\n</details>"),
    ]


def _fitted(section: _Section, room: int) -> str:
    """The blocks that fit, and how many do not; a list's items stand close, longer blocks apart."""
    lines, used = [section.heading, ""], _FRAME
    for number, one in enumerate(section.blocks):
        if used + len(one) + 2 > room:
            left = len(section.blocks) - number
            lines += ["", f"*{left} more left out here for length; all stand in gates.json.*"]
            break
        lines.append(one)
        used += len(one) + 2
    return "\n".join(lines).rstrip() + section.end


def _title(document: Json) -> str:
    gates = document["gates"]
    named = [{**gate, "name": prose(gate["name"])} for gate in gates]
    whole = len(gates_asked_for(gates)) == len(gates)
    title = f"# Six gates: {met(gates)} of {len(gates)} MET" if whole else f"# {_begun(headline(named))}"
    if joined := merged_of(document):
        title += f"\n\nMerged from {joined}. Where they differ, the worse outcome holds."
    if document["run"]["interrupted"]:
        title += "\n\n**The run was interrupted:** what it had not judged yet is missing here."
    return title


def _begun(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _table(gates: Sequence[Json]) -> str:
    rows = ["| gate | status | actual | required |", "|---|---|---|---|"]
    for gate in gates:
        actual, required = prose(gate["actual"]), prose(gate["required"])
        rows.append(f"| {gate['id']} {prose(gate['name'])} | **{gate['status']}** | {actual} | {required} |")
    return "\n".join(rows)


def _cause(cause: Json) -> str:
    times = f" ({cause['count']} checks)" if cause["count"] > 1 else ""
    who = [name for name in cause["providers"] if name not in cause["summary"]]
    providers = f", provider {', '.join(code(name, 80) for name in who)}" if who else ""
    word = cause["outcome"].replace("_", " ")
    lines = [f"- **{word}** {prose(cause['summary'])}{providers}{times}"]
    if said := waiting_for(cause):
        lines.append(f"  - {said}")
    return "\n".join(lines + [f"  - next: {prose(step)}" for step in cause["next_steps"]])


def _differing(document: Json) -> list[str]:
    found = [f"- {code(subject)}: {prose(said)}" for subject, said in disagreements(document)]
    return found + [
        f"- replaced by a later run of the same host: {prose(line)}" for line in replaced(document)
    ]


def _changes(changes: Mapping[str, Sequence[str]]) -> list[str]:
    lines = [
        f"- {word}: {code(subject)}" if word != "newly failing" else f"- **newly failing**: {code(subject)}"
        for word, subjects in changes.items()
        for subject in subjects
    ]
    return lines or ["- nothing changed"]


def _fails(result: Json) -> bool:
    flaky = result["outcome"] == Outcome.FLAKY and result["level"] == Level.MUST
    return flaky or result["outcome"] in _FAILURES


def _advises(result: Json) -> bool:
    return result["outcome"] in (Outcome.ADVISORY, Outcome.FLAKY) and not _fails(result)


def _failure(result: Json) -> str:
    lines = [f"### {_subject(result)}", ""]
    often = tried(result.get("failed", 0), result.get("times", 1))
    said = (result["requirement"], often, result.get("luck", ""), result["reason"])
    lines += [prose(text) + "\n" for text in said if text]
    lines += [_finding(finding) for finding in result["findings"][:MOST_FINDINGS]]
    if (left := len(result["findings"]) - MOST_FINDINGS) > 0:
        lines.append(f"- … and {left} more, in gates.json")
    if follows := result.get("consequences"):
        lines.append(f"- follows from it: {', '.join(map(code, follows))}")
    for word in ("breaks", "misleads", "at_risk", "evidence"):
        if result.get(word):
            lines.append(f"- {word.replace('_', ' ')}: {', '.join(code(one) for one in result[word])}")
    if result["reproduce"]:
        lines += ["", _command(result["reproduce"])]
    return "\n".join(lines).rstrip() + "\n"


def _subject(result: Json) -> str:
    said = f"{code(result['check'])} {result['level']} {result['outcome']}"
    if result["provider"] is None:
        return said
    engine = f" ({prose(result['engine'], 80)})" if result["engine"] else ""
    return f"{said}, provider {code(result['provider'], 80)}{engine}"


def _finding(finding: Json) -> str:
    place = f"{code(finding['where'])}: " if finding["where"] else ""
    hint = f" ({prose(finding['hint'])})" if finding["hint"] else ""
    return f"- {place}expected {code(finding['expected'])}, got {code(finding['got'])}{hint}"


def _command(command: str) -> str:
    if len(command) > LONGEST_COMMAND:
        return f"The command that reproduces it has {len(command)} characters and stands in gates.json."
    return block(command, "sh")


def _line(result: Json) -> str:
    why = result["reason"] or result["requirement"]
    first = f" {_finding(result['findings'][0])[2:]}" if result["findings"] else ""
    return f"- {_subject(result)}" + (f": {prose(why)}" if why else "") + (f" —{first}" if first else "")


def _found(result: Json) -> bool:
    return str(result["reason"]).startswith(FOUND) and str(result["check"]).startswith("capability.")


def _refused(one: NotOffered) -> str:
    names = ", ".join(map(code, one.capabilities))
    said = f", {code(one.got, LONGEST_EXCERPT)}" if one.asked else ""
    return f"- {code(one.provider, 80)}: {names}: {one.offer}{said}"


def _deviation(one: Accepted) -> str:
    named = [code(name, 80) + (f" ({prose(engine, 80)})" if engine else "") for name, engine in one.providers]
    harm = f" — {prose(one.harm)}" if one.harm else ""
    return f"- {code(one.check)} {one.level}, {', '.join(named)}: {prose(one.reason)}{harm}"


def _counts(results: Sequence[Json]) -> str:
    counts = Counter(result["outcome"] for result in results)
    said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    return f"{len(results)} results" + (f": {said}." if said else ".").replace("_", "\\_")


def _identity(run: Json) -> str:
    providers = [
        f"{code(one['name'], 80)} {prose(' '.join(filter(None, (one['type'], one['engine_version']))), 120)}"
        + (f", recorded {prose(one['recorded_at'], 40)}" if one.get("recorded_at") else "")
        for one in run["providers"][:20]
    ]
    said = f"Run {code(run['id'], 80)}, {prose(run['mode'], 40)}, {prose(run['started_at'], 40)}, "
    said += f"{run['duration_s']:.1f} s, sixgates {prose(run['tool']['version'], 40)}."
    return said + (f" Providers: {'; '.join(providers)}." if providers else "")
