"""What request parameters must do: limits, nulls, defaults, choices; each is judged by its effect."""

from sixgates.catalogue import MAY, MUST, SHOULD, check
from sixgates.checks.chat_shape import NOTHING
from sixgates.exchange import Finding
from sixgates.probes.chat import BASE, chat, chat_again, chat_longer_prompt, chat_two_choices
from sixgates.probes.params import (
    BIASED,
    FEW,
    chat_biased,
    chat_defaults,
    chat_max_completion_tokens,
    chat_nulls,
    chat_out_of_range,
    chat_stream_unknown_field,
)
from sixgates.select import COUNT, INTEGER, STRING, Findings, Kind, Unexercised, literal, shown
from sixgates.views import Document, Reply

SPEC = "spec: CreateChatCompletionRequest"


@check(
    "params.null_values",
    MUST,
    probe=chat_nulls,
    evidence=[SPEC, "ggml-org/llama.cpp#25515", "LostRuins/koboldcpp#1503", "ztjhz/BetterChatGPT#248"],
)
def nulls_are_as_if_absent(reply: Reply) -> Findings:
    """An optional field that is null is as good as absent."""
    yield from reply.status_in(200)


@check("params.stream_type", SHOULD, probe=chat_nulls, requires=["params.null_values"], evidence=[SPEC])
def stream_null_means_no_stream(reply: Reply) -> Findings:
    """With `stream: null` the answer comes whole, as JSON."""
    reply.json["choices"].elements[0]["message"].require(
        Kind("an object", lambda value: isinstance(value, dict))
    )
    yield from ()


@check(
    "params.known_fields_tolerated",
    SHOULD,
    probe=chat_defaults,
    evidence=[SPEC, "mistralai/platform-docs-public#7", "Gitlawb/openclaude#739", "crewAIInc/crewAI#60"],
)
def defaults_are_tolerated(reply: Reply) -> Findings:
    """Fields of the API at their defaults are accepted, whether or not the server knows them."""
    yield from reply.status_in(200)


@check(
    "params.unknown_field", SHOULD, probe=chat_stream_unknown_field, evidence=[SPEC, "vllm-project/vllm#3657"]
)
def unknown_fields_are_no_server_fault(reply: Reply) -> Findings:
    """A field that the API does not know is ignored or refused with 4xx; it is no fault of the server."""
    yield from _no_server_fault(reply)


@check(
    "params.out_of_range",
    SHOULD,
    probe=chat_out_of_range,
    evidence=[SPEC, "EricLBuehler/mistral.rs#1874", "EleutherAI/lm-evaluation-harness#1411"],
)
def values_out_of_range_are_no_server_fault(reply: Reply) -> Findings:
    """Temperature 3, penalty 5, n 0 and max_tokens 0 are refused with 4xx or clamped; never 5xx, never endless."""
    yield from _no_server_fault(reply)


@check(
    "params.max_tokens.honoured",
    MUST,
    together=[chat, chat_longer_prompt],
    evidence=[SPEC, "ROCm/FastFlowLM#728"],
)
def max_tokens_limits(plain: Document, short: Document) -> Findings:
    """max_tokens limits the completion, to 16 tokens as to one, and finish_reason says so."""
    for completion, limit in ((plain, BASE["max_tokens"]), (short, 1)):
        usage, content = completion["usage"]["completion_tokens"], completion.message["content"]
        if usage.given:
            yield from usage.unlike(_at_most(limit))
        elif _written(completion) > limit:
            yield content.finding(f"{limit} tokens at most")
    ends = literal("length") if short.message["content"].text else literal("length", "stop")
    yield from short.choices[0]["finish_reason"].unlike(ends)


@check(
    "params.max_completion_tokens",
    MUST,
    together=[chat, chat_max_completion_tokens],
    evidence=[SPEC, "abetlen/llama-cpp-python#1907", "huggingface/text-generation-inference#2844"],
)
def max_completion_tokens_limits(plain: Document, reply: Reply) -> Findings:
    """max_completion_tokens limits the completion as max_tokens does; it is neither ignored nor refused."""
    if reply.status != 200:
        yield from _refused(reply, "the limit")
        return
    choice = reply.json["choices"].elements[0]
    content, finish = choice["message"]["content"], choice["finish_reason"]
    usage = reply.json["usage"]["completion_tokens"]
    if usage.given:
        yield from usage.unlike(_at_most(FEW))
    if _written(plain) <= FEW + 1:
        raise Unexercised("so short an answer ends by itself, with or without the limit")
    if finish.value != "length" or content.value == plain.message["content"].value:
        got = f"{shown(finish.value)} after {shown(content.value)}"
        unlimited = content.value == plain.message["content"].value or len(str(content.value).split()) > FEW
        yield Finding(
            finish.where,
            f'"length" after {FEW} tokens',
            f"{got}: the limit was ignored" if unlimited else got,
        )


@check(
    "params.n.two",
    SHOULD,
    probe=chat_two_choices,
    evidence=[SPEC, "lm-sys/FastChat#3717", "vllm-project/vllm#52398"],
)
def two_choices_have_their_indices(completion: Document) -> Findings:
    """With n 2 there are two choices, with the indices 0 and 1."""
    indices = [choice["index"].value for choice in completion.choices]
    if sorted(map(repr, indices)) != ["0", "1"]:
        yield Finding("/choices", "two choices with the indices 0 and 1", f"the indices {shown(indices)}")


@check(
    "params.logit_bias",
    SHOULD,
    together=[chat, chat_biased],
    evidence=[SPEC, "thingsboard/thingsboard#15256"],
)
def a_bias_changes_the_text(plain: Document, reply: Reply) -> Findings:
    """The strongest bias towards one token changes the text; it is not ignored."""
    if reply.status != 200:
        yield from _refused(reply, "the bias")
        return
    biased = reply.json["choices"].elements[0]["message"]["content"]
    text = plain.message["content"].text
    if biased.value and text.startswith(biased.text):
        yield biased.finding(f"another text than without the bias towards token {BIASED}: it was ignored")


@check(
    "params.system_fingerprint", MAY, each=[chat, chat_again], evidence=["spec: CreateChatCompletionResponse"]
)
def a_fingerprint_is_text(completion: Document) -> Findings:
    """system_fingerprint, where given, is a string."""
    yield from completion["system_fingerprint"].unlike(STRING | NOTHING)


def _refused(reply: Reply, what: str) -> Findings:
    fate = f"{what} was refused" if 400 <= reply.status < 500 else f"the server failed on {what}"
    yield Finding("status", "200", f"{reply.status} {shown(reply.text)}: {fate}")


def _written(completion: Document) -> int:
    """How many tokens a completion has; its words where the server does not count them."""
    count = completion["usage"]["completion_tokens"].value
    return count if INTEGER.holds(count) else len(completion.message["content"].text.split())


def _no_server_fault(reply: Reply) -> Findings:
    if reply.status >= 500:
        yield Finding("status", "200 or a 4xx", f"{reply.status} {shown(reply.text)}")


def _at_most(most: int) -> Kind:
    return Kind(
        f"at most {most}", lambda value: INTEGER.holds(value) and COUNT.holds(value) and value <= most
    )
