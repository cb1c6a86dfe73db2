"""What a run shows while it asks: one line that is written anew, or a line now and then, and a clean end."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.plugin.broken_off import ROOT, stalling

from sixgates import progress
from sixgates.board import SAID, Board, State, states
from sixgates.progress import Printer, told

CLEAR = "\r\x1b[K"


class Terminal(io.StringIO):
    """A stream that says what a screen shows of it."""

    def lines(self) -> list[str]:
        """The lines as they stand at the end, of each what was written last."""
        return [line.rsplit(CLEAR, 1)[-1] for line in self.getvalue().split("\n")]


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (State("vllm", "probes", 60, 12, 100.0), "vllm: 12 of 60 probes, 34 s"),
        (
            State("vllm", "probes", 60, 12, 100.0, {"chat-long": 122.0, "chat": 133.0}),
            "vllm: 12 of 60 probes, 34 s, waits 12 s for chat-long and 1 more",
        ),
        (State("vllm", "probes", 60, 12, 100.0, {"chat": 133.0}), "vllm: 12 of 60 probes, 34 s"),
        (
            State("gateway", "scenarios", 0, 0, 100.0, {"the start of LiteLLM": 100.0}),
            "gateway: 0 scenarios, 34 s, waits 34 s for the start of LiteLLM",
        ),
    ],
)
def test_a_line_says_how_far_it_is_and_what_it_waits_for(state: State, text: str) -> None:
    """What is answered quickly is not named."""
    assert told([state], 134.0) == text


def test_several_providers_share_one_line() -> None:
    """Three of them by name."""
    found = [State(name, "probes", 9, 1, 100.0) for name in "abcde"]
    assert told(found, 101.0) == "a: 1 of 9 probes, 1 s; b: 1 of 9 probes, 1 s; c: 1 of 9 probes, 1 s; 2 more"


def test_a_terminal_has_one_line_and_none_at_the_end(tmp_path: Path) -> None:
    """Each time written anew, cut to the width, and cleared before anything else is printed."""
    screen, board = Terminal(), Board(tmp_path)
    printer = Printer(screen, tmp_path, rewrites=True)
    with board.under_way("vllm", "probes", 2) as watch:
        printer.tick()
        watch.keeps("one", 1)
        printer.tick()
        assert screen.lines() == ["", "[sixgates] vllm: 1 of 2 probes, 0 s"]
        printer.say("a word")
        printer.tick()
        assert screen.lines()[1:] == ["[sixgates] a word", "[sixgates] vllm: 1 of 2 probes, 0 s"]
        printer.others_write()
        assert screen.lines()[-1] == ""
        printer.tick()
        assert screen.lines()[-1] == "", "others have just written there"
    printer.tick()
    printer.rest()
    assert screen.lines() == ["", "[sixgates] a word", ""]


def test_a_long_line_does_not_wrap(tmp_path: Path) -> None:
    """Else its first part would stay."""
    screen, board = Terminal(), Board(tmp_path)
    with board.under_way("v" * 200, "probes"):
        Printer(screen, tmp_path, rewrites=True).tick()
    assert max(map(len, screen.lines())) == 79


def test_a_log_has_a_line_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every 15 seconds, the first after that time."""
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    log, board = io.StringIO(), Board(tmp_path)
    printer = Printer(log, tmp_path, every_s=15)
    with board.under_way("vllm", "probes", 2):
        for _ in range(36):
            printer.tick()
            now[0] += 1
    printer.rest()
    assert log.getvalue() == (
        "\n[sixgates] vllm: 0 of 2 probes, 15 s\n[sixgates] vllm: 0 of 2 probes, 30 s\n"
    )


def test_a_quiet_run_shows_what_is_said_and_no_progress(tmp_path: Path) -> None:
    """With -qq, or without pytest's terminal; what a worker says is printed by the controller, and once."""
    log = io.StringIO()
    printer = Printer(log, tmp_path, every_s=None)
    worker = Board(tmp_path, mask=lambda text: text.replace("secret", "***"))
    with worker.under_way("vllm", "probes", 2):
        worker.say("ad-hoc: 60 requests, secret")
        printer.tick()
        printer.tick()
    assert log.getvalue() == "\n[sixgates] ad-hoc: 60 requests, ***\n"


def test_half_a_line_of_a_worker_waits_for_its_end(tmp_path: Path) -> None:
    """It is just being written."""
    log, words = io.StringIO(), json.dumps("all of it")
    printer = Printer(log, tmp_path)
    (tmp_path / SAID).write_text(words[:5])
    printer.tick()
    assert log.getvalue() == ""
    (tmp_path / SAID).write_text(words + "\n")
    printer.tick()
    assert log.getvalue() == "\n[sixgates] all of it\n"


def test_nothing_of_a_server_acts_on_the_terminal(tmp_path: Path) -> None:
    """Names come from files of others."""
    screen, board = Terminal(), Board(tmp_path)
    with board.under_way("\x1b[2J\n::error::x", "probes"):
        Printer(screen, tmp_path, rewrites=True).tick()
    assert screen.lines()[-1].startswith("[sixgates] \\x1b[2J\\n::error::x: 0 probes")


def test_what_a_dead_process_had_under_way_is_not_shown(tmp_path: Path) -> None:
    """A worker that was killed leaves its state."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    state = {"subject": "a", "unit": "probes", "total": 1, "done": 0, "began": 0.0, "waiting": {}}
    (tmp_path / "a.json").write_text(json.dumps({**state, "pid": ended.pid}))
    (tmp_path / "b.json").write_text("{")
    (tmp_path / "c.json").write_text(json.dumps({**state, "pid": os.getpid()}))
    assert [each.pid for each in states(tmp_path)] == [os.getpid()]


def test_a_terminal_that_is_gone_ends_nothing(tmp_path: Path) -> None:
    """The run goes on without its progress."""
    stream = io.StringIO()
    stream.close()
    Printer(stream, tmp_path).say("nobody reads it")


def test_watching_ends_with_its_block(tmp_path: Path) -> None:
    """No thread is left, and what was said at the last moment is printed."""
    log = io.StringIO()
    with Printer(log, tmp_path).watching():
        Board(tmp_path).say("the last word")
    assert log.getvalue() == "\n[sixgates] the last word\n"
    assert "sixgates-progress" not in {thread.name for thread in threading.enumerate()}


def judge(url: str, *arguments: str, tty: bool = False, **more: str) -> tuple[str, str]:
    """A run of one check that the server keeps waiting for 4 s; what came on standard output and error."""
    master, slave = pty.openpty() if tty else (-1, subprocess.PIPE)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "hasty", "contracts"]
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    process = subprocess.Popen(
        [*command, "-k", "chat.shape.role", "--live", "--endpoint", url, "--model", "m", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=slave,
        text=True,
        env={**environment, "TERM": "xterm", **more},
    )
    if not tty:
        return process.communicate(timeout=90)
    os.close(slave)
    seen = bytearray()

    def read() -> None:
        try:
            while data := os.read(master, 4096):
                seen.extend(data)
        except OSError:
            return

    reader = threading.Thread(target=read)
    reader.start()
    out, _ = process.communicate(timeout=90)
    reader.join(10)
    os.close(master)
    return out, seen.decode()


@pytest.fixture
def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that makes the waits of progress, and the deadline of probes, short."""
    (tmp_path / "hasty.py").write_text(
        "from sixgates import catalogue, progress\n"
        "from sixgates.sources import live\n"
        "progress.EVERY_S, progress.EVERY_S_IF_QUIET, progress.SLOW_S = 1.0, 1.0, 0.5\n"
        "wire = live.exchanged\n"
        "async def soon(client, root, name, request, deadline, capture):\n"
        "    return await wire(client, root, name, request, 4.0, capture)\n"
        "live.exchanged = soon\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "more", [(), ("-q",), ("-s",), ("--capture=sys",), ("-n", "2"), ("-qq",)], ids=" ".join
)
def test_a_log_shows_progress_on_standard_error(more: tuple[str, ...]) -> None:
    """Whatever pytest captures and whoever asks; with -qq the announcement is all there is."""
    with stalling(0) as server:
        out, err = judge(server.url, *more)
    said = [line for line in err.splitlines() if line.strip()]
    assert re.match(r"\[sixgates\] ad-hoc: \d+ requests, at most ", said[0])
    waiting = [
        line
        for line in said
        if re.fullmatch(r"\[sixgates\] ad-hoc: 0 of \d+ probes, \d+ s, waits \d+ s for models-list", line)
    ]
    assert len(waiting) == (0 if "-qq" in more else len(said) - 1)
    assert waiting or "-qq" in more
    assert "[sixgates]" not in out


@pytest.mark.usefixtures("hasty")
def test_a_terminal_is_left_clean() -> None:
    """The line is written anew, with what is waited for, and nothing of it is left."""
    with stalling(0) as server:
        _, seen = judge(server.url, tty=True)
    assert re.search(r"waits \d+ s for models-list", seen)
    left = [line.rsplit(CLEAR, 1)[-1].strip() for line in seen.replace("\r\n", "\n").split("\n")]
    assert [line for line in left if "probes" in line and "waits" in line] == []


@pytest.mark.usefixtures("hasty")
def test_a_run_without_a_terminal_plugin_shows_none() -> None:
    """With -p no:terminal only what a run is about to cost is said."""
    with stalling(0) as server:
        _, err = judge(server.url, "-p", "no:terminal")
    assert "waits" not in err
    assert err.count("[sixgates]") == 1


def test_the_pauses_are_as_documented() -> None:
    """docs/operating.md names them."""
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert f"every {progress.EVERY_S:g} s, with `-q` every {progress.EVERY_S_IF_QUIET:g} s" in page
