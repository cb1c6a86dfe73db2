"""Texts that act on what shows them, and what would see them act."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

SHA = "a5c3785ed8d6a35868bc169f07e40e889087fd2e"
TEXTS = {
    "a GitHub command": "::error::owned",
    "a GitHub command after a blank": "x ::stop-commands::pause",
    "a GitHub mask": "  ::add-mask::e",
    "a GitHub command that wrapping brings to the front": f"{'long words to wrap ' * 9}::error file=a,line=1::b",
    "a GitHub command after each word": " ".join(["word ::warning::x"] * 12),
    "a GitHub command in the middle": "a ##[error]b ##[group]c",
    "a GitHub command at the end of a hash": "###[error]x",
    "a GitHub command behind what is not drawn": ":\ufe0f:error::x #\u034f#[error]y",
    "a GitHub command behind a soft hyphen": "\u00ad::error::x #\u00ad#[error]y :\u200d:error::z",
    "an Azure command": "##vso[task.setvariable variable=a]b",
    "a TeamCity message": "##teamcity[buildStop comment='x']",
    "a GitLab section": "\x1b[0Ksection_start:1:name\r\x1b[0Ktitle",
    "line breaks": "a\n::error::b\r##[error]c\r\n::debug::d\x0b\x0c::error::e\x1c\x85\u2028\u2029::error::f",
    "colours and a title": "\x1b[31mred\x1b]0;title\x07\x9b2J\x00\x7f",
    "bidirectional overrides": "a\u202eb\u2066c\u200f\u061c",
    "a lone surrogate": "a\ud800b\udfff",
    "percent escapes": "%0A::error::x%0D%25",
    "Markdown": "[click](https://evil.example) ![x](//y) **b** <script>alert(1)</script> </details> - a",
    "a mention": "@everyone and octo@evil.example and @octo/team",
    "references": f"GH-7 gh-8 #7 octo/repo#7 {SHA} {SHA[:7]} octo@{SHA} aaaaaa{SHA[:34]} 1234567",
    "bare links": "https://evil.example www.evil.example HTTP://evil.example",
    "pipes": "a|b\\|c|",
    "backticks": "```\n` `` a",
    "an entity": "&lt;b&gt; &#35; #quot; #9829;",
    "the end of a label": '"]) --> evil["x',
    "blanks": "   ",
}
_COMMAND = re.compile(r"\s*::[A-Za-z]")
_ANYWHERE = re.compile(r"##\w*\[")


def acts(text: str, *, commands: int = 0) -> list[str]:
    """What in an output would act on a terminal or in a build log; `commands` of ours may begin a line."""
    found = list(_acting(text))
    ours = [one for one in found if one.startswith("command ")][:commands]
    return [one for one in found if one not in ours]


def _acting(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if not line.isprintable():
            yield f"control character in {line!r}"
        # Runners compare as the culture has it, which passes over what is not drawn.
        drawn = "".join(one for one in line if unicodedata.category(one) not in {"Cf", "Cc", "Mn"})
        if _COMMAND.match(drawn):
            yield f"command {line!r}"
        if _ANYWHERE.search(drawn):
            yield f"command within {line!r}"


_REFERENCES = {
    "mention": r"(?<![\w`])@\w",
    "reference": r"(?<!&)#\d",
    "GH- reference": r"(?i)(?<![a-z0-9])gh-\d",
    "commit": r"(?i)(?<![a-z0-9])[0-9a-f]{7,40}(?![a-z0-9])",
    "link": r"(?i)https?://|www\.",
    "mail address": r"\w@\w",
}


def links(markdown: str) -> list[str]:
    """What GitHub would make a link of: it looks at the text between tags, not into code, and at no backslash."""
    without_code = re.sub(r"(`{3,})\w*\n.*\n\1\n|(?<![`\\])(`+)(?!`).*?(?<!`)\2(?!`)", "\x00", markdown)
    texts = re.split(r"<[^<>]*>|\x00", re.sub(r"\\(?=[^\w\s])", "", _escaped_links(without_code)))
    return [
        f"{name} in {text!r}"
        for text in texts
        for name, pattern in _REFERENCES.items()
        if re.search(pattern, text)
    ]


def _escaped_links(markdown: str) -> str:
    """Markdown looks for addresses before it takes the backslashes away."""
    return re.sub(r"(?i)(https?)\\:|(www)\\\.", "\x00", markdown)


def columns(markdown: str) -> list[list[int]]:
    """How many cells each row of each table has."""
    found: list[list[int]] = [[]]
    for line in markdown.splitlines():
        if line.startswith("|"):
            found[-1].append(len(re.findall(r"(?<!\\)\|", line)))
        elif found[-1]:
            found.append([])
    return [one for one in found if one]
