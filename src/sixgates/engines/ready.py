"""Waits until a started server answers, or says why it does not."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from pathlib import Path

from sixgates.engines.process import EngineError, tail

_POLL_S = 0.2


class EngineDiedError(EngineError):
    """The process ended before it was ready; `status` is its exit status, or 128 plus a signal."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


def await_ready(
    name: str,
    child: subprocess.Popen[bytes],
    url: str,
    patience_s: float,
    log: Path,
    key: str | None = None,
) -> float:
    """Seconds until `url` answered 200; raises EngineError with the end of the log otherwise."""
    begun = time.monotonic()
    while (waited := time.monotonic() - begun) < patience_s:
        if child.poll() is not None:
            text = f"{name} ended with exit status {child.returncode} before it was ready."
            raise EngineDiedError(_explained(text, log), child.returncode)
        if _answers(url, key):
            return waited
        time.sleep(_POLL_S)
    raise EngineError(_explained(f"{name} did not answer {url} with 200 within {patience_s:.0f} s.", log))


def warm_up(url: str, model: str, key: str | None = None) -> None:
    """Sends a request with logprobs, whose first use takes vLLM many seconds; any outcome will do."""
    import http.client  # `sixgates lint` loads this module too, and asks no server
    import urllib.request

    body = {
        "model": model,
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 1,
        "logprobs": True,
        "top_logprobs": 1,
    }
    request = urllib.request.Request(  # noqa: S310 - an http address of this machine
        f"{url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **_credentials(key)},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(OSError, http.client.HTTPException), opener.open(request, timeout=120) as answer:
        answer.read(1_000_000)


def _credentials(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def _answers(url: str, key: str | None) -> bool:
    # A proxy of the environment must not stand between us and our own loopback.
    import http.client
    import urllib.request

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        request = urllib.request.Request(url, headers=_credentials(key))  # noqa: S310 - http, this machine
        with opener.open(request, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False


def _explained(text: str, log: Path) -> str:
    return f"{text} The end of its log {log}:\n{tail(log) or '  | (empty)'}"
