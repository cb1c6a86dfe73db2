"""The first line of a report speaks of the gates that a run was asked for, and says which it was not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sixgates.report import render_badge, render_markdown, render_table
from sixgates.report.headline import headline
from sixgates.verdict import Gate

WHOLE = ["MET", "MET", "MET", "NOT MET", "MET", "BLOCKED"]
CONTRACT = [None, None, None, "NOT MET", None, None]
OFFLINE = ["MET", "MET", "NOT MET", None, None, None]
ALL_BUT_ONE = ["MET", "MET", "MET", "MET", "MET", None]
CASES = [
    (WHOLE, "4 of 6 gates MET", "Six gates: 4 of 6 MET", "4 of 6 met", "red"),
    (
        CONTRACT,
        "gate 4 Contract NOT MET (gates 1, 2, 3, 5, 6 not run)",
        "Gate 4 Contract NOT MET (gates 1, 2, 3, 5, 6 not run)",
        "contract not met, 5 not run",
        "red",
    ),
    (
        [None, None, None, "MET", None, None],
        "gate 4 Contract MET (gates 1, 2, 3, 5, 6 not run)",
        "Gate 4 Contract MET (gates 1, 2, 3, 5, 6 not run)",
        "contract met, 5 not run",
        "yellow",
    ),
    (
        OFFLINE,
        "2 of 3 gates MET (gates 4, 5, 6 not run)",
        "2 of 3 gates MET (gates 4, 5, 6 not run)",
        "2 of 3 met, 3 not run",
        "red",
    ),
    (
        ALL_BUT_ONE,
        "5 of 5 gates MET (gate 6 not run)",
        "5 of 5 gates MET (gate 6 not run)",
        "5 of 5 met, 1 not run",
        "yellow",
    ),
    ([None] * 6, "no gate was judged", "No gate was judged", "not run", "yellow"),
]


def gates(statuses: list[str | None]) -> list[dict[str, Any]]:
    """Six gates as a document has them; None for one that nothing selected."""
    return [
        {
            "id": int(gate),
            "name": gate.title,
            "status": status or "NOT RUN",
            "required": "much",
            "actual": "something" if status else "nothing selected it",
            "blockers": [],
            "cases": {"expected": 3 * bool(status), "judged": 0},
        }
        for gate, status in zip(Gate, statuses, strict=True)
    ]


@pytest.fixture
def shown(document: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    """A document with these gates."""
    return {**document, "gates": gates(request.param), "results": [], "readiness": []}


@pytest.mark.parametrize(("shown", "terminal", "markdown", "badge", "color"), CASES, indirect=["shown"])
def test_it_reads_as_meant(
    shown: dict[str, Any], terminal: str, markdown: str, badge: str, color: str
) -> None:
    """Word for word, in the terminal, the Markdown and the badge; green is a badge of six gates only."""
    assert render_table(shown, 100)[0] == f"sixgates: {terminal}"
    assert render_markdown(shown).splitlines()[0] == f"# {markdown}"
    found = json.loads(render_badge(shown))
    assert (found["message"], found["color"]) == (badge, color)


@pytest.mark.parametrize("shown", [CONTRACT], indirect=True)
def test_the_terminal_has_no_rows_of_what_was_not_asked_for(shown: dict[str, Any]) -> None:
    """The first line has named them; the Markdown has all six."""
    assert [line.split()[0] for line in render_table(shown, 100)] == ["sixgates:", "gate", "4"]
    assert render_markdown(shown).count("| **NOT RUN** | nothing selected it |") == 5


def test_a_gate_that_was_asked_for_and_judged_nothing_counts() -> None:
    """As health without --live beside the five others, or contracts of which no case applied."""
    found = gates(["MET"] * 6)
    found[5] |= {"status": "NOT RUN"}
    assert headline(found) == "5 of 6 gates MET"


def test_a_report_before_version_1_3_goes_by_the_states() -> None:
    """It does not say how many cases a gate has."""
    found = gates(CONTRACT)
    for gate in found:
        del gate["cases"]
    assert headline(found) == "gate 4 Contract NOT MET (gates 1, 2, 3, 5, 6 not run)"
