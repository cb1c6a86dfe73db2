"""Whether an API key can be sent in a header, in one sentence if not; what it says holds nothing of the key."""

from __future__ import annotations

import os
from collections.abc import Mapping

from sixgates.verdict import Cause


def key_of(variable: str | None, environ: Mapping[str, str] = os.environ) -> str | None:
    """The key in an environment variable; None where none is named, and where it is not set or empty."""
    return (environ.get(variable) or None) if variable else None


def problem_of(variable: str | None, environ: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """What is wrong with the key in a variable, and the next step; None where nothing is, and without a key."""
    key = key_of(variable, environ)
    found = _problem(key) if key is not None else None
    if found is None:
        return None
    said, step = found
    return f"the environment variable {variable} {said}", step.format(variable=variable)


def cause_of(variable: str | None, environ: Mapping[str, str] = os.environ) -> Cause | None:
    """The cause that all who need this variable share."""
    found = problem_of(variable, environ)
    return (
        Cause(f"key:{variable}", f"no request was sent with a key: {found[0]}", (found[1],))
        if found
        else None
    )


def _problem(key: str) -> tuple[str, str] | None:
    if key.endswith(("\n", "\r")) and key.rstrip("\r\n").isprintable():
        said = "ends with a line break, which no header can carry"
        return said, "read the key from its file without it: export {variable}=\"$(tr -d '\\r\\n' < FILE)\""
    if any(one in key for one in "\r\n"):
        return (
            "has a line break in it, so that it holds more than a key",
            "set it to the key alone: export {variable}=…",
        )
    if key != key.strip():
        said = "begins or ends with a blank, which belongs to no key"
        return said, "set it again without the blank: export {variable}=…"
    if not key.isascii():
        said = "has a character in it that is not ASCII, such as a typographic quote or dash"
        return said, "copy the key again from where it was made: export {variable}=…"
    if not key.isprintable():
        return (
            "has a control character in it, which no header can carry",
            "set it to the key alone: export {variable}=…",
        )
    return None
