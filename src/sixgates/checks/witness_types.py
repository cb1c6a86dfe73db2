"""The official SDK's types as judges of shape, at the places that no other check looks at."""

from collections.abc import Mapping
from functools import cache

from sixgates.catalogue import CATALOGUE, SHOULD, check
from sixgates.checks.witness import CHATS, WHOLE_RESPONSES, asks_for_stream, readable
from sixgates.exchange import Exchange
from sixgates.probes.completions import completions, completions_two_prompts
from sixgates.probes.embeddings import (
    embeddings,
    embeddings_batch,
    embeddings_half,
    embeddings_tokens,
)
from sixgates.probes.models import model_retrieve
from sixgates.select import Findings
from sixgates.views import ChatStream, Document
from sixgates.witness.types import CHAT, CHUNK, COMPLETION, EMBEDDINGS, MODEL, RESPONSE, Elsewhere, mistyped

_STREAMED = tuple(each for each in CHATS if asks_for_stream(each))
_PLAIN = tuple(each for each in CHATS if not asks_for_stream(each))
OF_CHAT: Mapping[str, str] = {
    "/id": "chat.shape.required_fields",
    "/object": "chat.shape.object_literal",
    "/created": "chat.shape.created_int",
    "/model": "chat.shape.required_fields",
    "/choices": "chat.shape.required_fields",
    "/choices/*": "chat.shape.required_fields",
    "/choices/*/index": "chat.shape.required_fields",
    "/choices/*/finish_reason": "chat.shape.finish_reason_enum",
    "/choices/*/logprobs": "chat.shape.extra_fields_namespaced",
    "/choices/*/message": "chat.shape.required_fields",
    "/choices/*/message/role": "chat.shape.role",
    "/choices/*/message/content": "chat.shape.content_type",
    "/choices/*/message/refusal": "chat.shape.extra_fields_namespaced",
    "/choices/*/message/annotations": "chat.shape.extra_fields_namespaced",
    "/choices/*/message/audio": "chat.shape.extra_fields_namespaced",
    "/choices/*/message/function_call": "chat.shape.extra_fields_namespaced",
    "/choices/*/message/tool_calls/**": "chat.shape.tool_calls_absent",
    "/service_tier": "chat.shape.service_tier_enum",
    "/system_fingerprint": "chat.shape.extra_fields_namespaced",
    "/usage/**": "chat.shape.usage_present",
}
"""Places of a completion with the check that judges them."""
OF_CHUNKS: Mapping[str, str] = {
    "/id": "chat.stream.id_stable",
    "/object": "chat.stream.object_literal",
    "/created": "chat.stream.created_stable",
    "/model": "chat.stream.model_stable",
    "/choices": "chat.stream.choices_array_always",
    "/choices/*": "chat.stream.delta_object",
    "/choices/*/index": "chat.stream.choice_index",
    "/choices/*/finish_reason": "chat.stream.finish_reason_enum",
    "/choices/*/delta": "chat.stream.delta_object",
    "/choices/*/delta/role": "chat.stream.role_first",
    "/choices/*/delta/content": "chat.stream.content_string",
    "/choices/*/delta/tool_calls/**": "tools.stream.array",
    "/usage/**": "chat.stream.usage_final",
}
"""The same of a chunk."""
OF_COMPLETIONS: Mapping[str, str] = {
    "/object": "completions.shape",
    "/choices": "completions.shape",
    "/choices/*": "completions.shape",
    "/choices/*/text": "completions.shape",
    "/choices/*/index": "completions.shape",
    "/choices/*/finish_reason": "completions.shape",
    "/usage/**": "completions.shape",
}
"""The same of a legacy completion."""


@check("chat.sdk_types", SHOULD, each=_PLAIN, evidence=["spec: CreateChatCompletionResponse"])
def answers_are_of_the_sdks_type(exchange: Exchange) -> Findings:
    """Members that no other check judges have, where they are there, the types that the official SDK declares."""
    if readable(exchange):
        yield from mistyped(CHAT, Document.of(exchange).root, _judged("chat", exchange.probe))


@check("chat.stream.sdk_types", SHOULD, each=_STREAMED, evidence=["spec: CreateChatCompletionStreamResponse"])
def chunks_are_of_the_sdks_type(exchange: Exchange) -> Findings:
    """Members of chunks that no other check judges have the types that the official SDK declares."""
    for chunk in ChatStream.of(exchange).completion_chunks if readable(exchange) else ():
        yield from mistyped(CHUNK, chunk, _judged("chunks", exchange.probe))


@check(
    "completions.sdk_types",
    SHOULD,
    each=[completions, completions_two_prompts],
    evidence=["spec: CreateCompletionResponse"],
)
def completions_are_of_the_sdks_type(exchange: Exchange) -> Findings:
    """Members that no other check judges have, where they are there, the types that the official SDK declares."""
    if readable(exchange):
        yield from mistyped(COMPLETION, Document.of(exchange).root, _judged("completions", exchange.probe))


@check("responses.sdk_types", SHOULD, each=WHOLE_RESPONSES, evidence=["spec: Response"])
def responses_are_of_the_sdks_type(exchange: Exchange) -> Findings:
    """Every member of a response but its usage has the type that the official SDK declares."""
    if readable(exchange):
        yield from mistyped(RESPONSE, Document.of(exchange).root, Elsewhere(("/usage/**",)))


@check(
    "embeddings.sdk_types",
    SHOULD,
    each=[embeddings, embeddings_batch, embeddings_tokens, embeddings_half],
    evidence=["spec: CreateEmbeddingResponse"],
)
def embeddings_are_of_the_sdks_type(exchange: Exchange) -> Findings:
    """Every member of an answer with embeddings has the type that the official SDK declares."""
    if readable(exchange):
        yield from mistyped(EMBEDDINGS, Document.of(exchange).root, Elsewhere(("/data/*/embedding/**",)))


@check("models.sdk_types", SHOULD, probe=model_retrieve, evidence=["spec: Model"])
def a_model_is_of_the_sdks_type(exchange: Exchange) -> Findings:
    """Every member of a single model has the type that the official SDK declares."""
    if readable(exchange):
        yield from mistyped(MODEL, Document.of(exchange).root, NOWHERE)


NOWHERE = Elsewhere(())
_PLACES = {"chat": OF_CHAT, "chunks": OF_CHUNKS, "completions": OF_COMPLETIONS}


@cache
def _judged(kind: str, probe: str) -> Elsewhere:
    """The places of one probe's answer that its other checks judge."""
    checks = CATALOGUE.checks
    return Elsewhere(
        tuple(
            place
            for place, check in _PLACES[kind].items()
            if any(each.name == probe for each in checks[check].probes)
        )
    )
