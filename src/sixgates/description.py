"""What a deviation says was seen: patterns over the findings of a check, and over the answers that they are about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sixgates.coding import decoded
from sixgates.exchange import Exchange, Finding
from sixgates.select import Unmet


@dataclass(frozen=True, slots=True)
class Description:
    """Findings of one kind, each text a pattern; None stands for whatever it says.

    `*` is any text, `#` a number, and `~` some text without a quotation mark, such as an id in its quotes.
    `answer` is the status and the body of the exchange that a finding is about, such as `404 {"detail":"Not Found"}`.
    """

    where: str | None = None
    expected: str | None = None
    got: str | None = None
    answer: str | None = None

    def describes(self, finding: Finding, answer: str = "") -> bool:
        """Whether a finding is of this kind, given what `answered` says of the exchange that it is about."""
        said = (
            (self.where, finding.where),
            (self.expected, finding.expected),
            (self.got, finding.got),
            (self.answer, answer),
        )
        return all(matches(pattern, text) for pattern, text in said if pattern is not None)


def answered(answer: Any) -> str:
    """Status and body as one text, without its coding; why there is no response, or nothing, where none came."""
    if not isinstance(answer, Exchange):
        return ""
    try:
        response = decoded(answer)
    except Unmet:
        response = answer.response
    if response is None:
        return str(answer.error.kind) if answer.error else ""
    return f"{response.status} {response.body.decode(errors='replace').strip()}"


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is the whole of a text."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Each star takes as little as it can and never gives it back: no text makes a pattern slow."""
    first, *others = map(_literal, pattern.split("*"))
    inner = "".join(f"(?>.*?{part})" for part in others[:-1])
    return re.compile(f"{first}{inner}.*{others[-1]}" if others else first, re.DOTALL)


def _literal(part: str) -> str:
    return "".join(_SIGNS.get(each, re.escape(each)) for each in part)


_SIGNS = {"#": "[0-9]{1,20}", "~": '[^"]{1,200}'}
