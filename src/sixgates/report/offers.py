"""What providers do not offer or accept without effect, how that showed, and what they said; each reason once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sixgates.capability import Offer
from sixgates.verdict import Outcome, undeclared

UNASKED = "not declared, and not asked for"
_CHECK = "capability."
_LISTED = (Offer.REFUSED, Offer.IGNORED, Offer.ABSENT)
_ORDER = {offer: place for place, offer in enumerate((*map(str, _LISTED), UNASKED))}


@dataclass(frozen=True, slots=True)
class NotOffered:
    """Capabilities of one provider that are not there for one reason; `got` is empty where it was not asked."""

    provider: str
    capabilities: tuple[str, ...]
    offer: str
    got: str

    @property
    def asked(self) -> bool:
        """Whether the provider was asked for them."""
        return self.offer != UNASKED


def not_offered(results: Sequence[Mapping[str, Any]]) -> list[NotOffered]:
    """By provider and then by how it showed; results of older reports have nothing to tell."""
    groups: dict[tuple[str, int, str, str], list[str]] = defaultdict(list)
    for result in results:
        if (seen := _seen(result)) is not None:
            capability, offer, got = seen
            groups[result["provider"] or "", _ORDER[offer], offer, got].append(capability)
    return [
        NotOffered(provider, tuple(sorted(names)), offer, got)
        for (provider, _, offer, got), names in sorted(groups.items())
    ]


def _seen(result: Mapping[str, Any]) -> tuple[str, str, str] | None:
    if asked := result.get("asked"):
        offer = asked["offer"]
        # A check of a capability that is excused or flaky is not there either.
        return (asked["capability"], offer, asked["got"]) if offer in _LISTED else None
    name = str(result["check"]).removeprefix(_CHECK)
    left_out = result["outcome"] == Outcome.NOT_APPLICABLE and name != result["check"]
    if left_out and result["reason"] == undeclared(result["provider"] or "", name):
        return name, UNASKED, ""
    return None
