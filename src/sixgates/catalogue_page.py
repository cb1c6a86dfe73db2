"""The catalogue page: every check with its level, requirement, probes, evidence, clients and mutants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any

from sixgates import catalogue
from sixgates.catalogue import AREAS, Check
from sixgates.reference import mutants

_HEAD = """# The catalogue of contract checks

Written by `sixgates catalogue --output docs/catalogue.md`; a test fails when it is stale. Levels are explained in
[levels.md](levels.md). "Breaks" names clients that were measured to raise or to give the application something
else than the reply when fed exactly this defect.
"""


def render() -> str:
    """The page as Markdown."""
    known = catalogue.load()
    killers = _killers()
    lines = [_HEAD, *_counts(known.checks.values())]
    for area in AREAS:
        checks = sorted(
            (check for check in known.checks.values() if check.area == area),
            key=lambda check: check.judge.__module__,  # whichever module was imported first
        )
        if checks:
            lines += ["", f"## {area}", ""]
        for check in checks:
            lines += _entry(check, killers[check.id])
    lines += ["", "## Left out", "", *_excluded()]
    return "\n".join(lines) + "\n"


def _counts(checks: Iterable[Check]) -> Iterator[str]:
    table: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for check in checks:
        table[check.area][check.level] += 1
    yield "| area | MUST | SHOULD | MAY |"
    yield "|---|---|---|---|"
    for area in AREAS:
        if area in table:
            yield f"| {area} | {table[area]['MUST']} | {table[area]['SHOULD']} | {table[area]['MAY']} |"
    totals = [sum(row[level] for row in table.values()) for level in ("MUST", "SHOULD", "MAY")]
    yield f"| all | {totals[0]} | {totals[1]} | {totals[2]} |"


def _killers() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for mutant in mutants.load().values():
        for check in mutant.caught_by:
            found[check].append(mutant.name)
    return found


def _entry(check: Check, killers: Iterable[str]) -> Iterator[str]:
    yield f"### {check.id}"
    yield ""
    yield f"**{check.level}** {check.requirement}"
    yield ""
    yield f"- probes: {', '.join(f'`{probe.name}`' for probe in check.probes)}"
    if check.capability or any(probe.capability for probe in check.probes):
        needed = {name for name in (check.capability, *(p.capability for p in check.probes)) if name}
        yield f"- judged with the capability: {', '.join(sorted(needed))}"
    yield f"- evidence: {', '.join(check.evidence)}"
    for word, clients in (("breaks", check.breaks), ("misleads", check.misleads)):
        if clients:
            yield f"- {word}: {', '.join(clients)}"
    yield f"- mutants: {', '.join(f'`{name}`' for name in killers)}"
    yield ""


def _excluded() -> Iterator[str]:
    import yaml

    document: Mapping[str, list[Mapping[str, Any]]] = yaml.safe_load(
        (files("sixgates.checks") / "excluded.yaml").read_text(encoding="utf-8")
    )
    for rows in document.values():
        for row in rows:
            yield f"- `{row['id']}`: {row['reason']}"
