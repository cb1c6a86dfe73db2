"""Legal ways to put an answer on the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.field.contract.legal import legal
from tests.field.contract.report import Part

from sixgates.exchange import Chunk, Request, Response
from sixgates.reference.mutants import (
    Edit,
    body_of,
    in_pieces,
    on_everything,
    on_path,
    on_stream,
    with_header,
)


def _streamed(request: Request) -> bool:
    return request.method == "POST" and bool(body_of(request).get("stream"))


def _whole(request: Request) -> bool:
    return not _streamed(request)


def _between(comment: bytes) -> Edit:
    """Before the first event, and after each of the next."""

    def change(pieces: list[bytes]) -> list[bytes]:
        return [comment, *(each for piece in pieces for each in (piece, comment))][:-1]

    return in_pieces(change)


def _each_piece(change: Callable[[bytes], bytes]) -> Edit:
    return in_pieces(lambda pieces: [change(piece) for piece in pieces])


def _together(pieces: list[bytes]) -> list[bytes]:
    """Three events in one packet."""
    return [b"".join(pieces[at : at + 3]) for at in range(0, len(pieces), 3)]


def _torn(pieces: list[bytes]) -> list[bytes]:
    """Packets end anywhere, in the middle of characters too."""
    body = b"".join(pieces)
    return [body[at : at + 11] for at in range(0, len(body), 11)]


def _comment_at_the_end(pieces: list[bytes]) -> list[bytes]:
    return [*pieces, b": bye\n\n"]


def _padded(response: Response) -> Response:
    """Blanks before the JSON keep the connection alive; the length is not known ahead."""
    first, *others = response.chunks or (Chunk(b"", 0.0),)
    headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
    return replace(response, headers=headers, chunks=(Chunk(b"\n   \n", 0.001), first, *others))


def _without_length(response: Response) -> Response:
    headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
    return replace(response, headers=(*headers, ("transfer-encoding", "chunked")))


def _is_stream(response: Response) -> bool:
    return response.media_type == "text/event-stream"


def _media_type(value: str) -> Edit:
    return with_header("content-type", value)


def _old(response: Response) -> Response:
    return replace(response, http_version="HTTP/1.0")


def _behind_a_proxy(response: Response) -> Response:
    more = (
        ("Server", "cloudflare"),
        ("CF-RAY", "8a1b-FRA"),
        ("Via", "1.1 google"),
        ("Set-Cookie", "__cf_bm=x; path=/"),
        ("Set-Cookie", "_cfuvid=y; path=/"),
        ("Strict-Transport-Security", "max-age=15724800"),
        ("Alt-Svc", 'h3=":443"; ma=86400'),
    )
    return replace(response, headers=(*response.headers, *more))


def _limits_told(response: Response) -> Response:
    more = (
        ("x-ratelimit-limit-requests", "14400"),
        ("x-ratelimit-remaining-tokens", "17997"),
        ("x-ratelimit-reset-requests", "6s"),
        ("x-groq-region", "us-west-1"),
        ("openai-processing-ms", "42"),
    )
    return replace(response, headers=(*response.headers, *more))


def _kept_open(response: Response) -> Response:
    return replace(
        response,
        headers=(*response.headers, ("Connection", "keep-alive"), ("Keep-Alive", "timeout=5, max=100")),
    )


REPORTS = (
    legal(
        "comments-of-openrouter",
        "deepnoodle-ai/dive#206",
        "comments keep a stream alive while the model is queued",
        Part(on_stream, _between(b": OPENROUTER PROCESSING\n\n")),
    ),
    legal(
        "comments-without-a-word",
        "ggml-org/llama.cpp#24013",
        "comments without a word keep a stream alive, as llama.cpp sends them",
        Part(on_stream, _between(b":\n\n")),
    ),
    legal(
        "comments-with-a-time",
        "QuixiAI/SlimServe#35",
        "comments tell when they were sent, as those of sse-starlette do",
        Part(on_stream, _between(b": ping - 2026-01-28 10:00:00.123456+00:00\r\n\r\n")),
    ),
    legal(
        "comments-beside-events",
        "justlovemaki/AIClient2API#695",
        "a comment stands in the line before an event",
        Part(on_stream, _each_piece(lambda piece: b": keepalive\n" + piece)),
    ),
    legal(
        "comment-after-done",
        "openai-php/client#734",
        "a comment comes after [DONE]",
        Part(on_stream, in_pieces(_comment_at_the_end)),
    ),
    legal(
        "blank-lines-between-events",
        "tmc/langchaingo#1366",
        "several blank lines stand between events",
        Part(on_stream, _each_piece(lambda piece: piece + b"\n\n")),
    ),
    legal(
        "events-have-ids",
        "theopenco/llmgateway#2334",
        "events have ids",
        Part(on_stream, _each_piece(lambda piece: b"id: 7\n" + piece)),
    ),
    legal(
        "events-have-names",
        "lingyuins/octopus#62",
        "events have the name message, which is what one without a name has",
        Part(on_stream, _each_piece(lambda piece: b"event: message\n" + piece)),
    ),
    legal(
        "events-in-one-packet",
        "vllm-project/vllm#9874",
        "several events come in one packet",
        Part(on_stream, in_pieces(_together)),
    ),
    legal(
        "packets-end-anywhere",
        "RunanywhereAI/runanywhere-sdks#848",
        "packets end within events, and within characters",
        Part(on_stream, in_pieces(_torn)),
    ),
    legal(
        "charset-of-a-stream",
        "openclaw/openclaw#152535",
        "the content type of a stream has a charset",
        Part(_streamed, _media_type("text/event-stream; charset=utf-8")),
    ),
    legal(
        "charset-of-json",
        "tarasglek/chatcraft.org#515",
        "the content type of a whole answer has a charset",
        Part(_whole, _media_type("application/json;charset=UTF-8")),
    ),
    legal(
        "blanks-before-json",
        "jundot/omlx#2066",
        "blanks come before the JSON while the model writes",
        Part(
            on_path("/v1/chat/completions"),
            lambda response: response if _is_stream(response) else _padded(response),
        ),
    ),
    legal(
        "no-length-of-json",
        "langgenius/dify#37236",
        "whole answers have no length and come in chunks",
        Part(_whole, _without_length),
    ),
    legal(
        "http-1-0",
        "containers/ramalama#752",
        "answers are of HTTP/1.0",
        Part(on_everything, _old),
    ),
    legal(
        "headers-of-a-proxy",
        "karthink/gptel#592",
        "a proxy adds its headers and cookies",
        Part(on_everything, _behind_a_proxy),
    ),
    legal(
        "headers-of-limits",
        "digiogithub/pando#8",
        "answers tell the limits of the account",
        Part(on_everything, _limits_told),
    ),
    legal(
        "connections-kept-open",
        "openai-php/client#770",
        "answers say that the connection is kept",
        Part(on_everything, _kept_open),
    ),
)
"""Each with its form."""
