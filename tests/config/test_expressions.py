"""Names made for patterns are matched by them, and matching without a regex engine says what `re` says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixgates.config.expressions import LONGEST, BeyondError, samples, searched, unclaimed

MADE = {
    "^meta-[a-z]+/.*": ("meta-a/sample",),
    r"^(llama|qwen)-\d{1,2}b$": ("llama-1b", "qwen-0b"),
    r"^gpt-4o(-mini)?$": ("gpt-4o", "gpt-4o-mini"),
    r"^[^/]+/[A-Z]\w*$": (),
    r"^claude-(?:opus|sonnet)-\d+(\.\d+)?": (),
    r"\.gguf$": (".gguf",),
    r"(?i)^LLAMA": ("LLAMA",),
    r"^(?!gpt-).+-chat$": (),
    r"\bcoder\b": ("coder",),
    r"^a{3}b{2,4}c{,2}d*?$": (),
    r"^\w+:(latest|\d+b)(-q[48]_[01k])?$": (),
    "^(a+)+$": (),
    "^(a|aa)+$": (),
    "(x+x+)+y": (),
    r"^ü[β-ω]$": (),
}


@pytest.mark.parametrize("pattern", MADE)
def test_names_are_made_that_the_pattern_matches(pattern: str) -> None:
    """The same ones each time, several where there is a choice."""
    made = samples(pattern)
    assert made.names
    assert made.reason == ""
    assert all(re.search(pattern, name) for name in made.names)
    assert set(MADE[pattern]) <= set(made.names)
    assert samples.__wrapped__(pattern) == made


NONE = {
    r"^(\w)\1$": "it refers back to a group",
    r"^(a)?b(?(1)c|d)$": "it asks whether a group matched",
    r"^(?>a*)b$": "it has an atomic group",
    r"^a++b$": "it has a possessive repetition",
    r"^a{300}$": f"the names that it matches are longer than {LONGEST} characters",
    r"^(?=b)a$": "none of the names that were tried matches it",
    r"a^": "none of the names that were tried matches it",
    "^$": "none of the names that were tried matches it",
    "^(": "missing ), unterminated subpattern at position 1",
    "(" * 3000 + "a" + ")" * 3000: "maximum recursion depth exceeded",
    "(?!b)" * 60_000 + "a": "it is too large to be tried",
}


@pytest.mark.parametrize("pattern", NONE, ids=[pattern[:20] for pattern in NONE])
def test_a_pattern_without_names_says_why(pattern: str) -> None:
    made = samples(pattern)
    assert made.names == ()
    assert made.reason.startswith(NONE[pattern])


ATOMS = [
    "a",
    "b",
    ".",
    "[ab]",
    "[^a]",
    r"\w",
    r"\W",
    r"\d",
    "^",
    "$",
    r"\b",
    "(?=a)",
    "(?!b)",
    "(?<=a)",
    "(?<!b)",
]


@st.composite
def patterns(draw: st.DrawFn, depth: int = 3) -> str:
    """Small patterns with all that the matcher knows."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(ATOMS))
    inner = patterns(depth - 1)
    kind = draw(st.sampled_from(["sequence", "branch", "group", "repeat", "flags"]))
    if kind == "sequence":
        return draw(inner) + draw(inner)
    if kind == "branch":
        return f"(?:{draw(inner)}|{draw(inner)})"
    if kind == "repeat":
        return f"(?:{draw(inner)})" + draw(st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "*?", "{,3}"]))
    return f"({draw(inner)})" if kind == "group" else f"(?i:{draw(inner)})"


@given(patterns(), st.text(alphabet="abA1\n-", max_size=6))
@settings(max_examples=500)
def test_the_matcher_says_what_re_says(pattern: str, name: str) -> None:
    assert searched(pattern, name) is bool(re.search(pattern, name))


@given(patterns())
@settings(max_examples=200)
def test_what_is_made_is_matched(pattern: str) -> None:
    assert all(re.search(pattern, name) for name in samples(pattern).names)


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|aa)+$", "^(a|a)*$", "(x+x+)+y", "(.*a){20}", "^(([a-z])+.)+[A-Z]$"]
)
def test_no_pattern_takes_long(pattern: str) -> None:
    """With `re` each of these would outlive the test; here a match takes a bounded number of steps."""
    assert searched(pattern, "a" * 60 + "!") is (pattern == "(.*a){20}")


def test_names_that_an_earlier_pattern_takes_are_left_to_it() -> None:
    assert list(unclaimed(["llama-7b", "qwen"], ["^llama", r"^(q)\1"])) == ["qwen"]
    with pytest.raises(BeyondError, match="it refers back to a group"):
        searched(r"(a)\1", "aa")
