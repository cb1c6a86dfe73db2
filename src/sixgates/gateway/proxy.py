"""Runs the real LiteLLM proxy as a child process that cannot outlive us and never sees a real key."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from sixgates.redaction import MASK, redact
from sixgates.verdict import Cause

HOST = "127.0.0.1"
START_S = 60.0
_STOP_S = 5.0
_TAIL_LINES = 15
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
_KEY_LIKE = re.compile(r"(?:sk-|Bearer\s+)[^\s\"']+")
_TETHER = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


class ProxyFailedError(Exception):
    """The proxy did not become ready; `cause` says why and what to do."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.summary)
        self.cause = cause


class Proxy:
    """A LiteLLM proxy on a free port: a context manager that is ready when entered and gone when left."""

    def __init__(
        self,
        command: Path,
        config: Mapping[str, Any],
        workdir: Path,
        environ: Mapping[str, str],
        start_s: float = START_S,
    ) -> None:
        self.key = f"sk-{secrets.token_urlsafe(24)}"
        self.start_s = start_s
        self._command = command
        self._config = config
        self._workdir = workdir
        self._environ = environ
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The root URL, without a trailing slash."""
        return f"http://{HOST}:{self._port}"

    @property
    def log(self) -> Path:
        """The file that takes what the proxy prints."""
        return self._workdir / "litellm.log"

    def __enter__(self) -> Proxy:
        self._start()
        try:
            self._await_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _start(self) -> None:
        self._workdir.mkdir(parents=True, exist_ok=True)
        config = self._workdir / "litellm-config.json"
        config.write_text(json.dumps(self._config, indent=1))  # JSON is YAML
        self._port = _free_port()
        options = ["--config", str(config), "--host", HOST, "--port", str(self._port)]
        serving = [str(self._command), *options, "--num_workers", "1", "--telemetry", "False"]
        tethered = [sys.executable, "-I", "-c", _TETHER, str(os.getpid()), *serving]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the command is the user's own litellm
                tethered,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._workdir,
                env=child_environment(self._environ, self.key),
                start_new_session=True,
            )

    def _await_ready(self) -> None:
        import httpx

        deadline = time.monotonic() + self.start_s
        with httpx.Client(trust_env=False, timeout=2.0) as client:
            while time.monotonic() < deadline:
                if self._process is not None and self._process.poll() is not None:
                    raise ProxyFailedError(
                        self._cause(f"LiteLLM ended with exit code {self._process.returncode} at start")
                    )
                with contextlib.suppress(httpx.TransportError):
                    answer = client.get(f"{self.url}/health/readiness")
                    if answer.status_code == 200:
                        return
                time.sleep(0.1)
        raise ProxyFailedError(self._cause(f"LiteLLM was not ready within {self.start_s:g} s"))

    def _cause(self, what: str) -> Cause:
        said = redacted(tail(self.log), self.key)
        return Cause(
            "litellm-start",
            f"{what}; the end of its log:\n{said}" if said else f"{what}; it printed nothing",
            (
                "sixgates compile --check   (does litellm-unified.yaml fit its sources?)",
                "litellm --config config/litellm-unified.yaml   (start it by hand and read what it says)",
            ),
        )

    def _stop(self) -> None:
        process = self._process
        if process is None:
            return
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_S)
        self._process = None


def child_environment(environ: Mapping[str, str], key: str) -> dict[str, str]:
    """A few harmless variables of ours, the stand-in values that the config refers to, and no real key."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    fixed = {
        "LITELLM_MASTER_KEY": key,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
    }
    return {**kept, **environ, **fixed}


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """The last lines of a log of any size, with … where the first of them is cut; empty when there is none."""
    try:
        with log.open("rb") as stream:
            left = max(0, log.stat().st_size - 8_000)
            stream.seek(left)
            text = ("…" if left else "") + stream.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.strip().splitlines()[-lines:])


def redacted(text: str, *keys: str) -> str:
    """The text without the given keys and without anything that looks like one."""
    return _KEY_LIKE.sub(MASK, redact(text, keys))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
