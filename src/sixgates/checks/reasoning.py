"""Where a model's reasoning must stand: in a field of its own, before the content, whole or streamed."""

from sixgates.catalogue import SHOULD, check
from sixgates.completion import Completion
from sixgates.exchange import Exchange, Finding
from sixgates.probes.chat import chat, chat_again, chat_stream, chat_stream_long, chat_stream_usage
from sixgates.probes.input import reasoning_returned
from sixgates.select import STRING, Findings, Json, Unexercised, shown
from sixgates.views import ChatStream, Document, Reply, members

FIELDS = ("reasoning_content", "reasoning")
MARKS = ("<think>", "</think>", "<thinking>", "</thinking>", "<|channel|>analysis")
SILENT = "the model did not reason in this answer"


@check(
    "reasoning.separated",
    SHOULD,
    each=[chat, chat_again, chat_stream, chat_stream_usage, chat_stream_long],
    evidence=["vllm-project/vllm#14170", "ggml-org/llama.cpp#24096"],
)
def thoughts_are_not_in_the_content(exchange: Exchange) -> Findings:
    """The content holds no marks of reasoning, such as <think>."""
    text = Completion.of(exchange).text
    for mark in MARKS:
        if mark in text:
            yield Finding("content", "an answer without its reasoning", shown(text))
            return


@check(
    "reasoning.field_consistent",
    SHOULD,
    together=[chat, chat_stream],
    evidence=["vllm-project/vllm#27755", "vllm-project/vllm#33402", "Blaizzy/mlx-vlm#1408"],
)
def both_ways_use_the_same_field(plain: Document, stream: ChatStream) -> Findings:
    """Reasoning stands in the same fields whether the answer comes whole or as a stream."""
    whole = {name for name in FIELDS if _said(plain.message[name])}
    pieces = {name for delta in stream.choices[0].deltas for name in FIELDS if _said(delta[name])}
    if not whole | pieces:
        raise Unexercised(SILENT)
    if whole != pieces:
        expected = f"{' and '.join(sorted(whole)) or 'no reasoning'}, as in the plain answer"
        yield Finding("deltas", expected, " and ".join(sorted(pieces)) or "no reasoning")


@check(
    "reasoning.field_text",
    SHOULD,
    each=[chat, chat_again],
    evidence=["langgenius/dify#33342", "strands-agents/harness-sdk#2182", "anomalyco/opencode#30477"],
)
def reasoning_is_text(answer: Document) -> Findings:
    """Reasoning is a string, or null."""
    for name in FIELDS:
        if answer.message[name].given:
            yield from answer.message[name].unlike(STRING)


@check(
    "reasoning.stream_order",
    SHOULD,
    each=[chat_stream, chat_stream_long],
    evidence=["ollama/ollama#17166", "vllm-project/vllm#41691"],
)
def thoughts_come_first(stream: ChatStream) -> Findings:
    """In a stream the reasoning comes before the content, and no delta holds both."""
    said = [(delta.where, _reasons(delta), _said(delta["content"])) for delta in stream.choices[0].deltas]
    if not any(reasons for _, reasons, _ in said):
        raise Unexercised(SILENT)
    begun = False
    for where, reasons, content in said:
        if reasons and (begun or content):
            yield Finding(where, "reasoning before any content", "reasoning beside or after content")
            return
        begun = begun or content


@check(
    "reasoning.content_nonempty_on_stop",
    SHOULD,
    each=[chat, chat_again],
    evidence=["ggml-org/llama.cpp#25538"],
)
def who_stops_has_answered(answer: Document) -> Findings:
    """An answer that ends with "stop" is not reasoning alone."""
    choice = answer.choices[0]
    message = choice["message"]
    if not any(_said(message[name]) for name in FIELDS):
        raise Unexercised(SILENT)
    if choice["finish_reason"].value == "stop" and not _said(message["content"]):
        yield message["content"].finding("some content beside the reasoning")


@check(
    "reasoning.details_list_indexed",
    SHOULD,
    each=[chat_stream, chat_stream_long],
    evidence=["spec: ChatCompletionStreamResponseDelta"],
    breaks=["openai-python helper"],
)
def lists_in_deltas_are_indexed(stream: ChatStream) -> Findings:
    """The entries of a list in a delta, such as reasoning_details, each have an index."""
    for delta in stream.choices[0].deltas:
        for entry in members(delta["reasoning_details"]):
            if not isinstance(entry["index"].value, int):
                yield entry["index"].finding("an index")


@check(
    "reasoning.roundtrip_accepted",
    SHOULD,
    probe=reasoning_returned,
    evidence=["charmbracelet/crush#1590", "0xPlaygrounds/rig#1649", "vllm-project/vllm#38488"],
)
def reasoning_may_come_back(reply: Reply) -> Findings:
    """An assistant's message that comes back with its reasoning is accepted."""
    yield from reply.status_in(200)


def _reasons(delta: Json) -> bool:
    return any(_said(delta[name]) for name in FIELDS)


def _said(value: Json) -> bool:
    return value.given and bool(value.value)
