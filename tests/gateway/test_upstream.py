"""Scripted upstreams answer, misbehave as told, and note what arrived without any secret."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from sixgates.exchange import Chunk, Request, Response
from sixgates.gateway.loopback import Listener, Loopback
from sixgates.gateway.script import Fault, FaultKind, Script, Target, answer_text, ticket_text
from sixgates.gateway.upstream import MAX_BODY, Notebook, Upstream

ALPHA = Target("alpha", "m")
CANARY = "sk-canary-do-not-keep"
PATHS = ["/v1/chat/completions", "/api/chat", "/v1/messages"]


@pytest.fixture(scope="module")
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture(scope="module")
def listener(notebook: Notebook) -> Iterator[Listener]:
    with Loopback() as loopback:
        yield loopback.serve(Upstream("alpha", notebook, models=("m",)))


@pytest.fixture
def http(listener: Listener) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=listener.url, timeout=5, trust_env=False, verify=False) as client:
        yield client


def asked(ticket: str, stream: bool = False) -> dict[str, object]:
    return {"model": "m", "stream": stream, "messages": [{"role": "user", "content": ticket_text(ticket)}]}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("stream", [False, True])
def test_each_dialect_names_its_upstream(http: httpx.Client, path: str, stream: bool) -> None:
    """Whole and streamed answers carry the text by which an answer is attributed."""
    answer = http.post(path, json=asked("ok", stream))
    assert answer.status_code == 200
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if "{" in line]
    assert said(lines) == answer_text(ALPHA)


def said(lines: list[str]) -> str:
    text = ""
    for line in lines:
        document = json.loads(line)
        choice = (document.get("choices") or [{}])[0]
        message = document.get("message") or choice.get("message") or choice.get("delta") or {}
        content = message.get("content")
        text += content if isinstance(content, str) else ""
        text += (document.get("delta") or {}).get("text", "")
        text += "".join(part["text"] for part in document.get("content", []))
    return text


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
@pytest.mark.parametrize("path", PATHS)
def test_a_status_comes_with_an_envelope(
    http: httpx.Client, notebook: Notebook, path: str, status: int
) -> None:
    """A scripted failure looks like a real server's."""
    notebook.scripts["fail"] = Script({ALPHA: Fault(FaultKind.STATUS, status=status)})
    answer = http.post(path, json=asked("fail"))
    assert answer.status_code == status
    assert f"scripted failure {status} of <alpha>" in answer.text


def test_a_stall_and_a_stalled_stream_never_end(http: httpx.Client, notebook: Notebook) -> None:
    """The server accepts and says nothing, or no more, until the client leaves."""
    for kind in (FaultKind.STALL, FaultKind.STALL_STREAM):
        notebook.scripts["stall"] = Script({ALPHA: Fault(kind, delay_s=0)})
        with pytest.raises(httpx.ReadTimeout):
            http.post(PATHS[0], json=asked("stall", stream=True), timeout=0.3)


def test_a_cut_ends_the_connection_inside_the_body(http: httpx.Client, notebook: Notebook) -> None:
    """The client sees the chunks before the cut and then a broken body, not a short one."""
    notebook.scripts["cut"] = Script({ALPHA: Fault(FaultKind.CUT, after=2, delay_s=0.1)})
    received: list[bytes] = []
    broken = pytest.raises(httpx.RemoteProtocolError)
    with http.stream("POST", PATHS[0], json=asked("cut", stream=True)) as answer, broken:
        received.extend(answer.iter_raw())
    assert b"<alpha>" not in b"".join(received)
    assert b'"is "' in b"".join(received)


def test_garbage_is_html_with_status_200(http: httpx.Client, notebook: Notebook) -> None:
    """What a reverse proxy answers when the server behind it is gone."""
    notebook.scripts["html"] = Script({ALPHA: Fault(FaultKind.GARBAGE)})
    answer = http.post(PATHS[0], json=asked("html"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")


def test_a_slow_answer_is_a_good_one(http: httpx.Client, notebook: Notebook) -> None:
    """SLOW waits before the first byte and then answers."""
    notebook.scripts["slow"] = Script({ALPHA: Fault(FaultKind.SLOW, delay_s=0.2)})
    answer = http.post(PATHS[0], json=asked("slow"))
    assert answer.elapsed.total_seconds() >= 0.2
    assert answer_text(ALPHA) in answer.text


def test_a_refused_port_comes_back(listener: Listener, http: httpx.Client) -> None:
    """The port refuses, stays ours, and serves again."""
    listener.refuse()
    with pytest.raises(httpx.ConnectError):
        http.get("/v1/models")
    listener.open()
    assert http.get("/v1/models").json()["data"][0]["id"] == "m"


def test_notes_keep_the_request_and_redact_credentials(http: httpx.Client, notebook: Notebook) -> None:
    """A hit says who was asked for what; no header with a credential is kept."""
    headers = dict.fromkeys(("authorization", "x-api-key", "api-key", "cookie"), CANARY)
    http.post(PATHS[0], json=asked("note-1"), headers=headers)
    (hit,) = notebook.hits("note-1")
    assert (hit.target, hit.path, hit.body["model"]) == (ALPHA, PATHS[0], "m")
    assert CANARY not in str(hit)


def test_memory_is_bounded(http: httpx.Client, notebook: Notebook) -> None:
    """A body over the limit is refused, and is not noted."""
    answer = http.post(PATHS[0], content=b"[sixgates:huge]" + b"x" * MAX_BODY)
    assert answer.status_code == 413
    assert notebook.hits("huge") == ()


def test_an_unknown_path_says_so(http: httpx.Client) -> None:
    """A wrong api_base ends in a 404 that names the path."""
    answer = http.post("/v1/v1/chat/completions", json=asked("path"))
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "alpha has no /v1/v1/chat/completions"


def test_recorded_exchanges_can_answer() -> None:
    """The reply hook may answer with what a real engine said."""
    body = b'{"recorded": true}'

    def reply(target: Target, request: Request) -> Response:
        assert (target, request.path) == (ALPHA, PATHS[0])
        return Response(200, (("content-type", "application/json"),), (Chunk(body, 0.0),))

    with Loopback() as loopback:
        listener = loopback.serve(Upstream("alpha", Notebook(), reply=reply))
        answer = httpx.post(listener.url + PATHS[0], json=asked("x"), trust_env=False, verify=False)
    assert answer.content == body
