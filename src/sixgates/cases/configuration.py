"""Gate 1: one case per rule on what the files say about each other."""

from __future__ import annotations

from functools import partial

from sixgates.cases import Case
from sixgates.cases.findings import judged, unreadable
from sixgates.config import ConfigError, Stack
from sixgates.config.rules import Rule, Severity
from sixgates.config.ruleset import RULES, findings_by_rule
from sixgates.run import Run
from sixgates.verdict import Gate, Level, Verdict

_LEVELS = {Severity.ERROR: Level.MUST, Severity.WARN: Level.SHOULD, Severity.INFO: Level.MAY}


def configuration_cases(run: Run) -> list[Case]:
    """A case for each rule that the files alone decide; a single blocked one when they cannot be read."""
    try:
        stack = run.stack
    except ConfigError as error:
        blocked = unreadable("config.readable", Gate.CONFIGURATION, error.findings)
        return [Case("readable", lambda: blocked, blocked.check)]
    decided = {slug: rule for slug, rule in RULES.items() if not rule.needs_environment}
    return [Case(slug, partial(_judge, stack, rule), _check(rule)) for slug, rule in decided.items()]


def _judge(stack: Stack, rule: Rule) -> Verdict:
    return judged(
        _check(rule),
        Gate.CONFIGURATION,
        iter(findings_by_rule(stack)[rule.slug]),
        requirement=rule.requirement,
        level=_LEVELS[rule.severity],
        evidence=rule.evidence,
        engine=stack.reader,
    )


def _check(rule: Rule) -> str:
    return f"config.{rule.slug.replace('-', '_')}"
