"""Texts of servers and files made fit to be shown: nothing in them acts on a terminal, a build log or a page.

What acts in a build log (read in the sources of the runners and their documentation):

- GitHub Actions takes `::name …::` for a command where a line begins with it, blanks before it left aside, and
  `##[name …]` wherever it stands in a line, on standard output and standard error alike; both are compared as the
  culture has it, which passes over characters that cannot be seen (`src/Runner.Common/ActionCommand.cs`,
  `TryParseV2` and `TryParse`, in actions/runner).
- Azure Pipelines takes `##vso[area.name …]` for a command and `##[group]` for formatting
  (https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands).
- TeamCity takes `##teamcity[name …]` for a service message (https://www.jetbrains.com/help/teamcity/service-messages.html).
- GitLab folds its log at `section_start:` after an escape sequence, which needs the control character.
"""

from __future__ import annotations

import re

# A line can begin wherever a blank is, since what wraps a text breaks it there.
_COMMAND = re.compile(r"(?<=#)#(?=\w*\[)|(?:(?<=\s)|(?<![\s\S])):(?=:[A-Za-z])")
# What Unicode has for printing and no font draws: it would hide one of the marks above from us, and not from others.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """The text on one line; what acts on a terminal or in a build log is written as its escape."""
    # Python prints no control, no format (bidirectional overrides), no surrogate and no line separator.
    if not text.isprintable() or _UNSEEN.search(text):
        text = "".join(one if _is_seen(one) else _escape(one) for one in text)
    return inert(text)


def visible_lines(text: str) -> str:
    """The text with its lines kept, each fit to be shown; for what holds a log."""
    return "\n".join(map(visible, text.splitlines()))


def inert(line: str) -> str:
    """The line without commands to what keeps the log of a build; everything else stays as it is."""
    return _COMMAND.sub(lambda found: _escape(found[0]), line)


def visible_json(text: str) -> str:
    """A JSON document that means the same, in which nothing acts on a terminal or in a build log."""
    shown = "".join(one if one == "\n" or _is_seen(one) else _json_escape(one) for one in text)
    # Neither mark can stand outside a string of the document, and no line of one begins with a string's content.
    return _COMMAND.sub(lambda found: _json_escape(found[0]), shown)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters of the visible text, with the length of the original noted after a cut."""
    # An escape is at least as long as its character, so nothing beyond the limit can show.
    shown = visible(text[: limit + 1])
    if len(text) <= limit and len(shown) <= limit:
        return shown
    return f"{shown[:limit]}… ({len(text)} characters)"


def _is_seen(one: str) -> bool:
    return one.isprintable() and _UNSEEN.match(one) is None


def _escape(one: str) -> str:
    code = ord(one)
    if one in _SHORT:
        return _SHORT[one]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(one: str) -> str:
    units = one.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
