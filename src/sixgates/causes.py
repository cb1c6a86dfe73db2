"""Which of several broken checks names a cause, and which only follow from it: one cause, one finding.

Two checks that blame the same value at the same place blame one defect; who needs a member that is not there, an
answer that was refused, or a text that was garbled on its way has no finding of its own. What follows is told by the
findings and not by the names of checks, so that one which nobody thought of is grouped as well; `requires=` says the
rest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from sixgates.catalogue import Check
from sixgates.causes_named import ON_THE_SAME, READ_BY
from sixgates.exchange import Finding
from sixgates.verdict import Cause, Level, Outcome, Verdict

_EVENT = re.compile(r"^event \d+")
_CALL = re.compile(r"^[\w.]+\([^)]*\)")
_LEAF = re.compile(r'absent|null|true|false|".*', re.DOTALL)
"""How a value is shown that has no members."""
_ONE_VALUE = frozenset({"status", "connection"})
"""Places of which an exchange has one, however a finding words it."""
_WHOLE = frozenset({"status", "connection", "body"})
"""Places that are the whole answer."""
_MEMBERS = {
    "content": "text",
    "text": "text",
    "reasoning": "text",
    "reasoning_content": "text",
    "thought": "text",
    "deltas": "text",
    "tool_calls": "calls",
    "calls": "calls",
    "finish": "finish",
    "finish_reason": "finish",
    "usage": "usage",
}
"""What a client puts together, by the words and members that findings name; a thought is text as well."""
_INCIDENTAL = frozenset({"created", "id", "model", "object", "system_fingerprint", "service_tier", "refusal"})
"""Members of which no reader stumbles over the value."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding as it is compared: on which probes, where, what stands there, and whether nothing could be seen."""

    probes: frozenset[str]
    where: str
    expected: str
    got: str
    unmet: bool = False

    @classmethod
    def of(cls, probes: Iterable[str], finding: Finding, *, unmet: bool = False) -> Mark:
        """The mark of a finding on any of these probes, or on the one that it names."""
        names = frozenset(probes)
        name, colon, rest = finding.where.partition(": ")
        if colon and name in names:
            return cls(frozenset({name}), rest, finding.expected, finding.got, unmet)
        return cls(names, finding.where, finding.expected, finding.got, unmet)

    @property
    def pointed(self) -> bool:
        """Whether the place is a value in JSON."""
        return "/" in self.where and _EVENT.sub("", self.where).startswith("/")

    @property
    def called(self) -> bool:
        """Whether it is what a client of the SDK made of the answer."""
        return bool(_CALL.match(self.where))

    @property
    def fault(self) -> tuple[str, str, str]:
        """What makes it one defect with another on another request: the same at the same place."""
        if self.called:
            raised = re.match(r"\w+(Error|Exception)\b", self.got)
            return "called", raised[0] if raised else _CALL.sub("", self.where), ""
        if self.where == "body" and self.unmet:
            return "body", self.expected, ""
        if self.where == "status" and self.got[:3] in {"404", "405", "501"}:
            return "status", self.got[:3], ""
        if self.where == "status" and self.got[:1] == "5":
            # Every crash of a server may come in the same words; of two requests they are two.
            return "status", " ".join(sorted(self.probes)), self.got
        return _EVENT.sub("", self.where), "", self.got

    @property
    def last(self) -> str:
        """The last name in the place."""
        return next((name for name in reversed(re.split(r"[^a-z_]+", self.where)) if name), "")

    @property
    def member(self) -> str | None:
        """What of an assembled answer it is about; None where it is about something else."""
        if self.where.startswith(("header", "/error")):
            return None
        return _MEMBERS.get(self.last)


@dataclass(frozen=True)
class Broken:
    """A check that does not hold, with its marks and its place in the catalogue (no slots: it caches)."""

    check: Check
    marks: tuple[Mark, ...]
    number: int
    needed: bool = False
    """Whether other checks require it, so that it is asked first who names a cause."""

    @cached_property
    def rank(self) -> tuple[bool, int, int, int, int]:
        """Who names a cause first: a MUST, then who judges one answer and saw it; a client of the SDK last."""
        kind, widely = self._kind
        return self.check.level is not Level.MUST, kind, widely, len(self.check.probes), self.number

    @property
    def _kind(self) -> tuple[int, int]:
        if self._is_witness:
            return 4, 0
        if self.check.area == "capability":
            return 3, 0
        if self.check.together:
            return 2, 0
        widely = -len(self.probes)
        if self.needed and all(
            mark.where in _WHOLE or mark.where.startswith("/error") for mark in self.marks
        ):
            return -1, self.number
        return int(all(mark.unmet for mark in self.marks)), widely

    @property
    def _is_witness(self) -> bool:
        """Whether it asks a client or the types of the SDK, which stumble over what other checks name."""
        return self.check.id.rpartition(".")[2].startswith(("witness", "sdk_types"))

    @cached_property
    def probes(self) -> frozenset[str]:
        """The probes that it may be broken on."""
        return frozenset(name for mark in self.marks for name in mark.probes)

    @property
    def refused(self) -> str | None:
        """The check of the capability that all the requests ask for which it finds refused; None otherwise."""
        asked = {probe.capability for probe in self.check.probes if probe.name in self.probes}
        (capability,) = asked if len(asked) == 1 else (None,)
        if capability is None or any(mark.where != "status" for mark in self.marks):
            return None
        return f"capability.{capability}"

    @cached_property
    def _faults(self) -> frozenset[tuple[str, str, str]]:
        return frozenset(mark.fault for mark in self.marks)

    @cached_property
    def _places(self) -> Mapping[tuple[str, str], str]:
        """What stands where, by probe and place."""
        return {(name, mark.where): mark.got for mark in self.marks for name in mark.probes}

    @cached_property
    def _members(self) -> frozenset[tuple[str, str]]:
        """What of assembled answers is broken, by probe."""
        return frozenset((name, mark.member) for mark in self.marks for name in mark.probes if mark.member)

    @cached_property
    def _read(self) -> frozenset[str]:
        """The probes whose answers a reader may stumble over."""
        return frozenset(
            name
            for mark in self.marks
            for name in mark.probes
            if not mark.called and mark.last not in _INCIDENTAL
        )

    def explains(self, other: Mark) -> bool:
        """Whether a finding blames what this check does: the same value, what is within it, or what is made of it."""
        if other.fault in self._faults:
            return True
        return any(self._explains_on(name, other) for name in other.probes)

    def _explains_on(self, probe: str, other: Mark) -> bool:
        if other.called:
            return probe in self._read
        if (probe, other.where) in self._places and (other.pointed or other.where in _ONE_VALUE):
            return True
        if other.pointed:
            return any(
                _LEAF.fullmatch(self._places.get((probe, above), "-")) for above in _above(other.where)
            )
        return (probe, other.member) in self._members


MANY = 4
"""Checks that wait for another one, which is then asked first who names a cause."""


def fundamental(checks: Iterable[Check]) -> frozenset[str]:
    """The checks without which many others cannot be judged, and those by which a request counts as answered."""
    known = tuple(checks)
    required = Counter(name for check in known for name in check.requires)
    answered = {probe.answered_by for check in known for probe in check.probes if probe.answered_by}
    return frozenset(answered | {name for name, times in required.items() if times >= MANY})


def _above(where: str) -> Iterator[str]:
    while "/" in where:
        where = where.rpartition("/")[0]
        if "/" in where:
            yield where


def roots(broken: Iterable[Broken]) -> Mapping[str, str]:
    """By check that only follows: the check that names the cause."""
    found: dict[str, str] = {}
    earlier: list[Broken] = []
    for each in sorted(broken, key=lambda one: one.rank):
        cause = _cause(each, earlier)
        if cause is not None:
            found[each.check.id] = found.get(cause, cause)
        earlier.append(each)
    return _refusals({each.check.id: each for each in earlier}, found)


def _refusals(broken: Mapping[str, Broken], found: dict[str, str]) -> dict[str, str]:
    """The same, but for what one refused capability breaks: that names the cause, not the first request with it."""
    for root in set(found.values()):
        named = broken[root].refused
        if named is not None and found.get(named) == root:
            found = {
                each: named if cause == root else cause for each, cause in found.items() if each != named
            }
            found[root] = named
    return found


def _cause(follows: Broken, earlier: Sequence[Broken]) -> str | None:
    """The first of those that explain a check's findings, all of them or others of the same fault."""
    for each in earlier:
        if follows.check.id in READ_BY.get(each.check.id, ()):
            return each.check.id
        both = follows.probes.intersection(probe.name for probe in each.check.probes)
        if follows.check.id in ON_THE_SAME.get(each.check.id, ()) and both and both <= each.probes:
            return each.check.id
    by: dict[tuple[str, str, str], str | None] = {}
    for mark in follows.marks:
        if by.get(mark.fault) is None:
            one = next((each for each in earlier if each.explains(mark)), None)
            by[mark.fault] = one.check.id if one else None
    causes = list(by.values())
    return causes[0] if causes and None not in causes else None


STANDING = frozenset({Outcome.FAILED, Outcome.ADVISORY})
"""What may be a cause, or follow from one: what is broken in every try, and not excused."""


@dataclass(slots=True)
class Following:
    """The verdicts of one provider, each that only follows from another made one that waits for it."""

    provider: str
    settled: Callable[[str], Verdict]
    broken: Callable[[], Iterable[Broken]]
    """Every check that the first answers break."""
    _roots: Mapping[str, str] | None = field(default=None)

    def verdict(self, name: str) -> Verdict:
        """The verdict of one check: with what follows from it, or waiting for what it follows from."""
        verdict = self.settled(name)
        if verdict.outcome not in STANDING:
            return self._further(verdict)
        if name in self.roots:
            return self._waiting(verdict, self.roots[name])
        return replace(verdict, consequences=tuple(each for each, root in self.roots.items() if root == name))

    @property
    def roots(self) -> Mapping[str, str]:
        """By check that only follows: the check that names the cause."""
        if self._roots is None:
            standing = (each for each in self.broken() if self.settled(each.check.id).outcome in STANDING)
            self._roots = roots(standing)
        return self._roots

    def _further(self, verdict: Verdict) -> Verdict:
        """What waits for a check that itself only follows waits for the cause of that."""
        cause = verdict.cause
        root = self.roots.get(cause.key.removeprefix(f"{self.provider}:")) if cause else None
        if cause is None or root is None:
            return verdict
        return replace(verdict, cause=self._cause(root, f"{cause.summary}, which follows from {root}"))

    def _waiting(self, verdict: Verdict, root: str) -> Verdict:
        """Red where its cause is; it keeps what it found."""
        red = self.settled(root).outcome is Outcome.FAILED
        outcome = Outcome.BLOCKED if red else Outcome.NOT_EXERCISED
        summary = f"{self.provider}: what follows from {root} waits for it"
        return replace(verdict, outcome=outcome, cause=self._cause(root, summary))

    def _cause(self, root: str, summary: str) -> Cause:
        return Cause(f"{self.provider}:{root}", summary, (f"mend {root} first",))
