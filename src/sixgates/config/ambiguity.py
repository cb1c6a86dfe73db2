"""Regular expressions on which `re` may take exponential time: repetitions that read a text in many ways."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from sixgates.config.expressions import (
    ASSERTIONS,
    PARSER,
    REPEATS,
    TRIES,
    BeyondError,
    Matcher,
    Writer,
    parsed,
)

_UNITS, _LONGEST_UNIT = 8, 12


def explodes(pattern: str) -> bool:
    """Whether an endless repetition can read one text in many ways, so that `re` may take exponential time."""
    try:
        tree = parsed(pattern)
        return any(_ambiguous(inner, tree.state.flags) for inner in _endless(tree))
    except (BeyondError, RecursionError):
        return False


def _endless(nodes: Iterable[Any]) -> Iterator[Any]:
    """What is repeated without a bound, wherever it stands in a tree."""
    for operation, argument in nodes:
        if operation in REPEATS:
            if argument[1] is PARSER.MAXREPEAT:
                yield argument[2]
            yield from _endless(argument[2])
        elif operation is PARSER.BRANCH:
            for branch in argument[1]:
                yield from _endless(branch)
        elif operation is PARSER.SUBPATTERN or operation in ASSERTIONS:
            yield from _endless(argument[-1])


def _ambiguous(inner: Any, flags: int) -> bool:
    """Whether texts made for it, one after the other, can be cut into it in more ways than they are many."""
    for number in range(TRIES):
        with contextlib.suppress(BeyondError):
            text = Writer(number).text(inner)[:_LONGEST_UNIT] * _UNITS
            ways = [1, *([0] * len(text))]
            for at in range(len(text)):
                for end in Matcher(text).ends(inner, {at}, flags) - {at} if ways[at] else ():
                    ways[end] += ways[at]
            if ways[-1] > _UNITS:
                return True
    return any(_overlap(branches, flags) for branches in _branches(inner))


def _branches(nodes: Iterable[Any]) -> Iterator[list[Any]]:
    for operation, argument in nodes:
        if operation is PARSER.BRANCH:
            yield argument[1]
        elif operation is PARSER.SUBPATTERN:
            yield from _branches(argument[-1])


def _overlap(branches: list[Any], flags: int) -> bool:
    """Whether a text made for one alternative is one of another too."""
    for index, branch in enumerate(branches):
        text = Writer(0).text(branch)
        others = (other for place, other in enumerate(branches) if place != index)
        if any(len(text) in Matcher(text).ends(other, {0}, flags) for other in others):
            return True
    return False
