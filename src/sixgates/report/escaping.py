"""Texts of servers inside Markdown: shown as they are, and never a link, a tag, a mention or a table cell.

GitHub makes links of URLs, `www.`, mail addresses, `@name`, `#7`, `owner/repo#7`, `GH-7`, and of the SHA of a commit,
alone or after `name@` and `owner/repo@`; see "Autolinked references and URLs" of
https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting.
"""

from __future__ import annotations

import re

from sixgates.visible import shorten, visible

_MEANT = re.compile(r"[\\`*_{}\[\]()|~!^]|:(?=/)|(?<=[wW])\.|^[-+=]|(?<=^\d)\.(?=\s)|(?<=^\d\d)\.(?=\s)")
_APART = "<!-- -->"
_PLAIN = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "#": f"\\#{_APART}", "$": "<span>$</span>"}
# GitHub finds mentions, references and mail addresses in the finished page, where a backslash is gone.
_TOUCHY = re.compile(
    r"(?P<plain>[&<>#$])|(?P<hex>(?<![a-z0-9])[0-9a-f]{7,}(?![a-z0-9]))"
    r"|@|:(?!\d\d:)(?=[\w+-]+:)|(?<![a-z0-9])gh-(?=\d)",
    re.IGNORECASE,
)
_BELOW_A_SHA = 6


def prose(text: str, limit: int = 600) -> str:
    """The text for a running line, every character that Markdown or GitHub would act on made plain."""
    escaped = _MEANT.sub(lambda found: f"\\{found[0]}", shorten(text.strip(), limit))
    return _TOUCHY.sub(_untouched, escaped)


def code(text: str, limit: int = 300) -> str:
    """The text as a code span, fenced by more backticks than it holds."""
    shown = shorten(text, limit)
    if not shown.strip():
        return "(blank)" if shown else "(empty)"
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if "`" in (shown[0], shown[-1]) or shown[0] == shown[-1] == " " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def code_cell(text: str, limit: int = 300) -> str:
    """The text as a code span in a cell of a table, where a bare pipe would begin the next cell."""
    return code(text, limit).replace("|", "\\|")


def block(text: str, language: str) -> str:
    """The text, on one line, as a fenced block that it cannot close."""
    shown = visible(text)
    fence = "`" * max(3, _longest_run(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def _untouched(found: re.Match[str]) -> str:
    if found["plain"]:
        return _PLAIN[found[0]]
    if digits := found["hex"]:
        # Each part is too short for a SHA, whatever stands before it.
        parts = (digits[start : start + _BELOW_A_SHA] for start in range(0, len(digits), _BELOW_A_SHA))
        return _APART.join(parts)
    return f"{found[0]}{_APART}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
