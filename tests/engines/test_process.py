"""No process outlives the one that asked for it, however that one ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sixgates.engines.process import free_port, guarded, tail, term_as_exit
from sixgates.engines.ready import EngineDiedError, await_ready

# Three processes: one that the group signal reaches, and one in a session of its own that ignores TERM.
FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN) if "deaf" in sys.argv else None
code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
stray = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
time.sleep(0.3)
open(sys.argv[1] + ".part", "w").write(f"{os.getpid()} {child.pid} {stray.pid}")
os.rename(sys.argv[1] + ".part", sys.argv[1])
time.sleep(60)
"""

OWNER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background starts deaf to it
from pathlib import Path
from sixgates.engines import process
process.GRACE_S = 0.5
with process.term_as_exit():
    with process.guarded([sys.executable, "-c", sys.argv[1], sys.argv[2]], Path(sys.argv[2] + ".log")):
        time.sleep(60)
"""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sixgates.engines.process.GRACE_S", 0.5)


def family(pids: Path) -> list[int]:
    deadline = time.monotonic() + 20
    while not pids.exists():
        assert time.monotonic() < deadline, "the processes did not start"
        time.sleep(0.05)
    return [int(pid) for pid in pids.read_text().split()]


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists() and not _zombie(pid)]


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def gone_within(pids: list[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not alive(pids):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.usefixtures("quick")
def test_leaving_the_block_ends_the_whole_family(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with guarded([sys.executable, "-c", FAMILY, str(pids)], tmp_path / "log"):
        members = family(pids)
        assert alive(members) == members
    assert gone_within(members, 2)


@pytest.mark.usefixtures("quick")
def test_a_process_that_ignores_term_is_killed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with guarded([sys.executable, "-c", FAMILY, str(pids), "deaf"], tmp_path / "log"):
        members = family(pids)
    assert gone_within(members, 2)


@pytest.mark.usefixtures("quick")
def test_an_exception_ends_the_family(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    members: list[int] = []

    def fail() -> None:
        with guarded([sys.executable, "-c", FAMILY, str(pids)], tmp_path / "log"):
            members.extend(family(pids))
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        fail()
    assert len(members) == 3
    assert gone_within(members, 2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_the_owner_ends_the_family(tmp_path: Path, number: signal.Signals) -> None:
    pids = tmp_path / "pids"
    owner = subprocess.Popen([sys.executable, "-c", OWNER, FAMILY, str(pids)], stderr=subprocess.DEVNULL)
    try:
        members = family(pids)
        owner.send_signal(number)
        owner.wait(15)
        assert gone_within(members, 10)
    finally:
        owner.kill()
        owner.wait()


def test_the_exit_status_of_the_command_comes_through(tmp_path: Path) -> None:
    with guarded([sys.executable, "-c", "raise SystemExit(7)"], tmp_path / "log") as child:
        assert child.wait(10) == 7
    suicide = "import os; os.kill(os.getpid(), 4)"
    with guarded([sys.executable, "-c", suicide], tmp_path / "log") as child:
        assert child.wait(10) == 128 + signal.SIGILL


def test_a_command_that_is_not_there_says_so(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with guarded([str(tmp_path / "nothing")], log) as child:
        assert child.wait(10) == 127
    assert f"cannot start {tmp_path / 'nothing'}: " in log.read_text()


def test_an_engine_does_not_see_the_modules_of_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    script = "import os; raise SystemExit('PYTHONPATH' in os.environ or os.environ['DO_NOT_TRACK'] != '1')"
    with guarded([sys.executable, "-c", script], tmp_path / "log") as child:
        assert child.wait(10) == 0


def test_term_leaves_by_the_blocks() -> None:
    with pytest.raises(SystemExit) as left, term_as_exit():
        signal.raise_signal(signal.SIGTERM)
    assert left.value.code == 128 + signal.SIGTERM


def test_a_server_that_ends_early_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = "print('no such model: llama-9'); raise SystemExit(3)"
    with guarded([sys.executable, "-c", script], log) as child, pytest.raises(EngineDiedError) as died:
        await_ready("llama_cpp", child, f"http://127.0.0.1:{free_port()}/health", 20, log)
    assert died.value.status == 3
    assert str(died.value) == (
        f"llama_cpp ended with exit status 3 before it was ready. The end of its log {log}:\n"
        "  | no such model: llama-9"
    )


def test_a_server_that_never_answers_is_told_within_its_patience(tmp_path: Path) -> None:
    log, url = tmp_path / "log", f"http://127.0.0.1:{free_port()}/health"
    with (
        guarded([sys.executable, "-c", "import time; time.sleep(60)"], log) as child,
        pytest.raises(Exception, match="did not answer") as late,
    ):
        await_ready("vllm", child, url, 0.4, log)
    assert str(late.value) == (
        f"vllm did not answer {url} with 200 within 0 s. The end of its log {log}:\n  | (empty)"
    )


def test_the_tail_of_a_log_is_short(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join(f"line {number}" for number in range(100)))
    assert tail(log, 2) == "  | line 98\n  | line 99"
    assert tail(tmp_path / "none") == ""
