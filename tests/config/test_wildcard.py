"""Matching a name against a wildcard says what `re` says, in a time that no pattern can stretch."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixgates.cases import Case
from sixgates.cases.configuration import configuration_cases
from sixgates.cases.unit import unit_cases
from sixgates.config import Stack
from sixgates.config.compile import compile_gateway
from sixgates.config.wildcard import filled, wildcard_of
from sixgates.routes.explain import Explainer
from sixgates.run import Run
from sixgates.verdict import Outcome

LONG = "x" * 60 + "!"


@given(st.text(alphabet="ab*", max_size=7), st.text(alphabet="ab", max_size=9), st.booleans())
def test_stars_stand_for_what_greedy_groups_take(wildcard: str, name: str, whole: bool) -> None:
    regex = "(.*)".join(map(re.escape, wildcard.split("*")))
    match = (re.fullmatch if whole else re.match)(regex, name)
    assert filled(wildcard, name, whole=whole) == (match.groups() if match else None)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(x.*)*y", "^(x+x+)+y", ".*x" * 30 + "y"])
def test_no_pattern_keeps_the_suite_waiting(
    edited: Callable[..., Stack], directory: Path, pattern: str
) -> None:
    """Names made for the pattern are tried by every part that matches names."""
    stack = edited(
        ("model-mappings.yaml", '"^meta-llama/.*"', f'"{pattern}"'),
        ("model-mappings.yaml", "  llama:\n    provider: ollama", f'  "{LONG}":\n    provider: ollama'),
    )
    started = perf_counter()
    compile_gateway(stack)
    explainer = Explainer(stack)
    for name in (LONG, "a" * 60 + "!"):
        explainer.journey(name)
    run = Run(directory, directory / "cassettes", directory / "work")
    cases: list[Case] = [*configuration_cases(run), *unit_cases(run)]
    verdicts = [case.judge() for case in cases]
    assert perf_counter() - started < 10
    (own,) = [verdict for verdict in verdicts if verdict.check.startswith("unit.pattern:")]
    assert own.outcome is (Outcome.PASSED if wildcard_of(pattern) else Outcome.FAILED)
