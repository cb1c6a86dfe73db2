"""docs/catalogue.md says what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from sixgates.catalogue_page import render

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"


def test_the_catalogue_page_is_what_the_code_writes() -> None:
    """A changed check, level, piece of evidence or mutant is written down."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == render(), "run: sixgates catalogue --output docs/catalogue.md"


@pytest.mark.parametrize(
    "line",
    [
        '- `embeddings`: POST /v1/embeddings: `{"model": "$model", "input": "A red boat"}`',
        "- `gauge`: GET /metrics, or /slots where that is not 200",
        "- `models-list-wrong-scheme`: GET /v1/models, with the credentials `Basic c2l4Z2F0ZXM6d3Jvbmc=`",
        "- `invalid-json`: POST /v1/chat/completions: the body `{`",
        "- `empty-body`: POST /v1/chat/completions: an empty body",
        "- `chat-stop-string`: POST /v1/chat/completions, made from the answer to `chat`, alone",
    ],
)
def test_every_request_is_written_down(line: str) -> None:
    """How a check is triggered can be read without the code."""
    assert line in render().splitlines()
