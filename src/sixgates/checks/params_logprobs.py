"""What log probabilities must be where they are asked for, and what a seed does."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.exchange import Finding
from sixgates.probes.chat import chat, chat_again
from sixgates.probes.params import chat_logprobs, chat_seed, chat_stream_logprobs
from sixgates.select import ARRAY, INTEGER, NULL, OBJECT, STRING, Findings, Json, Kind, Unexercised, shown
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
"""How many alternatives the probes ask for."""

CLOSE, FLOOR = 0.01, -1000.0
"""How far equal logprobs may be apart, and the one below which all are alike: nothing is as unlikely."""


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
    entries = completion.choices[0]["logprobs"]["content"].elements
    yield from _as_many_as_asked(entries)
    for entry in entries:
        top = entry["top_logprobs"]
        for each in members(top):
            yield from _entry(each)
        numbers = [max(value, FLOOR) for value in _values(top, "logprob") if NO_MORE_THAN_0.holds(value)]
        if numbers[:TOP] != sorted(numbers[:TOP], reverse=True):
            yield top.finding("the likeliest alternative first")


@check(
    "params.logprobs.consistent",
    SHOULD,
    probe=chat_logprobs,
    requires=["params.logprobs.not_silently_dropped"],
    evidence=[SPEC, "ggml-org/llama.cpp#6423"],
)
def logprobs_are_logarithms_of_probabilities(completion: Document) -> Findings:
    """A token among its alternatives has its own logprob, and the probabilities add up to at most 1."""
    for entry in completion.choices[0]["logprobs"]["content"].elements:
        top, own = entry["top_logprobs"], entry["logprob"].value
        if not NO_MORE_THAN_0.holds(own):
            continue
        alternatives = [each for each in members(top) if NO_MORE_THAN_0.holds(each["logprob"].value)]
        for each in alternatives:
            same = all(each[name].value == entry[name].value for name in ("token", "bytes", "id"))
            if same and abs(max(each["logprob"].value, FLOOR) - max(own, FLOOR)) > CLOSE:
                yield each["logprob"].finding(f"{shown(own)}, as of the token itself")
        total = sum(math.exp(max(each["logprob"].value, FLOOR)) for each in alternatives)
        if total > 1 + CLOSE:
            yield top.finding(f"probabilities that add up to at most 1, not {total:.2f}")


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
    text = choice["message"]["content"].text
    joined = _bytes_of(entries)
    if joined is None:
        raise Unexercised("not every token comes with its bytes, so they cannot be joined")
    if _whole(text).encode(errors="replace") not in joined:
        yield Finding("/choices/0/logprobs/content", f"the bytes of {shown(text)}", shown(repr(joined)))


@check(
    "params.logprobs.stream",
    SHOULD,
    probe=chat_stream_logprobs,
    requires=["params.logprobs.accepted"],
    evidence=[SPEC, "BerriAI/litellm#10686"],
)
def streams_have_logprobs(stream: ChatStream) -> Findings:
    """A stream with logprobs has an entry for each of its tokens, of the same shape, and still says why it ended."""
    entries = list(_streamed(stream))
    if not entries:
        yield Finding("body", "chunks with logprobs", "none")
        return
    for entry in entries:
        yield from _entry(entry)
    yield from _as_many_as_asked(entries)
    written = _written(entries)
    if "\ufffd" not in written and _whole(stream.text) not in written:
        yield Finding("body", f"entries for all of {shown(stream.text)}", f"entries for {shown(written)}")
    if not stream.choices[0].finish_reasons:
        yield Finding("body", "a finish_reason", "none")


@check(
    "params.seed.deterministic",
    SHOULD,
    together=[chat, chat_again, chat_seed],
    evidence=["spec: CreateChatCompletionRequest"],
    luck="A seed that is ignored shows only where two samples come out unlike each other.",
)
def a_seed_repeats_the_text(greedy: Document, first: Document, again: Document) -> Findings:
    """At temperature 1 the same seed gives the same text again."""
    text, repeated = first.message["content"].text, again.message["content"]
    if not text and not repeated.text:
        raise Unexercised("neither answer holds a text")
    if repeated.text != text:
        yield repeated.finding(f"{shown(text)}, as with the same seed before")
    elif text == greedy.message["content"].value:
        raise Unexercised(
            "the sampled text is the one of temperature 0, so that its repetition shows nothing"
        )


def _streamed(stream: ChatStream) -> Iterator[Json]:
    for entry in stream.choices[0].entries:
        yield from members(entry["logprobs"]["content"])


def _entry(entry: Json) -> Findings:
    yield from entry["token"].unlike(STRING)
    yield from entry["logprob"].unlike(NO_MORE_THAN_0)
    yield from entry["bytes"].unlike(BYTES | NULL)


def _as_many_as_asked(entries: Iterable[Json]) -> Findings:
    """A finding for each token with too many alternatives, and one where no token has enough of them."""
    tops = [entry["top_logprobs"] for entry in entries]
    for top in tops:
        if len(members(top)) > TOP + 1:
            yield top.finding(f"{TOP} alternatives")
    if tops and all(len(members(top)) < TOP for top in tops):
        yield tops[0].finding(f"{TOP} alternatives, here or at a later token")


def _values(array: Json, name: str) -> list[Any]:
    return [each[name].value for each in members(array)]


def _bytes_of(entries: Iterable[Json]) -> bytes | None:
    """The bytes of all tokens, one after the other; None unless each has them."""
    given = [entry["bytes"].value for entry in entries]
    return b"".join(map(bytes, given)) if all(BYTES.holds(value) for value in given) else None


def _whole(text: str) -> str:
    """A text without blanks around it and without the character that the token limit may have cut."""
    return text.strip().rstrip("\ufffd").rstrip()


def _written(entries: Iterable[Json]) -> str:
    """The text of all tokens by their bytes, or by their names, in which some vocabularies write ▁ for a blank."""
    entries = list(entries)
    joined = _bytes_of(entries)
    if joined is not None:
        return joined.decode(errors="replace")
    return "".join(str(entry["token"].value) for entry in entries).replace("▁", " ")
