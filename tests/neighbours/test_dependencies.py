"""The lowest and the highest allowed version of every dependency pass."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.version import Version
from tests.neighbours.environments import ROOT, Environment

DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUNTIME: list[str] = DECLARED["dependencies"]
DEV: list[str] = DECLARED["optional-dependencies"]["dev"]
STATUSES = {"1": "MET", "2": "MET", "3": "MET", "4": "PARTIAL"}
"""Of the suites without `--live`; gate 4 is PARTIAL, since Ollama cannot be recorded again (docs/recording.md)."""


def lowest(requirements: list[str]) -> list[str]:
    """Each requirement at its floor."""
    return [re.sub(r"^([\w.-]+)>=([\w.]+).*$", r"\1==\2", each) for each in requirements]


@pytest.mark.parametrize("requirement", [*RUNTIME, *DEV])
def test_each_dependency_has_a_floor(requirement: str) -> None:
    """Else nobody can try the lowest version."""
    (pinned,) = lowest([requirement])
    assert "==" in pinned


@pytest.fixture(scope="module", params=["lowest", "highest"])
def environment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What the package needs, at one end of what it allows."""
    wanted = lowest(RUNTIME) if request.param == "lowest" else RUNTIME
    made = Environment.create(tmp_path_factory.mktemp(request.param) / "venv", *wanted)
    if request.param == "lowest":
        installed = {name: Version(version) for name, version in made.versions().items()}
        floors = dict(each.split("==") for each in wanted)
        assert {name: installed[name] for name in floors} == {
            name: Version(floor) for name, floor in floors.items()
        }
    return made


@pytest.mark.long
@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_the_suites_pass(environment: Environment, more: tuple[str, ...]) -> None:
    """`pytest unit contracts`, where warnings are errors."""
    done = environment.pytest("unit", "contracts", "-q", "-p", "no:cacheprovider", *more, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    statuses = re.findall(
        r"^  ([1-6]) \w+ +(MET|NOT MET|PARTIAL|BLOCKED|NOT RUN) ", done.stdout, re.MULTILINE
    )
    assert dict(statuses) == STATUSES, done.stdout


@pytest.mark.long
def test_lint_finds_nothing_in_this_stack(environment: Environment) -> None:
    """Gate 1 as a command."""
    command = "import sys; from sixgates.cli import main; sys.exit(main(['lint']))"
    done = environment.run("-W", "error", "-c", command, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing found" in done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.parametrize("environment", ["lowest"], indirect=True)
def test_short_names_and_strangers_are_known(environment: Environment) -> None:
    """The parts of pytest that we reach for are in its lowest version; all tests run with the highest."""
    tests = ("tests/neighbours/test_our_runs.py", "tests/neighbours/test_unrelated_runs.py")
    done = environment.pytest(*tests, "-q", "-p", "no:cacheprovider", "-k", "not xdist", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_the_lowest_tools_of_developers_pass(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What `make lint` runs, each tool at its floor; mcp needs later versions of what we run on."""
    made = Environment.create(tmp_path_factory.mktemp("dev") / "venv", *lowest(DEV))
    for command in (
        ("-m", "ruff", "format", "--check", "."),
        ("-m", "ruff", "check", "."),
        ("-m", "mypy", "--cache-dir", str(made.folder / "mypy")),
    ):
        done = made.run(*command, cwd=ROOT)
        assert done.returncode == 0, done.stdout + done.stderr
