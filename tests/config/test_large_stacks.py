"""Large stacks: what is found is what is found in small ones, with work that grows as they do."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixgates.config import load_stack
from sixgates.config.ignores import Comments
from sixgates.config.references import provider_unknown
from sixgates.config.validation import suggestion

MANY = [
    f"{maker}-{size}b-v{number}"
    for maker in ("llama", "qwen")
    for size in (1, 7, 70)
    for number in range(400)
]


@given(
    st.sampled_from(MANY),
    st.integers(0, 8),
    st.sampled_from("xyz_"),
    st.sampled_from(["add", "drop", "swap"]),
)
def test_a_slip_among_thousands_of_names_has_a_suggestion(name: str, at: int, char: str, how: str) -> None:
    """One that is as near as the name that was meant."""
    at = min(at, len(name) - 1)
    written = name[:at] + {"add": char + name[at], "drop": "", "swap": char}[how] + name[at + 1 :]
    said = suggestion(written, MANY)
    near = said.removeprefix("Did you mean `").removesuffix("`?")
    assert near in MANY
    assert _alike(written, near) >= min(_alike(written, name), 0.7)


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, other, one).ratio()


def test_a_word_is_compared_with_few_of_many_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """With each of them, two thousand unknown names took eleven seconds."""
    compared: list[int] = []
    real = difflib.get_close_matches

    def counting(word: str, possibilities: Any, **options: Any) -> list[str]:
        compared.append(len(possibilities))
        return real(word, possibilities, **options)

    monkeypatch.setattr(difflib, "get_close_matches", counting)
    assert suggestion("llama-7b-v39x", MANY)
    assert suggestion("provider", ["providers"]) == "Did you mean `providers`?"
    assert max(compared) <= 160


def test_every_unknown_name_of_many_is_found(tmp_path: Path) -> None:
    (tmp_path / "providers.yaml").write_text(
        "providers:\n"
        + "".join(f"  p{n}: {{type: vllm, base_url: 'http://10.0.0.1:{n + 1}'}}\n" for n in range(300))
    )
    (tmp_path / "model-mappings.yaml").write_text(
        "exact_matches:\n" + "".join(f"  m{n}: {{provider: px{n}}}\n" for n in range(300))
    )
    findings = list(provider_unknown.judge(load_stack(tmp_path)))
    assert [finding.got for finding in findings] == [f"`px{n}`" for n in range(300)]
    assert all(finding.hint for finding in findings)


@given(
    st.lists(st.sampled_from(["a: 1", "# of (x.yaml:3)", "  # of (y.yaml:14)", "", "# note"]), max_size=12)
)
def test_the_comment_above_a_line_is_the_nearest(lines: list[str]) -> None:
    """As a walk upwards from each line finds it."""
    comments = Comments("f.yaml", tuple(lines))
    for line in range(len(lines) + 3):
        above = next(_upwards(comments, line), None)
        assert comments.cited(line) == above


def _upwards(comments: Comments, line: int) -> Iterator[tuple[str, int]]:
    for text in reversed(comments.lines[: max(0, min(line, len(comments.lines)) - 1)]):
        if "(x.yaml:3)" in text:
            yield "x.yaml", 3
        if "(y.yaml:14)" in text:
            yield "y.yaml", 14
