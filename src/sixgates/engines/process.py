"""Child processes that end with us: each runs under a guard, in a session of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import sixgates.engines.guard as guard_module
from sixgates.redaction import redact, secrets_in_environment

GRACE_S = 8.0

# Package managers may use the network; a started engine may not, and none may report home.
QUIET = {"DO_NOT_TRACK": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUNBUFFERED": "1"}


class EngineError(Exception):
    """An engine that cannot be installed or started; the text names the log and the next step."""


@contextlib.contextmanager
def guarded(
    argv: Sequence[str],
    log: Path | None,
    *,
    env: Mapping[str, str] | None = None,
    gently: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a command with its output in `log`, or beside ours; on leaving, nothing of it is alive."""
    guard = [
        sys.executable,
        "-I",
        str(guard_module.__file__),
        str(os.getpid()),
        str(int(gently)),
        str(GRACE_S),
    ]
    with log.open("ab") if log else contextlib.nullcontext() as output:
        child = subprocess.Popen(  # noqa: S603 - the registry's own commands
            [*guard, *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            env={**_inherited(), **QUIET, **(env or {})},
            start_new_session=True,
        )
    try:
        yield child
    finally:
        _stop(child)


def _inherited() -> dict[str, str]:
    # An engine's own interpreter must not see the caller's modules.
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    child.send_signal(signal.SIGTERM)
    try:
        # The guard itself spends the grace and a few seconds more on those that do not listen.
        child.wait(GRACE_S + 10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextlib.contextmanager
def term_as_exit() -> Iterator[None]:
    """Lets a TERM leave through the `with` blocks, as Ctrl-C does, so that each stops what it started."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for a message; empty when there is no log."""
    try:
        text = log.read_bytes().decode(errors="replace")
    except OSError:
        return ""
    text = redact(f"…{text[-20_000:]}" if len(text) > 20_000 else text, secrets_in_environment(os.environ))
    return "\n".join(f"  | {line.rstrip()}" for line in text.splitlines()[-lines:])
