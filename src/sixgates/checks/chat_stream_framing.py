"""What a streamed chat completion must be as HTTP and as an event stream."""

import re
from collections.abc import Iterator
from itertools import pairwise

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.exchange import Finding
from sixgates.probes.chat import (
    chat_stream,
    chat_stream_one_token,
    chat_stream_stopped,
    chat_stream_two_choices,
    chat_stream_unicode,
    chat_stream_usage,
)
from sixgates.probes.errors import (
    context_overflow_stream,
    empty_key_stream,
    mistyped_temperature_stream,
)
from sixgates.probes.interleaved import parallel_streams
from sixgates.probes.tools import (
    tool_cut_stream,
    tool_named_stream,
    tool_none_stream,
    tool_required_stream,
)
from sixgates.probes.twins import tool_unicode_stream
from sixgates.reasoning import TEXTS, filled
from sixgates.select import OBJECT, Findings, Json, Unexercised, shown
from sixgates.sse import Block
from sixgates.views import DONE, ChatStream, Reply

KEEP_ALIVE = re.compile(
    r"\s*|:.*|\W*(?:ping|keep-?alive|heartbeat|processing)\W*"
    r'|\{\s*"(?:type|event)"\s*:\s*"(?:ping|keep-?alive|heartbeat)"\s*\}',
    re.IGNORECASE | re.DOTALL,
)
TEXT_STREAMS = (
    chat_stream,
    chat_stream_usage,
    chat_stream_one_token,
    chat_stream_stopped,
    chat_stream_unicode,
)
TOOL_STREAMS = (
    tool_named_stream,
    tool_required_stream,
    tool_none_stream,
    tool_cut_stream,
    tool_unicode_stream,
)
ONE_CHOICE = (*TEXT_STREAMS, *TOOL_STREAMS)
STREAMS = (*ONE_CHOICE, chat_stream_two_choices)


@check(
    "chat.stream.answered",
    MUST,
    each=[*TEXT_STREAMS, chat_stream_two_choices, *parallel_streams],
    evidence=["spec: CreateChatCompletionStreamResponse", "awslabs/llmeter#34", "ogx-ai/ogx#1424"],
)
def stream_is_answered(stream: ChatStream) -> Findings:
    """A request with `stream` is answered 200 with an event stream that holds a choice and no error."""
    yield from answered(stream)


def answered(stream: ChatStream) -> Findings:
    """A finding for each error event, or when no choice came with a delta."""
    yield from (error["error"].finding("no error event") for error in stream.errors)
    if not stream.errors and not any(OBJECT.holds(entry["delta"].value) for entry in stream.entries):
        yield stream.entries[0]["delta"].finding("an object, in this choice or a later one")


@check(
    "chat.stream.content_type",
    MUST,
    each=STREAMS,
    evidence=["agentgateway/agentgateway#1490"],
)
def stream_says_what_it_is(stream: ChatStream) -> Findings:
    """A stream's Content-Type is text/event-stream, with or without a charset."""
    media_type = stream.reply.response.media_type
    if media_type != "text/event-stream":
        yield Finding("header content-type", "text/event-stream", media_type or "absent")


@check(
    "chat.stream.sse_framing",
    MUST,
    each=STREAMS,
    evidence=["spec: CreateChatCompletionStreamResponse", "mnfst/llm-gateway#2053"],
)
def events_are_framed(stream: ChatStream) -> Findings:
    """Every event ends with a blank line, and its data is one JSON object or [DONE]."""
    yield from stream.malformed
    for block in stream.blocks:
        if not block.terminated:
            yield Finding(f"event {block.number}", "a blank line after the event", "the end of the body")


@check(
    "chat.stream.keepalive_comments",
    SHOULD,
    each=STREAMS,
    evidence=["mnfst/llm-gateway#2053", "jundot/omlx#1011", "spec: WHATWG HTML section 9.2.7"],
)
def connections_are_kept_by_comments(stream: ChatStream) -> Findings:
    """What only keeps a stream open is a comment or a chunk, never data such as "ping"."""
    for block in stream.events:
        if KEEP_ALIVE.fullmatch(block.data or ""):
            yield Finding(f"event {block.number}", "a comment, which starts with a colon", shown(block.data))


@check(
    "chat.stream.done_sentinel",
    MUST,
    each=STREAMS,
    evidence=["agentgateway/agentgateway#1490", "anomalyco/opencode#43379"],
)
def done_ends_the_stream(stream: ChatStream) -> Findings:
    """The last event of a stream is [DONE], no other is, and nothing but comments follows it."""
    *others, last = stream.events
    if last.data != DONE:
        yield Finding(f"event {last.number}", DONE, (last.data or "")[:200])
    for block in others:
        if block.data == DONE:
            yield Finding(f"event {block.number}", "nothing after [DONE]", "more events")
    for block in stream.blocks[last.number + 1 :]:
        if last.data == DONE and block.fields:
            lines = ", ".join(f"{name}: {value}" for name, value in block.fields)
            yield Finding(f"event {block.number}", "nothing after [DONE]", lines[:200])


@check(
    "chat.stream.no_bare_fields",
    MUST,
    each=STREAMS,
    evidence=["theopenco/llmgateway#2334", "openai/openai-python#2722"],
)
def nothing_empty_is_dispatched(stream: ChatStream) -> Findings:
    """No blank line makes a client dispatch an event without data, the remembered id included."""
    remembered = False
    for block in stream.blocks:
        if block.data == DONE:
            return
        where = f"event {block.number}"
        if block.after_blank and remembered:
            yield Finding(where, "no further blank line once an id was sent", "a blank line before the event")
        remembered = remembered or _sets_id(block)
        if not block.data and (remembered or block.data == "" or _dispatches(block)):
            lines = ", ".join(f"{name}: {value}" for name, value in block.fields)
            yield Finding(where, "data in every event", lines or "only comments, after an id")


def _sets_id(block: Block) -> bool:
    return any(name == "id" and value and "\0" not in value for name, value in block.fields)


def _dispatches(block: Block) -> bool:
    retries = any(name == "retry" and value.strip().isdecimal() for name, value in block.fields)
    return retries or any(name == "event" and value for name, value in block.fields)


@check(
    "chat.stream.utf8_valid",
    MUST,
    each=STREAMS,
    evidence=["ggml-org/llama.cpp#11738", "RunanywhereAI/runanywhere-sdks#848"],
)
def events_are_utf8(stream: ChatStream) -> Findings:
    """Every event is valid UTF-8 by itself: no character is split between two events."""
    for block in stream.blocks:
        if not block.valid_utf8:
            yield Finding(f"event {block.number}", "valid UTF-8", (block.data or "")[:200])


@check(
    "chat.stream.headers",
    SHOULD,
    probe=chat_stream,
    evidence=["yazon/flexllama#30", "spec: RFC 9111 section 5.2.2"],
)
def stream_is_not_cached(stream: ChatStream) -> Findings:
    """A stream forbids caching and promises no length."""
    response = stream.reply.response
    caching = response.header("cache-control") or ""
    if not any(word in caching.lower() for word in ("no-cache", "no-store")):
        yield Finding("header cache-control", "no-cache or no-store", caching or "absent")
    length = response.header("content-length")
    if length is not None:
        yield Finding("header content-length", "absent", length)


@check(
    "chat.stream.error_before_first",
    MUST,
    each=[mistyped_temperature_stream, context_overflow_stream, empty_key_stream],
    evidence=["ggml-org/llama.cpp#14566", "majiayu000/litellm-rs#170", "BerriAI/litellm#38610"],
)
def refusals_are_no_streams(reply: Reply) -> Findings:
    """A streamed request that is refused before the first token gets an error status with a JSON body."""
    if reply.status >= 400:
        yield from reply.json.unlike(OBJECT)
        return
    yield from answered(ChatStream.of_reply(reply))


@check(
    "chat.stream.incremental",
    SHOULD,
    probe=chat_stream,
    evidence=["Blaizzy/mlx-vlm#1147", "openbraininstitute/neuroagent#163"],
    luck="It is judged by the clock: a server that is very fast, or busy with others, can hide how it sends.",
)
def tokens_arrive_as_they_are_made(stream: ChatStream) -> Findings:
    """The pieces of a long answer arrive spread over the time that it takes."""
    yield from spread(stream)


@check(
    "chat.stream.incremental_with_tools",
    SHOULD,
    probe=tool_none_stream,
    evidence=["ollama/ollama#9632", "ollama/ollama#12557", "run-llama/llama_index#18099"],
    luck="It is judged by the clock: a server that is very fast, or busy with others, can hide how it sends.",
)
def tools_do_not_hold_tokens_back(stream: ChatStream) -> Findings:
    """Offering tools that are not called does not turn a stream into one late piece."""
    yield from spread(stream)


def spread(stream: ChatStream) -> Iterator[Finding]:
    """A finding where the pieces came at once; raises Unexercised where there is too little to tell."""
    times = [stream.arrival(entry) for entry in stream.entries if _says_something(entry)]
    if len(times) < 8:
        raise Unexercised(f"the answer has {len(times)} pieces; fewer than 8 show nothing")
    if times[-1] < 0.2:
        raise Unexercised(f"the whole answer took {times[-1] * 1000:.0f} ms; under 200 ms shows nothing")
    moments = 1 + sum(later - earlier > 0.001 for earlier, later in pairwise(times))
    at_once = times[0] > 0.8 * times[-1] and times[-1] - times[0] < 0.2
    if moments < 3 or at_once:
        got = f"{moments} moments, the first after {times[0]:.2f} s of {times[-1]:.2f} s"
        yield Finding("arrival", "pieces spread over the answer's time", got)


def _says_something(entry: Json) -> bool:
    told = (entry["delta"][name] for name in ("content", *TEXTS))
    return any(filled(value) for value in told)
