"""A server that gives nothing to judge ends red, with its root cause said once."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

CONTRACTS = Path(__file__).parents[2] / "contracts"


def judge(pytester: pytest.Pytester, url: str, *more: str) -> pytest.RunResult:
    """Run the contract suite against one address."""
    return pytester.runpytest_subprocess(
        CONTRACTS, "--live", "--endpoint", url, "--model", "m", "--rootdir", pytester.path, "-q", *more
    )


def assert_blocked(result: pytest.RunResult, cause: str) -> None:
    """Everything is blocked, the run is red, and the cause stands there once."""
    outcomes = result.parseoutcomes()
    assert result.ret == 1
    assert outcomes.pop("skipped") == 1, "an ad-hoc provider has no deviations.yaml"
    assert set(outcomes) == {"blocked"}
    assert outcomes["blocked"] > 70
    text = " ".join(result.stdout.str().split())
    assert text.count(cause) == 1, text
    assert "sixgates: gate 4 Contract BLOCKED (gates 1, 2, 3, 5, 6 not run)" in text
    assert re.search(r"4 Contract +BLOCKED", text)


def test_a_dead_port_is_refused(pytester: pytest.Pytester) -> None:
    """Nobody listens: the cause says so and the next steps say how to check."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    result = judge(pytester, f"http://127.0.0.1:{port}")
    assert_blocked(result, "nothing listens there")
    assert "next: check: curl" in result.stdout.str()
    said = rf"\[sixgates\] ad-hoc: \d+ requests, at most \d+ tokens to generate, to http://127.0.0.1:{port} \(this"
    assert re.search(said, result.stderr.str().replace(" and reads of /metrics", ""))


@pytest.mark.parametrize(
    ("status", "media_type", "body", "cause"),
    [
        (401, "application/json", b'{"error": {"message": "no"}}', "it refuses the credentials"),
        (404, "application/json", b'{"detail": "Not Found"}', "it does not speak the OpenAI API"),
        (200, "text/html", b"<html>Welcome</html>", "it does not speak the OpenAI API"),
        (200, "text/plain", b"", "it does not speak the OpenAI API"),
        (500, "application/json", b'{"error": "boom"}', "it answers with errors only"),
        (503, "application/json", b'{"error": "Loading model"}', "it is still loading, or overloaded"),
        (429, "application/json", b'{"code": "insufficient_quota"}', "ad-hoc limits the rate"),
        (302, "text/plain", b"", "it does not speak the OpenAI API"),
    ],
)
def test_one_answer_to_everything_has_one_cause(
    pytester: pytest.Pytester,
    answering: Callable[[int, str, bytes], str],
    status: int,
    media_type: str,
    body: bytes,
    cause: str,
) -> None:
    """401, 404, HTML, nothing, 500 and 503 to all: red, and one cause rather than one a check."""
    assert_blocked(judge(pytester, answering(status, media_type, body)), cause)


def test_an_object_to_everything_is_never_met(
    pytester: pytest.Pytester, answering: Callable[[int, str, bytes], str]
) -> None:
    """`{}` is JSON, so it is judged; every requirement of the answer fails or is blocked."""
    result = judge(pytester, answering(200, "application/json", b"{}"))
    assert result.ret == 1
    assert re.search(r"4 Contract +NOT MET", result.stdout.str())
