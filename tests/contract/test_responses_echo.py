"""What it means that a value comes back: whatever is sent, and with or without the defaults of a server."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sixgates.checks.responses_echo import repeats

OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def more(value: Any) -> Any:
    """The value with a further member in each of its objects."""
    if isinstance(value, dict):
        return {**{key: more(item) for key, item in value.items()}, "further member": None}
    return [more(item) for item in value] if isinstance(value, list) else value


@OFTEN
@given(value=values)
def test_a_value_repeats_itself_with_or_without_further_members(value: Any) -> None:
    """Servers write defaults into what they repeat."""
    assert repeats(value, value)
    assert repeats(more(value), value)


@OFTEN
@given(value=values, other=values)
def test_what_repeats_a_value_both_ways_is_that_value(value: Any, other: Any) -> None:
    """And nothing else: True is not 1, and a list that lacks one is another; null is like what is not there."""
    if repeats(value, other) and repeats(other, value):
        assert json.dumps(bare(value), sort_keys=True) == json.dumps(bare(other), sort_keys=True)


def bare(value: Any) -> Any:
    """The value without the nulls in its objects."""
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items() if item is not None}
    return [bare(item) for item in value] if isinstance(value, list) else value
