"""What the official SDK's own client makes of each exchange: it must neither raise nor lose anything."""

from sixgates.catalogue import CHAT_PATH, MUST, RESPONSES_PATH, SHOULD, Probe, check
from sixgates.exchange import Exchange
from sixgates.probes.clients import missing_messages_gzip
from sixgates.probes.completions import (
    completions,
    completions_echo,
    completions_stopped_stream,
    completions_two_prompts,
)
from sixgates.probes.declared import posted
from sixgates.probes.embeddings import embeddings, embeddings_batch, embeddings_half, embeddings_tokens
from sixgates.probes.errors import CLIENT_FAULTS, missing_messages, mistyped_messages, unknown_model
from sixgates.probes.models import models_list
from sixgates.select import STRING, Findings, Unexercised
from sixgates.views import Reply
from sixgates.witness import reading
from sixgates.witness.responses import responses, responses_helper

RAW, HELPER = ("openai-python",), ("openai-python helper",)
SPEC = "spec: CreateChatCompletionResponse"
SPEC_STREAM = "spec: CreateChatCompletionStreamResponse"


def asks_for_stream(probe: Probe) -> bool:
    """Whether the answer is to come as a stream."""
    return "stream" in probe.name.split("-")  # the body of a derived one is not known before it is sent


CHATS = tuple(
    each
    for each in posted(CHAT_PATH)
    if each not in (*CLIENT_FAULTS, missing_messages_gzip) and each.hang_up_after is None
)
RESPONSES = posted(RESPONSES_PATH)
WHOLE_RESPONSES = tuple(each for each in RESPONSES if not asks_for_stream(each))
STREAMS = tuple(each for each in CHATS if asks_for_stream(each) and each.answered_by)
WHOLE = tuple(each for each in CHATS if not asks_for_stream(each) and each.answered_by)
OPTIONAL = tuple(each for each in CHATS if not each.answered_by)
"""Chats that a server may refuse."""


@check("chat.witness", MUST, each=WHOLE, evidence=[SPEC, "openai/openai-python#2722"], breaks=RAW)
def the_sdk_reads_answers(exchange: Exchange) -> Findings:
    """The official SDK reads every answer and holds its text, its tool calls, its end and its usage."""
    if readable(exchange):
        yield from reading.chat(exchange)


@check(
    "chat.witness_accepted",
    MUST,
    each=OPTIONAL,
    requires=["chat.answered"],
    evidence=[SPEC],
    breaks=RAW,
)
def the_sdk_reads_what_is_accepted(exchange: Exchange) -> Findings:
    """The official SDK reads the answer to each request that a server may refuse and does not."""
    if readable(exchange):
        yield from reading.chat(exchange)


@check("chat.stream.witness", MUST, each=STREAMS, evidence=[SPEC_STREAM], breaks=RAW)
def the_sdk_reads_streams(exchange: Exchange) -> Findings:
    """The official SDK reads every stream and holds its text, its tool calls, its end and its usage."""
    if readable(exchange):
        yield from reading.chat(exchange)


@check("chat.stream.witness_helper", SHOULD, each=STREAMS, evidence=[SPEC_STREAM], breaks=HELPER)
def the_helper_reads_streams(exchange: Exchange) -> Findings:
    """The stream helper of the official SDK reads every stream and loses nothing that the SDK itself holds."""
    if readable(exchange):
        yield from reading.helper(exchange)


@check(
    "completions.witness",
    MUST,
    each=[completions, completions_stopped_stream, completions_two_prompts, completions_echo],
    evidence=["spec: CreateCompletionResponse"],
    breaks=RAW,
)
def the_sdk_reads_completions(exchange: Exchange) -> Findings:
    """The official SDK reads every legacy completion and holds its text, its end and its usage."""
    if readable(exchange):
        yield from reading.legacy(exchange)


@check(
    "embeddings.witness",
    MUST,
    each=[embeddings, embeddings_batch, embeddings_half, embeddings_tokens],
    evidence=["spec: CreateEmbeddingResponse"],
    breaks=RAW,
)
def the_sdk_reads_embeddings(exchange: Exchange) -> Findings:
    """The official SDK reads every answer and holds the vectors that were sent, in their order."""
    if readable(exchange):
        yield from reading.embeddings(exchange)


@check(
    "responses.witness",
    MUST,
    each=[probe for probe in RESPONSES if probe.answered_by],
    evidence=["spec: Response"],
    breaks=RAW,
)
def the_sdk_reads_responses(exchange: Exchange) -> Findings:
    """The official SDK reads every response, whole or streamed, and holds its text, its calls, its end, its usage."""
    if readable(exchange):
        yield from responses(exchange)


@check(
    "responses.witness_accepted",
    MUST,
    each=[probe for probe in RESPONSES if not probe.answered_by],
    requires=["responses.answered"],
    evidence=["spec: Response"],
    breaks=RAW,
)
def the_sdk_reads_accepted_responses(exchange: Exchange) -> Findings:
    """The official SDK reads the response to each request that a server may refuse and does not."""
    if readable(exchange):
        yield from responses(exchange)


@check(
    "responses.witness_helper",
    SHOULD,
    each=[probe for probe in RESPONSES if asks_for_stream(probe)],
    evidence=["spec: ResponseStreamEvent"],
    breaks=HELPER,
)
def the_helper_reads_responses(exchange: Exchange) -> Findings:
    """The stream helper of the official SDK reads every streamed response and loses nothing of it."""
    if readable(exchange):
        yield from responses_helper(exchange)


@check("models.witness", MUST, probe=models_list, evidence=["spec: ListModelsResponse"], breaks=RAW)
def the_sdk_lists_models(exchange: Exchange) -> Findings:
    """The official SDK lists every model that the server lists."""
    yield from reading.models(exchange)


@check(
    "errors.witness",
    SHOULD,
    together=[missing_messages, mistyped_messages, unknown_model],
    evidence=["spec: ErrorResponse"],
    misleads=RAW,
)
def the_sdk_raises_refusals(first: Exchange, second: Exchange, third: Exchange) -> Findings:
    """A refusal reaches the official SDK's user as the exception of its status, with the server's message."""
    refusals = [each for each in (first, second, third) if _refused(each)]
    if not refusals:
        raise Unexercised("the server refuses none of the requests that are faulty")
    for exchange in refusals:
        reply = Reply.of(exchange)
        message = reply.json["error"]["message"].require(STRING)
        yield from reading.refusal(exchange, reply.status, message)


def readable(exchange: Exchange) -> bool:
    """Whether an answer came whole: what is refused or cut off, other checks judge, and the SDK rightly raises."""
    return exchange.error is None and not _refused(exchange)


def _refused(exchange: Exchange) -> bool:
    return not 200 <= Reply.of(exchange).status < 400
