"""What each chunk of a streamed chat completion must be."""

from collections.abc import Iterable
from itertools import pairwise

from sixgates.agreement import strayed
from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_stream_framing import ONE_CHOICE, STREAMS, TEXT_STREAMS
from sixgates.exchange import Exchange, Finding
from sixgates.probes.chat import chat, chat_stream_two_choices, chat_stream_usage, chat_unicode
from sixgates.probes.chat import chat_stream_unicode as stream_unicode
from sixgates.probes.params import chat_defaults
from sixgates.reasoning import Reasoned
from sixgates.select import (
    ARRAY,
    INTEGER,
    MISSING,
    NON_EMPTY_STRING,
    NULL,
    OBJECT,
    STRING,
    Findings,
    Json,
    Kind,
    Unexercised,
    Unmet,
    literal,
    shown,
)
from sixgates.views import ChatStream, Document

SPEC = "spec: CreateChatCompletionStreamResponse"
SPEC_DELTA = "spec: ChatCompletionStreamResponseDelta"
OPTIONAL_STRING = STRING | NULL | MISSING


def _same(values: Iterable[Json], kind: Kind) -> Findings:
    yield from strayed(tuple(values), kind, "the first chunk")


@check(
    "chat.stream.object_literal",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "microsoft/autogen#6465"],
)
def chunks_say_what_they_are(stream: ChatStream) -> Findings:
    """Every chunk's `object` is "chat.completion.chunk", a leading chunk without choices apart."""
    for chunk in stream.completion_chunks:
        yield from chunk["object"].unlike(literal("chat.completion.chunk"))


@check(
    "chat.stream.id_stable",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "BerriAI/litellm#16584", "BerriAI/litellm#38098", "ggml-org/llama.cpp#5876"],
)
def one_id_in_all_chunks(stream: ChatStream) -> Findings:
    """All chunks of a stream carry the same non-empty id."""
    yield from _same((chunk["id"] for chunk in stream.completion_chunks), NON_EMPTY_STRING)


@check(
    "chat.stream.created_stable",
    SHOULD,
    each=STREAMS,
    evidence=[SPEC],
    luck="A time that is taken anew for each chunk shows only where a second passes within a stream.",
)
def one_time_in_all_chunks(stream: ChatStream) -> Findings:
    """All chunks of a stream carry the same integer `created`."""
    yield from _same((chunk["created"] for chunk in stream.completion_chunks), INTEGER)


@check(
    "chat.stream.model_stable",
    SHOULD,
    each=STREAMS,
    evidence=[SPEC, "microsoft/foundry-local#144", "BerriAI/litellm#22709"],
)
def one_model_in_all_chunks(stream: ChatStream) -> Findings:
    """All chunks of a stream carry the same non-empty model."""
    yield from _same((chunk["model"] for chunk in stream.completion_chunks), NON_EMPTY_STRING)


@check(
    "chat.stream.choices_array_always",
    MUST,
    each=STREAMS,
    evidence=[SPEC],
)
def choices_are_an_array(stream: ChatStream) -> Findings:
    """Every chunk has a `choices` array, if only an empty one."""
    for chunk in stream.chunks:
        yield from chunk["choices"].unlike(ARRAY)


@check(
    "chat.stream.choice_index",
    MUST,
    each=ONE_CHOICE,
    evidence=[SPEC, "microsoft/foundry-local#144", "ggml-org/llama.cpp#20226"],
)
def the_only_choice_is_number_zero(stream: ChatStream) -> Findings:
    """Where one choice was asked for, every entry of `choices` has the index 0."""
    for entry in stream.entries:
        yield from entry["index"].unlike(literal(0))


@check(
    "chat.stream.delta_object",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "microsoft/autogen#6465"],
)
def every_choice_has_a_delta(stream: ChatStream) -> Findings:
    """Every entry of `choices` has a delta object, if only an empty one."""
    for entry in stream.entries:
        yield from entry["delta"].unlike(OBJECT)


@check(
    "chat.stream.role_first",
    MUST,
    each=STREAMS,
    evidence=[
        SPEC_DELTA,
        "langwatch/langwatch#6196",
        "maximhq/bifrost#6541",
        "agentgateway/agentgateway#3005",
    ],
)
def the_first_delta_names_the_role(stream: ChatStream) -> Findings:
    """The first delta of a choice has the role "assistant"."""
    for choice in stream.choices:
        yield from choice.deltas[0]["role"].unlike(literal("assistant"))


@check(
    "chat.stream.role_once",
    SHOULD,
    each=STREAMS,
    evidence=["BerriAI/litellm#9986", "ollama/ollama#17166"],
)
def later_deltas_name_no_role(stream: ChatStream) -> Findings:
    """Deltas after the first leave the role out."""
    for choice in stream.choices:
        for delta in choice.deltas[1:]:
            if delta["role"].given:
                yield delta["role"].finding("absent or null after the first delta")


@check(
    "chat.stream.first_content_string",
    SHOULD,
    each=TEXT_STREAMS,
    evidence=["kyutai-labs/unmute#80"],
)
def the_first_content_is_not_null(stream: ChatStream) -> Findings:
    """The first delta of a text answer has the content "" rather than null."""
    for choice in stream.choices:
        yield from choice.deltas[0]["content"].unlike(STRING | MISSING)


@check(
    "chat.stream.content_string",
    MUST,
    each=STREAMS,
    evidence=[SPEC_DELTA, "vercel/ai#13703"],
)
def content_is_text(stream: ChatStream) -> Findings:
    """A delta's content is a string, null or absent, never an array."""
    for entry in stream.entries:
        yield from entry["delta"]["content"].unlike(OPTIONAL_STRING)


@check(
    "chat.stream.delta_is_increment",
    MUST,
    together=[chat, chat_stream_usage],
    evidence=[SPEC_DELTA, "QwenLM/qwen-code#3896", "tashfeenahmed/freellmapi#1007"],
)
def deltas_are_increments(plain: Reasoned, stream: Reasoned) -> Findings:
    """Each delta adds to the text: none repeats the one before it or all that was said so far."""
    text, contents = "".join(plain.written), stream.written
    said = "".join(contents)
    if not said:
        raise Unexercised("the stream holds no text, so that nothing in it can repeat")
    half = said[: len(said) // 2]
    repeats: dict[str, bool] = {
        "each piece twice": contents[::2] == contents[1::2] and len(set(contents)) > 1,
        "all the text so far in each piece": _grows(contents),
        "the whole text twice": said == half * 2,
        "the whole text once more at the end": contents[-1] == "".join(contents[:-1]),
    }
    for words, holds in repeats.items():
        if holds and said != text:
            yield Finding("content", shown(text), f"{words}: {shown(said)}")
            return


def _grows(contents: tuple[str, ...]) -> bool:
    pairs = list(pairwise(contents))
    growing = sum(len(later) > len(earlier) for earlier, later in pairs)
    return growing >= 3 and all(later.startswith(earlier) for earlier, later in pairs)


@check(
    "chat.stream.equals_nonstream",
    SHOULD,
    together=[chat, chat_defaults, chat_stream_usage],
    evidence=["googleapis/python-genai#2868", "vllm-project/vllm#51697", "dyedd/lens#49"],
    luck="Other requests of the same moment can change a text by rounding, without a defect of the stream.",
)
def a_stream_says_the_same(plain: Document, again: Exchange, stream: ChatStream) -> Findings:
    """At temperature 0 and one seed, a stream has the plain answer's text, finish reason and token counts."""
    choice = stream.choices[0]
    text, reason = plain.message["content"].value or "", plain.choices[0]["finish_reason"].value
    if choice.text != text:
        if _text(again) != text:
            raise Unexercised("no second plain answer had the same text, so that a stream need not have it")
        yield Finding("content", shown(text), shown(choice.text))
    reasons = [each.value for each in choice.finish_reasons]
    if reasons != [reason]:
        yield Finding("finish_reason", shown(reason), shown(reasons))
    usage = stream.chunks[-1]["usage"]
    for name in ("prompt_tokens", "completion_tokens"):
        if usage.given and usage[name].value != plain["usage"][name].value:
            yield usage[name].finding(f"{shown(plain['usage'][name].value)}, as in the plain answer")


def _text(exchange: Exchange) -> str | None:
    try:
        return Document.of(exchange).message["content"].text
    except Unmet:
        return None


@check(
    "chat.stream.no_replacement_char",
    SHOULD,
    together=[chat_unicode, stream_unicode],
    evidence=["vllm-project/vllm#937", "Blaizzy/mlx-vlm#1076", "abetlen/llama-cpp-python#372"],
)
def no_character_is_broken(plain: Document, stream: ChatStream) -> Findings:
    """A streamed text has no replacement character that the plain answer lacks."""
    if not stream.text:
        raise Unexercised("the stream holds no text, so that no character of it can be broken")
    allowed = plain.message["content"].text.count("\ufffd")
    found = stream.text.count("\ufffd")
    if found > allowed:
        yield Finding(
            "content", f"{allowed} times U+FFFD, as in the plain answer", f"{found}: {shown(stream.text)}"
        )


@check(
    "chat.stream.n2_indices",
    SHOULD,
    probe=chat_stream_two_choices,
    evidence=["ggml-org/llama.cpp#20226"],
    luck="The order of two choices that are written at the same time can be another one the next time.",
)
def both_choices_are_streamed(stream: ChatStream) -> Findings:
    """With n=2, choice 0 comes first and each of the two has its role and its finish reason."""
    choices = stream.choices
    indices = [choice.index for choice in choices]
    if indices != [0, 1]:
        yield Finding("choices", "the indices 0 and 1, in that order", shown(indices))
    for choice in choices:
        yield from choice.deltas[0]["role"].unlike(literal("assistant"))
        if len(choice.finish_reasons) != 1:
            got = shown([reason.value for reason in choice.finish_reasons])
            yield Finding(f"choice {shown(choice.index)}", "one finish_reason", got)
