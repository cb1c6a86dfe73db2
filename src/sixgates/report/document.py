"""The one document of a run, `gates.json`: everything that the renderings show, and nothing secret."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sixgates.gates import GateResult, Scope, Thresholds
from sixgates.readiness import Readiness
from sixgates.redaction import redactor
from sixgates.verdict import Gate, Key, Verdict

SCHEMA_VERSION = "1.5"
LONGEST_TEXT = 20_000

Document = dict[str, Any]


class ReportError(Exception):
    """A report that cannot be written, read or merged; its text says what to do."""


@dataclass(frozen=True, slots=True)
class ProviderInfo:
    """One provider as this run met it; `recorded_at` is the date of its cassettes."""

    name: str
    type: str
    engine_version: str = ""
    source: str = ""
    recorded_at: str | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a reader needs to trust and repeat a run; times are aware datetimes."""

    id: str
    started_at: datetime
    finished_at: datetime
    tool_version: str
    python: str
    platform: str
    command: tuple[str, ...] = ()
    live: bool = False
    providers: tuple[ProviderInfo, ...] = ()
    interrupted: bool = False
    exit_status: int = 0
    host: str = ""
    digest: str = ""
    source: str = ""
    litellm: str = ""
    strict: bool = False
    thresholds: Thresholds = field(default_factory=Thresholds)
    scopes: Mapping[Gate, Scope] = field(default_factory=dict)


def build(
    run: RunInfo,
    verdicts: Sequence[Verdict],
    gates: Sequence[GateResult],
    secrets: Iterable[str] = (),
    readiness: Iterable[Readiness] = (),
) -> Document:
    """`gates.json` as data; every secret given is masked in every text of it."""
    results = sorted((_result(verdict) for verdict in verdicts), key=_place)
    document = {
        "schema_version": SCHEMA_VERSION,
        "run": _run(run),
        "gates": [{**gate.to_json(), "run": run.id} for gate in gates],
        "readiness": [one.to_json() for one in readiness],
        "results": results,
        "footer": {"results": len(results)},
    }
    cleaned: Document = _cleaned(document, redactor(secrets).text)
    return cleaned


def _run(run: RunInfo) -> Document:
    return {
        "id": run.id,
        "started_at": _timestamp(run.started_at),
        "finished_at": _timestamp(run.finished_at),
        "duration_s": _seconds((run.finished_at - run.started_at).total_seconds()),
        "tool": {"name": "sixgates", "version": run.tool_version},
        "python": run.python,
        "platform": run.platform,
        "command": list(run.command),
        "mode": "live" if run.live else "recorded",
        "providers": [_provider(provider) for provider in run.providers],
        "interrupted": run.interrupted,
        "exit_status": int(run.exit_status),
        "host": run.host,
        "config": {"digest": run.digest, "source": run.source},
        "litellm": run.litellm,
        "thresholds": _thresholds(run),
        "expected": expected_of({gate: scope.expected for gate, scope in run.scopes.items()}),
        "bounds": {
            gate.marker: list(scope.bounds) for gate, scope in sorted(run.scopes.items()) if scope.bounds
        },
    }


def _thresholds(run: RunInfo) -> Document:
    given = run.thresholds
    return {
        "unit_exercised": given.unit_exercised,
        "integration_success": given.integration_success,
        "deviations_allowed": given.deviations_allowed,
        "strict": run.strict,
        "max_age_s": {gate.marker: age for gate, age in sorted(given.max_age_s.items())},
    }


def expected_of(scopes: Mapping[Gate, Iterable[Key]]) -> list[Document]:
    """What each gate consists of: the checks of each provider, or of the stack itself where it is null."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for gate, keys in scopes.items():
        for provider, check in keys:
            found[int(gate), provider].append(check)
    return [
        {"gate": gate, "provider": provider or None, "checks": sorted(checks)}
        for (gate, provider), checks in sorted(found.items())
    ]


def _provider(provider: ProviderInfo) -> Document:
    said: Document = {
        "name": provider.name,
        "type": provider.type,
        "engine_version": provider.engine_version,
        "source": provider.source,
    }
    return said if provider.recorded_at is None else {**said, "recorded_at": provider.recorded_at}


def _result(verdict: Verdict) -> Document:
    return {**verdict.to_json(), "duration_s": _seconds(verdict.duration_s)}


def _place(result: Document) -> tuple[int, str, str]:
    """Workers finish in any order; the document does not depend on it."""
    return result["gate"], result["provider"] or "", result["check"]


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(duration: float) -> float:
    return round(max(duration, 0.0), 6) if math.isfinite(duration) else 0.0


# Closed sets of our own, which a secret that happens to be the word FAILED must not unmake.
_OURS = frozenset(
    {
        "schema_version",
        "started_at",
        "finished_at",
        "mode",
        "status",
        "state",
        "outcome",
        "offer",
        "level",
        "counts",
        "tool",
        "thresholds",
        "digest",
    }
)


def _cleaned(value: Any, mask: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        # Lone surrogates, which a server may send escaped, have no UTF-8.
        return _shortened(mask(value.encode("utf-8", "backslashreplace").decode()))
    if isinstance(value, dict):
        return {key: one if key in _OURS else _cleaned(one, mask) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(one, mask) for one in value]
    return value


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}… ({len(text)} characters in all)"
