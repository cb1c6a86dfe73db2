"""What log probabilities must be where they are asked for, and what a seed does."""

from collections.abc import Iterator

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.exchange import Finding
from sixgates.probes.params import chat_logprobs, chat_stream_logprobs
from sixgates.select import ARRAY, INTEGER, NULL, OBJECT, STRING, Findings, Json, Kind, shown
from sixgates.views import ChatStream, Document, Reply, members

SPEC = "spec: ChatCompletionTokenLogprob"
NO_MORE_THAN_0 = Kind(
    "a number ≤ 0",
    lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value <= 1e-6,
)
BYTES = Kind(
    "an array of bytes",
    lambda value: isinstance(value, list) and all(INTEGER.holds(item) and 0 <= item < 256 for item in value),
)
TOP = 2


@check("params.logprobs.accepted", MUST, probe=chat_logprobs, evidence=[SPEC, "ollama/ollama#16117"])
def logprobs_are_accepted(reply: Reply) -> Findings:
    """A request for logprobs is answered with 200 and a JSON object."""
    yield from reply.status_in(200)
    yield from reply.json.unlike(OBJECT)


@check(
    "params.logprobs.not_silently_dropped",
    SHOULD,
    probe=chat_logprobs,
    evidence=[SPEC, "ollama/ollama#16117", "ggml-org/llama.cpp#10733"],
)
def logprobs_are_given(completion: Document) -> Findings:
    """Logprobs that were asked for are given, one for each token."""
    yield from completion.choices[0]["logprobs"]["content"].unlike(
        Kind("an entry for each token", lambda value: isinstance(value, list) and bool(value))
    )


@check(
    "params.logprobs.shape",
    SHOULD,
    probe=chat_logprobs,
    requires=["params.logprobs.not_silently_dropped"],
    evidence=[SPEC, "vllm-project/vllm#4795", "abetlen/llama-cpp-python#1787", "ggml-org/llama.cpp#6423"],
)
def entries_have_their_shape(completion: Document) -> Findings:
    """There is an entry a token, with the token, a logprob of at most 0, bytes or null, and alternatives."""
    entries = completion.choices[0]["logprobs"]["content"].elements
    for entry in entries:
        yield from _entry(entry)
        yield from entry["top_logprobs"].unlike(ARRAY)
    count = completion["usage"]["completion_tokens"]
    if INTEGER.holds(count.value) and not 0 <= count.value - len(entries) <= 1:
        yield Finding(
            "/choices/0/logprobs/content", f"{count.value} entries, as tokens", f"{len(entries)} entries"
        )


@check(
    "params.logprobs.top",
    SHOULD,
    probe=chat_logprobs,
    requires=["params.logprobs.not_silently_dropped"],
    evidence=[SPEC, "vllm-project/vllm#4795"],
)
def alternatives_are_the_likeliest(completion: Document) -> Findings:
    """top_logprobs has as many alternatives as asked for (or one more, the token itself), the likeliest first."""
    for entry in completion.choices[0]["logprobs"]["content"].elements:
        top = entry["top_logprobs"]
        likely = [each["logprob"].value for each in members(top)]
        if not TOP <= len(likely) <= TOP + 1:
            yield top.finding(f"{TOP} alternatives")
        for each in members(top):
            yield from _entry(each)
        numbers = [value for value in likely if NO_MORE_THAN_0.holds(value)]
        if numbers[:TOP] != sorted(numbers[:TOP], reverse=True):
            yield top.finding("the likeliest alternative first")


@check(
    "params.logprobs.bytes_roundtrip",
    SHOULD,
    probe=chat_logprobs,
    requires=["params.logprobs.not_silently_dropped"],
    evidence=[SPEC, "vllm-project/vllm#6626"],
)
def bytes_are_those_of_the_text(completion: Document) -> Findings:
    """The bytes of all tokens, where given, are the bytes of the text."""
    choice = completion.choices[0]
    entries = choice["logprobs"]["content"].elements
    given = [entry["bytes"].value for entry in entries]
    text = choice["message"]["content"].text.encode(errors="replace")
    if all(BYTES.holds(value) for value in given):
        joined = bytes(byte for value in given for byte in value)
        if text.strip() not in joined:
            yield Finding(
                "/choices/0/logprobs/content", f"the bytes of {shown(text.decode())}", shown(repr(joined))
            )


@check(
    "params.logprobs.stream",
    SHOULD,
    probe=chat_stream_logprobs,
    requires=["params.logprobs.accepted"],
    evidence=[SPEC, "BerriAI/litellm#10686"],
)
def streams_have_logprobs(stream: ChatStream) -> Findings:
    """A stream with logprobs has an entry for its tokens, of the same shape, and still says why it ended."""
    entries = list(_streamed(stream))
    if not entries:
        yield Finding("body", "chunks with logprobs", "none")
    for entry in entries:
        yield from _entry(entry)
    if not stream.choices[0].finish_reasons:
        yield Finding("body", "a finish_reason", "none")


@check(
    "params.seed.deterministic",
    SHOULD,
    together=[chat_logprobs, chat_stream_logprobs],
    requires=["params.logprobs.accepted"],
    capability="seed",
    evidence=["spec: CreateChatCompletionRequest"],
)
def a_seed_repeats_the_text(completion: Document, stream: ChatStream) -> Findings:
    """At temperature 1 the same seed gives the same text again."""
    first = completion.message["content"].text
    if stream.text != first:
        yield Finding("the second text", f"{shown(first)}, as with the same seed before", shown(stream.text))


def _streamed(stream: ChatStream) -> Iterator[Json]:
    for entry in stream.choices[0].entries:
        yield from members(entry["logprobs"]["content"])


def _entry(entry: Json) -> Findings:
    yield from entry["token"].unlike(STRING)
    yield from entry["logprob"].unlike(NO_MORE_THAN_0)
    yield from entry["bytes"].unlike(BYTES | NULL)
