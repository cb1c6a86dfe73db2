"""Which versions of an engine an entry is about."""

from __future__ import annotations

import pytest

from sixgates.known import contains, range_error


@pytest.mark.parametrize(
    ("versions", "version", "inside"),
    [
        (">=b10434,<b11434", "b10434", True),
        (">=b10434,<b11434", "b10566", True),
        (">=b10434,<b11434", "b11434", False),
        (">=b10434,<b11434", "b9999", False),
        (">=b10434, <=b11434", "b11434", True),
        ("0.32.*", "0.32.0", True),
        ("0.32.*", "0.32.1+cpu", True),
        ("0.32.*", "v0.32.1-rc1", True),
        ("0.32.*", "0.33.0", False),
        ("0.32.*", "0.3.2", False),
        ("0.32.*", "0.32", True),
        ("0.3.36", "0.3.36", True),
        ("0.3.36", "0.3.37", False),
        (">0.3.36", "0.3.36", False),
        (">0.3.36", "0.4", True),
        ("==0.3", "0.3.0", True),
        ("*", "", True),
        ("*", "nightly", True),
        ("0.32.*", "", False),
        (">=b1", "", False),
        ("<b11434", "master", False),
    ],
)
def test_a_range_holds_the_versions_that_it_says(versions: str, version: str, inside: bool) -> None:
    """An unknown version, and a word that is none, lie in the open range only."""
    assert contains(versions, version) is inside


@pytest.mark.parametrize("versions", ["", "newest", ">=", "b10434,", ">=0.32.*", "0.*.1", "~=0.3"])
def test_what_is_no_range_is_named(versions: str) -> None:
    """With examples of what is one."""
    assert "is no range of versions: write >=b10434,<b11434 or 0.32.* or" in (range_error(versions) or "")
    with pytest.raises(ValueError, match="no range of versions"):
        contains(versions, "1.0")
