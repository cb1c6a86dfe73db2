"""Where installed engines lie, so that the next call finds them again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

STAMP = "sixgates-complete"
KEPT_LOGS = 30


def home(environ: Mapping[str, str] | None = None) -> Path:
    """SIXGATES_HOME, else `sixgates` in the user's cache directory."""
    environ = os.environ if environ is None else environ
    if told := environ.get("SIXGATES_HOME"):
        return Path(told).expanduser().absolute()
    cache = environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "sixgates"


def folder(name: str) -> Path:
    """The virtual environment of one engine."""
    return home() / "engines" / name


def log(name: str) -> Path:
    """A new, empty log file of that name; only the newest logs are kept."""
    path = home() / "logs" / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    logs = sorted(path.parent.glob("*.log"), key=lambda each: each.stat().st_mtime)
    for old in logs[:-KEPT_LOGS]:
        old.unlink(missing_ok=True)
    return path


def stamped(name: str) -> str | None:
    """The recipe that the last complete installation of an engine followed; None when there is none."""
    try:
        return (folder(name) / STAMP).read_text(encoding="utf-8")
    except OSError:
        return None


def stamp(name: str, recipe: str) -> None:
    """Marks an engine as completely installed by this recipe, in one step."""
    unfinished = folder(name) / f"{STAMP}.part"
    unfinished.write_text(recipe, encoding="utf-8")
    unfinished.replace(folder(name) / STAMP)
