"""Masks secrets in objects that hold texts at any depth, such as pytest's reports and their tracebacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Mask = Callable[[str], str]


def masked_value(value: Any, mask: Mask) -> Any:
    """The value with every text in it masked; objects of pytest's own representation are changed in place."""
    return _masked(value, mask, {})


def _masked(value: Any, mask: Mask, seen: dict[int, Any]) -> Any:
    if isinstance(value, str):
        return mask(value) if type(value) is str else value  # a member of an enum is ours
    if isinstance(value, dict):
        return {_masked(key, mask, seen): _masked(one, mask, seen) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_masked(one, mask, seen) for one in value)
    of_pytest = type(value).__module__.startswith(("_pytest.", "pytest"))
    if of_pytest and hasattr(value, "__dict__") and id(value) not in seen:
        seen[id(value)] = value
        for name, one in vars(value).items():
            object.__setattr__(value, name, _masked(one, mask, seen))
    return value
