"""Texts of servers inside Markdown: shown as they are, and never a link, a tag, a mention or a table cell."""

from __future__ import annotations

import re

from sixgates.visible import shorten, visible

_MEANT = re.compile(r"[\\`*_{}\[\]()|~!]|:(?=/)|(?<=[wW])\.|^[-+]|(?<=^\d)\.(?=\s)|(?<=^\d\d)\.(?=\s)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# GitHub finds mentions, references and mail addresses in the finished page, where a backslash is gone.
_SPLIT = {"@": "@<!-- -->", "#": "\\#<!-- -->", "$": "<span>$</span>"}
_TOUCHY = re.compile(r"[&<>@#$]")


def prose(text: str, limit: int = 600) -> str:
    """The text for a running line, every character that Markdown or GitHub would act on made plain."""
    escaped = _MEANT.sub(lambda found: f"\\{found[0]}", shorten(text.strip(), limit))
    return _TOUCHY.sub(lambda found: (_ENTITIES | _SPLIT)[found[0]], escaped)


def code(text: str, limit: int = 300) -> str:
    """The text as a code span, fenced by more backticks than it holds."""
    shown = shorten(text, limit)
    if not shown.strip():
        return "(blank)" if shown else "(empty)"
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if "`" in (shown[0], shown[-1]) or shown[0] == shown[-1] == " " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def block(text: str, language: str) -> str:
    """The text, on one line, as a fenced block that it cannot close."""
    shown = visible(text)
    fence = "`" * max(3, _longest_run(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
