"""Gate 2: one case per configuration file."""

from __future__ import annotations

from functools import partial

from sixgates.cases import Case
from sixgates.cases.findings import judged
from sixgates.config.stack import FILES, REQUIRED, read_file
from sixgates.run import Run
from sixgates.verdict import Gate, Level, Outcome, Verdict


def schema_cases(run: Run) -> list[Case]:
    """A case for each of the five files; one that may be missing and is does not apply."""
    return [Case(name, partial(_judge, run, name), _check(name)) for name in FILES]


def _judge(run: Run, name: str) -> Verdict:
    check = _check(name)
    requirement = f"{name} is readable YAML of the documented shape."
    read = read_file(run.config_dir, name)
    if read.node is None and not read.findings and name not in REQUIRED:
        reason = f"{read.label} does not exist, so its defaults hold"
        return Verdict(
            check,
            Gate.SCHEMA,
            Level.MUST,
            Outcome.NOT_APPLICABLE,
            requirement,
            source="config",
            reason=reason,
        )
    return judged(check, Gate.SCHEMA, read.findings, requirement=requirement)


def _check(name: str) -> str:
    return f"schema.{name.removesuffix('.yaml').replace('-', '_')}"
