"""What stands beside the cassettes of a recording: why some of its probes have none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sixgates.inputs.file import Obstacle, UnreadableError, read_bytes
from sixgates.judge import NotSent
from sixgates.verdict import Cause

NOT_SENT = "not-sent.json"
ENGINE = "engine.json"
FIRST_RECIPE = 1
"""The recipe of recordings that do not say which; they carried a hash in its place."""
MAX_BYTES = 50_000_000
"""An answer of 1 MB, each byte escaped, and what is said of 5000 chunks fit into it many times."""


class CassetteError(Exception):
    """A recording cannot be read or written; the message names the file."""


class MissingError(CassetteError):
    """There is no cassette of a probe."""


def not_sent(folder: Path) -> Mapping[str, Any]:
    """The entries of `not-sent.json` by probe; none where it is missing or broken."""
    try:
        known = json.loads(read_bytes(folder / NOT_SENT, MAX_BYTES))
    except (UnreadableError, ValueError, RecursionError):
        return {}
    entries = known.items() if isinstance(known, dict) else ()
    return {name: entry for name, entry in entries if isinstance(entry, dict)}


def why_not_started(folder: Path) -> str:
    """Why the engine of a recording cannot be started where recordings are made; empty where it can.

    Raises CassetteError when `engine.json` does not say it.
    """
    path = folder / ENGINE
    try:
        why = json.loads(read_bytes(path, MAX_BYTES))["cannot_be_started"]
    except UnreadableError as problem:
        if problem.obstacle is Obstacle.MISSING:
            return ""
        raise CassetteError(f"{path}: cannot be read: {problem}") from None
    except (ValueError, LookupError, TypeError, RecursionError):
        why = None
    if not isinstance(why, str) or not why:
        raise CassetteError(f'{path}: expected {{"cannot_be_started": "why"}}')
    return why


def unsent(entry: Mapping[str, Any]) -> NotSent | Cause:
    """What became of a probe by its entry."""
    cause = entry.get("cause")
    if cause is None:
        return NotSent(str(entry.get("reason", "")))
    return Cause(str(cause["key"]), str(cause["summary"]), tuple(map(str, cause["next_steps"])))
