"""What `--gateway-url` asks goes with what the command line says of the connection."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sixgates.cases.integration import gateway_cases
from sixgates.connection import Connection
from sixgates.inputs.headers import parse
from sixgates.run import Run

STACK = "providers:\n  p:\n    type: vllm\n    base_url: http://127.0.0.1:9\n    models: [m]\n"


def test_each_request_to_a_running_gateway_has_the_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The readiness, the list of models and each short chat."""
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-canary")
    monkeypatch.setenv("TEAM_TOKEN", "a-token-of-the-team")
    (tmp_path / "providers.yaml").write_text(STACK)
    (tmp_path / "model-mappings.yaml").write_text("exact_matches: {m: {provider: p}}\n")
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            asked.append((self.path, self.headers.get("X-Team")))
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = _answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    header = parse("X-Team: $TEAM_TOKEN")
    assert header is not None
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        connection = Connection((header,))
        run = Run(tmp_path, tmp_path, tmp_path, gateway_url=url, connection=connection)
        for case in gateway_cases(run):
            if "running" in case.id:
                case.judge()
    finally:
        server.shutdown()
        server.server_close()
    assert {path for path, _ in asked} == {"/health/readiness", "/v1/models", "/v1/chat/completions"}
    assert {value for _, value in asked} == {"a-token-of-the-team"}
