"""What is called slow is slow with Python's `re`, and what is called harmless is fast: both are measured."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from sixgates.config.ambiguity import LENGTH, degree, explodes, exploding_text
from sixgates.config.expressions import parsed

SLOW = {
    "a repetition in a repetition": ["^(a+)+$", "(x+x+)+y", "(x.*)*y", "^((ab)*)*$", "^(a*?)*?b"],
    "alternatives that overlap": ["^(a|aa)+$", "^(a|a)*b", "(aa?)+$", "^([a-z]b|ab)+$"],
    "a separator that may be left out": [r"^(\w+\s?)*$", "^(([a-z])+.)+[A-Z]$", "(.*,)*$"],
    "a bounded repetition of a bounded one": [
        "(?:a{1,200}){1,200}b",
        "^(?:a{0,5}){1,60}b",
        "(?:a+b?){1,50}c",
        "^(?:[a-z]{1,9}-?){1,40}!$",
        r"^(?:\d{1,3}\.?){1,40}$",
    ],
    "alternatives in a bounded repetition": [
        "(?:a|aa){1,30}b",
        "(?:a|aa){1,200}$",
        "^(?:(?:a|b|ab){1,40})c",
        "(?:aa|a)(?:a|aa){29}b",
    ],
    "many that may be left out": ["(a?){30}b", "^(?:a?){40}$", "^(?:x?x?){20}y"],
    "a long product": [
        ".*.*.*.*.*.*.*.*x",
        r"^\w*\w*\w*\w*\w*\w*\w*\w*\w*$",
        "(.*a){20}b",
    ],
    "a long unit": ["^(meta-llama/.*)*$", "^(?:gpt-4o-mini,?.*)+!$"],
    "after a beginning, or in an assertion": ["^model-(?:[a-z]+)*-v$", "^(?=(a+)+$)b"],
}
HARMLESS = [
    *("^meta-llama/.*", r"^(\d+,)+$", "^([a-z]+-)*x$", "^(ab|c)+$", "^(a?b)+$", "a+b+c+", "^(a|b)*$"),
    *("(.*a){20}", r"^[\w.-]+/[\w.-]+$", r"(a)\1+", "^(?:/[a-z0-9]+)*$", r"(\w|\d)+$", "a{1,200}b"),
    *("(?:a{1,3}){1,3}b", r"^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$", r"^gpt-4(o|-turbo)?(-\d{4})?$", "(?:a?){5}b"),
    *("^(?:[a-z0-9]+[._-])*[a-z0-9]+$", "(?:ab){1,200}c", "^.*-.*-.*$", "^(?:a|b|c){1,64}$"),
    *(
        "^(meta-llama/[a-z]+)*$",
        "^(meta-llama/.*)*",
        "^(?:org/team/.+)?x$",
        "^(?:llama|llama-guard)(?:-[a-z]+)*$",
    ),
    *("(a+)+", "(?:a|aa){1,30}"),  # nothing stands behind them, so that the first way is the last
    *("^(?:[a-z]{2}){1,50}$", "^(?:foo|bar|baz)(?:-(?:foo|bar|baz)){0,20}$", "^((ab){2,5}-){1,9}$"),
    *(r"^[a-z]{1,63}(\.[a-z]{1,63}){0,5}$", r"^(?=.*[a-z])(?=.*\d).+$", "^(?i:A|a){40}b$"),
    *(
        r"^\w+:(latest|\d+b)(-q[48]_[01k])?$",
        r"^claude-(?:opus|sonnet)-\d+(\.\d+)?",
        "^(?:qwen|llama)[-_.]?.*$",
    ),
]
SEARCH = """
import re, signal, sys
signal.setitimer(signal.ITIMER_VIRTUAL, float(sys.argv[1]))
for text in sys.argv[3:]:
    re.search(sys.argv[2], text)
"""


def outlasts(seconds: float, pattern: str, *texts: str) -> bool:
    """Whether `re` needs more than that of a processor's time to search the texts; a signal ends it."""
    command = [sys.executable, "-I", "-S", "-c", SEARCH, str(seconds), pattern, *texts]
    status = subprocess.run(command, check=False, timeout=60).returncode
    assert status in (0, -signal.SIGVTALRM)
    return status != 0


@pytest.mark.parametrize("pattern", [pattern for patterns in SLOW.values() for pattern in patterns])
def test_what_is_called_slow_is_slow(pattern: str) -> None:
    """On the text that is found for it, a few dozen characters or a few dozen times a longer unit."""
    text = exploding_text(pattern)
    assert text is not None
    assert len(text) < 28 * 12 + 12
    assert outlasts(0.5, pattern, text)


@pytest.mark.parametrize("pattern", HARMLESS)
def test_what_is_called_harmless_is_fast(pattern: str) -> None:
    """On everything that makes another pattern slow, and on the like made of its own characters."""
    assert not explodes(pattern)
    others = {exploding_text(other) or "" for others in SLOW.values() for other in others}
    letters = dict.fromkeys(char for char in pattern if char.isalnum() or char in "-.,/:_")
    own = [
        unit * (LENGTH // len(unit)) + end for unit in (*letters, "ab-", "foo-", "a.") for end in ("", "!")
    ]
    assert not outlasts(2.0, pattern, *others, *own)


@pytest.mark.parametrize("pattern", ["^(", "(" * 3000 + "(a+)+b" + ")" * 3000, r"(a)\1(b+)+c", "(?>a+)+b"])
def test_what_cannot_be_walked_is_not_called_slow(pattern: str) -> None:
    """It is not known."""
    assert not explodes(pattern)


def test_a_pattern_that_is_dear_to_count_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for a text is bounded as well: what was not found by then is not known."""
    pattern = "".join(f"(?:x{n}|y{{1,9}}){{0,9}}" for n in range(40))
    assert exploding_text(pattern) is None
    assert explodes("^(?:a+b)*(a+)+$")
    exploding_text.cache_clear()
    monkeypatch.setattr("sixgates.config.ambiguity._MOST_STEPS", 50)
    assert not explodes("^(?:a+b)*(a+)+$")
    exploding_text.cache_clear()


def test_the_power_of_the_length_is_a_bound() -> None:
    """Patterns below a low power are not counted at all: nearly all are."""
    assert degree(parsed("abc")) == 0
    assert 0 < degree(parsed("a?")) < 0.2
    assert 1 < degree(parsed("a*")) < 1.1
    assert 2 < degree(parsed("(a*b){2}")) < 2.1
    assert degree(parsed("(a*)*")) == float("inf")
