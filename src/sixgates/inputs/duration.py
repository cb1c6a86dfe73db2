"""A duration that somebody gives: seconds, or a number with s, m or h."""

from __future__ import annotations

import math
import re

_FACTORS = {"": 1, "s": 1, "m": 60, "h": 3600}


def seconds_of(text: str) -> float | None:
    """The seconds that a text such as `90`, `90s`, `10m` or `1h` means; None where it is none, or no time at all."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|h|)", text.strip())
    seconds = float(match[1]) * _FACTORS[match[2]] if match and text.isascii() else 0.0
    return seconds if 0 < seconds < math.inf else None
