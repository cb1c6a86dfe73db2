"""The negative controls of gate 1 are as many as they were promised to be: they may grow, not shrink."""

from __future__ import annotations

from collections import Counter

from tests.config import test_rules, test_shape
from tests.config.gateway_edits import CASES, GOOD

from sixgates.config.rules import RULES
from sixgates.config.stack import GATEWAY, MAPPINGS, PROVIDERS


def test_a_hundred_edits_break_something_over_the_three_files() -> None:
    """Each of these raises its finding in the test of its module."""
    files = Counter(edit[0] for _, edit in test_rules.CASES)
    files += Counter(message[0] for message in test_shape.MESSAGES.values())
    files += Counter({GATEWAY: len(CASES) + len(test_rules.GATEWAY_BREAKS)})
    assert files.total() >= 100
    assert min(files[name] for name in (PROVIDERS, MAPPINGS, GATEWAY)) >= 10


def test_each_rule_has_an_edit_that_breaks_it() -> None:
    """But for those on comments and on the environment, which have tests of their own."""
    broken = {slug for slug, _ in (*test_rules.CASES, *CASES)} | set(test_rules.GATEWAY_BREAKS)
    elsewhere = {slug for slug, rule in RULES.items() if rule.needs_environment or slug.startswith("ignore-")}
    assert broken | elsewhere == set(RULES)


def test_thirty_variations_are_correct() -> None:
    """Each raises nothing in the test of its module."""
    assert len(GOOD) + len(test_rules.GOOD) >= 30
