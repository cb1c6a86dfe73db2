"""A run that has nothing of ours in it is as it would be without us."""

from __future__ import annotations

from pathlib import Path

import pytest

GIVEN = ("--live", "--model", "big", "--provider", "me")
"""The stranger's own options."""


@pytest.mark.parametrize(
    "more", [[], ["-n", "2"], ["-p", "no:sixgates"]], ids=["alone", "xdist", "without us"]
)
def test_a_suite_whose_names_are_ours_passes(stranger: pytest.Pytester, more: list[str]) -> None:
    """Options, markers, fixtures, parameters and classes named alike are the stranger's."""
    result = stranger.runpytest_subprocess(*GIVEN, *more)
    assert result.ret == 0, result.stdout.str() + result.stderr.str()
    result.assert_outcomes(passed=6)
    assert "gates MET" not in result.stdout.str()


def test_it_passes_in_the_same_process(stranger: pytest.Pytester) -> None:
    """pytester's inline runs, too."""
    result = stranger.inline_run(*GIVEN)
    result.assertoutcome(passed=6)


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_it_leaves_nothing_in_the_temporary_folder(
    stranger: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    """No folder of ours, not even for a moment: the stranger's last test looks for it."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    (stranger.path / "tests" / "test_look.py").write_text(
        f"import pathlib\n\ndef test_look(): assert not list(pathlib.Path({str(temporary)!r}).glob('sixgates*'))\n"
    )
    before = set(stranger.path.iterdir())
    result = stranger.runpytest_subprocess(*GIVEN, "-p", "no:cacheprovider", *more)
    result.assert_outcomes(passed=7)
    made = {path.name for path in set(stranger.path.iterdir()) - before}
    of_pytest = {"__pycache__", "stdout", "stderr", *(name for name in made if name.startswith("runpytest-"))}
    assert made <= of_pytest
    assert not list(temporary.glob("sixgates*"))


@pytest.mark.parametrize(
    "option", ["--live", "--endpoint=http://x", "--gates-report=out", "--base-url=http://x"]
)
def test_a_name_that_nobody_has_is_unknown(pytester: pytest.Pytester, option: str) -> None:
    """A typing error stays one; we do not swallow it."""
    pytester.makepyfile("def test_nothing(): pass")
    result = pytester.runpytest_subprocess(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"unrecognized arguments: {option}" in result.stderr.str()


def test_our_options_in_addopts_change_nothing(pytester: pytest.Pytester) -> None:
    """Who keeps them in pytest.ini for our runs has other runs, too; a wrong one is no matter of theirs."""
    pytester.makeini(
        "[pytest]\naddopts = --sixgates-gateway-config=nowhere --sixgates-record --sixgates-gates-report=out"
    )
    pytester.makepyfile("def test_nothing(): pass")
    result = pytester.runpytest_subprocess()
    assert result.ret == 0, result.stderr.str()
    assert not (pytester.path / "out").exists()


def test_help_names_only_what_nobody_else_has(stranger: pytest.Pytester) -> None:
    """Each of our options has its prefix, and the stranger's are there."""
    text = stranger.runpytest_subprocess("--help").stdout.str()
    ours = text.partition("quality gates of an LLM stack")[2].partition("\n\n")[0]
    names = [line.split()[0].split("=")[0] for line in ours.splitlines() if line.startswith("  --")]
    assert len(names) > 12
    assert {name for name in names if not name.startswith("--sixgates-")} == set()
    assert "the stranger's own" in text


def test_a_place_behind_an_option_of_theirs_is_searched_for_a_conftest(pytester: pytest.Pytester) -> None:
    """pytest takes the value of an option that it does not know yet for a place; we leave that as it is."""
    folder = pytester.mkdir("models")
    (folder / "conftest.py").write_text("def pytest_addoption(parser): parser.addoption('--model')\n")
    pytester.makepyfile("def test_it(request): assert request.config.getoption('--model') == 'models'")
    result = pytester.runpytest_subprocess("--model", "models", "--pyargs", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
