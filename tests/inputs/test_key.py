"""A key that no header can carry is told as what it is, before anything is sent, and nothing of it is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixgates.inputs.key import cause_of, key_of, problem_of

BAD = {
    "CANARY\n": "ends with a line break, which no header can carry",
    "CANARY\r\n": "ends with a line break",
    "CANARY\nCANARY\n": "has a line break in it, so that it holds more than a key",
    "\nCANARY": "has a line break in it",
    " CANARY": "begins or ends with a blank, which belongs to no key",
    "CANARY\t": "begins or ends with a blank",
    " ": "begins or ends with a blank",
    "CANARY\u2019": "has a character in it that is not ASCII, such as a typographic quote or dash",
    "CAN\u00e4RY": "has a character in it that is not ASCII",
    "CANARY\udcff": "has a character in it that is not ASCII",
    "CANARY\x1b": "has a control character in it, which no header can carry",
}


@pytest.mark.parametrize(("key", "said"), BAD.items())
def test_a_bad_key_is_told_by_its_variable(key: str, said: str) -> None:
    found = problem_of("THE_KEY", {"THE_KEY": key})
    assert found is not None
    assert found[0].startswith(f"the environment variable THE_KEY {said}")
    assert "export THE_KEY=" in found[1]
    cause = cause_of("THE_KEY", {"THE_KEY": key})
    assert cause is not None
    assert cause.key == "key:THE_KEY"
    assert cause.summary == f"no request was sent with a key: {found[0]}"


@pytest.mark.parametrize("key", ["sk-x", "a b", "", None])
def test_a_sound_key_and_none_are_left_alone(key: str | None) -> None:
    environ = {} if key is None else {"K": key}
    assert problem_of("K", environ) is None
    assert key_of("K", environ) == (key or None)
    assert problem_of(None) is None


@given(st.text(min_size=1))
def test_what_passes_can_be_sent(key: str) -> None:
    """By the library that sends it: h11 takes what RFC 9110 allows in a header's value."""
    h11 = pytest.importorskip("h11")
    if problem_of("K", {"K": key}) is None:
        h11.Request(
            method="GET", target="/", headers=[("host", "h"), ("authorization", f"Bearer {key}".encode())]
        )


@pytest.fixture
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(500)

        do_POST = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


def stack(folder: Path, url: str) -> None:
    """One provider, whose key stands in THE_KEY."""
    (folder / "config").mkdir()
    entry = {"type": "vllm", "base_url": url, "models": ["m"], "api_key_env": "THE_KEY"}
    (folder / "config" / "providers.yaml").write_text(json.dumps({"providers": {"p": entry}}))
    (folder / "config" / "model-mappings.yaml").write_text('{"exact_matches": {"m": {"provider": "p"}}}')


Told = Callable[..., str]
MESSAGE = "the environment variable {} ends with a line break, which no header can carry"


@pytest.mark.parametrize("marker", ["contract", "health"])
def test_nothing_is_sent_with_it(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    listening: tuple[str, list[str]],
    marker: str,
) -> None:
    url, asked = listening
    stack(pytester.path, url)
    monkeypatch.setenv("THE_KEY", "CANARY\n")
    options = ["--live", "--gateway-config", "config", "-m", marker, "-p", "no:cacheprovider"]
    result = pytester.runpytest_subprocess("--pyargs", "sixgates.suites", *options, "-rA")
    said = " ".join(result.stdout.str().split())
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert MESSAGE.format("THE_KEY") in said
    assert "does not speak the OpenAI API" not in said
    assert "CANARY" not in said + result.stderr.str()
    assert asked == []


def test_nor_with_the_key_of_the_gateway(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, listening: tuple[str, list[str]]
) -> None:
    url, asked = listening
    stack(pytester.path, url)
    monkeypatch.setenv("LITELLM_MASTER_KEY", "CANARY\n")
    options = [
        "--live",
        "--gateway-config",
        "config",
        "-m",
        "integration",
        "--gateway-url",
        url,
        "--litellm",
        "none",
    ]
    result = pytester.runpytest_subprocess(
        "--pyargs", "sixgates.suites", *options, "-rA", "-p", "no:cacheprovider"
    )
    said = " ".join(result.stdout.str().split())
    assert MESSAGE.format("LITELLM_MASTER_KEY") in said
    assert "CANARY" not in said + result.stderr.str()
    assert asked == []


@pytest.mark.parametrize(("key", "said"), [(key, said) for key, said in BAD.items() if "\udcff" not in key])
def test_the_option_is_refused(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, key: str, said: str
) -> None:
    monkeypatch.setenv("THE_KEY", key)
    given = ["--live", "--endpoint", "http://127.0.0.1:1", "--model", "m", "--api-key-env", "THE_KEY"]
    ours = ["--pyargs", "sixgates.suites", "-p", "no:cacheprovider"]
    result = pytester.runpytest_inprocess(*ours, *given)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"--api-key-env THE_KEY: the environment variable THE_KEY {said}" in result.stderr.str()
    assert "CANARY" not in result.stderr.str()
