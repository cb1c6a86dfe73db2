"""Which content a server must read, and which requests it must refuse."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_shape import FINISH_REASONS
from sixgates.completion import Completion
from sixgates.exchange import Finding
from sixgates.probes.chat import chat_longer_prompt, chat_stream_unicode, chat_unicode
from sixgates.probes.errors import missing_messages
from sixgates.probes.input import chat_broken_image, chat_parts, no_messages
from sixgates.select import INTEGER, NON_EMPTY_STRING, OBJECT, Findings, Json, Unexercised, shown
from sixgates.views import Document, Reply

SPEC = "spec: ChatCompletionRequestMessage"
SPEC_USER = "spec: ChatCompletionRequestUserMessage"


@check(
    "input.content_parts_text",
    MUST,
    together=[chat_longer_prompt, chat_parts],
    evidence=[
        SPEC_USER,
        "penta2himajin/qwisp#83",
        "qualcomm/GenieX#683",
        "theroyallab/tabbyAPI#117",
        "infiniflow/ragflow#15359",
    ],
)
def parts_are_read(whole: Document, parts: Document) -> Findings:
    """Content as an array of text parts is accepted and read like the same text as a string."""
    yield from parts.message.unlike(OBJECT)
    yield from _at_least(parts["usage"]["prompt_tokens"], whole["usage"]["prompt_tokens"], 1 / 3)


@check(
    "input.content_parts_multi",
    SHOULD,
    together=[chat_longer_prompt, chat_parts],
    requires=["input.content_parts_text"],
    evidence=[SPEC_USER, "ayunis-core/ayunis-core#719"],
)
def all_parts_are_read(whole: Document, parts: Document) -> Findings:
    """Of several text parts each is read."""
    counted, expected = parts["usage"]["prompt_tokens"], whole["usage"]["prompt_tokens"]
    if not are_counts(counted, expected):
        raise Unexercised("the server counts no prompt tokens, so a dropped part would not show")
    yield from _at_least(counted, expected, 9 / 10)


@check(
    "input.messages_empty",
    SHOULD,
    probe=no_messages,
    evidence=["spec: CreateChatCompletionRequest", "NVIDIA-AI-Blueprints/llm-router#33"],
)
def no_messages_are_refused(reply: Reply) -> Findings:
    """An empty array of messages is refused with a 4xx that has a message."""
    yield from _refused(reply)


@check(
    "input.messages_missing",
    MUST,
    probe=missing_messages,
    evidence=["spec: CreateChatCompletionRequest", "ray-project/ray#64833"],
)
def missing_messages_are_named(reply: Reply) -> Findings:
    """A request without messages is refused with a 4xx that names them."""
    yield from _refused(reply)
    error = reply.json["error"]
    if "messages" not in f"{error['param'].value} {error['message'].value}":
        yield error.finding("an error that names messages")


@check(
    "input.unicode_roundtrip",
    MUST,
    each=[chat_unicode, chat_stream_unicode],
    evidence=[SPEC, "ggml-org/llama.cpp#11738", "containers/ramalama#752"],
)
def any_script_is_answered(answer: Completion) -> Findings:
    """A prompt of emoji and Chinese characters is answered to the end, streamed or not."""
    yield from answer.finish.unlike(FINISH_REASONS)


@check(
    "input.image_bad",
    SHOULD,
    probe=chat_broken_image,
    evidence=[
        "spec: ChatCompletionRequestMessageContentPartImage",
        "vllm-project/vllm#47163",
        "vllm-project/vllm#21254",
        "BerriAI/litellm#14085",
    ],
)
def broken_images_are_refused(reply: Reply) -> Findings:
    """An image that cannot be read is refused with a 4xx, by models that see and by those that do not."""
    yield from _refused(reply)


def _refused(reply: Reply) -> Findings:
    if not 400 <= reply.status < 500:
        fault = ": accepted, and the fault ignored" if reply.status < 300 else ""
        yield Finding("status", "a 4xx", f"{reply.status} {shown(reply.text)}{fault}")
    elif reply.status not in (404, 405):
        yield from reply.json["error"]["message"].unlike(NON_EMPTY_STRING)


def _at_least(counted: Json, whole: Json, share: float) -> Findings:
    if are_counts(counted, whole) and counted.value < whole.value * share:
        expected = f"about {whole.value}, as for the same text as a string"
        yield counted.finding(expected, "parts of the message were dropped")


def are_counts(*counts: Json) -> bool:
    """Whether these are counts of tokens."""
    return all(INTEGER.holds(count.value) and count.value > 0 for count in counts)
