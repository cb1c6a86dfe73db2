"""A run that is ended from outside writes its report: what was answered is judged, the rest is BLOCKED."""

from __future__ import annotations

import os
import pickle
import signal
import tempfile
import time
from pathlib import Path

import pytest
from tests.plugin.broken_off import Ended, run, stalling

from sixgates import work_folder
from sixgates.board import LOST, STOPPED, Board, states

INT, TERM = signal.SIGINT, signal.SIGTERM
NOT_RUN = "NOT RUN"


def ad_hoc(url: str) -> tuple[str, ...]:
    return "--live", "--endpoint", url, "--model", "m"


def is_blocked_once(ended: Ended, why: str, gate: int = 4) -> None:
    """The one cause of what was not asked, and no gate is MET."""
    assert "MET" not in ended.statuses
    assert ended.statuses[gate - 1] == "BLOCKED"
    causes = [each["cause"]["summary"] for each in ended.document["results"] if each["outcome"] == "BLOCKED"]
    assert set(causes) == {why}
    assert ended.output.count(f"BLOCKED {why}") == 1


@pytest.mark.parametrize(
    ("number", "workers", "group"),
    [
        (INT, (), False),
        (TERM, (), False),
        (INT, ("-n", "2"), False),
        (TERM, ("-n", "2"), True),
    ],
    ids=["INT", "TERM", "INT to the controller", "TERM to all"],
)
def test_what_was_answered_before_the_end_is_judged(
    tmp_path: Path, number: signal.Signals, workers: tuple[str, ...], group: bool
) -> None:
    """With Ctrl-C and when CI cancels the job, whoever of the processes hears of it."""
    with stalling(40) as server, run(tmp_path, "contracts", *ad_hoc(server.url), "-q", *workers) as started:
        assert server.stalled.wait(60)
        ended = started.end(number, group=group)
    assert ended.status == 2
    assert ended.document["run"]["interrupted"] is True
    found = ended.outcomes(4)
    assert found["PASSED"] > 200, (found, ended.output)
    assert found["BLOCKED"] > 50
    assert not {"FAILED", "ERROR", "FLAKY", "STALE"} & found.keys()
    is_blocked_once(ended, "not asked: the run was interrupted")
    assert "next: run it again to the end; what was answered before is judged" in ended.output


def test_before_the_first_answer_nothing_is_judged(tmp_path: Path) -> None:
    """While it is found out whether the server can be judged at all."""
    with stalling(0) as server, run(tmp_path, "contracts", *ad_hoc(server.url), "-q") as started:
        assert server.stalled.wait(60)
        ended = started.end(TERM)
    assert set(ended.outcomes(4)) <= {"BLOCKED", "NOT_APPLICABLE"}
    is_blocked_once(ended, "not asked: the run was interrupted")


@pytest.mark.parametrize("number", [INT, TERM])
def test_a_visit_of_health_keeps_what_it_saw(tmp_path: Path, number: signal.Signals) -> None:
    """The port, the endpoint and the list of models were asked; the generation waits."""
    place = "integration/test_health.py"
    with stalling(2) as server, run(tmp_path, place, *ad_hoc(server.url), "-q") as started:
        assert server.stalled.wait(60)
        ended = started.end(number)
    found = {each["check"]: each["outcome"] for each in ended.document["results"]}
    assert found["health.port_open"] == "PASSED"
    assert found["health.generates"] == "BLOCKED"
    is_blocked_once(ended, "not asked: the run was interrupted", gate=6)


SLOW_LITELLM = """#!{python}
import time
time.sleep(60)
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
@pytest.mark.parametrize("number", [INT, TERM])
def test_the_start_of_the_gateway_can_be_broken_off(
    tmp_path: Path, number: signal.Signals, workers: tuple[str, ...]
) -> None:
    """Each scenario is BLOCKED; none was played."""
    import sys

    command = tmp_path / "litellm"
    command.write_text(SLOW_LITELLM.format(python=sys.executable))
    command.chmod(0o755)
    begun = tmp_path / "tmp"
    begun.mkdir()
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(begun)
    try:
        with run(
            tmp_path / "report", "integration/test_gateway.py", "--litellm", str(command), "-q", *workers
        ) as started:
            end = time.monotonic() + 60
            while not list(begun.glob("sixgates-*/gateway/litellm.log")):
                assert time.monotonic() < end
                time.sleep(0.1)
            ended = started.end(number)
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
    assert ended.status == 2
    assert ended.outcomes(5)["BLOCKED"] > 10
    assert not {"PASSED", "FAILED", "ERROR"} & ended.outcomes(5).keys()
    is_blocked_once(ended, "not asked: the run was interrupted", gate=5)


def test_a_worker_that_is_killed_leaves_what_it_had_gathered(tmp_path: Path) -> None:
    """As the kernel does where memory is short; nobody takes its place."""
    options = ("-q", "-n", "1", "--max-worker-restart", "0")
    with stalling(40) as server, run(tmp_path, "contracts", *ad_hoc(server.url), *options) as started:
        assert server.stalled.wait(60)
        (worker,) = (
            Path(f"/proc/{started.process.pid}/task/{started.process.pid}/children").read_text().split()
        )
        os.kill(int(worker), signal.SIGKILL)
        ended = started.wait()
    assert ended.status != 0
    assert ended.outcomes(4)["PASSED"] > 200
    is_blocked_once(ended, "not asked: a worker process of the run was lost")


def test_what_ended_by_itself_is_not_called_interrupted(tmp_path: Path) -> None:
    """With -x the rest was not judged, and no cause is made up for it."""
    with run(tmp_path, "contracts", *ad_hoc("http://127.0.0.1:1"), "-q", "-x") as started:
        ended = started.wait()
    assert ended.status == 1
    assert ended.document["run"]["interrupted"] is False
    assert "not asked" not in ended.output


def test_a_journal_may_end_in_the_middle(tmp_path: Path) -> None:
    """Its writer was killed while it wrote."""
    board = Board(tmp_path)
    with board.under_way("a", "probes", journal="a") as watch:
        watch.keeps("one", 1)
        watch.keeps("two", 2)
    (path,) = tmp_path.glob("*.kept")
    whole = path.read_bytes()
    path.write_bytes(whole + pickle.dumps(("three", "x" * 100))[:50])
    assert board.kept("a") == {"one": 1, "two": 2}
    path.write_bytes(path.read_bytes() + pickle.dumps(("four", 4)))
    assert board.kept("a") == {"one": 1, "two": 2}
    assert board.kept("never begun") == {}


def test_a_board_without_a_folder_keeps_and_tells_nothing() -> None:
    """As where a contract is judged without pytest."""
    board = Board()
    with board.under_way("a", "probes", journal="a") as watch:
        watch.expects(1)
        watch.begins("one")
        watch.ends("one")
        watch.keeps("one", 1)
    board.say("nobody hears it")
    assert board.kept("a") == {}


def test_a_full_disk_costs_the_progress_alone(tmp_path: Path) -> None:
    """A folder that is gone is as bad as a full one."""
    board = Board(tmp_path / "gone")
    with board.under_way("a", "probes", journal="a") as watch:
        watch.keeps("one", 1)
    board.say("lost")
    assert states(tmp_path / "gone") == []


def test_causes_say_what_to_do() -> None:
    """Word for word."""
    assert (STOPPED.summary, *STOPPED.next_steps) == (
        "not asked: the run was interrupted",
        "run it again to the end; what was answered before is judged",
    )
    assert (LOST.summary, *LOST.next_steps) == (
        "not asked: a worker process of the run was lost",
        "run it again, without -n, and look at memory: journalctl -k | grep -i 'out of memory'",
    )


def test_the_folder_of_a_run_outlives_its_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run that clears up at the moment when all of them are dead takes nothing of it."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with (
        stalling(40) as server,
        run(tmp_path / "r", "contracts", *ad_hoc(server.url), "-q", "-n", "1") as started,
    ):
        assert server.stalled.wait(60)
        children = Path(f"/proc/{started.process.pid}/task/{started.process.pid}/children")
        os.kill(started.process.pid, signal.SIGSTOP)  # so that no worker is replaced
        for worker in children.read_text().split():
            os.kill(int(worker), signal.SIGKILL)
        time.sleep(0.5)
        work_folder.clear_abandoned()
        os.kill(started.process.pid, signal.SIGCONT)
        ended = started.end(TERM)
    assert ended.outcomes(4)["PASSED"] > 200
