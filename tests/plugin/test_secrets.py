"""Planted canaries: no key reaches a cassette, a report, a log, the terminal or a curl line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

CONTRACTS = Path(__file__).parents[2] / "contracts"
KEY = "sk-canary-key-0123456789"
PASSWORD = "canary-password"
TOKEN = "canary-query-token"
CANARIES = (KEY, PASSWORD, TOKEN)


@pytest.fixture
def echoing() -> Iterator[int]:
    """A server that repeats everything it hears, credentials included, in headers and body."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            heard = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            said = f"{self.path} {self.headers} {heard} {KEY} {quote(KEY)}".replace("\n", " ").replace(
                '"', "'"
            )
            body = f'{{"error": {{"message": "{said}", "code": 7}}}}'.replace("\r", "").encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("x-echo", f"{KEY} {self.path}")
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


def test_canaries_reach_nothing_that_is_kept_or_shown(
    pytester: pytest.Pytester, echoing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Key in the environment, password in the URL's userinfo, token in its query; recorded and reported."""
    monkeypatch.setenv("CANARY_KEY", KEY)
    config = pytester.path / "config"
    config.mkdir()
    (config / "providers.yaml").write_text(
        "providers:\n  echo:\n    type: openai_compatible\n"
        f"    base_url: http://canaryuser:{PASSWORD}@127.0.0.1:{echoing}/?token={TOKEN}\n"
        "    api_key_env: CANARY_KEY\n    capabilities: [tools, n]\n"
        "    models: [{name: m, context_length: 64}]\n"
    )
    (config / "model-mappings.yaml").write_text("exact_matches: {}\n")
    result = pytester.runpytest_subprocess(
        CONTRACTS,
        "--live",
        "--record",
        "--rootdir",
        pytester.path,
        "--gateway-config",
        config,
        "--gates-report",
        "report",
        "--junitxml",
        "junit.xml",
    )
    assert result.ret == 1
    kept = [path for path in pytester.path.rglob("*") if path.is_file() and config not in path.parents]
    assert any(path.parent.name == "echo" for path in kept), "nothing was recorded"
    assert any(path.name == "gates.json" for path in kept)
    texts = {str(path): path.read_text(errors="replace") for path in kept}
    texts |= {"stdout": result.stdout.str(), "stderr": result.stderr.str()}
    leaks = [(name, canary) for name, text in texts.items() for canary in CANARIES if canary in text]
    assert leaks == []
