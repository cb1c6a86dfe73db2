"""Of values that should agree, the one that strayed is blamed, and never the right one."""

from __future__ import annotations

import pytest

from sixgates.agreement import strayed
from sixgates.exchange import Finding
from sixgates.select import ABSENT, NON_EMPTY_STRING, Json


@pytest.mark.parametrize(
    ("values", "finding"),
    [
        (["a", "a", "a"], None),
        (["a", "a", "b"], ("/2", '"a", as in the first', '"b"')),
        (["b", "a", "a"], ("/0", '"a", as in /1', '"b"')),
        (["", "get_weather"], ("/0", '"get_weather", as in /1', '""')),
        ([ABSENT, "a"], ("/0", '"a", as in /1', "absent")),
        (["a", "b"], ("/1", '"a", as in the first', '"b"')),
        (["a", "b", "c", "c"], ("/1", '"a", as in the first', '"b"')),
        ([1, 2], ("/0", "a non-empty string", "1")),
        ([], None),
    ],
)
def test_the_one_that_strayed_is_blamed(values: list[object], finding: tuple[str, str, str] | None) -> None:
    """By the values that fit, the most of them, and the first where there is no most."""
    told = [Json(value, f"/{number}") for number, value in enumerate(values)]
    found = list(strayed(told, NON_EMPTY_STRING, "the first"))
    assert found == ([Finding(*finding)] if finding else [])
