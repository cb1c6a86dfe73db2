"""What LiteLLM's configuration may say, by version: snapshots of its own lists, so that nothing imports litellm.

A snapshot is made by `installed.py` in the interpreter of that LiteLLM; a test shows that it still says the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that one version knows: sections of the file, keys of each section, and values."""

    version: str
    sections: frozenset[str]
    router: frozenset[str]
    general: frozenset[str]
    litellm: frozenset[str]
    params: frozenset[str]
    strategies: frozenset[str]
    checks: frozenset[str]
    """What `optional_pre_call_checks` may list."""
    caches: frozenset[str]
    """What the `type` of `cache_params` may be."""
    providers: frozenset[str]
    models: frozenset[str]
    """Model names that say without a prefix whose they are."""

    @property
    def repeats_fallbacks(self) -> bool:
        """Whether this LiteLLM asks names again that have failed already, as 1.79.3 does."""
        return self.version == "1.79.3"

    @property
    def falls_to_orders(self) -> bool:
        """Whether the next order is asked when one fails; 1.79.3 reads orders with pre-call checks alone."""
        return self.version != "1.79.3"


def versions() -> tuple[str, ...]:
    """The versions that have a snapshot, oldest first."""
    names = (path.name for path in files(__name__).iterdir() if path.name.endswith(".json"))
    return tuple(sorted((name.removesuffix(".json") for name in names), key=_ordered))


@lru_cache
def vocabulary(version: str | None = None) -> Vocabulary:
    """The names of a version, or of the nearest older snapshot, or else of the oldest; None means the newest."""
    known = versions()
    older = [each for each in known if version is None or _ordered(each) <= _ordered(version)]
    chosen = older[-1] if older else known[0]
    found = json.loads((files(__name__) / f"{chosen}.json").read_text(encoding="utf-8"))
    return Vocabulary(found.pop("version"), **{kind: frozenset(names) for kind, names in found.items()})


def _ordered(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
