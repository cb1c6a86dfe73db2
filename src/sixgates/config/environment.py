"""The variables that the gateway will find: of this shell, or of the file that starts it. Only names are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

REFERENCE = "os.environ/"
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$")


@dataclass(frozen=True, slots=True)
class Environment:
    """Names of variables that are set to something, and where that was looked up."""

    names: frozenset[str]
    where: str

    @classmethod
    def of_process(cls, environ: Mapping[str, str]) -> Environment:
        """What a process that is started here gets."""
        return cls(frozenset(name for name, value in environ.items() if value.strip()), "this environment")

    @classmethod
    def of_file(cls, text: str, label: str) -> Environment:
        """What a file of `NAME=value` lines sets, such as an env_file of Compose or systemd's EnvironmentFile."""
        found = (match for line in text.splitlines() if (match := _LINE.match(line)))
        return cls(frozenset(match[1] for match in found if match[2].strip("\"'")), label)
