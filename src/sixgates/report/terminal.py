"""The table at the end of a run and the text of one failure, safe for any terminal."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sixgates.gates import GateStatus
from sixgates.report.causes import root_causes, unexercised, waiting_for
from sixgates.report.deviations import Accepted, accepted, how_many
from sixgates.report.disagreement import disagreements, merged_of, replaced
from sixgates.report.headline import gates_asked_for, headline
from sixgates.report.offers import not_offered
from sixgates.report.standing import standing_lines
from sixgates.verdict import FOUND, Outcome, Verdict
from sixgates.visible import inert, shorten, visible

LONGEST_GOT = 300
LONGEST_LINE = 600
LONGEST_EXCERPT = 120
MOST_FINDINGS = 10
MOST_CAUSES = 12
MOST_NAMED = 4
_NARROW = 8
_LEAST = (len("1 Configuration"), len(GateStatus.NOT_MET), 0)
_COLORS = {
    GateStatus.MET: "32",
    GateStatus.NOT_MET: "31",
    GateStatus.BLOCKED: "31",
    GateStatus.PARTIAL: "33",
    GateStatus.NOT_RUN: "2",
}
_ASCII = str.maketrans({"…": "...", "·": "-", "→": "->", "─": "-", "—": "-"})


def render_table(
    document: Mapping[str, Any],
    width: int = 100,
    color: bool = False,
    *,
    encoding: str = "utf-8",
    path: str | None = None,
) -> list[str]:
    """Six rows, each root cause once with what to do next, and where the report lies."""
    gates, results = document["gates"], document["results"]
    # What a person needs first who was called at night: the state, its causes, and whom it hurts.
    lines = [_title(document), *_rows(gates, width, color), *_causes(gates, width)]
    lines += [*_standing(document.get("readiness", []), width), *_merged(document, width)]
    lines += [*_not_offered(results, width), *_deviations(results, width), *_undeclared(results, width)]
    if path is not None:
        lines += ["", f"report: {visible(path)}"]
    return [plain(inert(line), encoding) for line in lines]


def render_failure(verdict: Verdict) -> str:
    """One verdict as a failed test prints it; what it says can be understood alone."""
    lines = [_headline(verdict)]
    if verdict.cause:
        lines.append(f"  Not testable: {shorten(verdict.cause.summary, LONGEST_LINE)}")
        lines += [f"  next: {shorten(step, LONGEST_LINE)}" for step in verdict.cause.next_steps]
    said = (verdict.requirement, tried(verdict.failed, verdict.times), verdict.luck, verdict.reason)
    lines += [f"  {shorten(text, LONGEST_LINE)}" for text in said if text]
    lines += [
        f"  {_finding(one.where, one.expected, one.got, one.hint)}"
        for one in verdict.findings[:MOST_FINDINGS]
    ]
    if (left := len(verdict.findings) - MOST_FINDINGS) > 0:
        lines.append(f"  … and {left} more finding{'s' * (left > 1)}")
    if verdict.consequences:
        lines.append(f"  follows from it: {shorten(', '.join(verdict.consequences), LONGEST_LINE)}")
    support = [
        f"{word.replace('_', ' ')}: {shorten(', '.join(given), LONGEST_LINE)}"
        for word in ("breaks", "misleads", "at_risk", "evidence")
        if (given := getattr(verdict, word))
    ]
    if support:
        lines.append("  " + "     ".join(support))
    if verdict.reproduce:
        # Never cut: half a command is worse than none.
        lines.append(f"  reproduce: {visible(verdict.reproduce)}")
    return "\n".join(map(inert, lines))


def tried(failed: int, times: int) -> str:
    """How often a check was broken, where it was judged more than once."""
    return f"Broken in {failed} of {times} tries." if times > 1 else ""


def plain(line: str, encoding: str) -> str:
    """The line as this encoding can carry it: unchanged in UTF-8, in ASCII anywhere else."""
    if encoding.lower().replace("-", "").replace("_", "") in {"utf8", "utf8sig"}:
        return line
    return line.translate(_ASCII).encode("ascii", "backslashreplace").decode()


def _headline(verdict: Verdict) -> str:
    said = f"{visible(verdict.check)}  {verdict.level.value}  {verdict.outcome.value}"
    if verdict.provider is None:
        return said
    engine = f" ({shorten(verdict.engine, 80)})" if verdict.engine else ""
    return f"{said}  provider {shorten(verdict.provider, 80)}{engine}"


def _finding(where: str, expected: str, got: str, hint: str) -> str:
    said = f"expected {shorten(expected, LONGEST_GOT)}, got {shorten(got, LONGEST_GOT)}"
    place = f"{shorten(where, LONGEST_GOT)}: " if where else ""
    return f"{place}{said}" + (f" ({shorten(hint, LONGEST_GOT)})" if hint else "")


def _title(document: Mapping[str, Any]) -> str:
    cut = ", run interrupted" if document["run"]["interrupted"] else ""
    joined = merged_of(document)
    return f"sixgates: {visible(headline(document['gates']))}{f', {joined}' if joined else ''}{cut}"


def _rows(gates: list[Mapping[str, Any]], width: int, color: bool) -> Iterator[str]:
    table = [("gate", "status", "actual", "required")]
    table += [
        (
            visible(f"{gate['id']} {gate['name']}"),
            gate["status"],
            visible(gate["actual"]),
            visible(gate["required"]),
        )
        for gate in gates_asked_for(gates) or gates
    ]
    # As wide as with all six gates, so that a row looks the same whatever else was asked for.
    widths = [max(least, *(len(row[column]) for row in table)) for column, least in enumerate(_LEAST)]
    room = width - sum(widths) - 8
    for number, (name, status, actual, required) in enumerate(table):
        shown = status.ljust(widths[1])
        if color and number:
            shown = f"\x1b[{_COLORS[GateStatus(status)]}m{shown}\x1b[0m"
        # Only what is asked may be cut: it is the same in every run, and stands in the report.
        asked = required if len(required) <= room else f"{required[: room - 1]}…" if room > _NARROW else ""
        yield f"  {name.ljust(widths[0])}  {shown}  {actual.ljust(widths[2])}  {asked}".rstrip()


def _causes(gates: list[Mapping[str, Any]], width: int) -> Iterator[str]:
    causes = root_causes(gates)
    silent = unexercised(causes)
    found = [cause for cause in causes if cause not in silent]
    if causes:
        yield ""
    for cause in found[:MOST_CAUSES]:
        yield from _wrapped(_counted(cause), width, "  ", "    ")
        if said := waiting_for(cause):
            yield from _wrapped(visible(said), width, "      ", "        ")
        for step in cause["next_steps"]:
            yield from _wrapped(f"next: {visible(step)}", width, "      ", "        ")
    if left := found[MOST_CAUSES:]:
        outcomes = Counter(cause["outcome"] for cause in left)
        counted = ", ".join(f"{count} {_WORDS.get(word, word)}" for word, count in outcomes.items())
        yield f"  … and {len(left)} more ({counted}), all in the report"
    if silent:
        names = [cause["key"] for cause in silent[:MOST_NAMED]]
        more = f" and {len(silent) - MOST_NAMED} more" if len(silent) > MOST_NAMED else ""
        said = f"NOT EXERCISED {len(silent)} checks saw nothing to judge, why stands in the report: "
        yield from _wrapped(visible(f"{said}{', '.join(names)}{more}"), width, "  ", "    ")


def _merged(document: Mapping[str, Any], width: int) -> Iterator[str]:
    differing = list(disagreements(document))
    if differing:
        yield ""
        yield f"  judged differently: {len(differing)}, the worse outcome holds"
    for subject, said in differing[:MOST_CAUSES]:
        yield from _wrapped(visible(f"{subject}: {said}"), width, "    ", "      ")
    if (left := len(differing) - MOST_CAUSES) > 0:
        yield f"    … and {left} more, all in the report"
    for line in replaced(document):
        yield from _wrapped(visible(f"replaced by a later run of the same host: {line}"), width, "  ", "    ")


def _deviations(results: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    found = accepted(results)
    if found:
        yield ""
        yield f"  accepted deviations: {how_many(found)}"
    harmful = [one for one in found if one.harm]
    for one in harmful[:MOST_CAUSES]:
        yield from _wrapped(visible(f"{_deviation(one)} {one.harm}"), width, "    ", "      ")
    if (left := len(harmful) - MOST_CAUSES) > 0:
        yield f"    … and {left} more that hurt clients, all in the report"
    if harmless := found[len(harmful) :]:
        some = [_deviation(one) for one in harmless[:MOST_CAUSES]]
        if (left := len(harmless) - MOST_CAUSES) > 0:
            some.append(f"and {left} more, all in the report")
        said = f"no client that was measured is hurt by: {', '.join(some)}"
        yield from _wrapped(visible(said), width, "    ", "      ")


def _deviation(one: Accepted) -> str:
    return f"{one.check} [{', '.join(name for name, _ in one.providers)}]"


def _standing(readiness: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    if readiness:
        yield ""
    for line in standing_lines(readiness):
        indent = "    " if line.startswith(" ") else "  "
        yield from _wrapped(visible(line.strip()), width, indent, "      ")


def _undeclared(results: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    for result in results:
        if result["reason"].startswith(FOUND) and result["check"].startswith("capability."):
            yield from _wrapped(visible(result["reason"]), width, "  ", "    ")


def _not_offered(results: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    found = (one for one in not_offered(results) if one.asked)  # what nobody asked for stands in the report
    for provider, group in groupby(found, lambda one: one.provider):
        yield ""
        yield f"  not offered by {shorten(provider, 80)}, or accepted without effect:"
        for one in group:
            said = f"{visible(', '.join(one.capabilities))}: {one.offer}, {shorten(one.got, LONGEST_EXCERPT)}"
            yield from _wrapped(said, width, "    ", "      ")


def _counted(cause: Mapping[str, Any]) -> str:
    word = _WORDS.get(cause["outcome"], cause["outcome"])
    times = f" ({cause['count']} checks)" if cause["count"] > 1 else ""
    # A cause mostly names its provider already.
    who = [name for name in cause["providers"] if name not in cause["summary"]]
    providers = f" [{visible(', '.join(who))}]" if who else ""
    return f"{word} {shorten(cause['summary'], LONGEST_LINE)}{providers}{times}"


_WORDS = {Outcome.NOT_EXERCISED.value: "NOT EXERCISED", Outcome.NOT_APPLICABLE.value: "NOT JUDGED"}


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text,
        max(width, 40),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
