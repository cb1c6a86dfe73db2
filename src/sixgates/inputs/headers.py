"""Further request headers that a gateway asks for: checked, and with the values of the environment put in.

A value may name variables as `$NAME`, `${NAME}` or `os.environ/NAME`. No message holds a value: any may be secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sixgates.inputs.key import problem_of as key_problem

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VARIABLE = re.compile(
    r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)|^os\.environ/([A-Za-z_]\w*)$"
)
OURS = {
    "authorization": "name the variable with the key: api_key_env, or --api-key-env",
    **dict.fromkeys(
        ("accept", "accept-encoding", "content-type", "content-encoding"), "the requests of the checks set it"
    ),
    **dict.fromkeys(
        ("host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"),
        "the connection itself sets it",
    ),
}
"""Headers that are not for anybody else to set, by why not."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header as it was given; `value` may be secret, and may name variables."""

    name: str
    value: str = field(repr=False)

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that the value names."""
        return tuple(found for match in _VARIABLE.finditer(self.value) for found in match.groups() if found)

    def sent(self, environ: Mapping[str, str] = os.environ) -> str:
        """The value as it is sent, with what the variables hold."""
        return _VARIABLE.sub(lambda match: environ.get(_variable(match), ""), self.value)

    def curl(self) -> str:
        """The words for a command line: the variables by their names, and nothing else of the value."""
        if not self.variables:
            return f'-H "{self.name}: $VALUE_OF_{re.sub(r"[^A-Z0-9]", "_", self.name.upper())}"'
        return f'-H "{self.name}: {self._with_variables_only()}"'

    def _with_variables_only(self) -> str:
        rest = _VARIABLE.sub("", self.value).strip()
        # A scheme before a variable, such as Bearer, is no secret; any other text may be one.
        scheme = f"{rest} " if rest in {"Bearer", "Basic", "Token", "ApiKey"} else ""
        return scheme + " ".join(f"${name}" for name in self.variables)


def parse(text: str) -> Header | None:
    """The header in `Name: value`; None where there is no colon, or no name before it."""
    name, colon, value = text.partition(":")
    return Header(name.strip(), value.strip(" \t")) if colon and name.strip() else None


def problem_of(header: Header) -> str:
    """What is wrong with a header as it is written, to be read after its name; empty where nothing is."""
    if not _NAME.fullmatch(header.name):
        return "is no name of a header; one has letters, digits and -, such as X-Team"
    if why := OURS.get(header.name.lower()):
        return f"cannot be given as a further header; {why}"
    if any(one in header.value for one in "\r\n\0"):
        return "has a line break in its value, which would begin a header of its own; write it on one line"
    if not header.value.isascii() or not header.value.replace("\t", " ").isprintable():
        return "has a character in its value that no header can carry; write it in ASCII, on one line"
    if not header.value:
        return "has no value; write one, or name the variable that holds it, such as $TEAM_TOKEN"
    return ""


def missing_of(header: Header, environ: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """Why a header cannot be sent from here, and the next step; None where it can."""
    for name in header.variables:
        if not environ.get(name):
            return f"the environment variable {name} is not set", f"export {name}=…"
        if wrong := key_problem(name, environ):
            return wrong
    return None


def _variable(match: re.Match[str]) -> str:
    return next(name for name in match.groups() if name)
