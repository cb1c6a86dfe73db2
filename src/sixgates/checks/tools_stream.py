"""What the pieces of a streamed tool call must be."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_stream_framing import answered
from sixgates.checks.tools_call import CALLED, FORCED_STREAMS, LED_STREAMS, arguments_of, whole_or_begun
from sixgates.completion import Completion
from sixgates.exchange import Finding
from sixgates.probes.tools import (
    tool_cut_stream,
    tool_named,
    tool_named_stream,
    tool_none_stream,
    tool_required,
    tool_required_stream,
)
from sixgates.select import (
    ARRAY,
    INTEGER,
    MISSING,
    NULL,
    OBJECT,
    STRING,
    Findings,
    Unexercised,
    literal,
    shown,
)
from sixgates.views import ChatStream, members

SPEC = "spec: ChatCompletionMessageToolCallChunk"
NAMES = ("get_weather", "get_time", "ping", "draw")


@check(
    "tools.stream.answered",
    MUST,
    each=[*FORCED_STREAMS, tool_none_stream, tool_cut_stream],
    evidence=[
        "spec: CreateChatCompletionStreamResponse",
        "vllm-project/vllm#36849",
        "vllm-project/vllm#49216",
    ],
)
def tool_stream_is_answered(stream: ChatStream) -> Findings:
    """A streamed request with a tool choice is answered 200 with an event stream of choices and no error."""
    yield from answered(stream)


@check(
    "tools.stream.array",
    MUST,
    each=[*FORCED_STREAMS, *LED_STREAMS, tool_none_stream],
    evidence=[SPEC, "huggingface/text-generation-inference#2794"],
)
def calls_are_an_array(stream: ChatStream) -> Findings:
    """A delta's `tool_calls` is an array of objects, where it is there."""
    for entry in stream.entries:
        calls = entry["delta"]["tool_calls"]
        yield from calls.unlike(ARRAY | NULL | MISSING)
        for call in members(calls):
            yield from call.unlike(OBJECT)


@check(
    "tools.stream.index_present",
    MUST,
    each=[*FORCED_STREAMS, *LED_STREAMS],
    requires=CALLED,
    evidence=[SPEC, "ollama/ollama#7881", "openai/openai-python#2806", "THU-MAIC/OpenMAIC#1556"],
)
def every_piece_has_an_index(stream: ChatStream) -> Findings:
    """Every piece of a tool call says by an integer index which call it belongs to."""
    for deltas in stream.calls:
        for delta in deltas:
            yield from delta["index"].unlike(INTEGER)


@check(
    "tools.stream.index_zero_based",
    MUST,
    each=[*FORCED_STREAMS, *LED_STREAMS],
    requires=CALLED,
    evidence=[SPEC, "vllm-project/vllm#9048"],
)
def calls_are_counted_from_zero(stream: ChatStream) -> Findings:
    """The indices of the calls of a stream are 0, 1, 2 and so on."""
    for number, deltas in enumerate(stream.calls):
        if isinstance(deltas[0]["index"].value, int):
            yield from deltas[0]["index"].unlike(literal(number))


@check(
    "tools.stream.index_distinct",
    MUST,
    each=[*FORCED_STREAMS, *LED_STREAMS],
    requires=CALLED,
    evidence=[
        SPEC,
        "ggml-org/llama.cpp#18591",
        "QuantumNous/new-api#2701",
        "dyedd/lens#49",
        "BerriAI/litellm#33678",
    ],
)
def calls_do_not_share_an_index(stream: ChatStream) -> Findings:
    """A piece with a new id has a new index."""
    for deltas in stream.calls:
        known = deltas[0]["id"].value
        for delta in deltas[1:]:
            if delta["id"].given and delta["id"].value not in ("", known):
                yield delta["index"].finding(f"a new index: call {shown(known)} has this one")


@check(
    "tools.id.stable_stream",
    MUST,
    each=[*FORCED_STREAMS, *LED_STREAMS],
    requires=CALLED,
    evidence=[SPEC, "vllm-project/vllm#18412"],
)
def the_first_piece_has_the_id(stream: ChatStream) -> Findings:
    """The first piece of a call has its id, a non-empty string."""
    for deltas in stream.calls:
        if not isinstance(deltas[0]["id"].value, str) or not deltas[0]["id"].value:
            yield deltas[0]["id"].finding("a non-empty string")


@check(
    "tools.stream.id_once",
    SHOULD,
    each=[*FORCED_STREAMS, *LED_STREAMS],
    requires=CALLED,
    evidence=[SPEC, "vllm-project/vllm#18412"],
)
def later_pieces_have_no_id(stream: ChatStream) -> Findings:
    """Pieces of a call after its first leave the id out."""
    for deltas in stream.calls:
        for delta in deltas[1:]:
            if delta["id"].given and delta["id"].value == deltas[0]["id"].value:
                yield delta["id"].finding("absent after the first piece")


@check(
    "tools.stream.name_once",
    MUST,
    each=[*FORCED_STREAMS, *LED_STREAMS],
    requires=CALLED,
    evidence=[SPEC, "ggml-org/llama.cpp#12379", "lmstudio-ai/lmstudio-bug-tracker#649"],
)
def the_name_is_said_once(stream: ChatStream) -> Findings:
    """The function names that a client concatenates from a call's pieces are the tool's name, once."""
    for deltas in stream.calls:
        names = [delta["function"]["name"].value for delta in deltas]
        joined = "".join(name for name in names if isinstance(name, str))
        if joined not in NAMES:
            yield deltas[0]["function"]["name"].finding(
                f"the tool's name, once; concatenated: {shown(joined)}"
            )


@check(
    "tools.stream.type_function",
    MUST,
    each=[*FORCED_STREAMS, *LED_STREAMS],
    requires=CALLED,
    evidence=[SPEC, "vllm-project/vllm#16340"],
)
def the_first_piece_has_the_type(stream: ChatStream) -> Findings:
    """The first piece of a call has the type "function"."""
    for deltas in stream.calls:
        yield from deltas[0]["type"].unlike(literal("function"))


@check(
    "tools.stream.no_later_nulls",
    SHOULD,
    each=[*FORCED_STREAMS, *LED_STREAMS],
    requires=CALLED,
    evidence=["vllm-project/vllm#16340"],
)
def later_pieces_have_no_nulls(stream: ChatStream) -> Findings:
    """Pieces of a call after its first leave out the type rather than set it to null."""
    for deltas in stream.calls:
        for delta in deltas[1:]:
            if delta["type"].value is None:
                yield delta["type"].finding("absent after the first piece")


@check(
    "tools.stream.args_strings",
    MUST,
    each=[*FORCED_STREAMS, *LED_STREAMS],
    requires=CALLED,
    evidence=[SPEC, "langchain-ai/langchain#34242"],
)
def argument_pieces_are_text(stream: ChatStream) -> Findings:
    """Pieces of arguments are strings, never null or objects."""
    for deltas in stream.calls:
        for delta in deltas:
            yield from delta["function"]["arguments"].unlike(STRING | MISSING)


@check(
    "tools.stream.args_concat",
    MUST,
    each=[*FORCED_STREAMS, *LED_STREAMS],
    requires=[*CALLED, "tools.stream.index_distinct"],
    evidence=[SPEC, "vllm-project/vllm#24509", "vllm-project/vllm#23312", "vllm-project/vllm#20028"],
)
def argument_pieces_make_json(answer: Completion) -> Findings:
    """The pieces of a call's arguments make one JSON object, or its beginning where the token limit cut them."""
    yield from whole_or_begun(answer)


@check(
    "tools.stream.args_equal_nonstream",
    SHOULD,
    together=[tool_named, tool_named_stream],
    requires=["tools.named.called"],
    evidence=["vllm-project/vllm#24509", "vllm-project/vllm#51697"],
)
def streamed_arguments_are_the_same(plain: Completion, stream: Completion) -> Findings:
    """At temperature 0 with one seed, a streamed call has the plain call's arguments."""
    if plain.cut or stream.cut:
        raise Unexercised("the token limit cut the call")
    if arguments_of(stream) != arguments_of(plain):
        yield Finding("arguments", shown(arguments_of(plain)), shown(arguments_of(stream)))


@check(
    "tools.stream.not_dropped",
    MUST,
    together=[tool_required, tool_required_stream],
    evidence=["earendil-works/pi#1125", "BerriAI/litellm#7094", "ollama/ollama#12557"],
)
def streaming_drops_no_call(plain: Completion, stream: Completion) -> Findings:
    """A tool that the plain answer calls is also called in the stream."""
    if not plain.calls and not stream.calls:
        raise Unexercised("neither answer holds a call", instead="tools.required.called")
    if not stream.calls:
        name = shown(plain.calls[0].name.value)
        yield Finding(
            "tool_calls", f"a call of {name}, as in the plain answer", f"none; {shown(stream.text)}"
        )
