"""What a chat completion that is not streamed should be, and what its optional keys may hold."""

import re

from sixgates.catalogue import MAY, SHOULD, check
from sixgates.checks.chat_shape import (
    FORCED,
    NOTHING,
    PLAIN,
    SPEC,
    SPEC_MESSAGE,
    asked_model,
    messages_of,
)
from sixgates.probes.chat import chat, chat_again, chat_longer_prompt, chat_unicode
from sixgates.select import ARRAY, COUNT, NON_EMPTY_STRING, NULL, OBJECT, STRING, Findings, Kind
from sixgates.views import Document, Reply

EMPTY_ARRAY = Kind("an empty array", lambda value: isinstance(value, list) and not value)
CONTROL_TOKEN = re.compile(
    r"<\|(?:im_start|im_end|im_sep|eot_id|eom_id|end_of_text|begin_of_text|endoftext|end|start_header_id"
    r"|end_header_id|assistant|user|system|return|channel|message)\|>|</s>|\[/?INST\]|<(?:start|end)_of_turn>"
)


@check(
    "chat.shape.id_unique",
    SHOULD,
    together=[chat, chat_again],
    evidence=[SPEC, "ollama/ollama#7881", "aws-samples/bedrock-access-gateway#150"],
    luck="Ids that are drawn from too few are alike only now and then.",
)
def ids_differ(first: Document, second: Document) -> Findings:
    """A completion's id is a non-empty string, and another completion has another one."""
    yield from first["id"].unlike(NON_EMPTY_STRING)
    if second["id"].value == first["id"].value:
        yield second["id"].finding("an id other than that of the completion before")


@check(
    "chat.shape.content_key_present",
    SHOULD,
    each=[chat, *FORCED],
    evidence=[SPEC_MESSAGE, "langchain4j/langchain4j#1958"],
)
def content_is_there(completion: Document) -> Findings:
    """A message has the key `content`, null at least, also beside tool calls."""
    for message in messages_of(completion):
        yield from message["content"].unlike(STRING | NULL)


@check("chat.shape.refusal_key", SHOULD, probe=chat, evidence=[SPEC_MESSAGE, "mlcommons/endpoints#133"])
def refusal_is_there(completion: Document) -> Findings:
    """A message has the key `refusal`, null where the model did not refuse."""
    for message in messages_of(completion):
        yield from message["refusal"].unlike(STRING | NULL)


@check("chat.shape.logprobs_key", SHOULD, probe=chat, evidence=[SPEC])
def logprobs_are_null(completion: Document) -> Findings:
    """A choice has the key `logprobs`, null where none were asked for."""
    for choice in completion.choices:
        yield from choice["logprobs"].unlike(NULL)


@check(
    "chat.shape.usage_present",
    SHOULD,
    each=[*PLAIN, *FORCED],
    evidence=["spec: CompletionUsage"],
)
def usage_is_there(completion: Document) -> Findings:
    """A completion has a usage object with three counts."""
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        yield from completion["usage"][name].unlike(COUNT)


@check(
    "chat.shape.model_echo",
    SHOULD,
    probe=chat,
    evidence=[SPEC, "BerriAI/litellm#15141", "microsoft/foundry-local#144"],
)
def model_is_named(reply: Reply) -> Findings:
    """The completion names its model, without a prefix that only the server's inside knows."""
    model, asked = reply.json["model"], asked_model(reply)
    yield from model.unlike(NON_EMPTY_STRING)
    if isinstance(model.value, str) and model.value.endswith(f"/{asked}"):
        yield model.finding(f"{asked}, or the snapshot that it stands for")


@check(
    "chat.shape.tool_calls_absent",
    SHOULD,
    each=PLAIN,
    evidence=["vercel/ai#1865"],
)
def no_calls_without_tools(completion: Document) -> Findings:
    """Without tools in the request, `tool_calls` is absent, null or an empty array."""
    for message in messages_of(completion):
        yield from message["tool_calls"].unlike(NOTHING | EMPTY_ARRAY)


@check("chat.shape.service_tier_enum", SHOULD, probe=chat, evidence=[SPEC, "pydantic/pydantic-ai#4895"])
def service_tier_is_known(completion: Document) -> Findings:
    """A service tier, if there is one, is a word; there are more of them than the specification lists."""
    yield from completion["service_tier"].unlike(NON_EMPTY_STRING | NOTHING)


@check(
    "chat.shape.no_template_leak",
    SHOULD,
    each=[chat, chat_longer_prompt, chat_unicode],
    evidence=["smg-project/smg#2203", "vllm-project/vllm#51697"],
)
def no_control_tokens(completion: Document) -> Findings:
    """The content holds no control token of a chat template, such as <|im_end|> or [INST]."""
    for message in messages_of(completion):
        leaked = CONTROL_TOKEN.search(str(message["content"].value))
        if leaked:
            yield message["content"].finding(f"text without {leaked.group()}")


@check(
    "chat.shape.extra_fields_namespaced",
    MAY,
    each=PLAIN,
    evidence=[SPEC, "agentscope-ai/QwenPaw#3560"],
)
def standard_keys_keep_their_types(completion: Document) -> Findings:
    """What a vendor adds does not reuse an optional standard key for another type."""
    yield from completion["system_fingerprint"].unlike(STRING | NOTHING)
    yield from completion["usage"].unlike(OBJECT | NOTHING)
    for choice in completion.choices:
        yield from choice["logprobs"].unlike(OBJECT | NOTHING)
        message = choice["message"]
        yield from message["refusal"].unlike(STRING | NOTHING)
        yield from message["annotations"].unlike(ARRAY | NOTHING)
        for name in ("audio", "function_call"):
            yield from message[name].unlike(OBJECT | NOTHING)
