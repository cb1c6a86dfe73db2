"""What providers that were asked for their capabilities do not offer, and why; the same reason is said once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sixgates.capability import Offer
from sixgates.verdict import Outcome

_ORDER = {offer.value: place for place, offer in enumerate(Offer)}


@dataclass(frozen=True, slots=True)
class NotOffered:
    """Capabilities of one provider that it showed in one way not to offer."""

    provider: str
    capabilities: tuple[str, ...]
    offer: str
    got: str


def not_offered(results: Sequence[Mapping[str, Any]]) -> list[NotOffered]:
    """By provider and then by how it showed; results of older reports have nothing to tell."""
    groups: dict[tuple[str, int, str, str], list[str]] = defaultdict(list)
    for result in results:
        asked = result.get("asked")
        if asked and result["outcome"] == Outcome.NOT_APPLICABLE:
            offer, got = asked["offer"], asked["got"]
            groups[result["provider"] or "", _ORDER[offer], offer, got].append(asked["capability"])
    return [
        NotOffered(provider, tuple(sorted(names)), offer, got)
        for (provider, _, offer, got), names in sorted(groups.items())
    ]
