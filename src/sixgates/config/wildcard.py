"""Regular expressions of patterns as the wildcards that LiteLLM can route by."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

_SPECIAL = set("[](){}?*+|^$.")


@lru_cache(maxsize=4096)
def wildcard_of(pattern: str) -> str | None:
    """The wildcard for a regex of literal text and `.*`; None when no wildcard means the same.

    `.+` counts as `.*`: they differ only on a name that ends where the star begins.
    """
    body, anchored_start = (pattern[1:], True) if pattern.startswith("^") else (pattern, False)
    ends = body.endswith("$") and not body.endswith(r"\$")
    parts = _parts(body[:-1] if ends else body)
    if parts is None:
        return None
    wildcard = "".join(["" if anchored_start else "*", *parts, "" if ends else "*"])
    while "**" in wildcard:
        wildcard = wildcard.replace("**", "*")
    return wildcard if "*" in wildcard else None


def regex_error(pattern: str) -> str:
    """Why Python cannot compile a pattern; empty when it can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError, MemoryError) as error:
        return str(error) or type(error).__name__
    return ""


def swallows_everything(wildcard: str) -> bool:
    """Whether a wildcard would answer for any name, so that a typo reaches a model instead of an error."""
    return not wildcard.strip("*")


def sample_names(wildcard: str) -> tuple[str, ...]:
    """Names that the wildcard matches, to try routing with."""
    return tuple(dict.fromkeys(wildcard.replace("*", filling) for filling in ("sample", "Model-7B-Instruct")))


def filled(wildcard: str, name: str, *, whole: bool = True) -> tuple[str, ...] | None:
    """What each star of a wildcard stands for in a name; None where it does not match.

    Stars take as much as they can from left to right, as in `re`, but no pattern takes longer than its length times
    the name's. Unless `whole`, the name may go on after the end of the wildcard, as LiteLLM allows.
    """
    first, *others = wildcard.split("*")
    if not others or not name.startswith(first):
        return () if not others and (name == first or (not whole and name.startswith(first))) else None
    end, stars = len(name), []
    for index in range(len(others) - 1, -1, -1):
        part = others[index]
        anchored = index == len(others) - 1 and (whole or not part)
        at = name.rfind(part, len(first), end)
        if at < 0 or (anchored and not name.endswith(part)):
            return None
        stars.append((at, at + len(part)))
        end = at
    starts = [len(first), *(after for _, after in reversed(stars))]
    return tuple(name[start:at] for start, (at, _) in zip(starts, reversed(stars), strict=False))


def _parts(body: str) -> list[str] | None:
    parts: list[str] = []
    position = 0
    while position < len(body):
        char, following = body[position], body[position + 1 : position + 2]
        if char == "\\" and following and following != "*" and not following.isalnum():
            parts.append(following)
            position += 2
        elif char == "." and following in ("*", "+"):
            parts.append("*")
            position += 2
        elif char in _SPECIAL or char == "\\":
            return None
        else:
            parts.append(char)
            position += 1
    return parts
