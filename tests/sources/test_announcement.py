"""What a live run says on the terminal while it asks, in one process and with workers, and how Ctrl-C ends it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.hostile.monsters import listening, stalls
from tests.serving import served
from tests.sources.scripted import OK, answer, scripted
from tests.sources.test_presence import mortal

from sixgates.reference.provider import ReferenceProvider

CONTRACTS = Path(__file__).parents[2] / "contracts"
PROVIDERS = """
providers:
  reference:
    type: openai_compatible
    base_url: {}
    models: [{{name: reference}}]
"""


def judge(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the contract suite live."""
    return pytester.runpytest_subprocess(
        CONTRACTS,
        "--live",
        "--rootdir",
        pytester.path,
        "-q",
        "--gates-report",
        "report",
        *arguments,
        timeout=90,
    )


def results(pytester: pytest.Pytester) -> list[dict[str, Any]]:
    """The verdicts in the report."""
    return list(json.loads((pytester.path / "report" / "gates.json").read_text())["results"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_one_line_says_what_will_be_asked(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """Once, whoever of the workers asks."""
    config = pytester.path / "config"
    config.mkdir()
    (config / "model-mappings.yaml").write_text("exact_matches: {}\n")
    with served(ReferenceProvider("reference")) as url:
        (config / "providers.yaml").write_text(PROVIDERS.format(url))
        result = judge(pytester, "--gateway-config", "config", *workers)
    said = [line for line in result.stderr.str().splitlines() if "[sixgates]" in line]
    (line,) = said
    words = line.partition("[sixgates] ")[2]
    assert words.startswith("reference: ")
    assert " requests and reads of /metrics, at most " in words
    assert f" tokens to generate, to {url} (this machine)" in words


def test_a_detected_provider_is_said_to_be_asked_for_more(pytester: pytest.Pytester) -> None:
    with served(ReferenceProvider("reference")) as url:
        result = judge(pytester, "--endpoint", url, "--model", "reference", "-n", "2")
    result.stderr.re_match_lines(
        [
            r"\[sixgates\] ad-hoc: \d+ requests and reads of /metrics, at most \d+ tokens to generate, to http.* "
            r"\(this machine\); then, as far as it offers that, at most \d+ requests and \d+ tokens more.*"
        ]
    )


def test_a_limit_from_the_first_request_on_is_said_to_be_one(pytester: pytest.Pytester) -> None:
    """It is not a server that answers with errors only; nothing is judged, and all is blocked once."""
    with scripted(lambda asked: answer(429, b"{}", "Retry-After: 3600")) as (url, script):
        result = judge(pytester, "--endpoint", url, "--model", "m")
    assert len(script.heard) == 1
    assert {each["outcome"] for each in results(pytester) if each["gate"] == 4 and each["provider"]} == {
        "BLOCKED"
    }
    text = " ".join(result.stdout.str().split())
    assert text.count("ad-hoc limits the rate: GET /v1/models answered 429 with Retry-After: 3600") == 1
    assert "errors only" not in text


def test_a_limit_while_it_is_found_out_what_is_offered_blocks_that(pytester: pytest.Pytester) -> None:
    """What could not be found out is not taken for absent."""
    with scripted(lambda asked: OK if asked.number < 3 else answer(429, b"{}", "Retry-After: 3600")) as (
        url,
        _,
    ):
        judge(pytester, "--endpoint", url, "--model", "m")
    found = results(pytester)
    tools = {
        each["outcome"]
        for each in found
        if each["check"].startswith(("tools.named", "structured.json_schema"))
    }
    assert tools == {"BLOCKED"}


def test_a_server_that_dies_is_one_blocker(pytester: pytest.Pytester) -> None:
    """In a whole run of two workers, with its bound of 30 s shortened."""
    pytester.makepyfile(shortened="import sixgates.sources.live as live\nlive.AWAY_S = 1.0\n")
    with mortal(30) as (url, server):
        result = judge(pytester, "-p", "shortened", "--endpoint", url, "--model", "m", "-n", "2")
    assert 30 <= len(server.heard) <= 33, "what was under way, and nothing after it"
    assert result.ret == 1
    text = " ".join(result.stdout.str().split())
    said = r"ad-hoc stopped answering in the middle of the run, after \d+ answers: GET /v1/models got"
    assert len(re.findall(said, text)) == 1
    assert "next: look at the end of its log" in text
    assert "the same command with -k " in text
    refused = [each for each in results(pytester) if "Errno 111" in json.dumps(each["findings"])]
    assert refused == []


@pytest.mark.parametrize("at", [1, 20])
def test_ctrl_c_ends_a_run_that_asks(tmp_path: Path, at: int) -> None:
    """At once, as an interruption, without a word of tasks or sockets; with one request under way or with several."""
    program = tmp_path / "program.py"
    program.write_text(
        "import sys, warnings\n"
        "warnings.simplefilter('error')\n"
        "from sixgates import catalogue\n"
        "from sixgates.sources.live import Target, fetch\n"
        "try:\n"
        "    fetch(Target('slow', sys.argv[1], 'm', concurrency=8), catalogue.load().probes())\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
        "import gc; gc.collect()\n"
    )
    heard: list[float] = []

    def slow(connection: socket.socket) -> None:
        heard.append(time.monotonic())
        if len(heard) < at:
            connection.sendall(OK)
            return
        stalls(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")(connection)

    with listening(slow) as url:
        run = subprocess.Popen(
            [sys.executable, "-W", "error", program, url],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ},
        )  # fmt: skip
        try:
            while len(heard) < at:
                time.sleep(0.01)
            run.send_signal(signal.SIGINT)
            out, err = run.communicate(timeout=20)
        finally:
            run.kill()
            run.wait()
    assert out == "interrupted\n"
    assert err == ""
    assert run.returncode == 0
