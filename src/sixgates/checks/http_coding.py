"""What becomes of an answer when the client offers to take it compressed, as the clients in use do."""

import re
from collections.abc import Callable
from dataclasses import replace

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_shape import completed
from sixgates.checks.chat_stream_framing import answered, spread
from sixgates.coding import codings, offered, unpacked
from sixgates.exchange import Exchange, Finding
from sixgates.probes.chat import chat, chat_stream
from sixgates.probes.clients import chat_gzip, chat_stream_gzip, embeddings_gzip, missing_messages_gzip
from sixgates.probes.models import models_list
from sixgates.select import ARRAY, NON_EMPTY_STRING, STRING, Findings, Unexercised, Unmet
from sixgates.views import ChatStream, Reply

SPEC = "spec: RFC 9110 section 8.4"
PLAIN, STREAMED = "http.content_coding.plain", "http.content_coding.stream"
OFFERED = "http.content_coding.offered"
LABEL_LEFT = (
    "the body is plain: whoever took its coding off has left the label, and clients fail to unpack it"
)
TWICE = "it was compressed twice and labelled once"
_PACKED = b"\x1f\x8b"
_PLAIN = re.compile(rb"\s*(?:[{\[]|data:|event:|:)")


@check(
    PLAIN,
    MUST,
    probe=chat_gzip,
    requires=["chat.answered", OFFERED],
    evidence=[
        SPEC,
        "freelensapp/freelens-ai-extension#272",
        "qualixar/superlocalmemory#79",
        "langgenius/dify#9275",
    ],
)
def labels_are_true(exchange: Exchange) -> Findings:
    """To a client that offers gzip an answer is what its Content-Encoding says, and as long as announced."""
    yield from _read(exchange, _completion)
    yield from _length(exchange)


@check(
    "embeddings.content_coding",
    MUST,
    probe=embeddings_gzip,
    requires=["embeddings.answered", OFFERED],
    evidence=[SPEC, "agentgateway/agentgateway#1620"],
)
def labels_of_embeddings_are_true(exchange: Exchange) -> Findings:
    """To a client that offers gzip embeddings are what their Content-Encoding says, and as long as announced."""
    yield from _read(exchange, _embeddings)
    yield from _length(exchange)


@check(
    STREAMED,
    MUST,
    probe=chat_stream_gzip,
    requires=["chat.stream.answered", OFFERED],
    evidence=[SPEC, "qualixar/superlocalmemory#79"],
)
def labels_of_streams_are_true(exchange: Exchange) -> Findings:
    """To a client that offers gzip a stream is what its Content-Encoding says, or plain."""
    yield from _read(exchange, lambda each: answered(ChatStream.of(each)))


@check(
    "errors.content_coding",
    SHOULD,
    probe=missing_messages_gzip,
    requires=["input.messages_missing", OFFERED],
    evidence=[
        SPEC,
        "envoyproxy/ai-gateway#2554",
        "lablup/backend.ai#5771",
        "diegosouzapw/OmniRoute#2561",
    ],
)
def labels_of_errors_are_true(exchange: Exchange) -> Findings:
    """To a client that offers gzip a refusal is what its Content-Encoding says, and its message can be read."""
    yield from _read(exchange, lambda each: Reply.of(each).json["error"]["message"].unlike(NON_EMPTY_STRING))


@check(
    OFFERED,
    MUST,
    each=[
        models_list,
        chat,
        chat_stream,
        chat_gzip,
        chat_stream_gzip,
        embeddings_gzip,
        missing_messages_gzip,
    ],
    evidence=["spec: RFC 9110 section 12.5.3", "Anionex/agent-vision-toolkit#36"],
    unconditional=True,
)
def nothing_else_is_applied(exchange: Exchange) -> Findings:
    """An answer has only codings that its request offered: none where it asked for identity."""
    if exchange.response is None:
        Reply.of(exchange)
        return
    for name in codings(exchange.response):
        if name not in offered(exchange.request):
            expected = exchange.request.header("accept-encoding") or "identity"
            yield Finding("header content-encoding", f"{expected}, as the request offers", name)


@check(
    "http.content_coding.exact",
    SHOULD,
    each=[chat_gzip, chat_stream_gzip, embeddings_gzip],
    evidence=["spec: RFC 9110 section 8.4.1", "spec: RFC 1952 section 2.2"],
)
def what_is_packed_is_whole(exchange: Exchange) -> Findings:
    """A compressed body ends where its format ends, and deflate has the wrapper of zlib."""
    response = exchange.response
    if response is None or not codings(response):
        raise Unexercised("no answer came compressed")
    _, flaw = unpacked(response)
    if flaw:
        yield Finding("body", f"{', '.join(codings(response))}, whole and by its format", flaw)


@check(
    "chat.stream.incremental_compressed",
    SHOULD,
    together=[chat_stream, chat_stream_gzip],
    requires=[STREAMED],
    evidence=[
        "tower-rs/tower-http#419",
        "Crosstalk-Solutions/project-nomad#798",
        "blinkk/rootjs#1209",
        "Kludex/starlette#2753",
    ],
    luck="It is judged by the clock: a server that is very fast, or busy with others, can hide how it sends.",
)
def compression_holds_nothing_back(plain: ChatStream, compressed: ChatStream) -> Findings:
    """Offering gzip does not turn a stream into one late piece."""
    if any(True for _ in spread(plain)):
        raise Unexercised("the stream comes late without the offer, too")
    yield from spread(compressed)


def _completion(exchange: Exchange) -> Findings:
    reply = Reply.of(exchange)
    yield from reply.status_in(200)
    if reply.status == 200:
        yield from completed(reply.json)


def _embeddings(exchange: Exchange) -> Findings:
    reply = Reply.of(exchange)
    yield from reply.status_in(200)
    if reply.status == 200:
        yield from reply.json["data"].elements[0]["embedding"].unlike(ARRAY | STRING)


def _length(exchange: Exchange) -> Findings:
    response = exchange.response
    length = response.header("content-length") if response and exchange.error is None else None
    if response and length and length != str(len(response.body)):
        yield Finding("body", f"{length} bytes, as Content-Length says", f"{len(response.body)} bytes")


def _read(exchange: Exchange, look: Callable[[Exchange], Findings]) -> Findings:
    """What is found in an answer, each with what its coding has to do with it."""
    found: list[Finding] = []
    try:
        found += look(exchange)
    except Unmet as unmet:
        found.append(unmet.finding)
    yield from (replace(each, hint=each.hint or _hint(exchange)) for each in found)


def _hint(exchange: Exchange) -> str:
    response = exchange.response
    if response is None or not codings(response):
        return ""
    if _PLAIN.match(response.body):
        return LABEL_LEFT
    try:
        return TWICE if unpacked(response)[0].body.startswith(_PACKED) else ""
    except Unmet:
        return ""
