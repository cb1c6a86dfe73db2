"""No run leaves a folder in the temporary directory for good, and none takes one that is in use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sixgates import work_folder

OWNING = """
import sys, time
from sixgates import work_folder
folder = work_folder.make()
(folder / "deep").mkdir()
(folder / "deep" / "file").write_text("x")
print(folder, flush=True)
time.sleep(60)
"""
HOLDING = """
import sys, time
from pathlib import Path
from sixgates import work_folder
work_folder.hold(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""
SLEEPING = """
import time

import pytest
from sixgates.cases import Case


def sleep():
    print("asleep", flush=True)
    time.sleep(15)


def family(run):
    return [Case("sleeps", sleep, "a.sleeps")]


@pytest.mark.unit
@pytest.mark.cases.with_args(family)
def test_sleep(case, settle):
    settle(case)
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary directory of the test's own, for this process and those that it starts."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts Python processes, and ends those that are left."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, preparation: Callable[[], object] | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *arguments], stdout=subprocess.PIPE, text=True, preexec_fn=preparation
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


def said(process: subprocess.Popen[str]) -> str:
    """The next line of a process."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def left(temporary: Path) -> list[Path]:
    """The folders of ours."""
    return sorted(temporary.glob("sixgates-*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_process_that_is_told_to_end_clears_its_own(
    temporary: Path, start: Start, number: signal.Signals
) -> None:
    """And ends by that signal, as if nobody had handled it."""
    process = start("-c", OWNING)
    assert Path(said(process)) in left(temporary)
    process.send_signal(number)
    assert process.wait(30) == -number
    assert left(temporary) == []


def test_the_next_run_clears_what_a_killed_one_left(temporary: Path, start: Start) -> None:
    process = start("-c", OWNING)
    folder = Path(said(process))
    process.kill()
    process.wait(30)
    assert left(temporary) == [folder]
    with work_folder.work_folder() as mine:
        assert left(temporary) == [mine]
    assert left(temporary) == []


def test_a_folder_in_use_is_left_alone(temporary: Path, start: Start) -> None:
    process = start("-c", OWNING)
    folder = Path(said(process))
    work_folder.clear_abandoned()
    with work_folder.work_folder() as mine, work_folder.work_folder() as other:
        assert set(left(temporary)) == {folder, mine, other}
    assert (folder / "deep" / "file").read_text() == "x"


def test_a_folder_is_in_use_while_a_worker_uses_it(temporary: Path, start: Start) -> None:
    """The controller is killed; its workers live on for a moment."""
    controller = start("-c", OWNING)
    folder = Path(said(controller))
    worker = start("-c", HOLDING, str(folder))
    assert said(worker) == "held"
    controller.kill()
    controller.wait(30)
    work_folder.clear_abandoned()
    assert left(temporary) == [folder]
    worker.kill()
    worker.wait(30)
    work_folder.clear_abandoned()
    assert left(temporary) == []


def _link(place: Path, target: Path) -> None:
    place.symlink_to(target)


def _marked_by_a_link(place: Path, target: Path) -> None:
    place.mkdir()
    (place / work_folder.OWNER).symlink_to(target / work_folder.OWNER)


def _marked_by_a_pipe(place: Path, target: Path) -> None:
    place.mkdir()
    os.mkfifo(place / work_folder.OWNER)


def _unmarked(place: Path, target: Path) -> None:
    place.mkdir()


def _a_file(place: Path, target: Path) -> None:
    place.write_text("x")


@pytest.mark.parametrize("lay", [_link, _marked_by_a_link, _marked_by_a_pipe, _unmarked, _a_file])
def test_what_is_not_ours_for_sure_stays(
    temporary: Path, tmp_path: Path, lay: Callable[[Path, Path], None]
) -> None:
    """Links above all: a cleaner that follows one deletes what somebody else chose."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / work_folder.OWNER).touch()
    (precious / "file").write_text("x")
    lay(temporary / "sixgates-odd", precious)
    work_folder.clear_abandoned()
    assert left(temporary) == [temporary / "sixgates-odd"]
    assert (precious / "file").read_text() == "x"


def test_a_link_in_an_abandoned_folder_is_removed_and_not_followed(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    folder = temporary / "sixgates-dead"
    folder.mkdir()
    (folder / work_folder.OWNER).touch()
    (folder / "link").symlink_to(tmp_path / "precious")
    work_folder.clear_abandoned()
    assert left(temporary) == []
    assert (tmp_path / "precious" / "file").read_text() == "x"


def test_a_folder_of_another_user_stays(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = temporary / "sixgates-theirs"
    folder.mkdir()
    (folder / work_folder.OWNER).touch()
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    work_folder.clear_abandoned()
    assert left(temporary) == [folder]


def test_a_temporary_directory_that_cannot_be_read_is_no_error(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "absent"))
    work_folder.clear_abandoned()


def test_handlers_of_others_stay(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was there before, and one that somebody set meanwhile."""
    monkeypatch.setattr(work_folder, "_mine", set())  # the run that this test is a part of may have a folder

    def theirs(number: int, frame: object) -> None:
        pass

    before = signal.signal(signal.SIGTERM, theirs)
    hangup = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with work_folder.work_folder():
            assert signal.getsignal(signal.SIGTERM) is theirs
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
        assert signal.getsignal(signal.SIGTERM) is theirs
        with work_folder.work_folder():
            assert signal.getsignal(signal.SIGHUP) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGHUP, hangup)


@pytest.fixture
def sleeping_suite(tmp_path: Path) -> Path:
    """A suite of somebody's that runs for a while, beside a stack of ours."""
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "suite" / "test_sleep.py").write_text(SLEEPING)
    return tmp_path / "suite"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_a_run_of_pytest_leaves_nothing_for_good(
    temporary: Path, start: Start, sleeping_suite: Path, number: signal.Signals, workers: tuple[str, ...]
) -> None:
    """Ended by any signal; after KILL the next run clears it."""
    options = ["-s", "-p", "no:cacheprovider", *workers]
    process = start("-m", "pytest", str(sleeping_suite), *options)
    while not list(temporary.glob(f"sixgates-*/{work_folder.OWNER}")):
        assert process.poll() is None
    if not workers:
        while "asleep" not in said(process):
            assert process.poll() is None
    process.send_signal(number)
    process.wait(60)
    if number is not signal.SIGKILL and not workers:
        assert left(temporary) == []
    for _ in range(600):  # a worker whose controller was killed lives on until its test has ended
        work_folder.clear_abandoned()
        if not left(temporary):
            return
        time.sleep(0.2)
    pytest.fail(f"left: {left(temporary)}")
