"""From findings to a verdict, for the gates that judge files instead of exchanges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sixgates.config import describe
from sixgates.exchange import Finding
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict


def judged(
    check: str,
    gate: Gate,
    findings: Iterable[Finding],
    *,
    requirement: str,
    level: Level = Level.MUST,
    evidence: Sequence[str] = (),
    engine: str = "",
) -> Verdict:
    """PASSED without findings; with some FAILED for a MUST and ADVISORY for a SHOULD.

    `engine` is the gateway's, where the verdict depends on its version.
    """
    found = tuple(findings)
    broken = Outcome.FAILED if level is Level.MUST else Outcome.ADVISORY
    outcome = broken if found else Outcome.PASSED
    return Verdict(
        check,
        gate,
        level,
        outcome,
        requirement,
        engine=engine,
        source="config",
        findings=found,
        evidence=tuple(evidence),
    )


def unreadable(check: str, gate: Gate, findings: Sequence[Finding]) -> Verdict:
    """The verdict of a gate that needs the configuration when gate 2 found it without its shape."""
    cause = unreadable_cause(findings)
    return Verdict(
        check, gate, Level.MUST, Outcome.BLOCKED, source="config", findings=tuple(findings), cause=cause
    )


def unreadable_cause(findings: Sequence[Finding]) -> Cause:
    """The one cause of every gate that needs files which cannot be read; it names the first problem."""
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return Cause(
        "config-unreadable",
        f"the configuration cannot be read: {describe(findings[0])}{more}",
        ("correct the files; the marker `schema` alone lists every problem with its line",),
    )
