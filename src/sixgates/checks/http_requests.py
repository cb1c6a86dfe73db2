"""Requests as clients put them on the wire: with an offer of HTTP/2, in chunks, large."""

import re

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_shape import completed
from sixgates.checks.chat_stream_framing import answered
from sixgates.exchange import Exchange, FailureKind, Finding
from sixgates.probes.clients import LARGE, chat_h2c, chat_stream_agent, chat_stream_chunked
from sixgates.select import Findings, shown
from sixgates.views import ChatStream, Reply

NO_LIMIT = re.compile(r"max_(?:completion_|new_)?tokens", re.IGNORECASE)
_OUR_OWN = {FailureKind.DEADLINE, FailureKind.TOO_LARGE}


@check(
    "http.h2c_offer",
    MUST,
    probe=chat_h2c,
    requires=["chat.answered"],
    evidence=[
        "spec: RFC 9110 section 7.8",
        "langchain4j/langchain4j#3682",
        "langchain4j/langchain4j#3883",
        "spring-projects/spring-ai#2427",
        "spring-projects/spring-ai#3775",
        "tmseidel/ai-git-bot#100",
    ],
)
def an_offer_of_http2_takes_nothing_away(reply: Reply) -> Findings:
    """A request that offers HTTP/2 with Upgrade: h2c, as the JDK's client does, is answered, its body read."""
    if reply.status == 101:  # the server takes the offer: what follows is HTTP/2, which is not spoken here
        return
    hint = (
        "the plain request is answered; a server that knows no h2c has to pass over the offer, not the body"
    )
    for finding in reply.status_in(200):
        yield Finding(finding.where, finding.expected, finding.got, hint)
    if reply.status == 200:
        yield from completed(reply.json)


@check(
    "http.chunked_request",
    MUST,
    probe=chat_stream_chunked,
    requires=["chat.stream.answered"],
    evidence=["spec: RFC 9112 section 7.1", "antirez/ds4#423", "Sophomoresty/gemini-web2api#70"],
)
def bodies_in_chunks_are_read(exchange: Exchange) -> Findings:
    """A request whose body comes with Transfer-Encoding: chunked is answered; or refused with 411, which says why."""
    reply = Reply.of(exchange)
    if reply.status == 411:  # http.chunked_request_accepted names it
        return
    yield from reply.status_in(200)
    if reply.status == 200:
        yield from answered(ChatStream.of(exchange))


@check(
    "http.chunked_request_accepted",
    SHOULD,
    probe=chat_stream_chunked,
    requires=["http.chunked_request"],
    evidence=["spec: RFC 9110 section 15.5.12", "mopemope/meinheld#94"],
)
def bodies_need_no_length(reply: Reply) -> Findings:
    """A body whose length is not told beforehand is accepted."""
    yield from reply.status_in(200)


@check(
    "http.large_body",
    MUST,
    probe=chat_stream_agent,
    requires=["chat.stream.answered", "params.max_tokens.optional"],
    evidence=[
        "huggingface/responses.js#55",
        "lutzleonhardt/copilot-proxy#4",
        "archestra-ai/archestra#1417",
        "xtekky/gpt4free#3242",
    ],
)
def large_bodies_are_read(exchange: Exchange) -> Findings:
    """A request of more than 100 KiB is answered: it has no more tokens than another, the rest is blanks in JSON."""
    if exchange.error is not None and exchange.error.kind in _OUR_OWN and exchange.response is not None:
        yield from answered(ChatStream.of(exchange))
        return
    reply = Reply.of(exchange)
    hint = (
        f"the body has {LARGE} bytes; proxies take 100 KiB (Express) or 1 MiB (nginx) unless told otherwise"
    )
    for finding in reply.status_in(200):
        yield Finding(finding.where, finding.expected, finding.got, hint)
    if reply.status == 200:
        yield from answered(ChatStream.of(exchange))


@check(
    "params.max_tokens.optional",
    MUST,
    probe=chat_stream_agent,
    requires=["chat.stream.answered"],
    evidence=[
        "spec: CreateChatCompletionRequest",
        "genlayerlabs/subzeroclaw#3",
        "kaito-project/kaito#1399",
    ],
    unconditional=True,
)
def a_limit_is_not_required(exchange: Exchange) -> Findings:
    """A request without max_tokens is not refused for that, as agents and chat windows send none."""
    response = exchange.response
    if response is None:
        Reply.of(exchange)
    elif 400 <= response.status < 500 and NO_LIMIT.search(text := Reply.of(exchange).text):
        yield Finding("status", "200 without max_tokens", f"{response.status} {shown(text)}")
