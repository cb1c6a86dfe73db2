"""How the pieces of a stream can repeat what was said before, when each should add to it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def repetition(pieces: Sequence[str], text: str) -> str | None:
    """In words, how pieces repeat a text that should come once; None where they do not, or give the text itself."""
    said = "".join(pieces)
    if said == text or len(pieces) < 2:
        return None
    kinds = {
        "each piece twice": pieces[::2] == pieces[1::2] and len(set(pieces)) > 1,
        "all the text so far in each piece": _grows(pieces),
        "the whole text twice": said == said[: len(said) // 2] * 2,
        "the whole text once more at the end": pieces[-1] == "".join(pieces[:-1]),
    }
    return next((words for words, holds in kinds.items() if holds), None)


def _grows(pieces: Sequence[str]) -> bool:
    pairs = list(pairwise(pieces))
    growing = sum(len(later) > len(earlier) for earlier, later in pairs)
    return growing >= 3 and all(later.startswith(earlier) for earlier, later in pairs)
