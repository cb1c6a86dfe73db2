"""Deviations as the judge knows them, and what becomes of a verdict by those that are declared from its check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sixgates.description import Description
from sixgates.exchange import Finding
from sixgates.verdict import Described, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Declared:
    """A deviation of one provider from one check: its own, good until it expires, or one known of its engine.

    `known` says of which engine and versions an entry is known that ships with the package; `refutable` that the
    exchanges are a recording no older than the one that shows it. It excuses the findings that one of `findings`
    describes, and whatever the check finds where there are none.
    """

    check: str
    reason: str
    expires: date | None = None
    link: str | None = None
    known: str = ""
    refutable: bool = False
    findings: tuple[Description, ...] = ()

    def describes(self, finding: Finding, answer: str) -> bool:
        """Whether this is what the entry excuses, given what the exchange that it is about says."""
        return not self.findings or any(each.describes(finding, answer) for each in self.findings)

    @property
    def said(self) -> str:
        """The reason as a report gives it: of whom it is known, and where to read more."""
        known = f" Known of {self.known}." if self.known else ""
        link = f" ({self.link})" if self.link else ""
        return f"{self.reason}{known}{link}{'' if self.findings else ANY_FINDING}"

    @property
    def told(self) -> str:
        """Who says it, and what."""
        return f"what is {f'known of {self.known}' if self.known else 'declared'} ({self.reason})"


ANY_FINDING = " [the entry names no findings, so it excuses any]"


def described(
    entries: Sequence[Declared], found: Sequence[tuple[Finding, str]], *, more: bool = False
) -> tuple[Described, frozenset[int]]:
    """Which entries describe findings, each with its answer as text; and the numbers of those that none describes.

    Where there may be `more` findings than were looked at, something is not described, unless an entry takes any.
    """
    by = [next((at for at, each in enumerate(entries) if each.describes(*told)), None) for told in found]
    left = frozenset(number for number, entry in enumerate(by) if entry is None)
    used = tuple(sorted({entry for entry in by if entry is not None}))
    unseen = int(more and all(each.findings for each in entries))
    return Described(used, len(left) + unseen, len(found) + unseen), left


def settled(entries: Sequence[Declared], verdict: Verdict, today: date) -> Verdict:
    """A verdict that was reached, by the deviations from its check; a provider's own come first."""
    if verdict.outcome is Outcome.PASSED:
        return _passing(entries[0], verdict)
    by = verdict.described or described(entries, [(each, "") for each in verdict.findings])[0]
    if by.left:
        return replace(verdict, reason=_strange(entries, by))
    used = [entries[number] for number in by.entries]
    expired = next((each for each in used if each.expires is not None and each.expires < today), None)
    if expired is not None:
        reason = f"the declared deviation expired on {expired.expires}: look again. It said: {expired.reason}"
        return replace(verdict, outcome=Outcome.STALE, reason=reason)
    return replace(verdict, outcome=Outcome.DEVIATION, reason=" ".join(each.said for each in used))


def _strange(entries: Sequence[Declared], by: Described) -> str:
    if by.left < by.found:
        subject = f"{by.left} of {by.found} findings, which stand first, are not"
    else:
        subject = "this is not" if by.found == 1 else "none of the findings is"
    return f"{subject} {' nor '.join(each.told for each in entries)}"


def _passing(entry: Declared, verdict: Verdict) -> Verdict:
    """Nobody can take a shipped entry away: live, a pass is only mentioned; a newer recording refutes the entry."""
    said = f"It said: {entry.reason}"
    if not entry.known:
        reason = f"declared as a deviation, but it passes: remove the entry. {said}"
        return replace(verdict, outcome=Outcome.STALE, reason=reason)
    if not entry.refutable:
        return replace(verdict, reason=f"known as a deviation of {entry.known}, but it passes here. {said}")
    reason = (
        f"known as a deviation of {entry.known}, but this recording refutes it: "
        f"name the check under contract.refuse of gates.yaml, and report it. {said}"
    )
    return replace(verdict, outcome=Outcome.STALE, reason=reason)
