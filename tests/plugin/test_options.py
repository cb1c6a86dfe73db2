"""Wrong options end in one line that says what is allowed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sixgates import excuses, options

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--record"], "--record needs --live: only a running provider can be recorded"),
        (["--repeat", "3"], "--repeat needs --live: a recording answers the same each time"),
        *(
            (
                ["--live", f"--repeat={given}"],
                f"--repeat {given}: give a whole number from 1 to 1000, such as 20",
            )
            for given in ("0", "-1", "1.5", "many", "1001", "9" * 5000, "²")
        ),
        (["--endpoint", "http://x"], "--endpoint needs --live: an ad-hoc provider has no recording"),
        (["--endpoint", "http://x", "--live"], "--endpoint needs --model NAME: the model to ask for"),
        (["--endpoint", "x:1", "--live"], "--endpoint must start with http:// or https://"),
        (["--live", "--model", "m"], "--model goes with --endpoint URL"),
        (["--gateway-config", "nowhere"], "--gateway-config nowhere: no such directory"),
        (
            ["--live", "--endpoint", "http://x", "--model", "m", "--capabilities", "magic"],
            "--capabilities magic: 'magic' is none of auto, tools, json_object, ",
        ),
        (["--live", "--engine", "vllm"], "--engine goes with --endpoint URL"),
        (
            ["--live", "--endpoint", "http://x", "--model", "m", "--engine", "lama:b1"],
            "--engine lama:b1: 'lama' is none of vllm, llama_cpp, llama_cpp_python, ollama; "
            "write TYPE or TYPE:VERSION, such as llama_cpp:b10434",
        ),
        (
            ["--live", "--endpoint", "http://x", "--model", "m", "--api-key-env", "SIXGATES_UNSET"],
            "--api-key-env SIXGATES_UNSET: the variable is not set; export SIXGATES_UNSET=",
        ),
        (
            ["--live", "--endpoint", "http://x", "--model", "m", "--provider", "p"],
            "--provider names entries of providers.yaml and does not go with --endpoint",
        ),
    ],
)
def test_a_wrong_option_names_what_is_allowed(
    pytester: pytest.Pytester, options: list[str], text: str
) -> None:
    """The text reaches the user, and nothing runs."""
    result = pytester.runpytest_subprocess("--pyargs", "sixgates.suites", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert text in result.stderr.str()


def test_a_project_that_uses_nothing_of_it_is_left_alone(pytester: pytest.Pytester) -> None:
    """No table, no report, no change of the exit status."""
    pytester.makepyfile("def test_nothing(): pass")
    result = pytester.runpytest_subprocess()
    assert result.ret == 0
    assert "sixgates" not in result.stdout.str().replace("plugins: ", "").split("collected")[1]


def test_the_plugin_can_be_switched_off(pytester: pytest.Pytester) -> None:
    """`-p no:sixgates` works where its markers are not used."""
    pytester.makepyfile("def test_nothing(): pass")
    result = pytester.runpytest_subprocess("-p", "no:sixgates")
    assert result.ret == 0


@pytest.mark.parametrize(("wanted", "made"), [("unit", False), ("contract", True), ("not unit", True)])
def test_cases_that_a_gate_deselects_are_not_made(pytester: pytest.Pytester, wanted: str, made: bool) -> None:
    """`-m unit` must not pay for the contract's cases; other expressions are pytest's to read."""
    pytester.makepyfile(
        """
        import pytest


        def family(run):
            raise RuntimeError("the family was asked")


        @pytest.mark.contract
        @pytest.mark.cases.with_args(family)
        def test_case(case, settle):
            settle(case)
        """
    )
    result = pytester.runpytest_subprocess("-m", wanted)
    assert ("the family was asked" in result.stdout.str()) is made
    assert result.ret == (pytest.ExitCode.INTERRUPTED if made else pytest.ExitCode.NO_TESTS_COLLECTED)


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_the_suites_of_a_clone_run_from_anywhere(pytester: pytest.Pytester, workers: list[str]) -> None:
    """`--pyargs sixgates.suites` in an editable installation, whose package holds no suites."""
    config = pytester.path / "ops" / "config"
    shutil.copytree(ROOT / "config", config)
    result = pytester.runpytest_subprocess(
        "--pyargs", "sixgates.suites", "-m", "unit", "--gateway-config", str(config), *workers
    )
    assert result.ret == 0, result.stdout.str()
    assert "3 Unit           MET" in result.stdout.str()


def test_an_engine_may_be_named_that_has_known_deviations_or_a_name() -> None:
    """The list stands in the options too, because they are declared before anything of the stack is imported."""
    assert set(options.ENGINES) == set(excuses.ENGINES)
