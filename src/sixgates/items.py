"""Tells our items from those of others, whose markers, fixtures and parameters may be named alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sixgates.cases import Case

UNBOUND = object()
"""What a test of ours has for `settle` until it is called."""
_GATES = pytest.StashKey[frozenset[str]]()


def family_of(metafunc: pytest.Metafunc) -> tuple[Callable[..., list[Case]], tuple[Any, ...]] | None:
    """The family that a test of ours names, with its arguments; None for a test of others."""
    marker = metafunc.definition.get_closest_marker("cases")
    if marker is None or not {"case", "settle"}.issubset(metafunc.fixturenames):
        return None
    if not marker.args or not callable(marker.args[0]):
        return None
    family, *args = marker.args
    return family, tuple(args)


def case_of(item: pytest.Item) -> Case | None:
    """The case that an item of ours judges; None for an item of others."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    case = parameters.get("case")
    if case is None:
        return None
    from sixgates.cases import Case

    return case if isinstance(case, Case) else None


def note_gates(item: pytest.Item, names: Iterable[str]) -> None:
    """Keep which gates' markers an item of ours has, as its own module says."""
    if case_of(item) is not None:
        item.stash[_GATES] = frozenset(name for name in names if item.get_closest_marker(name))


def gates_of(item: pytest.Item) -> frozenset[str]:
    """The markers of gates that an item had when it was collected."""
    return item.stash.get(_GATES, frozenset())
