"""Regular expressions without a regex engine: names that a pattern matches, and whether it matches a name.

Both walk the tree that Python's parser makes. The matcher keeps sets of positions instead of backtracking, so that no
pattern of a user takes longer than its length times the square of the name's.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any

PARSER: Any = import_module("re._parser")
"""Python's own parser of regular expressions; it has no public name."""

LONGEST = 200
"""Characters of a name; longer samples are given up."""

_MOST_STEPS = 100_000
_MULTILINE, _DOTALL, _IGNORECASE = int(re.MULTILINE), int(re.DOTALL), int(re.IGNORECASE)
TRIES, _MOST = 12, 4
_WORDS = ("sample", "Model-7B-Instruct", "x")
_PREFERRED = (
    "a7bz03-BAZ_./:@+ xyz0123456789cdefghijklmnopqrstuvwCDEFGHIJKLMNOPQRSTUVWXY!\"#$%&'()*,;<=>?[\\]^`{|}~\t"
)
_CATEGORIES = {
    PARSER.CATEGORY_DIGIT: re.compile(r"\d"),
    PARSER.CATEGORY_NOT_DIGIT: re.compile(r"\D"),
    PARSER.CATEGORY_WORD: re.compile(r"\w"),
    PARSER.CATEGORY_NOT_WORD: re.compile(r"\W"),
    PARSER.CATEGORY_SPACE: re.compile(r"\s"),
    PARSER.CATEGORY_NOT_SPACE: re.compile(r"\S"),
}
_BEYOND = {
    PARSER.GROUPREF: "it refers back to a group",
    PARSER.GROUPREF_EXISTS: "it asks whether a group matched",
    PARSER.ATOMIC_GROUP: "it has an atomic group",
    PARSER.POSSESSIVE_REPEAT: "it has a possessive repetition",
}
CHARACTERS = (PARSER.LITERAL, PARSER.NOT_LITERAL, PARSER.ANY, PARSER.IN)
REPEATS = (PARSER.MAX_REPEAT, PARSER.MIN_REPEAT)
ASSERTIONS = (PARSER.ASSERT, PARSER.ASSERT_NOT)


class BeyondError(Exception):
    """A pattern that cannot be walked, with the reason."""


@lru_cache(maxsize=4096)
def parsed(pattern: str) -> Any:
    """The tree of a pattern; raises BeyondError where Python cannot compile it either."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return PARSER.parse(pattern)
    except (re.error, RecursionError, OverflowError, MemoryError) as error:
        raise BeyondError(str(error) or type(error).__name__) from None


def searched(pattern: str, name: str) -> bool:
    """Whether `re.search` finds the pattern in a name; raises BeyondError where that is not known."""
    tree = parsed(pattern)
    matcher = Matcher(name)
    try:
        return bool(matcher.ends(tree, set(range(len(name) + 1)), tree.state.flags))
    except RecursionError:
        raise BeyondError("it is nested too deep") from None


@dataclass(frozen=True, slots=True)
class Samples:
    """Names that a pattern matches; where there is none, why."""

    names: tuple[str, ...] = ()
    reason: str = ""


@lru_cache(maxsize=4096)
def samples(pattern: str) -> Samples:
    """A few names that the pattern matches, each of them tried; the same ones each time."""
    made: dict[str, None] = {}
    reason = "none of the names that were tried matches it"
    for number in range(TRIES):
        try:
            name = Writer(number).text(parsed(pattern))
            if name.strip() and name not in made and searched(pattern, name):
                made[name] = None
        except BeyondError as error:
            reason = str(error)
        except RecursionError:
            reason = "it is nested too deep"
    return Samples(tuple(made)[:_MOST], "" if made else reason)


@dataclass(slots=True)
class Writer:
    """Writes one text for a tree; the number says which way is taken where there are several."""

    number: int
    length: int = 0

    def text(self, nodes: Iterable[Any]) -> str:
        """One text; raises BeyondError where none can be written."""
        return "".join(self._written(operation, argument) for operation, argument in nodes)

    def _written(self, operation: Any, argument: Any) -> str:
        if operation in _BEYOND:
            raise BeyondError(_BEYOND[operation])
        if operation in CHARACTERS:
            return self._counted(self._character(operation, argument))
        if operation is PARSER.BRANCH:
            return self.text(argument[1][self.number % len(argument[1])])
        if operation is PARSER.SUBPATTERN:
            return self.text(argument[-1])
        if operation in REPEATS:
            return self._repeated(*argument)
        return ""  # an anchor or an assertion takes no room; the matcher says whether it holds

    def _repeated(self, least: int, most: Any, inner: Any) -> str:
        if len(inner) == 1 and inner[0][0] is PARSER.ANY and most is PARSER.MAXREPEAT and least <= 1:
            return self._counted(_WORDS[self.number % len(_WORDS)])
        wanted = (max(least, 1), least, least + 2)[self.number % 3]
        return "".join(self.text(inner) for _ in range(min(wanted, int(most), LONGEST + 1)))

    def _character(self, operation: Any, argument: Any) -> str:
        allowed = [char for char in _PREFERRED if _fits(operation, argument, char, 0)]
        if operation is PARSER.LITERAL:
            allowed = [chr(argument)]
        if not allowed and operation is PARSER.IN:
            allowed = [
                chr(value if kind is PARSER.LITERAL else value[0])
                for kind, value in argument
                if kind in (PARSER.LITERAL, PARSER.RANGE)
            ]
        if not allowed:
            raise BeyondError("it asks for a character that no name has")
        return allowed[self.number % len(allowed)]

    def _counted(self, text: str) -> str:
        self.length += len(text)
        if self.length > LONGEST:
            raise BeyondError(f"the names that it matches are longer than {LONGEST} characters")
        return text


@dataclass(slots=True)
class Matcher:
    """Where a tree can end in a text, given where it may begin."""

    text: str
    steps: int = field(default=0)

    def ends(self, nodes: Iterable[Any], starts: set[int], flags: int) -> set[int]:
        """The places where the nodes can end; raises BeyondError after too many steps."""
        for operation, argument in nodes:
            if not starts:
                break
            self.steps += len(starts)
            if self.steps > _MOST_STEPS:
                raise BeyondError("it is too large to be tried")
            starts = self._after(operation, argument, starts, flags)
        return starts

    def _after(self, operation: Any, argument: Any, starts: set[int], flags: int) -> set[int]:
        if operation in CHARACTERS:
            inside = (at for at in starts if at < len(self.text))
            return {at + 1 for at in inside if _fits(operation, argument, self.text[at], flags)}
        if operation in REPEATS:
            return self._repeated(*argument, starts=starts, flags=flags)
        if operation is PARSER.BRANCH:
            return {end for branch in argument[1] for end in self.ends(branch, starts, flags)}
        if operation is PARSER.SUBPATTERN:
            _, added, taken, inner = argument
            return self.ends(inner, starts, (flags | added) & ~taken)
        if operation is PARSER.AT:
            return {at for at in starts if self._stands(argument, at, flags)}
        if operation in ASSERTIONS:
            wanted = operation is PARSER.ASSERT
            return {at for at in starts if self._looks(argument, at, flags) is wanted}
        raise BeyondError(_BEYOND.get(operation, f"it has {operation}"))

    def _repeated(self, least: int, most: Any, inner: Any, *, starts: set[int], flags: int) -> set[int]:
        reached, count = starts, 0
        while count < least:
            after = self.ends(inner, reached, flags)
            if after == reached:
                break
            reached, count = after, count + 1
        found = set(reached)
        while reached and (most is PARSER.MAXREPEAT or count < int(most)):
            reached = self.ends(inner, reached, flags) - found
            found |= reached
            count += 1
        return found

    def _stands(self, kind: Any, at: int, flags: int) -> bool:
        lines = bool(flags & _MULTILINE)
        if kind in (PARSER.AT_BEGINNING, PARSER.AT_BEGINNING_STRING):
            return at == 0 or (lines and kind is PARSER.AT_BEGINNING and self.text[at - 1] == "\n")
        if kind is PARSER.AT_END_STRING:
            return at == len(self.text)
        if kind is PARSER.AT_END:
            return self.text[at:] in ("", "\n") or (lines and self.text[at] == "\n")
        word = [0 <= place < len(self.text) and _is_word(self.text[place]) for place in (at - 1, at)]
        return (word[0] != word[1]) is (kind is PARSER.AT_BOUNDARY)

    def _looks(self, argument: tuple[int, Any], at: int, flags: int) -> bool:
        direction, inner = argument
        if direction > 0:
            return bool(self.ends(inner, {at}, flags))
        width = inner.getwidth()[0]  # Python lets an assertion look back over a fixed width only
        return width <= at and at in self.ends(inner, {at - width}, flags)


def _fits(operation: Any, argument: Any, char: str, flags: int) -> bool:
    if operation is PARSER.ANY:
        return char != "\n" or bool(flags & _DOTALL)
    if operation is not PARSER.IN:
        argument = [(PARSER.LITERAL, argument)]
    negated = operation is PARSER.NOT_LITERAL or argument[0][0] is PARSER.NEGATE
    members = [member for member in argument if member[0] is not PARSER.NEGATE]
    cases = {char, char.lower(), char.upper()} if flags & _IGNORECASE else {char}
    return any(_within(member, case) for member in members for case in cases) is not negated


def _within(member: tuple[Any, Any], char: str) -> bool:
    kind, value = member
    if kind is PARSER.CATEGORY:
        return bool(_CATEGORIES[value].match(char))
    least, most = value if kind is PARSER.RANGE else (value, value)
    return len(char) == 1 and bool(least <= ord(char) <= most)


def _is_word(char: str) -> bool:
    return bool(_CATEGORIES[PARSER.CATEGORY_WORD].match(char))


def unclaimed(names: Iterable[str], earlier: Iterable[str]) -> Iterator[str]:
    """The names that none of the earlier patterns takes."""
    others = tuple(earlier)
    yield from (name for name in names if not any(takes(other, name) for other in others))


def takes(pattern: str, name: str) -> bool:
    """Whether a pattern is found in a name; one that cannot be walked takes nothing."""
    try:
        return searched(pattern, name)
    except BeyondError:
        return False
