"""Reports that gate 4 does not judge rightly yet, each with a reason; one that is judged rightly must leave."""

from __future__ import annotations

from collections.abc import Mapping

MISSES: Mapping[str, str] = {}
"""By the name of a reading, such as `n-ignored (auto)`, why it is not right: a sentence."""
