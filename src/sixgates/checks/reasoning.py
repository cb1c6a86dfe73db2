"""Where a model's thought must stand, and where it must not. What never thinks leaves most of this unexercised."""

import re

from sixgates.catalogue import MAY, SHOULD, check
from sixgates.checks.chat_shape import PLAIN
from sixgates.exchange import Finding
from sixgates.probes.chat import (
    chat,
    chat_stream,
    chat_stream_one_token,
    chat_stream_stopped,
    chat_stream_unicode,
    chat_stream_usage,
    chat_unicode,
)
from sixgates.probes.led import thought_led, thought_led_stream
from sixgates.probes.structured import schema, schema_stream
from sixgates.probes.tools import tool_none, tool_none_stream
from sixgates.reasoning import TEXTS, Reasoned, filled
from sixgates.select import INTEGER, STRING, Findings, Unexercised, shown
from sixgates.views import members

OPEN_STREAMS = (chat_stream, chat_stream_usage, chat_stream_one_token, chat_stream_unicode)
STREAMS = (*OPEN_STREAMS, chat_stream_stopped)
MARKUP = re.compile(r"</?think(?:ing)?>|\[/?THINK\]|<\|channel\|>")
SILENT = "no answer came with a thought"


@check(
    "reasoning.separated",
    SHOULD,
    each=[
        *(*PLAIN, *STREAMS, schema, schema_stream),
        *(tool_none, tool_none_stream, thought_led, thought_led_stream),
    ],
    evidence=["vllm-project/vllm#14170", "ggml-org/llama.cpp#24096"],
)
def content_is_no_thought(answer: Reasoned) -> Findings:
    """The content holds no markup of a thought, such as <think>."""
    leak = MARKUP.search(answer.text)
    if leak:
        hint = "switch on the engine's parser of reasoning for this model"
        yield Finding("content", "no markup of a thought", shown(answer.text[leak.start() :]), hint)


@check(
    "reasoning.field_consistent",
    SHOULD,
    together=[chat, chat_unicode, chat_stream, chat_stream_unicode],
    evidence=["vllm-project/vllm#27755", "vllm-project/vllm#50624", "Blaizzy/mlx-vlm#1408"],
)
def streams_think_in_the_same_field(
    chat: Reasoned, unicode: Reasoned, stream: Reasoned, unicode_stream: Reasoned
) -> Findings:
    """A thought stands in the same fields whether the answer is streamed or not."""
    plain, streamed = {*chat.fields, *unicode.fields}, {*stream.fields, *unicode_stream.fields}
    if not plain and not streamed:
        raise Unexercised(SILENT)
    if plain != streamed:
        yield Finding("thought", f"{_listed(plain)} in the stream as in the plain answer", _listed(streamed))


@check(
    "reasoning.field_both",
    MAY,
    each=[chat, chat_unicode, chat_stream, chat_stream_unicode, thought_led, thought_led_stream],
    evidence=[
        "langgenius/dify#33342",
        "strands-agents/harness-sdk#2182",
        "anomalyco/opencode#30477",
        "musistudio/claude-code-router#1205",
    ],
)
def every_client_finds_the_thought(answer: Reasoned) -> Findings:
    """A thought is a string, the same under reasoning_content and reasoning: clients read one or the other."""
    _thoughtful(answer)
    for field in TEXTS:
        for piece in answer.pieces:
            if filled(piece[field]):
                yield from piece[field].unlike(STRING)
    named, renamed = (answer.told(field) for field in TEXTS)
    if named != renamed:
        where = "stream" if answer.completion.streamed else "message"
        got = f"reasoning_content {shown(named)}, reasoning {shown(renamed)}"
        yield Finding(where, "the same thought under both names", got)


@check(
    "reasoning.stream_order",
    SHOULD,
    each=[*OPEN_STREAMS, thought_led_stream],
    evidence=["ollama/ollama#17166", "vllm-project/vllm#41691"],
)
def thoughts_come_first(answer: Reasoned) -> Findings:
    """In a stream the thought comes before the content, and no delta holds both."""
    _thoughtful(answer)
    begun = False
    for piece in answer.pieces:
        thinks = any(filled(piece[field]) for field in answer.fields)
        speaks = filled(piece["content"])
        if thinks and speaks:
            yield piece.finding("a thought or content, not both")
        elif thinks and begun:
            yield piece.finding("content only: it has begun")
        begun = begun or speaks


@check(
    "reasoning.content_nonempty_on_stop",
    SHOULD,
    each=[*PLAIN, *OPEN_STREAMS, thought_led, thought_led_stream],
    evidence=["ggml-org/llama.cpp#25538"],
)
def a_thought_is_no_answer(answer: Reasoned) -> Findings:
    """An answer that ended by itself has content, not only a thought."""
    _thoughtful(answer)
    if answer.completion.finish.value == "stop" and not answer.text:
        yield Finding("content", "content after the thought", shown(answer.text))


@check(
    "reasoning.details_list_indexed",
    MAY,
    each=[*STREAMS, schema_stream],
    evidence=["source: openai-python _deltas.py"],
)
def lists_in_deltas_have_indexes(answer: Reasoned) -> Findings:
    """Objects in a list of a delta, such as reasoning_details, have an index each."""
    lists = [
        piece[field]
        for piece in answer.pieces
        for field in (piece.value if isinstance(piece.value, dict) else {})
        if field != "tool_calls"
    ]
    found = [entry for each in lists for entry in members(each) if isinstance(entry.value, dict)]
    if not found:
        raise Unexercised("no delta holds a list of objects")
    for entry in found:
        yield from entry["index"].unlike(INTEGER)


def _thoughtful(answer: Reasoned) -> None:
    if not answer.thought:
        raise Unexercised(SILENT)


def _listed(fields: set[str]) -> str:
    return " and ".join(sorted(fields)) or "none"
