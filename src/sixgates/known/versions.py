"""Versions of engines and ranges of them: builds such as b10434, releases such as 0.32.0, `>=`, `<`, `0.32.*`."""

from __future__ import annotations

import re

_VERSION = re.compile(r"[vb]?(\d+(?:\.\d+)*)(?![\w.])(?:[-+].*)?")
_CLAUSE = re.compile(r"(>=|<=|==|>|<)?\s*([vb]?\d+(?:\.\d+)*)(\.\*)?")
ANY = "*"


def contains(versions: str, version: str) -> bool:
    """Whether a version lies in a range; one that is unknown, or no version, lies in the open range only.

    Raises ValueError when the range is none.
    """
    problem = range_error(versions)
    if problem:
        raise ValueError(problem)
    if versions == ANY:
        return True
    numbers = _numbers(version)
    return bool(numbers) and all(_holds(clause.strip(), numbers) for clause in versions.split(","))


def range_error(versions: str) -> str | None:
    """What is wrong with a range, or None."""
    if versions == ANY:
        return None
    for clause in versions.split(","):
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None or (match[1] and match[3]):
            return (
                f"{clause.strip()!r} is no range of versions: write >=b10434,<b11434 or 0.32.* or 0.3.36 or *"
            )
    return None


def _holds(clause: str, numbers: tuple[int, ...]) -> bool:
    match = _CLAUSE.fullmatch(clause)
    assert match is not None
    operator, bound, prefix = match[1] or "==", _numbers(match[2]), match[3]
    if prefix:
        return numbers[: len(bound)] == bound
    width = max(len(bound), len(numbers))
    left, right = _padded(numbers, width), _padded(bound, width)
    return {
        "==": left == right,
        ">=": left >= right,
        "<=": left <= right,
        ">": left > right,
        "<": left < right,
    }[operator]


def _numbers(version: str) -> tuple[int, ...]:
    match = _VERSION.fullmatch(version.strip())
    return tuple(int(part[:18]) for part in match[1].split(".")) if match else ()


def _padded(numbers: tuple[int, ...], width: int) -> tuple[int, ...]:
    return numbers + (0,) * (width - len(numbers))
