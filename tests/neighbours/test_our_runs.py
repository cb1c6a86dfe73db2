"""Our suites are judged the same beside whatever a project has."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = "3 Unit           MET"


@pytest.mark.parametrize("more", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_a_stranger_s_names_do_not_change_a_verdict(
    stranger: pytest.Pytester, stack: Path, more: list[str]
) -> None:
    """Their `settle`, their `case`, their marker on every item: the gates are those of a run without them."""
    result = stranger.runpytest_subprocess(
        "--pyargs", "sixgates.suites", "-k", "not integration", "--gateway-config", stack, *more
    )
    assert result.ret in (0, 1), result.stdout.str() + result.stderr.str()
    shown = result.stdout.str()
    for row in ("1 Configuration  MET", "2 Schema         MET", UNIT):
        assert row in shown
    assert "not finished" not in shown


def _package(pytester: pytest.Pytester) -> list[str]:
    return ["--pyargs", "sixgates.suites"]


def _package_node(pytester: pytest.Pytester) -> list[str]:
    return [str(ROOT / "unit"), "--pyargs"]


def _file(pytester: pytest.Pytester) -> list[str]:
    return [str(ROOT / "unit" / "test_routing.py") + "::test_routing_entry"]


def _root(pytester: pytest.Pytester) -> list[str]:
    return [str(ROOT), "--ignore", str(ROOT / "tests")]


def _link(pytester: pytest.Pytester) -> list[str]:
    (pytester.path / "gates").symlink_to(ROOT / "unit")
    return ["gates"]


def _testpaths(pytester: pytest.Pytester) -> list[str]:
    pytester.makeini(f"[pytest]\ntestpaths = {ROOT / 'un?t'}")
    return []


def _other_file(pytester: pytest.Pytester) -> list[str]:
    written = f"[pytest]\naddopts = {ROOT / 'unit'}"
    (pytester.path / "other.ini").write_text(written)
    return ["-c", "other.ini"]


def _own_suite(pytester: pytest.Pytester) -> list[str]:
    shutil.copy(ROOT / "unit" / "test_routing.py", pytester.path / "test_mine.py")
    return []


WAYS = [_package, _package_node, _file, _root, _link, _testpaths, _other_file, _own_suite]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
def test_short_names_work_wherever_a_suite_of_ours_is_named(
    pytester: pytest.Pytester, stack: Path, way: Callable[[pytest.Pytester], list[str]]
) -> None:
    """As a package, a path, a node, a link, in `testpaths`, in a file of `-c`, and as a suite of one's own."""
    places = way(pytester)
    result = pytester.runpytest_subprocess(*places, "-m", "unit", f"--gateway-config={stack}", "-q")
    assert UNIT in result.stdout.str(), result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("variable", ["PYTEST_ADDOPTS", "addopts"])
@pytest.mark.parametrize("name", ["--gateway-config", "--sixgates-gateway-config"])
def test_options_may_stand_where_pytest_keeps_them(
    pytester: pytest.Pytester, stack: Path, monkeypatch: pytest.MonkeyPatch, variable: str, name: str
) -> None:
    """In the environment and in pytest.ini, under both names."""
    if variable == "addopts":
        pytester.makeini(f"[pytest]\naddopts = {name}={stack}")
    else:
        monkeypatch.setenv(variable, f"{name}={stack}")
    result = pytester.runpytest_subprocess("--pyargs", "sixgates.suites", "-m", "unit", "-n", "1")
    assert UNIT in result.stdout.str(), result.stdout.str() + result.stderr.str()


def test_the_plugin_may_be_named_where_none_is_loaded_by_itself(
    pytester: pytest.Pytester, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-p sixgates.plugin` with PYTEST_DISABLE_PLUGIN_AUTOLOAD."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = pytester.runpytest_subprocess(
        "-p", "sixgates.plugin", "--pyargs", "sixgates.suites", "-m", "unit", "--gateway-config", stack
    )
    assert UNIT in result.stdout.str(), result.stdout.str() + result.stderr.str()


def test_a_conftest_beside_us_is_read_although_an_option_names_a_folder(
    stranger: pytest.Pytester, stack: Path
) -> None:
    """The folder of `--gateway-config` is no place to collect, so the current folder is searched as ever."""
    result = stranger.runpytest_subprocess(
        "--pyargs", "sixgates.suites", "-m", "unit", "--gateway-config", stack, "--record", "all"
    )
    assert "--record is an option of another plugin or of a conftest.py here" in result.stderr.str()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            ["--live"],
            "--live is an option of another plugin or of a conftest.py here, and sixgates does not read it: "
            "write --sixgates-live",
        ),
        (["--model=m"], "write --sixgates-model"),
        (["--sixgates-model=m"], "--sixgates-model goes with --endpoint URL"),
        (["--sixgates-record"], "--sixgates-record needs --sixgates-live: only a running provider"),
    ],
)
def test_a_name_that_somebody_else_has_is_refused(
    stranger: pytest.Pytester, given: list[str], text: str
) -> None:
    """Without a word, recordings would be judged where the person meant the running providers."""
    result = stranger.runpytest_subprocess("--pyargs", "sixgates.suites", "-m", "unit", *given)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert text in result.stderr.str()


def test_names_of_others_in_addopts_are_left_to_them(stranger: pytest.Pytester, stack: Path) -> None:
    """What pytest.ini gives the stranger's own option is no mistake."""
    with (stranger.path / "pytest.ini").open("a") as file:
        file.write("\n")
    text = (stranger.path / "pytest.ini").read_text()
    (stranger.path / "pytest.ini").write_text(text.replace("--strict-markers", "--strict-markers --live"))
    result = stranger.runpytest_subprocess(
        "--pyargs", "sixgates.suites", "-m", "unit", "--gateway-config", stack
    )
    assert UNIT in result.stdout.str(), result.stdout.str() + result.stderr.str()


BASE_URL = "def pytest_addoption(parser): parser.addoption('--base-url', dest='base_url')\n"
"""What pytest-base-url has."""


@pytest.mark.parametrize("installed", [False, True], ids=["without pytest-base-url", "with it"])
def test_base_url_says_that_it_is_called_endpoint(pytester: pytest.Pytester, installed: bool) -> None:
    """The name of the first version, which is another plugin's."""
    (pytester.path / "neighbour.py").write_text(BASE_URL if installed else "")
    result = pytester.runpytest_subprocess(
        "-p", "neighbour", "--pyargs", "sixgates.suites", "--live", "--base-url", "http://x", "--model", "m"
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = "--base-url is called --endpoint now: write --endpoint URL, or --sixgates-endpoint URL"
    assert text in result.stderr.str()
    assert ("; --base-url is an option of another plugin here" in result.stderr.str()) is installed


def test_base_url_of_addopts_is_left_to_its_owner(pytester: pytest.Pytester, stack: Path) -> None:
    """A project that tests a site has it in its pytest.ini; our runs there say nothing."""
    (pytester.path / "neighbour.py").write_text(BASE_URL)
    pytester.makeini("[pytest]\naddopts = -p neighbour --base-url http://site")
    result = pytester.runpytest_subprocess(
        "--pyargs", "sixgates.suites", "-m", "unit", "--gateway-config", stack
    )
    assert UNIT in result.stdout.str(), result.stdout.str() + result.stderr.str()


def test_base_url_beside_endpoint_is_left_to_its_owner(pytester: pytest.Pytester) -> None:
    """Who gives both means both."""
    (pytester.path / "neighbour.py").write_text(BASE_URL)
    both = ("--base-url", "http://site", "--endpoint", "http://x")
    result = pytester.runpytest_subprocess("-p", "neighbour", "--pyargs", "sixgates.suites", *both)
    assert "--endpoint needs --live" in result.stderr.str()
