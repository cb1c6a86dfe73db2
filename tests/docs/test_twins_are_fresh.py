"""docs/twins.md says what the tables say."""

from __future__ import annotations

from pathlib import Path

from sixgates.twins_page import render

PAGE = Path(__file__).parents[2] / "docs" / "twins.md"


def test_the_page_of_twins_is_what_the_tables_are() -> None:
    """A check that moved, a changed level and a filled hole are written down."""
    assert PAGE.read_text(encoding="utf-8") == render(), "run: sixgates twins --output docs/twins.md"
