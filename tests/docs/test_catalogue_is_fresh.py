"""docs/catalogue.md says what the code says."""

from __future__ import annotations

from pathlib import Path

from sixgates.catalogue_page import render

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"


def test_the_catalogue_page_is_what_the_code_writes() -> None:
    """A changed check, level, piece of evidence or mutant is written down."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == render(), "run: sixgates catalogue --output docs/catalogue.md"
