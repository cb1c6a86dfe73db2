"""What runs of a merged document say differently of one case, and what a later run of the same host replaced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]


def disagreements(document: Json) -> Iterator[tuple[str, str]]:
    """Each case of which two runs say different things, and which outcome each of them has; the first one holds."""
    hosts = _hosts(document)
    for result in document["results"]:
        told = [result, *result.get("others", ())]
        if len({one["outcome"] for one in told}) > 1:
            said = ", ".join(f"{one['outcome']} on {hosts.get(one['run'], 'an unknown run')}" for one in told)
            yield _subject(result["check"], result["provider"]), said


def replaced(document: Json) -> Iterator[str]:
    """Each run of which something was replaced, and what: a gate, or one provider of it."""
    hosts = _hosts(document)
    found: dict[str, list[str]] = defaultdict(list)
    for entry in document.get("replaced", ()):
        what = f"gate {entry['gate']}"
        found[entry["run"]].append(f"{what} of {entry['provider']}" if entry["provider"] else what)
    yield from (f"{hosts.get(run, f'run {run}')}: {', '.join(parts)}" for run, parts in sorted(found.items()))


def merged_of(document: Json) -> str:
    """How many runs and hosts a merged document is made of; empty for the document of one run."""
    runs = document.get("runs", ())
    if len(runs) < 2:
        return ""
    hosts = len({run["host"] for run in runs})
    return f"{len(runs)} runs of {hosts} host{'s' * (hosts > 1)}"


def _hosts(document: Json) -> dict[str, str]:
    """What to call each run: its host, and its id where the host has several."""
    runs = document.get("runs", ())
    names = [run["host"] or "an unnamed host" for run in runs]
    return {
        run["id"]: name if names.count(name) == 1 else f"{name} (run {run['id']})"
        for run, name in zip(runs, names, strict=True)
    }


def _subject(check: str, provider: str | None) -> str:
    return f"{check} [{provider}]" if provider else check
