"""The catalogue page: every check with level, requirement, probes, evidence, clients, mutants; and every request."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any

from sixgates import catalogue
from sixgates.capability import CAPABILITIES, CHAT, PROFILES
from sixgates.catalogue import AREAS, Auth, Check, Probe
from sixgates.reference import mutants

_HEAD = """# The catalogue of contract checks

Written by `sixgates catalogue --output docs/catalogue.md`; a test fails when it is stale. Levels are explained in
[levels.md](levels.md). "Breaks" names clients that were measured to raise, or to give the application something
else than the reply, by some fault that the check finds; "misleads" those that work on and tell of a refusal wrongly,
late, or not at all. [Clients](clients.md) says how. What each probe sends stands under [Probes](#probes).
"""
LONGEST_BYTES = 40


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
    lines += [
        "",
        "## Probes",
        "",
        _PROBES,
        *_numbers(known.probes()),
        "",
        *map(_request, sorted(known.probes(), key=lambda probe: probe.name)),
    ]
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
    if check.luck:
        yield f"- luck: {check.luck}"
    yield f"- mutants: {', '.join(f'`{name}`' for name in killers)}"
    yield ""


_PROBES = """A provider is asked each of these once, if it offers what the request is about: first, alone, those
that want quiet, then independent ones together, then those that build on others, and last the one that hangs up.
`$model` is the model's name, `$overflow` a prompt of one and a half context lengths. At the end of a live run two or
three are sent once more, and what is broken is asked twice more, at most 240 requests in all
([why](adr/0012-what-is-broken-live-is-asked-twice-more.md)).
"""


def _numbers(probes: Iterable[Probe]) -> Iterator[str]:
    """How many requests each kind of provider gets, those that are built on an earlier answer apart."""
    known = tuple(probes)
    yield "| a provider with | first sendings | built on an earlier answer |"
    yield "|---|---|---|"
    for title, capabilities in asked_of().items():
        sent = [probe for probe in known if capabilities.issuperset(probe.needs)]
        built = sum(probe.derive is not None for probe in sent)
        yield f"| {title} | {len(sent) - built} | {built} |"


def asked_of() -> Mapping[str, frozenset[str]]:
    """The kinds of providers whose requests are counted, by what they offer."""
    profiles = {f"the profile {name}": capabilities for name, capabilities in PROFILES.items()}
    guarded = frozenset({CHAT, "auth", "context_length"})
    return {
        **profiles,
        "chat, a key and a context length": guarded,
        "everything": frozenset(CAPABILITIES),
    }


def _request(probe: Probe) -> str:
    said = [f"- `{probe.name}`: {probe.method} {probe.path}"]
    if probe.auth is not Auth.KEY:
        shown = probe.auth.header(None)
        said.append(f"with the credentials `{shown}`" if shown else "without a key")
    if probe.headers:
        said.append(f"with {', '.join(name for name, _ in probe.headers)}")
    if probe.derive is not None and probe.after is not None:
        said.append(f"made from the answer to `{probe.after.name}`")
    elif probe.after is not None:
        said.append(f"after `{probe.after.name}`")
    if probe.otherwise is not None:
        said.append(f"or {probe.otherwise} where that is not 200")
    if probe.gauge is not None:
        said.append(f"left after {probe.hang_up_after} pieces, if `{probe.gauge.name}` shows nothing else")
    elif probe.hang_up_after is not None:
        said.append(f"left after {probe.hang_up_after} pieces")
    if probe.group is not None:
        said.append("at the same moment as its like")
    if probe.alone:
        said.append("alone")
    return ", ".join(said) + _body(probe)


def _body(probe: Probe) -> str:
    if probe.raw is None:
        return f": `{json.dumps(probe.body, ensure_ascii=False)}`" if probe.body is not None else ""
    text = probe.raw.decode()
    if len(text) > LONGEST_BYTES:
        return f": {len(text)} bytes that begin `{text[:LONGEST_BYTES]}`"
    return f": the body `{text}`" if text else ": an empty body"


def _excluded() -> Iterator[str]:
    import yaml

    document: Mapping[str, list[Mapping[str, Any]]] = yaml.safe_load(
        (files("sixgates.checks") / "excluded.yaml").read_text(encoding="utf-8")
    )
    for rows in document.values():
        for row in rows:
            yield f"- `{row['id']}`: {row['reason']}"
