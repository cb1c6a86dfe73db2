"""Python's -O and -OO change nothing: requirements are docstrings, which -OO leaves out of the code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sixgates import requirement
from sixgates.catalogue import load
from sixgates.config.ruleset import RULES

ROOT = Path(__file__).parents[1]
COMMAND = "import sys; from sixgates.cli import main; sys.exit(main())"


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What Python says with these arguments, in this repository."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["catalogue"],
        ["rules"],
        ["lint"],
        ["routes"],
        ["compile", "--check"],
        ["drift", "cassettes/vllm", "cassettes/vllm"],
    ],
    ids=" ".join,
)
def test_a_command_says_the_same(arguments: list[str]) -> None:
    plain, stripped = (python(*flags, "-c", COMMAND, *arguments) for flags in ([], ["-OO"]))
    assert (plain.returncode, plain.stdout, plain.stderr) == (
        stripped.returncode,
        stripped.stdout,
        stripped.stderr,
    )
    assert plain.returncode == 0, plain.stderr


@pytest.mark.parametrize("flag", ["-O", "-OO"])
def test_the_suites_judge_the_same(flag: str) -> None:
    """In a clone, where warnings are errors."""
    plain, stripped = (
        python(*flags, "-m", "pytest", "unit", "-q", "-p", "no:cacheprovider") for flags in ([], [flag])
    )
    assert plain.returncode == stripped.returncode == 0, stripped.stdout + stripped.stderr
    assert plain.stdout.splitlines()[-1].split(" in ")[0] == stripped.stdout.splitlines()[-1].split(" in ")[0]


def test_each_requirement_is_found_in_the_source() -> None:
    """What -OO reads is what the docstring says."""
    judges = {one.id: (one.judge, one.requirement) for one in load().checks.values()}
    judges |= {slug: (rule.of_gateway or rule.judge, rule.requirement) for slug, rule in RULES.items()}
    for name, (judge, sentence) in judges.items():
        if not name.startswith("capability."):  # one function judges them all, and is given each sentence
            assert " ".join(requirement._in_source(judge).split()) == sentence, name


def test_a_function_without_a_sentence_has_none() -> None:
    assert requirement.requirement_of(lambda: None) == ""
