"""What the token counts of a completion must add up to."""

from sixgates.catalogue import MAY, MUST, SHOULD, check
from sixgates.checks.chat_shape import FORCED, NOTHING, PLAIN
from sixgates.probes.chat import (
    BASE,
    chat,
    chat_again,
    chat_longer_prompt,
    chat_stream_one_token,
    chat_stream_usage,
    chat_two_choices,
)
from sixgates.probes.completions import completions, completions_stopped_stream
from sixgates.probes.structured import json_object, schema
from sixgates.probes.tools import tool_named, tool_none
from sixgates.select import COUNT, INTEGER, OBJECT, Findings, Json, Kind, Unexercised, literal
from sixgates.views import ChatStream, Document

SPEC = "spec: CompletionUsage"
MOST_TOKENS = BASE["max_tokens"]
ALSO_COUNTED = (*FORCED, tool_none, json_object, schema)
COUNTED_STREAMS = (chat_stream_usage, chat_stream_one_token, completions_stopped_stream)
POSITIVE = Kind("an integer > 0", lambda value: INTEGER.holds(value) and value > 0)


@check(
    "usage.sum",
    MUST,
    each=[*PLAIN, *ALSO_COUNTED],
    evidence=[SPEC, "SecretiveShell/MCP-Bridge#48"],
)
def counts_add_up(completion: Document) -> Findings:
    """Where usage is given, the prompt counts, and total_tokens is at least prompt_tokens plus completion_tokens."""
    completion.choices[0].require(OBJECT)
    usage = completion["usage"]
    if usage.given:
        yield from _sum(usage)


@check(
    "usage.stream_sum",
    MUST,
    each=COUNTED_STREAMS,
    evidence=[SPEC, "SecretiveShell/MCP-Bridge#48"],
)
def streamed_counts_add_up(stream: ChatStream) -> Findings:
    """Where a stream gives usage, the prompt counts, and its last total is at least the sum, as in plain answers."""
    usage = _last_usage(stream)
    if usage.given:
        yield from _sum(usage)


@check(
    "usage.total",
    SHOULD,
    each=[*PLAIN, *ALSO_COUNTED],
    requires=["usage.sum"],
    evidence=[SPEC, "vercel/ai#12425", "Clarifai/clarifai-python#978"],
)
def totals_are_sums(completion: Document) -> Findings:
    """Where usage is given, total_tokens counts what the other two count, and thoughts that they leave out."""
    completion.choices[0].require(OBJECT)
    usage = completion["usage"]
    if usage.given:
        yield from _total(usage)


@check(
    "usage.stream_total",
    SHOULD,
    each=COUNTED_STREAMS,
    requires=["usage.stream_sum"],
    evidence=[SPEC, "SamSaffron/term-llm#424", "ogx-ai/ogx#5122"],
)
def streamed_totals_are_sums(stream: ChatStream) -> Findings:
    """Where a stream gives usage, its last total is a sum as in plain answers."""
    usage = _last_usage(stream)
    if usage.given:
        yield from _total(usage)


@check(
    "usage.stream_details",
    MAY,
    each=COUNTED_STREAMS,
    evidence=[SPEC, "ggml-org/llama.cpp#22081", "langchain-ai/langchain#39926"],
)
def streamed_details_are_parts(stream: ChatStream) -> Findings:
    """A stream's cached_tokens are among its prompt_tokens, its reasoning_tokens among its completion_tokens."""
    usage = _last_usage(stream)
    if usage.given:
        yield from _part(usage, "prompt_tokens", "cached_tokens")
        yield from _part(usage, "completion_tokens", "reasoning_tokens")


@check(
    "usage.stream_equals",
    SHOULD,
    together=[chat, chat_stream_usage],
    evidence=[SPEC, "BerriAI/litellm#3553", "tashfeenahmed/freellmapi#845"],
)
def stream_counts_the_same(completion: Document, stream: ChatStream) -> Findings:
    """A stream counts the prompt as the plain answer does, and an equal completion too."""
    plain = completion["usage"]
    streamed = _last_usage(stream)
    expected = plain["prompt_tokens"].integer
    yield from streamed["prompt_tokens"].unlike(_exactly(expected, "as in the plain answer"))
    if stream.text == completion.message["content"].value:
        expected = plain["completion_tokens"].integer
        yield from streamed["completion_tokens"].unlike(_exactly(expected, "as in the plain answer"))


@check(
    "usage.completion_matches_max",
    SHOULD,
    together=[chat, chat_longer_prompt, chat_stream_one_token],
    evidence=[SPEC, "ggml-org/llama.cpp#12137"],
)
def as_many_count_as_allowed(plain: Document, short: Document, stream: ChatStream) -> Findings:
    """What max_tokens cut counts exactly that many completion_tokens: 1 of 1, streamed or not."""
    yield from short["usage"]["completion_tokens"].unlike(_exactly(1, "as max_tokens allows"))
    usage = stream.chunks[-1]["usage"]
    if usage.given:
        yield from usage["completion_tokens"].unlike(_exactly(1, "as max_tokens allows"))
    if plain.choices[0]["finish_reason"].value == "length":
        counted = plain["usage"]["completion_tokens"]
        yield from counted.unlike(_exactly(MOST_TOKENS, "as max_tokens cut it"))


@check(
    "usage.prompt_monotonic",
    SHOULD,
    together=[chat, chat_again, chat_longer_prompt],
    evidence=[SPEC, "esengine/DeepSeek-Reasonix#10245"],
)
def longer_prompts_count_more(first: Document, again: Document, longer: Document) -> Findings:
    """The same prompt counts the same again, cached or not, and a longer one counts more."""
    count = first["usage"]["prompt_tokens"].integer
    yield from again["usage"]["prompt_tokens"].unlike(_exactly(count, "as for the same prompt before"))
    yield from longer["usage"]["prompt_tokens"].unlike(
        _more_than(count, "for a prompt of 20 times the length")
    )


@check(
    "usage.cached_tokens",
    MAY,
    each=[chat, chat_again, completions],
    evidence=[SPEC, "ggml-org/llama.cpp#22081"],
)
def cached_tokens_are_prompt_tokens(completion: Document) -> Findings:
    """cached_tokens, where given, is between 0 and prompt_tokens."""
    yield from _part(completion["usage"], "prompt_tokens", "cached_tokens")


@check(
    "usage.reasoning_tokens", MAY, each=[chat, chat_again, completions], evidence=["spec: CompletionUsage"]
)
def reasoning_tokens_are_completion_tokens(completion: Document) -> Findings:
    """reasoning_tokens, where given, is between 0 and completion_tokens."""
    yield from _part(completion["usage"], "completion_tokens", "reasoning_tokens")


@check("usage.n_choices", SHOULD, probe=chat_two_choices, capability="n", evidence=["spec: CompletionUsage"])
def every_choice_counts(completion: Document) -> Findings:
    """With n 2, completion_tokens counts the tokens of both choices."""
    written = sum(_least(choice) for choice in completion.choices)
    if len(completion.choices) < 2 or not written:
        raise Unexercised("the answer to n 2 holds no two choices, so there is nothing to add up")
    least = Kind(f"at least {written}", lambda value: INTEGER.holds(value) and value >= written)
    yield from completion["usage"]["completion_tokens"].unlike(least)


@check(
    "usage.tools_counted",
    SHOULD,
    together=[chat, tool_named],
    evidence=[SPEC, "maximhq/bifrost#6541"],
)
def tools_count(completion: Document, call: Document) -> Findings:
    """Tools raise prompt_tokens, and a pure tool call has completion_tokens."""
    count = completion["usage"]["prompt_tokens"].integer
    yield from call["usage"]["prompt_tokens"].unlike(_more_than(count, "for a request with a tool"))
    yield from call["usage"]["completion_tokens"].unlike(POSITIVE)


@check("usage.details_shape", SHOULD, each=PLAIN, evidence=[SPEC, "langchain-ai/langchain#39926"])
def details_hold_integers(completion: Document) -> Findings:
    """The details of usage, where given, are objects of integers."""
    completion.choices[0].require(OBJECT)
    for name in ("prompt_tokens_details", "completion_tokens_details"):
        details = completion["usage"][name]
        if details.given:
            for key in details.require(OBJECT):
                yield from details[key].unlike(INTEGER)


def _last_usage(stream: ChatStream) -> Json:
    given = [chunk["usage"] for chunk in stream.chunks if chunk["usage"].given]
    return given[-1] if given else stream.chunks[-1]["usage"]


def _sum(usage: Json) -> Findings:
    prompt, written = usage["prompt_tokens"].require(POSITIVE), usage["completion_tokens"].require(COUNT)
    least = prompt + written
    enough = Kind(
        f"at least {least}, {prompt} + {written}", lambda value: INTEGER.holds(value) and value >= least
    )
    yield from usage["total_tokens"].unlike(enough)


def _total(usage: Json) -> Findings:
    prompt, written = usage["prompt_tokens"].integer, usage["completion_tokens"].integer
    thoughts = usage["completion_tokens_details"]["reasoning_tokens"].value
    apart = thoughts if COUNT.holds(thoughts) else 0
    sums = literal(prompt + written, prompt + written + apart)
    exactly = Kind(f"{prompt + written}, {prompt} + {written}", sums.holds)
    yield from usage["total_tokens"].unlike(exactly)


def _exactly(count: int, why: str) -> Kind:
    return Kind(f"{count}, {why}", lambda value: INTEGER.holds(value) and value == count)


def _more_than(count: int, why: str) -> Kind:
    return Kind(f"more than {count}, {why}", lambda value: INTEGER.holds(value) and value > count)


def _part(usage: Json, whole: str, part: str) -> Findings:
    limit = usage[whole].integer
    some = Kind(f"an integer from 0 to {whole}", lambda value: INTEGER.holds(value) and 0 <= value <= limit)
    details = usage[f"{whole}_details"]
    yield from details.unlike(OBJECT | NOTHING)
    if details.given:
        yield from details[part].unlike(some | NOTHING)


def _least(choice: Json) -> int:
    if choice["finish_reason"].value == "length":
        return 4
    return 1 if choice["message"]["content"].value else 0
