"""No older report stays in place of a run that fails early, is interrupted, or judges nothing."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("gates.json", "gates.md", "badge.json")
STALE = "six gates MET, yesterday"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the report of a better day."""
    folder = tmp_path / "report"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text(STALE)
    return folder


def run(place: Path, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments, "--gates-report", str(place)],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def said(place: Path, headline: str = "No gate was judged", badge: str = "not run") -> dict[str, Any]:
    """What stands there now; nothing of it is left of yesterday, and no gate is MET."""
    texts = [(place / name).read_text(encoding="utf-8") for name in FILES]
    assert not any(STALE in text for text in texts)
    document: dict[str, Any] = json.loads(texts[0])
    assert "MET" not in [gate["status"] for gate in document["gates"]]
    assert texts[1].splitlines()[0] == f"# {headline}"
    assert json.loads(texts[2])["message"] == badge
    return document


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["unit", "--no-such-option"], 4),
        (["unit/no_such_file.py"], 4),
        (["unit", "--gateway-config", "no-such-folder"], 4),
        (["contracts", "--provider", "nobody"], 4),
        (["contracts", "--record"], 4),
        (["unit", "-k", "no_such_name_anywhere"], 5),
        (["unit", "-k", "no_such_name_anywhere", "-n", "2"], 5),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_run_that_ends_early_leaves_no_older_report(place: Path, arguments: list[str], status: int) -> None:
    """A wrong option, a wrong file, a selection of nothing."""
    assert run(place, *arguments).returncode == status
    said(place)


def test_the_report_of_a_run_that_has_only_begun_holds_no_secret(place: Path) -> None:
    """The command line is part of it, and an address may hold a password."""
    for given in (["--gateway-url", "http://u:canary-word@h"], ["--gateway-url=http://u:canary-word@h"]):
        run(place, "unit", "--no-such-option", *given)
        assert "canary-word" not in "".join((place / name).read_text() for name in FILES)
        assert said(place)["run"]["command"][-1].endswith(str(place))


@pytest.mark.parametrize(
    ("name", "text", "status", "told"),
    [
        ("conftest.py", "raise RuntimeError('no')", 4, ()),
        (
            "test_it.py",
            "import no_such_module",
            2,
            ("0 of 3 gates MET (gates 4, 5, 6 not run)", "0 of 3 met, 3 not run"),
        ),
    ],
)
def test_a_broken_suite_leaves_no_older_report(
    place: Path, tmp_path: Path, name: str, text: str, status: int, told: tuple[str, ...]
) -> None:
    """Neither does a conftest that cannot be imported, or a collection that fails."""
    (tmp_path / name).write_text(text)
    assert run(place, str(tmp_path), str(ROOT / "unit"), cwd=tmp_path).returncode == status
    document = said(place, *told)
    assert document["run"]["interrupted"] is True
    assert {gate["actual"] for gate in document["gates"]} <= {"no check ran", "nothing selected it"}


@pytest.mark.parametrize("option", ["--collect-only", "--help", "--version", "--markers", "--fixtures"])
def test_what_runs_no_test_leaves_the_report_alone(place: Path, option: str) -> None:
    """Nobody expects a list of the options to cost a report."""
    run(place, "unit", option)
    assert [(place / name).read_text() for name in FILES] == [STALE] * 3


def test_a_baseline_in_the_same_folder_is_read_before_it_is_replaced(tmp_path: Path) -> None:
    """The report of the last run is the natural baseline of this one."""
    place = tmp_path / "report"
    assert run(place, "unit", "-m", "schema").returncode == 0
    assert run(place, "unit", "-m", "schema", "--baseline", str(place / "gates.json")).returncode == 0
    assert "## Since the baseline\n\n- nothing changed" in (place / "gates.md").read_text()


def test_a_baseline_that_is_none_is_said_before_the_run(place: Path) -> None:
    """Not after ten minutes, and not in place of the report."""
    done = run(place, "unit", "--baseline", str(place / "badge.json"))
    assert done.returncode == 4
    assert "--baseline: " in done.stderr
    assert "is no whole JSON document" in done.stderr
    assert (place / "gates.json").read_text() == STALE


def test_a_baseline_without_a_report_is_a_wrong_option() -> None:
    """What changed is told in the report, and nowhere else."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "unit", "--baseline", "x.json"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 4
    assert "--baseline goes with --gates-report DIR: what changed is told in gates.md there" in done.stderr


@pytest.fixture
def silent() -> Iterator[tuple[str, threading.Event]]:
    """A server that takes requests and never answers, and the event that it got one."""
    asked, closing = threading.Event(), threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    held = []

    def accept() -> None:
        while not closing.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            held.append(connection)
            asked.set()

    thread = threading.Thread(target=accept)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    closing.set()
    thread.join()
    for connection in (listener, *held):
        connection.close()


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "workers"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_a_run_that_is_broken_off_while_probes_are_under_way(
    place: Path, silent: tuple[str, threading.Event], number: signal.Signals, workers: list[str]
) -> None:
    """Ctrl-C ends it at once, and the report says that it was interrupted."""
    url, asked = silent
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "pytest", "contracts", "--live", "--endpoint", url, "--model", "m", "-q"),
            *(*workers, "--gates-report", str(place)),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert asked.wait(60), "no request came"
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == (2 if number is signal.SIGINT else -number), output
    told = ("Gate 4 Contract BLOCKED (gates 1, 2, 3, 5, 6 not run)", "contract blocked, 5 not run")
    assert said(place, *(told if number is signal.SIGINT else ()))["run"]["interrupted"] is True
