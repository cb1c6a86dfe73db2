"""Regular expressions on which `re` may take exponential time, found by counting what it would try.

A backtracking engine that finds no match has tried every way in which the pattern can read the text. Their number
is a sum over the places of the text, so it is counted without trying them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

from sixgates.config.expressions import (
    ASSERTIONS,
    PARSER,
    REPEATS,
    BeyondError,
    Matcher,
    Writer,
    parsed,
)

LENGTH = 48
"""Characters of a text that is tried: a name of a few dozen."""

MOST_TRIES = 100_000_000
"""What `re` may try on such a text: more than that are seconds, and with each character it grows."""

_HARMLESS_DEGREE = 3.7
_MOST_STEPS = 300_000
_WRITTEN, _LONGEST_UNIT, _MOST_UNITS = 6, 12, 12
_KILLERS = ("!", "\n!", "")
_FEW, _ENOUGH, _GROWTH = 7, 28, 100.0
"""A power of the length grows 64 times at most where a text is twice as long, unless it is above the sixth."""

Ends = dict[int, float]


class _TooManyError(Exception):
    """The pattern can read the text in more ways than `re` may try."""


def explodes(pattern: str) -> bool:
    """Whether there is a short text on which `re` takes exponential time, or a high power of its length."""
    return exploding_text(pattern) is not None


@lru_cache(maxsize=4096)
def exploding_text(pattern: str) -> str | None:
    """A text of a few dozen characters that the pattern can read in too many ways, all of them in vain."""
    try:
        tree = parsed(pattern)
        if degree(tree) <= _HARMLESS_DEGREE:
            return None
        budget = _Budget()
        found = (text for text in dict.fromkeys(_texts(tree)) if _tries(tree, text, budget) > MOST_TRIES)
        return next(found, None) or next(_growing(tree, _Budget()), None)
    except (BeyondError, RecursionError):
        return None


def degree(nodes: Iterable[Any]) -> float:
    """A bound on the ways to read a text, as a power of its length; infinite where the power is not bounded."""
    total = 0.0
    for operation, argument in nodes:
        if operation in REPEATS:
            least, most, inner = argument
            own = degree(inner)
            choice = 0.0 if least == most else math.log(min(int(most), LENGTH) + 1, LENGTH)
            total += choice + (0.0 if own == 0 else math.inf if most is PARSER.MAXREPEAT else int(most) * own)
        elif operation is PARSER.BRANCH:
            total += math.log(len(argument[1]), LENGTH) + max(map(degree, argument[1]))
        elif operation is PARSER.SUBPATTERN or operation in ASSERTIONS:
            total += degree(argument[-1])
    return total


def _growing(tree: Any, budget: _Budget) -> Iterator[str]:
    """Texts of long units, too few of which fit into a short text: twice as many are read in far more ways."""
    for before, inner in _repeated(tree, ""):
        for unit in (unit for unit in _units(inner) if len(unit) * _ENOUGH > LENGTH):
            for killer in _KILLERS:
                few, more = (_tries(tree, before + unit * n + killer, budget) for n in (_FEW, 2 * _FEW))
                if few and more / few > _GROWTH:
                    yield before + unit * _ENOUGH + killer


def _tries(tree: Any, text: str, budget: _Budget) -> float:
    """What a search of the text tries at the places where it finds nothing, up to where it finds something."""
    flags = tree.state.flags
    counter = _Counter(Matcher(text), budget)
    tries = 0.0
    found = counter.matched(tree, range(len(text) + 1), flags)
    try:
        for start in range(len(text) + 1):
            if found and counter.matched(tree, (start,), flags):
                break
            tries += counter.through(tree, start, flags)[1]
    except _TooManyError:
        return math.inf
    return tries


def _texts(tree: Any) -> Iterator[str]:
    """Texts that are likely to be read in many ways: a beginning that fits, one unit again and again, a bad end."""
    for before, inner in _repeated(tree, ""):
        for unit in _units(inner):
            pumped = (unit * LENGTH)[: LENGTH - LENGTH % len(unit)]
            for killer in _KILLERS:
                yield before + pumped + killer


def _units(inner: Any) -> list[str]:
    """Short texts for what is repeated, and the characters of these."""
    written = []
    for number in range(_WRITTEN):
        try:
            written.append(Writer(number).text(inner)[:_LONGEST_UNIT])
        except BeyondError:
            continue
    found = dict.fromkeys((*written, *"".join(written)))
    return [unit for unit in found if unit][:_MOST_UNITS]


def _repeated(nodes: Iterable[Any], before: str) -> Iterator[tuple[str, Any]]:
    """What is repeated or chosen from, wherever it stands, with a text for what stands before it."""
    for operation, argument in nodes:
        if operation in REPEATS:
            yield before, argument[2]
            yield from _repeated(argument[2], before)
        elif operation is PARSER.BRANCH:
            for branch in argument[1]:
                yield before, branch
                yield from _repeated(branch, before)
        elif operation is PARSER.SUBPATTERN or operation in ASSERTIONS:
            yield from _repeated(argument[-1], before)
        try:
            before += Writer(0).text([(operation, argument)])
        except BeyondError:
            return


@dataclass(slots=True)
class _Budget:
    """What looking at one pattern may cost; a pattern beyond it is not known to explode."""

    steps: int = 0

    def spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > _MOST_STEPS:
            raise BeyondError("it is too large to be counted")


@dataclass(slots=True)
class _Counter:
    """Counts, for each place where a node may begin, in how many ways it ends where, and what trying them costs."""

    matcher: Matcher
    budget: _Budget
    known: dict[tuple[int, int], tuple[Ends, float]] = field(default_factory=dict)

    def matched(self, nodes: Any, starts: Iterable[int], flags: int) -> bool:
        """Whether the nodes match from one of the places, without a count."""
        self.matcher.steps = 0
        found = self.matcher.ends(nodes, set(starts), flags)
        self.budget.spend(self.matcher.steps)
        return bool(found)

    def through(self, nodes: Any, start: int, flags: int) -> tuple[Ends, float]:
        """The ends of a sequence by the number of ways to them, and all that is tried."""
        key = id(nodes), start
        if key not in self.known:
            ends: Ends = {start: 1.0}
            cost = 0.0
            for operation, argument in nodes:
                if not ends:
                    break
                ends, spent = self._after(operation, argument, ends, flags)
                cost += spent
                if cost > MOST_TRIES:
                    raise _TooManyError
            self.known[key] = ends, cost
        return self.known[key]

    def _after(self, operation: Any, argument: Any, starts: Ends, flags: int) -> tuple[Ends, float]:
        self.budget.spend(len(starts) + 1)
        if operation in REPEATS:
            return self._each(starts, partial(self._repeat, *argument, flags=flags))
        if operation is PARSER.BRANCH:
            branches = [self._each(starts, partial(self.through, one, flags=flags)) for one in argument[1]]
            return _sum(ends for ends, _ in branches), sum(cost for _, cost in branches)
        if operation is PARSER.SUBPATTERN:
            _, added, taken, inner = argument
            return self._each(starts, partial(self.through, inner, flags=(flags | added) & ~taken))
        found: Ends = {}
        for start, ways in starts.items():
            for end in self.matcher.ends([(operation, argument)], {start}, flags):
                found[end] = ways
        self.budget.spend(self.matcher.steps)
        self.matcher.steps = 0
        spent = sum(starts.values())
        if operation in ASSERTIONS and argument[0] > 0:
            inner = argument[1]
            in_vain = {at: ways for at, ways in starts.items() if not self.matcher.ends(inner, {at}, flags)}
            spent += sum(ways * self.through(inner, at, flags)[1] for at, ways in in_vain.items())
        return found, spent

    def _each(self, starts: Ends, explore: Any) -> tuple[Ends, float]:
        found: Ends = {}
        cost = 0.0
        for start, ways in starts.items():
            ends, spent = explore(start)
            cost += ways * (1 + spent)
            self.budget.spend(len(ends))
            for end, more in ends.items():
                found[end] = found.get(end, 0.0) + ways * more
        return found, cost

    def _repeat(self, least: int, most: Any, inner: Any, start: int, *, flags: int) -> tuple[Ends, float]:
        """`re` leaves a repetition that has reached its least number once a round reads nothing."""
        ends: Ends = {start: 1.0}
        found: Ends = {}
        total, count = 0.0, 0
        while ends and count <= min(int(most), least + LENGTH + len(self.matcher.text)):
            if count >= least:
                found = _sum((found, ends))
            if count == most:
                break
            after, cost = self._round(inner, ends, flags, onward=count >= least)
            total += cost
            if total > MOST_TRIES:
                raise _TooManyError
            ends, count = after, count + 1
        return found, total

    def _round(self, inner: Any, starts: Ends, flags: int, *, onward: bool) -> tuple[Ends, float]:
        found: Ends = {}
        cost = 0.0
        for start, ways in starts.items():
            ends, spent = self.through(inner, start, flags)
            cost += ways * (1 + spent)
            self.budget.spend(len(ends))
            for end, more in ends.items():
                if end != start or not onward:
                    found[end] = found.get(end, 0.0) + ways * more
        return found, cost


def _sum(parts: Iterable[Ends]) -> Ends:
    found: Ends = {}
    for part in parts:
        for end, ways in part.items():
            found[end] = found.get(end, 0.0) + ways
    return found
