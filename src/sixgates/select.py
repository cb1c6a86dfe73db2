"""Total selectors over parsed JSON: what is absent or of the wrong type becomes a finding, never a pass.

A selector that cannot answer raises `Unmet`; the judge turns it into a finding of the check that asked. So a
check reads as if the server had answered well, and a loop cannot pass by running zero times.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sixgates.exchange import Finding

Findings = Iterator[Finding]


class Unmet(Exception):
    """A selector found nothing to select; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.where}: expected {finding.expected}, got {finding.got}")
        self.finding = finding


class Unexercised(Exception):
    """An exchange does not show what a check is about; carries the reason. What was found before counts.

    `instead` is the check that names the cause, where there is one: a deviation from it excuses this one as well.
    """

    def __init__(self, reason: str, instead: str = "") -> None:
        super().__init__(reason)
        self.instead = instead


class Unseen(Unexercised):
    """What came leaves open whether a capability is offered."""


class Declined(Exception):
    """The server explicitly refused what a check is about; carries the reason. Raised before the first finding."""


class _Absent:
    """The value of a field that is not there; not equal to null."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = _Absent()
MOST_ELEMENTS = 20_000


def shown(value: object) -> str:
    """A value as a finding shows it: JSON where it is JSON, cut after 200 characters."""
    try:
        text = value.__repr__() if value is ABSENT else json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = _represented(value)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"


def _represented(value: object) -> str:
    try:
        return repr(value)[:400]
    except (ValueError, RecursionError):  # an integer of too many digits, or nested too deep
        return f"{type(value).__name__} too large to show"


@dataclass(frozen=True, slots=True)
class Kind:
    """A set of JSON values with the words for it."""

    words: str
    holds: Callable[[Any], bool]

    def __or__(self, other: Kind) -> Kind:
        return Kind(f"{self.words} or {other.words}", lambda value: self.holds(value) or other.holds(value))


def _is_integer(value: object) -> bool:
    # Beyond 64 bits most clients lose it, and Python itself refuses to print the very long ones.
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


STRING = Kind("a string", lambda value: isinstance(value, str))
NON_EMPTY_STRING = Kind("a non-empty string", lambda value: isinstance(value, str) and value != "")
INTEGER = Kind("an integer", _is_integer)
COUNT = Kind("an integer ≥ 0", lambda value: _is_integer(value) and value >= 0)
OBJECT = Kind("an object", lambda value: isinstance(value, dict))
ARRAY = Kind("an array", lambda value: isinstance(value, list))
NULL = Kind("null", lambda value: value is None)
MISSING = Kind("absent", lambda value: value is ABSENT)


def literal(*allowed: Any) -> Kind:
    """The kind that holds only these JSON scalars; True is not 1."""
    words = " or ".join(json.dumps(value) for value in allowed)
    return Kind(words, lambda value: any(type(value) is type(item) and value == item for item in allowed))


@dataclass(frozen=True, slots=True)
class Json:
    """A parsed JSON value together with its place: a JSON pointer, after a stream position if there is one."""

    value: Any
    where: str = ""

    def __getitem__(self, key: str | int) -> Json:
        """The member or element, holding ABSENT when there is none."""
        where = f"{self.where}/{_escaped(key)}"
        value: Any = ABSENT
        if isinstance(key, str) and isinstance(self.value, dict):
            value = self.value.get(key, ABSENT)
        elif (
            isinstance(key, int)
            and isinstance(self.value, list)
            and -len(self.value) <= key < len(self.value)
        ):
            value = self.value[key]
        return Json(value, where)

    @property
    def given(self) -> bool:
        """Whether there is a value other than null."""
        return self.value is not ABSENT and self.value is not None

    def unlike(self, kind: Kind) -> Findings:
        """A finding unless the value is of that kind."""
        if not kind.holds(self.value):
            yield self.finding(kind.words)

    def finding(self, expected: str, hint: str = "") -> Finding:
        """The finding that something else was expected here."""
        return Finding(self.where or "/", expected, shown(self.value), hint)

    def require(self, kind: Kind) -> Any:
        """The value; raises Unmet unless it is of that kind."""
        if not kind.holds(self.value):
            raise Unmet(self.finding(kind.words))
        return self.value

    @property
    def text(self) -> str:
        """The string that stands here; raises Unmet otherwise."""
        return str(self.require(STRING))

    @property
    def integer(self) -> int:
        """The integer that stands here; raises Unmet otherwise."""
        return int(self.require(INTEGER))

    @property
    def elements(self) -> list[Json]:
        """The elements of the non-empty array that stands here; raises Unmet otherwise."""
        value = self.require(Kind("a non-empty array", lambda item: isinstance(item, list) and bool(item)))
        if len(value) > MOST_ELEMENTS:
            expected, got = f"at most {MOST_ELEMENTS} elements", f"{len(value)} elements"
            raise Unmet(Finding(self.where or "/", expected, got))
        return [Json(item, f"{self.where}/{index}") for index, item in enumerate(value)]


def _escaped(key: str | int) -> str | int:
    if isinstance(key, str) and ("~" in key or "/" in key):
        return key.replace("~", "~0").replace("/", "~1")
    return key


def parse_json(text: str | bytes, where: str = "") -> Json:
    """The parsed value; raises Unmet when the text is no JSON (NaN and Infinity are none: RFC 8259)."""
    try:
        return Json(json.loads(text, parse_constant=_reject, parse_float=_finite), where)
    except (ValueError, RecursionError) as problem:
        raw = text if isinstance(text, str) else text.decode(errors="replace")
        raise Unmet(Finding(where or "body", "JSON", f"{shown(raw)} ({str(problem)[:80]})")) from None


def _reject(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:40]} is beyond the range of numbers")
    return number
