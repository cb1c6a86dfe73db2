"""Runs the rules of gate 1 over a stack."""

from __future__ import annotations

import sixgates.config.addresses
import sixgates.config.references  # noqa: F401 - both modules register their rules when they are imported
from sixgates.config.rules import RULES, Rule
from sixgates.config.stack import Stack
from sixgates.exchange import Finding

__all__ = ["RULES", "Rule", "findings_by_rule", "lint"]


def lint(stack: Stack) -> tuple[Finding, ...]:
    """All findings of all rules, in the order of the rules."""
    return tuple(finding for findings in findings_by_rule(stack).values() for finding in findings)


def findings_by_rule(stack: Stack) -> dict[str, tuple[Finding, ...]]:
    """The findings of each rule by its slug; a rule that finds nothing has an empty tuple."""
    return {slug: tuple(rule.judge(stack)) for slug, rule in RULES.items()}
