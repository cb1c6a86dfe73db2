"""Beside the most downloaded plugins of pytest, runs of theirs, of strangers and of ours are what they are alone."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.neighbours.environments import ROOT, Environment, Judged
from tests.neighbours.strangers import FILES, write

TOGETHER = (
    *("allure-pytest", "pytest-aiohttp", "pytest-alembic", "pytest-asyncio", "pytest-base-url", "pytest-bdd"),
    *("pytest-benchmark", "pytest-check", "pytest-codspeed", "pytest-cov", "pytest-custom-exit-code"),
    *("pytest-datadir", "pytest-dependency", "pytest-django", "pytest-env", "pytest-flask", "pytest-forked"),
    *("pytest-freezer", "pytest-github-actions-annotate-failures", "pytest-html", "pytest-httpserver"),
    *("pytest-httpx", "pytest-icdiff", "pytest-instafail", "pytest-json-ctrf", "pytest-json-report"),
    *("pytest-lazy-fixtures", "pytest-metadata", "pytest-mock", "pytest-order", "pytest-picked"),
    *("pytest-playwright", "pytest-profiling", "pytest-random-order", "pytest-randomly", "pytest-recording"),
    *("pytest-regressions", "pytest-repeat", "pytest-rerunfailures", "pytest-snapshot", "pytest-socket"),
    *("pytest-split", "pytest-subtests", "pytest-sugar", "pytest-testmon", "pytest-timeout"),
    *("pytest-unordered", "pytest-xdist", "pytest-xprocess", "respx"),
)
"""All that can live in one environment, with the newest pytest."""
APART = {
    "pytest-cases": "does not start with pytest 9",
    "pytest-dotenv": "has an option that pytest-env has as well",
    "pytest-freezegun": "does what pytest-freezer does",
    "pytest-ordering": "does what pytest-order does",
    "pytest-retry": "does what pytest-rerunfailures does",
    "pytest-vcr": "has fixtures that pytest-recording has as well",
}
"""What cannot; in an environment of its own, with pytest 8."""
PAGE = ROOT / "docs" / "neighbours.md"
OURS = ("--pyargs", "sixgates.suites", "-m", "not integration and not health", "--provider", "vllm")


def named_on_the_page() -> dict[str, str]:
    """The plugins of the table, with the version that was tried."""
    return dict(re.findall(r"^\| `([\w-]+)` \| ([\w.]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_page_lists_the_plugins() -> None:
    """Each of them once, in the order of the alphabet."""
    assert list(named_on_the_page()) == sorted({*TOGETHER, *APART})


@pytest.fixture(scope="module", params=["together", "apart"])
def environment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """One with the plugins; they all have to be there."""
    wanted = TOGETHER if request.param == "together" else (*APART, "pytest<9")
    return Environment.create(tmp_path_factory.mktemp(request.param) / "venv", *wanted)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is no clone, with a stack and its recordings."""
    folder = tmp_path_factory.mktemp("place")
    shutil.copytree(ROOT / "config", folder / "config")
    shutil.copytree(ROOT / "cassettes" / "vllm", folder / "cassettes" / "vllm")
    return folder


@pytest.fixture(scope="module")
def judge(environment: Environment) -> Callable[..., Judged]:
    """Run our suites in a folder and read the report."""

    def run(folder: Path, *arguments: str, alone: bool = False) -> Judged:
        more = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} if alone else {}
        given = ("-p", "sixgates", "-p", "xdist", *arguments) if alone else arguments
        shutil.rmtree(folder / "gates-report", ignore_errors=True)
        done = environment.pytest(*given, "-q", "--gates-report=gates-report", cwd=folder, more=more)
        report = folder / "gates-report" / "gates.json"
        assert report.is_file(), done.stdout + done.stderr
        return Judged.read(report)

    return run


@pytest.fixture(scope="module")
def expected(judge: Callable[..., Judged], place: Path) -> Judged:
    """The report of a run in which no plugin but ours and xdist is loaded."""
    found = judge(place, *OURS, alone=True)
    # One provider of five is a part of gate 4.
    assert [status for _, status, _ in found.gates[:4]] == ["MET", "MET", "MET", "PARTIAL"]
    return found


@pytest.mark.long
def test_the_page_has_the_versions_or_older_ones(environment: Environment) -> None:
    """With SIXGATES_WRITE=1 this run's are written to the page."""
    versions = environment.versions()
    assert "pytest" in versions
    tried = {name: versions[name] for name in (*TOGETHER, *APART) if name in versions}
    assert set(tried) in ({*TOGETHER}, {*APART} | ({*TOGETHER} & set(tried)))
    if os.environ.get("SIXGATES_WRITE"):
        wanted = TOGETHER if "pytest-cov" in tried else tuple(APART)
        text = PAGE.read_text(encoding="utf-8")
        for name in wanted:
            text = re.sub(rf"^(\| `{name}` \| )[\w.]+ ", rf"\g<1>{tried[name]} ", text, flags=re.MULTILINE)
        PAGE.write_text(text, encoding="utf-8")


@pytest.mark.long
def test_help_is_shown(environment: Environment, tmp_path: Path) -> None:
    """No two options have one name."""
    done = environment.pytest("--help", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "--sixgates-live" in done.stdout


@pytest.mark.long
@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_an_unrelated_suite_passes(environment: Environment, tmp_path: Path, more: tuple[str, ...]) -> None:
    """One whose options, markers and fixtures have our names."""
    write(tmp_path, FILES, LIVE="(True, 'big', ['me'])")
    done = environment.pytest("--live", "--model", "big", "--provider", "me", *more, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gates MET" not in done.stdout


@pytest.mark.long
@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_our_verdicts_are_the_same(
    judge: Callable[..., Judged], expected: Judged, place: Path, more: tuple[str, ...]
) -> None:
    """In a folder that is no clone."""
    assert judge(place, *OURS, *more) == expected


@pytest.mark.long
@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_clone_judges_the_same(judge: Callable[..., Judged], tmp_path: Path, more: tuple[str, ...]) -> None:
    """Where warnings are errors."""
    clone = tmp_path / "clone"
    left_out = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", "tests", "gates-report")
    shutil.copytree(ROOT, clone, ignore=left_out)
    places = ("unit", "contracts", "--provider", "vllm")
    assert judge(clone, *places, *more) == judge(clone, *places, alone=True)


WATCHED = (
    ("--reruns", "2"),
    ("--timeout", "60"),
    ("-p", "randomly", "-p", "no:random_order"),
    ("--reruns", "2", "--timeout", "60", "-n", "2"),
    ("--cov=sixgates", "--cov-report="),
    ("--disable-socket",),
)


@pytest.mark.long
@pytest.mark.parametrize("environment", ["together"], indirect=True)
@pytest.mark.parametrize("more", WATCHED, ids=" ".join)
def test_plugins_that_act_on_every_test_change_nothing(
    judge: Callable[..., Judged], expected: Judged, place: Path, more: tuple[str, ...]
) -> None:
    """Tests run again, in another order, against a clock, traced, and without sockets."""
    assert judge(place, *OURS, *more) == expected


@pytest.mark.long
@pytest.mark.parametrize("environment", ["together"], indirect=True)
def test_red_is_counted_once_although_it_runs_again(
    judge: Callable[..., Judged], place: Path, tmp_path: Path
) -> None:
    """Each verdict is that of the last run: with `--reruns 2` there is one for each case."""
    shutil.copytree(place, tmp_path / "red")
    shutil.rmtree(tmp_path / "red" / "cassettes")
    wanted = (*OURS, "-k", "models or routing")
    plain = judge(tmp_path / "red", *wanted, alone=True)
    assert any(outcome == "BLOCKED" for _, _, outcome in plain.outcomes)
    assert judge(tmp_path / "red", *wanted, "--reruns", "2") == plain


SLOW = """
import time

import pytest
from sixgates.cases import Case
from sixgates.verdict import Gate, Level, Outcome, Verdict


def family(run):
    slow = Case("slow", lambda: judged("slow", 30), "a.slow")
    return [Case("quick", lambda: judged("quick"), "a.quick"), slow]


def judged(name, seconds=0):
    time.sleep(seconds)
    return Verdict(f"chat.shape.{name}", Gate.CONTRACT, Level.MUST, Outcome.PASSED, provider="p", requirement="-")


@pytest.mark.contract
@pytest.mark.cases.with_args(family)
def test_case(case, settle):
    settle(case)
"""


@pytest.mark.long
@pytest.mark.parametrize("environment", ["together"], indirect=True)
def test_a_gate_whose_test_was_stopped_is_not_met(judge: Callable[..., Judged], tmp_path: Path) -> None:
    """A test that pytest-timeout stops has no verdict, and the gate is not MET without it."""
    (tmp_path / "test_slow.py").write_text(SLOW, encoding="utf-8")
    found = judge(tmp_path, "--timeout", "2")
    assert found.outcomes == {("chat.shape.quick", "p", "PASSED"): 1}
    assert found.gates[3][1] == "PARTIAL"


@pytest.mark.long
@pytest.mark.parametrize("environment", ["together"], indirect=True)
def test_base_url_of_the_real_plugin_is_told_from_endpoint(environment: Environment, place: Path) -> None:
    """Both plugins are there, and a run of ours says what is meant."""
    done = environment.pytest(*OURS, "--live", "--base-url", "http://x", "--model", "m", cwd=place)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--base-url is called --endpoint now" in done.stderr
