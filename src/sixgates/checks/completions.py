"""What the legacy endpoint /v1/completions must answer, plain and streamed."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.exchange import Finding
from sixgates.probes.completions import (
    MOST_TOKENS,
    PROMPT,
    completions,
    completions_echo,
    completions_stopped_stream,
    completions_two_prompts,
)
from sixgates.probes.twins import completions_stopped
from sixgates.select import (
    ARRAY,
    COUNT,
    INTEGER,
    NULL,
    OBJECT,
    STRING,
    Findings,
    Json,
    Kind,
    Unexercised,
    Unmet,
    literal,
    parse_json,
    shown,
)
from sixgates.views import DONE, ChatStream, Document, Reply

SPEC = "spec: CreateCompletionResponse"
SPEC_REQUEST = "spec: CreateCompletionRequest"
FINISH_REASONS = literal("stop", "length", "content_filter")
OTHER_TEXT = "the same prompt got another text than before, so that the two cannot be compared"
PARALLEL = ("tokens", "token_logprobs", "top_logprobs", "text_offset")


@check("completions.answered", MUST, probe=completions, evidence=[SPEC, "vllm-project/vllm#931"])
def a_prompt_is_completed(reply: Reply) -> Findings:
    """A prompt is answered with 200 and a JSON object."""
    if reply.status != 200:
        advice = (
            "the server has no /v1/completions: take `completions` out of its capabilities"
            if reply.status in {404, 405, 501}
            else "the server's log says why it refuses a plain request"
        )
        yield Finding("status", "200", f"{reply.status} {shown(reply.text)}", advice)
    else:
        yield from reply.json.unlike(OBJECT)


@check(
    "completions.shape",
    MUST,
    each=[completions, completions_stopped],
    evidence=[SPEC, "ROCm/FastFlowLM#728"],
)
def completions_have_their_shape(answer: Document) -> Findings:
    """The answer is a "text_completion"; each choice has text, an index and a known finish_reason; usage adds up."""
    yield from answer["object"].unlike(literal("text_completion"))
    for choice in answer.choices:
        yield from choice["text"].unlike(STRING)
        yield from choice["index"].unlike(COUNT)
        yield from choice["finish_reason"].unlike(FINISH_REASONS)
    yield from _adds_up(answer["usage"])


@check(
    "completions.stream",
    MUST,
    probe=completions_stopped_stream,
    evidence=[SPEC, "vllm-project/vllm#931", "ikawrakow/ik_llama.cpp#780"],
)
def streams_are_completions(stream: ChatStream) -> Findings:
    """Each chunk is a "text_completion" with text; one finish_reason comes, and [DONE] ends the stream."""
    yield from stream.malformed
    for chunk in stream.completion_chunks:
        yield from chunk["object"].unlike(literal("text_completion"))
    for entry in stream.entries:
        yield from entry["text"].unlike(STRING)
    reasons = stream.choices[0].finish_reasons
    if len(reasons) != 1:
        yield Finding("finish_reason", "one in the stream", shown([reason.value for reason in reasons]))
    for reason in reasons:
        yield from reason.unlike(FINISH_REASONS)
    last = stream.events[-1]
    if last.data != DONE:
        yield Finding(f"event {last.number}", DONE, (last.data or "")[:200])


@check(
    "completions.stream_usage",
    SHOULD,
    probe=completions_stopped_stream,
    evidence=["spec: ChatCompletionStreamOptions", "abetlen/llama-cpp-python#1082"],
)
def streams_are_counted(stream: ChatStream) -> Findings:
    """With include_usage, the last chunk before [DONE] has a usage that adds up."""
    yield from _adds_up(stream.chunks[-1]["usage"])


@check(
    "completions.stop_and_max",
    MUST,
    together=[completions, completions_stopped_stream],
    evidence=[SPEC_REQUEST, "dphnAI/sonar#742"],
)
def limits_are_kept(plain: Document, stream: ChatStream) -> Findings:
    """An answer holds at most max_tokens tokens, and ends before the first of its stop words, saying "stop"."""
    most = Kind(f"at most {MOST_TOKENS}", lambda value: not INTEGER.holds(value) or value <= MOST_TOKENS)
    yield from plain["usage"]["completion_tokens"].unlike(most)
    words = [word.text for word in parse_json(stream.reply.request.body or b"null")["stop"].elements]
    whole, written = plain.choices[0]["text"].text, _text_of(stream)
    expected = min((whole.partition(word)[0] for word in words), key=len)
    seen, wanted = written.rstrip(), expected.rstrip()
    if any(word in written for word in words):
        yield Finding("text", f"nothing from the stop words {shown(words)} on", shown(written))
    elif seen == wanted or _ends_begun(written, expected, words):
        for reason in stream.choices[0].finish_reasons:
            yield from reason.unlike(literal("stop"))
    elif wanted.startswith(seen):
        yield Finding("text", f"all before the stop word: {shown(expected)}", shown(written))
    elif seen.startswith(wanted):
        yield Finding("text", f"{shown(expected)}, and nothing that comes after a stop word", shown(written))
    else:
        raise Unexercised(OTHER_TEXT)


@check(
    "completions.prompt_array",
    SHOULD,
    together=[completions, completions_two_prompts],
    evidence=[SPEC_REQUEST, "vllm-project/vllm#2441", "vllm-project/vllm#2529"],
)
def prompts_have_a_choice_each(plain: Document, answer: Document) -> Findings:
    """An array of two prompts gives two choices, and choice i continues prompt i."""
    choices = answer.choices
    indices = [choice["index"].value for choice in choices]
    if sorted(map(repr, indices)) != ["0", "1"]:
        yield Finding("/choices", "one with index 0 and one with index 1", f"indices {shown(indices)}")
        return
    alone = plain.choices[0]["text"].text
    first, second = sorted(choices, key=lambda choice: choice["index"].integer)
    texts = first["text"].text, second["text"].text
    if alone.startswith(texts[1] or "␀"):
        return
    if not texts[1] or not (alone.startswith(texts[0] or "␀") or texts[0] == texts[1]):
        raise Unexercised(OTHER_TEXT)
    got = f"{shown(texts[1])}; choice 0 has {shown(texts[0])}"
    yield Finding(second["text"].where, f"the start of what {PROMPT!r} gets alone, {shown(alone)}", got)


@check(
    "completions.prompt_array_usage",
    SHOULD,
    probe=completions_two_prompts,
    requires=["completions.prompt_array"],
    evidence=["spec: CompletionUsage"],
)
def every_prompt_counts(answer: Document) -> Findings:
    """With two prompts and max_tokens 1, usage counts the tokens of both choices."""
    written = sum(1 for choice in answer.choices if choice["text"].text)
    if not written:
        raise Unexercised("no choice has a text, so that there is no token to count")
    least = Kind(f"at least {written}", lambda value: INTEGER.holds(value) and value >= written)
    yield from answer["usage"]["completion_tokens"].unlike(least)


@check(
    "completions.echo",
    SHOULD,
    probe=completions_echo,
    capability="echo",
    evidence=[SPEC_REQUEST, "vllm-project/vllm#1504", "abetlen/llama-cpp-python#372"],
)
def the_prompt_is_repeated(answer: Document) -> Findings:
    """With echo the text starts with the prompt."""
    for choice in answer.choices:
        if not choice["text"].text.startswith(PROMPT):
            yield choice["text"].finding(f"{PROMPT!r} and what follows", "echo was accepted and ignored")


@check(
    "completions.echo_logprobs",
    SHOULD,
    probe=completions_echo,
    evidence=[
        SPEC_REQUEST,
        "ggml-org/llama.cpp#27174",
        "EleutherAI/lm-evaluation-harness#1411",
        "vllm-project/vllm#5334",
    ],
)
def prompt_tokens_have_logprobs(reply: Reply) -> Findings:
    """With echo and logprobs, each token of the prompt is listed too; the first has no logprob, the others have."""
    answer = _answered(reply, "echo with logprobs")
    if not answer.choices[0]["text"].text.startswith(PROMPT):
        raise Unexercised("the prompt is not repeated, so that its tokens need not be listed")
    usage, logprobs = answer["usage"], answer.choices[0]["logprobs"]
    count = usage["prompt_tokens"].integer + usage["completion_tokens"].integer
    first, *others = logprobs["token_logprobs"].elements
    if len(others) + 1 != count:
        got = f"{len(others) + 1}"
        yield Finding(logprobs["token_logprobs"].where, f"{count}, as usage counts the tokens", got)
    yield from first.unlike(NULL)
    for value in others:
        yield from value.unlike(LOGPROB)


@check(
    "completions.logprobs_shape",
    SHOULD,
    probe=completions_echo,
    evidence=[SPEC, "ggml-org/llama.cpp#11346", "abetlen/llama-cpp-python#774"],
)
def logprobs_are_parallel_arrays(reply: Reply) -> Findings:
    """logprobs is an object of four arrays of one length: tokens, token_logprobs, top_logprobs, text_offset."""
    for choice in _answered(reply, "logprobs").choices:
        logprobs = choice["logprobs"]
        length = len(logprobs["tokens"].elements)
        equal = _of_length(length)
        for name in PARALLEL:
            yield from logprobs[name].unlike(equal)


LOGPROB = Kind(
    "a number ≤ 0",
    lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value <= 0,
)


def _answered(reply: Reply, what: str) -> Document:
    if 400 <= reply.status < 500:
        raise Unexercised(f"{what} was refused: {reply.status} {shown(reply.text)}")
    for finding in reply.status_in(200):
        raise Unmet(finding)
    return Document(reply.json)


def _of_length(length: int) -> Kind:
    return Kind(f"an array of {length}", lambda value: ARRAY.holds(value) and len(value) == length)


def _text_of(stream: ChatStream) -> str:
    parts = (entry["text"].value for entry in stream.choices[0].entries)
    return "".join(part for part in parts if isinstance(part, str))


def _ends_begun(written: str, expected: str, words: list[str]) -> bool:
    """Whether a text has, of what comes after its end, the beginning of a stop word: completions.stop_clean tells."""
    rest = written.removeprefix(expected)
    return rest != written and any(word.startswith(rest) for word in words)


def _adds_up(usage: Json) -> Findings:
    prompt, written = usage["prompt_tokens"].require(COUNT), usage["completion_tokens"].require(COUNT)
    least = prompt + written
    enough = Kind(f"at least {least}", lambda value: INTEGER.holds(value) and value >= least)
    yield from usage["total_tokens"].unlike(enough)
