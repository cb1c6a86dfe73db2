"""The wire formats that upstreams speak: OpenAI chat, Ollama's native chat, Anthropic messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sixgates.gateway.script import Target, answer_pieces, answer_text

_CREATED = 1_700_000_000
_WHEN = "2023-11-14T22:13:20Z"
_PROMPT_TOKENS = 7


class Dialect(StrEnum):
    """Which API a path belongs to."""

    OPENAI = "openai"
    OLLAMA = "ollama"
    ANTHROPIC = "anthropic"


CHAT_PATHS = {
    "/v1/chat/completions": Dialect.OPENAI,
    "/api/chat": Dialect.OLLAMA,
    "/v1/messages": Dialect.ANTHROPIC,
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One network chunk of a streamed answer; `content` says whether it carries text of the answer."""

    data: bytes
    content: bool = False


def streams(dialect: Dialect, body: dict[str, Any]) -> bool:
    """Whether the request asks for a stream; Ollama's native API streams unless told not to."""
    return bool(body.get("stream", dialect is Dialect.OLLAMA))


def media_type(dialect: Dialect, *, stream: bool) -> str:
    """The Content-Type of an answer."""
    if not stream:
        return "application/json"
    return "application/x-ndjson" if dialect is Dialect.OLLAMA else "text/event-stream"


def whole(dialect: Dialect, target: Target, serial: int) -> bytes:
    """A conforming answer in one piece that names its target."""
    return json.dumps(_WHOLE[dialect](target, serial)).encode()


def pieces(dialect: Dialect, target: Target, serial: int, body: dict[str, Any]) -> Iterator[Piece]:
    """A conforming streamed answer, one piece for each network chunk."""
    match dialect:
        case Dialect.OPENAI:
            return _openai_pieces(target, serial, body)
        case Dialect.OLLAMA:
            return _ollama_pieces(target)
        case Dialect.ANTHROPIC:
            return _anthropic_pieces(target, serial)


def failure(dialect: Dialect, target: Target, status: int) -> bytes:
    """The error envelope that this dialect sends with a status of 4xx or 5xx."""
    message = f"scripted failure {status} of <{target.upstream}>"
    match dialect:
        case Dialect.OPENAI:
            error = {"message": message, "type": _error_type(status), "param": None, "code": status}
            return json.dumps({"error": error}).encode()
        case Dialect.OLLAMA:
            return json.dumps({"error": message}).encode()
        case Dialect.ANTHROPIC:
            return json.dumps({"type": "error", "error": {"type": "api_error", "message": message}}).encode()


def _error_type(status: int) -> str:
    return {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error"}.get(
        status, "server_error"
    )


def _usage(target: Target) -> dict[str, int]:
    completion = len(answer_pieces(target))
    return {
        "prompt_tokens": _PROMPT_TOKENS,
        "completion_tokens": completion,
        "total_tokens": _PROMPT_TOKENS + completion,
    }


def _openai_whole(target: Target, serial: int) -> dict[str, Any]:
    message = {"role": "assistant", "content": answer_text(target)}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {
        "id": f"chatcmpl-{target.upstream}-{serial}",
        "object": "chat.completion",
        "created": _CREATED,
        "model": target.model,
        "choices": [choice],
        "usage": _usage(target),
    }


def _openai_pieces(target: Target, serial: int, body: dict[str, Any]) -> Iterator[Piece]:
    frame = {
        "id": f"chatcmpl-{target.upstream}-{serial}",
        "object": "chat.completion.chunk",
        "created": _CREATED,
        "model": target.model,
    }

    def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _event({**frame, "choices": [choice]})

    yield Piece(event({"role": "assistant", "content": ""}))
    for text in answer_pieces(target):
        yield Piece(event({"content": text}), content=True)
    yield Piece(event({}, "stop"))
    if (body.get("stream_options") or {}).get("include_usage"):
        yield Piece(_event({**frame, "choices": [], "usage": _usage(target)}))
    yield Piece(b"data: [DONE]\n\n")


def _event(document: dict[str, Any], name: str = "") -> bytes:
    prefix = f"event: {name}\n" if name else ""
    return f"{prefix}data: {json.dumps(document)}\n\n".encode()


def _ollama_line(target: Target, text: str, *, done: bool) -> dict[str, Any]:
    line: dict[str, Any] = {
        "model": target.model,
        "created_at": _WHEN,
        "message": {"role": "assistant", "content": text},
        "done": done,
    }
    if done:
        line |= {
            "done_reason": "stop",
            "total_duration": 9_000_000,
            "load_duration": 1_000_000,
            "prompt_eval_count": _PROMPT_TOKENS,
            "prompt_eval_duration": 1_000_000,
            "eval_count": len(answer_pieces(target)),
            "eval_duration": 7_000_000,
        }
    return line


def _ollama_whole(target: Target, serial: int) -> dict[str, Any]:
    return _ollama_line(target, answer_text(target), done=True)


def _ollama_pieces(target: Target) -> Iterator[Piece]:
    for text in answer_pieces(target):
        yield Piece(json.dumps(_ollama_line(target, text, done=False)).encode() + b"\n", content=True)
    yield Piece(json.dumps(_ollama_line(target, "", done=True)).encode() + b"\n")


def _anthropic_whole(target: Target, serial: int) -> dict[str, Any]:
    return {
        "id": f"msg_{target.upstream}_{serial}",
        "type": "message",
        "role": "assistant",
        "model": target.model,
        "content": [{"type": "text", "text": answer_text(target)}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": _PROMPT_TOKENS, "output_tokens": len(answer_pieces(target))},
    }


def _anthropic_pieces(target: Target, serial: int) -> Iterator[Piece]:
    start = {**_anthropic_whole(target, serial), "content": [], "stop_reason": None}

    def event(name: str, **rest: Any) -> bytes:
        return _event({"type": name, **rest}, name)

    yield Piece(event("message_start", message=start))
    yield Piece(event("content_block_start", index=0, content_block={"type": "text", "text": ""}))
    for text in answer_pieces(target):
        delta = {"type": "text_delta", "text": text}
        yield Piece(event("content_block_delta", index=0, delta=delta), content=True)
    yield Piece(event("content_block_stop", index=0))
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    usage = {"output_tokens": len(answer_pieces(target))}
    yield Piece(event("message_delta", delta=ended, usage=usage))
    yield Piece(event("message_stop"))


_WHOLE = {
    Dialect.OPENAI: _openai_whole,
    Dialect.OLLAMA: _ollama_whole,
    Dialect.ANTHROPIC: _anthropic_whole,
}
