"""Which LiteLLM reads the gateway's file, and how that is known: the rules and walks are those of its version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sixgates.config.vocabulary import versions, vocabulary
from sixgates.gateway.locate import find_litellm, version_of

OPTION = "--litellm-version"
_VERSION = re.compile(r"\d+(\.\d+)+\w*")


class UnknownVersionError(ValueError):
    """What was given is no version."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The LiteLLM that a file is judged for; an empty version is the newest known."""

    version: str
    why: str

    def __str__(self) -> str:
        """For the line below the findings."""
        known = vocabulary(self.version or None).version
        nearest = f", the nearest known to {self.version}" if self.version not in ("", known) else ""
        return f"as LiteLLM {known} reads it{nearest} ({self.why})"


def reader(told: str = "", environ: Mapping[str, str] | None = None, *, command: str | None = None) -> Reader:
    """The version that was told, else that of the litellm that gate 5 would run, else the newest known.

    `command` is what `--litellm` names. Raises UnknownVersionError when what was told is no version.
    """
    if told:
        if not _VERSION.fullmatch(told):
            said = f"{OPTION} {told}: expected a version; known are {', '.join(versions())}"
            raise UnknownVersionError(said)
        return Reader(told, OPTION)
    found = find_litellm(command, environ)
    version = version_of(found) if isinstance(found, Path) else ""
    if version:
        return Reader(version, f"found at {found}")
    return Reader("", "the newest known; no installed litellm was found")
