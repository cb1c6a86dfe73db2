"""One run against a server that repeats the key in every form and place: nothing of it is kept or shown."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from tests.redaction.canaries import BASES, CANARIES, STYLES, left

CONTRACTS = Path(__file__).parents[2] / "contracts"
KEY, PASSWORD, TOKEN = CANARIES[0], "canary:password/é+1234", "canary-token%2Fof-the-query"
KNOWN = (KEY, PASSWORD, TOKEN)


def _bodies() -> list[bytes]:
    """One answer for each style: all bases of all canaries, as a member of an error and of a message."""
    found = []
    for spell in STYLES.values():
        said = " | ".join(spell(encode(one)) for one in KNOWN for encode in BASES.values())
        text = said if _fits(said) else json.dumps(said)[1:-1]
        found.append(f'{{"id": "x", "error": {{"message": "{text}", "code": 7}}, "note": "{text}"}}'.encode())
    return found


def _fits(text: str) -> bool:
    try:
        json.loads(f'"{text}"')
    except ValueError:
        return False
    return True


def _stream(number: int) -> bytes:
    """A stream whose pieces are so many characters of the key, so that each event holds a part."""
    size = number % 7 + 1
    pieces = [KEY[at : at + size] for at in range(0, len(KEY), size)]
    events = [
        {
            "id": "x",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": [
                {"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None}
            ],
        }
        for piece in pieces
    ]
    return b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in events) + b"data: [DONE]\n\n"


@pytest.fixture
def repeating() -> Iterator[int]:
    """A server that answers each request with the next of the bodies, or with a stream."""
    bodies = _bodies()
    asked = iter(range(1_000_000))

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            heard = self.rfile.read(int(self.headers.get("content-length") or 0))
            number = next(asked)
            streams = b'"stream": true' in heard or b'"stream":true' in heard
            body = _stream(number) if streams else bodies[number % len(bodies)]
            self.send_response((200, 400, 500)[number % 3])
            self.send_header("content-type", "text/event-stream" if streams else "application/json")
            self.send_header(
                "x-echo", f"{KEY} {self.headers.get('authorization')} {quote(PASSWORD)} {self.path}"
            )
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_no_output_of_a_run_keeps_a_form(
    pytester: pytest.Pytester, repeating: int, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    """Terminal, JUnit, gates.json, gates.md, the badge and every cassette, with long tracebacks and locals."""
    monkeypatch.setenv("CANARY_KEY", KEY)
    config = pytester.path / "config"
    config.mkdir()
    userinfo = f"canary-user:{quote(PASSWORD, safe='')}"
    (config / "providers.yaml").write_text(
        "providers:\n  echo:\n    type: openai_compatible\n"
        f"    base_url: http://{userinfo}@127.0.0.1:{repeating}/?token={TOKEN}\n"
        "    api_key_env: CANARY_KEY\n    capabilities: [tools, n]\n"
        "    models: [{name: m, context_length: 64}]\n"
    )
    (config / "model-mappings.yaml").write_text("exact_matches: {}\n")
    options = ["--live", "--record", "--rootdir", str(pytester.path), "--gateway-config", str(config)]
    output = ["--gates-report", "report", "--junitxml", "junit.xml", "-l", "--tb=long", "-rA", "-v"]
    result = pytester.runpytest_subprocess(CONTRACTS, *options, *output, *workers)
    assert result.ret == 1
    kept = [path for path in pytester.path.rglob("*") if path.is_file() and config not in path.parents]
    assert sum(path.parent.name == "echo" for path in kept) > 50, "too little was recorded"
    names = {"gates.json", "gates.md", "badge.json", "junit.xml"}
    assert names <= {path.name for path in kept}
    ElementTree.parse(pytester.path / "junit.xml")
    texts = {str(path): path.read_text(errors="replace") for path in kept}
    texts |= {"stdout": result.stdout.str(), "stderr": result.stderr.str()}
    leaks = {name: found for name, text in texts.items() if (found := left(text, *KNOWN))}
    assert leaks == {}


FAILING = """
import os
import warnings

import pytest
from sixgates.cases import Case
from sixgates.config import Provider
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict

URL = "http://canary-user:" + os.environ["CANARY_KEY"] + "@127.0.0.1:99999/v1"


def family(run):
    return [Case(each.__name__, each, f"a.{each.__name__}") for each in (raises, prints, validates, warns)]


def raises():
    raise OSError(f"cannot reach {URL}, key {os.environ['CANARY_KEY']!r} in " + "x" * 300 + os.environ["CANARY_KEY"])


def prints():
    print("key", os.environ["CANARY_KEY"])
    assert os.environ["CANARY_KEY"] == URL


def validates():
    Provider.model_validate({"type": "vllm", "base_url": URL})


def warns():
    warnings.warn(f"using {URL}")
    return Verdict("chat.shape.x", Gate.CONTRACT, Level.MUST, Outcome.BLOCKED, "R", cause=Cause(URL, URL, (URL,)))


@pytest.mark.contract
@pytest.mark.cases.with_args(family)
def test_case(case, settle):
    key = os.environ["CANARY_KEY"]
    url = URL
    settle(case)
"""


@pytest.mark.parametrize("traceback", ["long", "short", "native", "line", "auto"])
@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["one process", "a worker"])
def test_no_text_of_pytest_itself_keeps_a_secret(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, traceback: str, workers: list[str]
) -> None:
    """Exceptions, locals, assertions, captured output, warnings, JUnit, and pydantic's input_value."""
    monkeypatch.setenv("CANARY_KEY", KEY)
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_subprocess(
        "-l", f"--tb={traceback}", "-rA", "--junitxml", "junit.xml", "--gates-report", "report", *workers
    )
    assert result.ret == 1
    texts = [result.stdout.str(), result.stderr.str(), (pytester.path / "junit.xml").read_text()]
    texts += [path.read_text() for path in (pytester.path / "report").iterdir()]
    assert "[redacted]" in texts[0]
    assert [left(text, KEY) for text in texts] == [[]] * len(texts)
