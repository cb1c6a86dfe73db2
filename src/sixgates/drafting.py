"""Drafts of known deviations: what a recording breaks that nothing excuses yet, as entries to be reasoned."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sixgates.contract import Contract
from sixgates.verdict import Outcome, Verdict
from sixgates.visible import visible


def draft(contract: Contract, recordings: str, version: str, day: str) -> str:
    """YAML of one entry for each MUST that fails; its reason is the finding, until somebody says why."""
    judgement = contract.judgement()
    failed = [one for one in judgement.verdicts() if one.outcome is Outcome.FAILED]
    names = {
        one.check: [probe.name for probe in judgement.catalogue.checks[one.check].probes] for one in failed
    }
    return "\n".join(
        line
        for one in failed
        for line in _entry(one, f"{recordings}/{_probe(one, names[one.check])}", version, day)
    )


def _entry(verdict: Verdict, recording: str, version: str, day: str) -> Iterator[str]:
    first = verdict.findings[0]
    seen = f"{first.where}: expected {first.expected}, got {first.got}"
    yield f"  - check: {verdict.check}"
    yield f"    versions: {_quoted(version)}"
    yield f"    reason: {_quoted(seen)}"
    yield f"    recording: {visible(recording)}"
    yield f"    seen: {{version: {_quoted(version)}, recorded: {visible(day)}}}"


def _quoted(text: str) -> str:
    """A text of an engine as a string of YAML, on one line."""
    return json.dumps(visible(text), ensure_ascii=False)


def _probe(verdict: Verdict, names: list[str]) -> str:
    """The probe that the first finding names, which it does where a check has several; else the last."""
    named = verdict.findings[0].where.split(": ")[0]
    return named if named in names else names[-1]
