"""How a streamed chat completion must end: finish reasons and usage."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_shape import FINISH_REASONS
from sixgates.checks.chat_stream import SPEC
from sixgates.checks.chat_stream_framing import STREAMS
from sixgates.exchange import Finding
from sixgates.probes.chat import (
    chat_stream,
    chat_stream_one_token,
    chat_stream_stopped,
    chat_stream_usage,
)
from sixgates.select import COUNT, MISSING, NULL, Findings, Unexercised, literal, shown
from sixgates.views import ChatStream

WORDS = 4
"""No token of a vocabulary in use holds more."""
COUNTS = ("prompt_tokens", "completion_tokens")
DEEPEST = 8
"""Where counts are looked for in a chunk."""
WITH_USAGE = (chat_stream_usage, chat_stream_one_token)


@check(
    "chat.stream.finish_once",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "ggml-org/llama.cpp#18591", "vllm-project/vllm#27572"],
)
def the_finish_is_said_once(stream: ChatStream) -> Findings:
    """No choice says more than once why it stopped."""
    for choice in stream.choices:
        for reason in choice.finish_reasons[1:]:
            yield reason.finding("one finish_reason in the stream, and it stood before")


@check(
    "chat.stream.finish_present",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "vllm-project/vllm#27572", "BerriAI/litellm#10686", "anomalyco/opencode#43379"],
)
def the_finish_is_said(stream: ChatStream) -> Findings:
    """Each choice says why it stopped."""
    for choice in stream.choices:
        if not choice.finish_reasons:
            yield choice.entries[-1]["finish_reason"].finding("a finish_reason before the end")


@check(
    "chat.stream.finish_not_empty_string",
    MUST,
    each=STREAMS,
    evidence=["sgl-project/sglang#3912", "spring-projects/spring-ai#1358"],
)
def no_finish_is_empty(stream: ChatStream) -> Findings:
    """The finish_reason of a choice that goes on is null or absent, never ""."""
    for entry in stream.entries:
        if entry["finish_reason"].value == "":
            yield entry["finish_reason"].finding("null")


@check(
    "chat.stream.finish_reason_enum",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "pydantic/pydantic-ai#2844", "ml-explore/mlx-lm#782", "BerriAI/litellm#12481"],
)
def the_finish_is_a_known_word(stream: ChatStream) -> Findings:
    """A finish_reason is one of the five words of the API."""
    for choice in stream.choices:
        for reason in choice.finish_reasons:
            yield from reason.unlike(FINISH_REASONS)


@check(
    "chat.stream.finish_length",
    MUST,
    probe=chat_stream_one_token,
    evidence=["ROCm/FastFlowLM#728", "vllm-project/vllm#37937"],
)
def a_cut_answer_says_so(stream: ChatStream) -> Findings:
    """An answer cut by `max_tokens` ends with "length", unless the model ended it without a word."""
    choice = stream.choices[0]
    for reason in choice.finish_reasons[:1]:
        if not choice.text and reason.value == "stop":
            raise Unexercised("the model ended its answer before the first word, so that nothing was cut")
        yield from reason.unlike(literal("length"))


@check(
    "chat.stream.max_tokens_1",
    MUST,
    probe=chat_stream_one_token,
    evidence=["vllm-project/vllm#35705", "ROCm/FastFlowLM#728"],
)
def one_token_is_one_piece(stream: ChatStream) -> Findings:
    """The smallest answer is at most one piece of content, of a few words at most."""
    contents = stream.choices[0].contents
    if len(contents) > 1 or len(stream.text.split()) > WORDS:
        yield Finding("content", "at most one piece for one token", shown(list(contents)))


@check(
    "chat.stream.no_content_after_finish",
    MUST,
    each=STREAMS,
    evidence=["osaurus-ai/vmlx-swift#109"],
)
def nothing_follows_the_finish(stream: ChatStream) -> Findings:
    """After a choice's finish_reason no delta adds to it."""
    for choice in stream.choices:
        finished = False
        for entry, delta in zip(choice.entries, choice.deltas, strict=True):
            for name in ("content", "tool_calls", "refusal"):
                if finished and delta[name].given and delta[name].value not in ("", []):
                    yield delta[name].finding("nothing after the finish_reason")
            finished = finished or (entry["finish_reason"].given and entry["finish_reason"].value != "")


@check(
    "chat.stream.empty_completion",
    SHOULD,
    probe=chat_stream_stopped,
    evidence=["awslabs/llmeter#34", "ogx-ai/ogx#1424"],
)
def an_empty_answer_is_whole(stream: ChatStream) -> Findings:
    """An answer whose first character is a stop word is empty and ends with "stop"."""
    choice = stream.choices[0]
    if choice.text:
        yield Finding("content", "none: the stop word is its first character", shown(choice.text))
    for reason in choice.finish_reasons:
        yield from reason.unlike(literal("stop"))


@check(
    "chat.stream.usage_final",
    MUST,
    each=WITH_USAGE,
    evidence=[
        SPEC,
        "ggml-org/llama.cpp#15444",
        "abetlen/llama-cpp-python#1082",
        "UKGovernmentBEIS/inspect_ai#4694",
    ],
)
def usage_comes(stream: ChatStream) -> Findings:
    """With `include_usage`, some chunk has the counts of the tokens, wherever in it they stand."""
    if not any(_holds_counts(chunk.value) for chunk in stream.chunks):
        for name in COUNTS:
            yield from stream.chunks[-1]["usage"][name].unlike(COUNT)


@check(
    "chat.stream.usage_place",
    SHOULD,
    each=WITH_USAGE,
    requires=["chat.stream.usage_final"],
    evidence=[SPEC, "vercel/ai#1651", "ggml-org/llama.cpp#15444", "moona3k/macparakeet#1087"],
)
def usage_comes_last(stream: ChatStream) -> Findings:
    """With `include_usage`, the last chunk has no choices and the three token counts."""
    last = stream.chunks[-1]
    if last["choices"].value != []:
        yield last["choices"].finding("[] in the last chunk, which holds the usage")
    for name in (*COUNTS, "total_tokens"):
        yield from last["usage"][name].unlike(COUNT)


@check(
    "chat.stream.usage_opt_in",
    SHOULD,
    each=[chat_stream, chat_stream_stopped],
    evidence=["ggml-org/llama.cpp#16048", "gradio-app/gradio#11729", "sgl-project/sglang#5451"],
)
def no_usage_unasked(stream: ChatStream) -> Findings:
    """Without `include_usage`, no chunk but a leading one of metadata has an empty `choices`."""
    for chunk in stream.completion_chunks:
        if chunk["choices"].value == []:
            yield chunk["choices"].finding("a choice: usage was not asked for")


@check(
    "chat.stream.usage_null_before",
    SHOULD,
    each=WITH_USAGE,
    evidence=["open-webui/open-webui#29064", "langchain-ai/langchain#35545", "BerriAI/litellm#9657"],
)
def no_running_totals(stream: ChatStream) -> Findings:
    """With `include_usage`, one chunk has usage, and those before it have null or none: clients add up what comes."""
    told = [chunk["usage"] for chunk in stream.chunks if chunk["usage"].given]
    for usage in told[:-1]:
        yield from usage.unlike(NULL | MISSING)


def _holds_counts(value: object, depth: int = 0) -> bool:
    """Whether both counts stand in some object within: under `usage`, in a choice, or in a server's own member."""
    if depth > DEEPEST:
        return False
    if isinstance(value, dict) and all(COUNT.holds(value.get(name)) for name in COUNTS):
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_holds_counts(each, depth + 1) for each in inner)
