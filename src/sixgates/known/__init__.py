"""Known deviations of engines, shipped with the package: what our recordings show, by engine and version range."""

from __future__ import annotations

from sixgates.known.entries import KnownError, KnownFile, Shipped, known_of, load, read
from sixgates.known.identity import Identity, identify
from sixgates.known.versions import contains, range_error

__all__ = [
    "Identity",
    "KnownError",
    "KnownFile",
    "Shipped",
    "contains",
    "identify",
    "known_of",
    "load",
    "range_error",
    "read",
]
