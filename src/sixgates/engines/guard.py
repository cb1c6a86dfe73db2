"""Runs one command and leaves no process of it behind, however the process that asked for it ends.

Started as a script: `guard.py PARENT SIGNAL GRACE COMMAND...`. It stands between sixgates and an engine. When
it gets a TERM, or when the process PARENT is gone (also by KILL, which no handler sees), it ends the engine's
process group with SIGNAL, after GRACE seconds with KILL, and on Linux every descendant that left the group.
It uses the standard library alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_POLL_S = 0.1


def main(argv: list[str]) -> int:
    """Runs the command; the exit status is its own, or 128 plus the signal that ended it."""
    parent, gently, grace, command = int(argv[1]), int(argv[2]), float(argv[3]), argv[4:]
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda got, _frame: stopping.append(got))
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        child = subprocess.Popen(command, start_new_session=True, preexec_fn=_die_with_guard)  # noqa: S603
    except OSError as error:
        print(f"cannot start {command[0]}: {error}", file=sys.stderr)
        return 127
    while child.poll() is None and not stopping and os.getppid() == parent:
        time.sleep(_POLL_S)
    _end(child, gently, grace)
    return 128 - child.returncode if child.returncode < 0 else child.returncode


def _end(child: subprocess.Popen[bytes], gently: int, grace: float) -> None:
    deadline = time.monotonic() + grace
    _signal_group(child.pid, gently)
    while time.monotonic() < deadline and (child.poll() is None or _descendants()):
        time.sleep(_POLL_S)
    _signal_group(child.pid, signal.SIGKILL)
    for _ in range(50):
        left = _descendants()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not left:
            break
        time.sleep(_POLL_S)
    child.wait()


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _descendants() -> list[int]:
    """The guard's living children; as it is their subreaper, orphans of the engine are among them."""
    me, found = os.getpid(), []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if int(parent) == me and state != "Z":
            found.append(int(stat.parent.name))
    return found


def _die_with_guard() -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
