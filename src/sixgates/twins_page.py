"""The page of twins: which check judges which requirement on which surface, and why some judge nothing."""

from __future__ import annotations

from collections.abc import Iterator

from sixgates import catalogue, twins
from sixgates.twins import COLUMNS, Row

_HEAD = """# Twins

Written by `sixgates twins --output docs/twins.md`; a test fails when it is stale. A requirement on one answer holds
for its twins: for the stream of a plain answer, for completions and Responses as for chat, for arguments and thoughts
as for text. Each cell names the checks of the [catalogue](catalogue.md) that judge the requirement there, or the
note that says why none does, or why none of them is a MUST where one is elsewhere.
"""
_TITLES = {
    "answers": "Answers of the API",
    "parts": "Parts of a chat completion",
    "items": "Items of a response",
}


def render() -> str:
    """The page as Markdown."""
    known = twins.load()
    lines = [_HEAD]
    for name, rows in known.tables.items():
        reasons = list(
            dict.fromkeys(reason for row in rows for reason in (*row.holes.values(), *row.lower.values()))
        )
        lines += [f"## {_TITLES[name]}", "", *_table(rows, COLUMNS[name], reasons), ""]
        lines += [f"{number}. {reason}" for number, reason in enumerate(reasons, start=1)]
        lines.append("")
    lines += ["## Without a twin", ""]
    for entry in known.alone:
        lines.append(f"- {entry.reason}: {', '.join(f'`{name}`' for name in entry.checks)}")
    return "\n".join(lines) + "\n"


def _table(rows: tuple[Row, ...], columns: tuple[str, ...], reasons: list[str]) -> Iterator[str]:
    yield f"| requirement | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 1) + "|"
    for row in rows:
        cells = [_cell(row, column, reasons) for column in columns]
        yield f"| {row.requirement} | {' | '.join(cells)} |"


def _cell(row: Row, column: str, reasons: list[str]) -> str:
    checks = catalogue.load().checks
    names = row.cells.get(column, ())
    if not names:
        return f"none: note {reasons.index(row.holes[column]) + 1}" if column in row.holes else "**hole**"
    told = [f"`{name}` {checks[name].level}" if name in checks else name for name in names]
    if column in row.lower:
        told.append(f"no MUST: note {reasons.index(row.lower[column]) + 1}")
    return "<br>".join(told)
