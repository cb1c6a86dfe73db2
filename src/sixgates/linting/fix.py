"""Mends what can be mended safely, in place: nothing else in the file changes, comments and layout included."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sixgates.exchange import Mendable
from sixgates.linting.reports import Report

QUOTES = "\"'"


def mended(text: str, reports: Iterable[Report]) -> tuple[str, int]:
    """The text with its mendable findings mended, and how many; what does not stand where it should is left."""
    lines = text.splitlines(keepends=True)
    count = 0
    places = sorted(
        {(*report.place[1:], *_edit(report)) for report in reports if _edit(report)}, reverse=True
    )
    for line, column, old, new in places:
        if not 0 < line <= len(lines):
            continue
        before, after = lines[line - 1][: column - 1], lines[line - 1][column - 1 :]
        quote = after[0] if after and after[0] in QUOTES else ""
        if not after.startswith(f"{quote}{old}{quote}"):
            continue
        bare = new.strip(QUOTES) if quote else new
        lines[line - 1] = f"{before}{quote}{bare}{quote}{after[len(old) + 2 * len(quote) :]}"
        count += 1
    return "".join(lines), count


def _edit(report: Report) -> tuple[str, str] | tuple[()]:
    finding = report.finding
    return (finding.old, finding.new) if isinstance(finding, Mendable) else ()


def mend(reports: Iterable[Report]) -> dict[str, int]:
    """Mend the files that findings name; how many places in each. Raises OSError when one cannot be written."""
    by_file: dict[str, list[Report]] = {}
    for report in reports:
        by_file.setdefault(report.place[0], []).append(report)
    done: dict[str, int] = {}
    for name, found in by_file.items():
        path = Path(name)
        if not any(map(_edit, found)) or not path.is_file():
            continue
        data = path.read_bytes().decode("utf-8")
        mark = "\ufeff" if data.startswith("\ufeff") else ""
        text, count = mended(data.removeprefix(mark), found)
        if count:
            temporary = path.with_name(f".{path.name}.new")
            temporary.write_bytes((mark + text).encode("utf-8"))
            temporary.replace(path)
            done[name] = count
    return done
