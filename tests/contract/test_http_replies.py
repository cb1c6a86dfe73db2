"""Replies as HTTP: what is found is said, and what HTTP allows passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from sixgates.catalogue import Auth, Probe
from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Judgement, curl
from sixgates.probes.chat import chat_again
from sixgates.verdict import Outcome, Verdict

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
Edit = Callable[[Exchange], Response | None]


def headed(probes: Iterable[str], name: str, value: str | None, *, status: int | None = None) -> Edit:
    """The answers to some probes with another value of one header, or without it."""
    wanted = set(probes)

    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe not in wanted or exchange.response is None:
            return None
        headers = tuple(pair for pair in exchange.response.headers if pair[0] != name)
        headers += () if value is None else ((name, value),)
        return replace(exchange.response, headers=headers, status=status or exchange.response.status)

    return edit


def answered(probe: str, status: int, body: bytes, *headers: tuple[str, str]) -> Edit:
    """Another answer to one probe."""
    response = Response(status, (("content-type", "application/json"), *headers), (Chunk(body, 0.01),))
    return lambda exchange: response if exchange.probe == probe else None


def words(verdict: Verdict) -> list[str]:
    """The findings, each in one line."""
    return [f"{each.where}: {each.expected}, not {each.got}" for each in verdict.findings]


ERROR = b'{"error": {"message": "busy", "type": "server_error", "param": null, "code": null}}'
FOUND: dict[str, tuple[str, Edit, list[str]]] = {
    "no request id": (
        "http.request_id",
        headed(["chat"], "x-request-id", None),
        ["chat: header x-request-id: an id of its own, not absent"],
    ),
    "one request id for all": (
        "http.request_id",
        headed(["models-list", "chat"], "x-request-id", "req_7"),
        ["chat: header x-request-id: an id of its own, not req_7, as before"],
    ),
    "closes after errors": (
        "http.keepalive",
        headed(["missing-messages"], "connection", "Close"),
        ["missing-messages: header connection: keep-alive, or absent, not close"],
    ),
    "SDK headers refused": (
        "http.unknown_headers",
        answered("chat-again", 403, ERROR),
        [f'status: 200, not 403 "{ERROR.decode().replace(chr(34), chr(92) + chr(34))}"'],
    ),
    "slash moved": (
        "http.trailing_slash",
        answered("chat-with-slash", 301, b"", ("location", "/v1/chat/completions")),
        ['status: 200 or 307 or 308 or 404 or 405, not 301 ""'],
    ),
    "refused for load without a time": (
        "errors.rate_limit_429",
        answered("chat-again", 429, ERROR),
        ["chat-again: header retry-after: a number of seconds or a date, not absent"],
    ),
    "refused for load with words": (
        "errors.rate_limit_429",
        answered("unknown-model", 503, ERROR, ("retry-after", "soon")),
        ['unknown-model: header retry-after: a number of seconds or a date, not "soon"'],
    ),
    "the key in an error": (
        "errors.key_not_echoed",
        answered("unknown-route", 404, b'{"error": {"message": "sixgates-red"}}'),
        ['unknown-route: body: no key, not the key: "{\\"error\\": {\\"message\\": \\"sixgates-red\\"}}"'],
    ),
    "the key in a header": (
        "errors.key_not_echoed",
        headed(["chat-stream"], "x-key", "Bearer sixgates-redacted-"),
        ["chat-stream: header x-key: no key, not the key"],
    ),
    "a wrong key in a header": (
        "errors.auth_no_leak",
        headed(["wrong-key"], "www-authenticate", "Bearer sixgates-wrong-key"),
        ['wrong-key: headers: no key, hash or table, not "sixgates-wrong-key"'],
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_is_found_is_said(name: str, judge_edited: JudgeEdited) -> None:
    check, edit, expected = FOUND[name]
    assert words(judge_edited(edit).verdict(check)) == expected


LEGAL: dict[str, tuple[str, Edit]] = {
    "keep-alive said": ("http.keepalive", headed(["chat"], "connection", "keep-alive")),
    "slash served": (
        "http.trailing_slash",
        answered("chat-with-slash", 200, b'{"choices": [{"message": {"content": "Hi"}}]}'),
    ),
    "slash sent on": ("http.trailing_slash", answered("chat-with-slash", 307, b"")),
    "slash forbidden": ("http.trailing_slash", answered("chat-with-slash", 405, b"no")),
    "seconds to wait": (
        "errors.rate_limit_429",
        answered("chat-again", 429, ERROR, ("retry-after", "7")),
    ),
    "a date to wait for": (
        "errors.rate_limit_429",
        answered("chat-again", 503, ERROR, ("retry-after", "Tue, 14 Nov 2023 22:13:20 GMT")),
    ),
    "the key's name in a text": (
        "errors.key_not_echoed",
        answered("chat", 200, b'{"choices": [{"message": {"content": "sixgates-redacted-"}}]}'),
    ),
}


@pytest.mark.parametrize("name", LEGAL)
def test_what_http_allows_passes(name: str, judge_edited: JudgeEdited) -> None:
    check, edit = LEGAL[name]
    verdict = judge_edited(edit).verdict(check)
    assert (verdict.outcome, words(verdict)) == (Outcome.PASSED, [])


def test_a_refusal_of_sdk_headers_says_what_was_sent(judge_edited: JudgeEdited) -> None:
    (finding,) = judge_edited(answered("chat-again", 400, ERROR)).verdict("http.unknown_headers").findings
    assert (
        finding.hint
        == "the request is the plain one, sampled, with the x-stainless headers and an Idempotency-Key"
    )


def test_a_refusal_of_sdk_headers_blocks_what_the_answer_would_show(judge_edited: JudgeEdited) -> None:
    """And nothing that other answers show as well."""
    judgement = judge_edited(answered("chat-again", 400, ERROR))
    assert judgement.verdict("usage.prompt_monotonic").outcome is Outcome.BLOCKED
    assert judgement.verdict("chat.shape.role").outcome is Outcome.PASSED


def test_the_curl_line_shows_a_probes_own_headers() -> None:
    request = chat_again.request("m")
    line = curl(Exchange("chat-again", request), "http://x", "A_KEY", Auth.KEY)
    assert "-H 'X-Stainless-Lang: python'" in line
    assert "Accept" not in line
    assert line.endswith('-H "Authorization: Bearer $A_KEY"')


def test_a_probe_sends_its_own_headers() -> None:
    assert ("A", "b") in Probe("p", "GET", "/v1/models", headers=(("A", "b"),)).request("m").headers
