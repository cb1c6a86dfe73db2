"""Comments that say why a finding is accepted: `# sixgates: ignore[slug] reason`, on its line or above it.

What stands in an entry of a source file holds for what is compiled from the entry too: each entry of the compiled
file names the line that it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sixgates.exchange import Finding

_IGNORE = re.compile(r"#\s*sixgates:\s*ignore\[([^\]]*)\]\s*(.*?)\s*$")
_CITED = re.compile(r"\((\S+?\.yaml):(\d+)\)")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One comment: where it stands, what it is about, and why."""

    where: str
    slugs: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Comments:
    """The comments of one file, by the line that they are about, counted from 1."""

    label: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, label: str, text: str) -> Comments:
        """The comments of a text."""
        return cls(label, tuple(text.splitlines()))

    @cached_property
    def ignores(self) -> dict[int, list[Ignore]]:
        """What is ignored on which line; a comment that stands alone is about the next line with content."""
        found: dict[int, list[Ignore]] = {}
        waiting: list[Ignore] = []
        if not any("sixgates:" in line for line in self.lines):
            return found
        for number, line in enumerate(self.lines, 1):
            match = _IGNORE.search(line)
            if match:
                slugs = tuple(slug.strip() for slug in match[1].split(",") if slug.strip())
                column = match.start() + 1
                waiting.append(Ignore(f"{self.label}:{number}:{column}", slugs, match[2]))
            if line.strip() and not line.lstrip().startswith("#"):
                found.setdefault(number, []).extend(waiting)
                waiting = []
        return found

    def of_entry(self, line: int) -> Iterator[Ignore]:
        """What is ignored in the entry that begins on this line: down to the next one that is not indented more."""
        if not self.ignores:
            return
        first = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        indent = len(first) - len(first.lstrip())
        for number in range(line, len(self.lines) + 1):
            text = self.lines[number - 1]
            content = text.strip() and not text.lstrip().startswith("#")
            if number > line and content and len(text) - len(text.lstrip()) <= indent:
                return
            yield from self.ignores.get(number, ())

    def cited(self, line: int) -> tuple[str, int] | None:
        """The file and line that the comment above a line of a compiled file names."""
        above = min(line, len(self.lines)) - 1
        return self._citations[above] if above > 0 else None

    @cached_property
    def _citations(self) -> list[tuple[str, int] | None]:
        """For each line, counted from 1, the last citation in a comment down to it."""
        found: list[tuple[str, int] | None] = [None]
        for line in self.lines:
            text = line.strip()
            match = _CITED.search(text) if text.startswith("#") else None
            found.append((match[1], int(match[2])) if match else found[-1])
        return found


@dataclass(slots=True)
class Ignored:
    """Takes away the findings that a comment with a reason accepts, and remembers which comments did so."""

    files: Mapping[str, Comments]
    used: set[tuple[str, str]] = field(default_factory=set)

    def filtered(self, slug: str, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """The findings of a rule that nothing accepts."""
        return tuple(finding for finding in findings if not self._accepted(slug, finding))

    def all(self) -> Iterator[Ignore]:
        """Every comment of every file."""
        for comments in self.files.values():
            for ignores in comments.ignores.values():
                yield from ignores

    def _accepted(self, slug: str, finding: Finding) -> bool:
        for ignore in self._about(finding):
            if slug in ignore.slugs and ignore.reason:
                self.used.add((ignore.where, slug))
                return True
        return False

    def _about(self, finding: Finding) -> Iterator[Ignore]:
        label, _, place = finding.where.partition(".yaml:")
        comments = self.files.get(f"{label}.yaml")
        line = int(place.split(":")[0]) if place.split(":")[0].isdigit() else 0
        if comments is None or not line:
            return
        yield from comments.ignores.get(line, ())
        cited = comments.cited(line)
        if cited is not None:
            source = next((each for each in self.files.values() if each.label.endswith(cited[0])), None)
            if source is not None:
                yield from source.of_entry(cited[1])
