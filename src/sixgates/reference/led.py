"""How the reference goes on where a history leads it: with the calls of the turn before, or with another sum."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]
_SUM = re.compile(r"(\d+) \+ (\d+)\?")


def led_to(messages: Sequence[Message]) -> tuple[str, ...]:
    """The functions that the turn before the last question called, without a result since."""
    *before, last = messages
    if last.get("role") != "user":
        return ()
    names: list[str] = []
    for message in reversed(before):
        if message.get("type") != "function_call":
            return tuple([call["function"]["name"] for call in message.get("tool_calls") or []] + names)
        names.insert(0, message["name"])
    return tuple(names)


def asked_for(messages: Sequence[Message]) -> str:
    """What the last question is about: its last word."""
    return str(messages[-1].get("content")).rstrip("?").rpartition(" ")[2]


def total(question: str) -> str | None:
    """The answer to a sum; None where none is asked for."""
    found = _SUM.fullmatch(question)
    return str(int(found[1]) + int(found[2])) if found else None
