"""What holds of streams beside tools: of a call without arguments, and of text where no call may come."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.tools_call import calls_of
from sixgates.completion import Completion
from sixgates.exchange import Finding
from sixgates.probes.tools import tool_none, tool_none_stream
from sixgates.probes.tools_streamed import tool_no_arguments_stream
from sixgates.select import (
    NON_EMPTY_STRING,
    OBJECT,
    Findings,
    Unexercised,
    literal,
    parse_json,
    shown,
)
from sixgates.views import ChatStream

SPEC_CHUNK = "spec: ChatCompletionMessageToolCallChunk"


@check(
    "tools.stream.no_arguments_answered",
    MUST,
    probe=tool_no_arguments_stream,
    requires=["tools.named.accepted_object"],
    evidence=[SPEC_CHUNK, "vercel/ai#6687"],
)
def a_streamed_call_without_arguments_is_answered(stream: ChatStream) -> Findings:
    """A streamed request that names a function without parameters is answered with events, and with no error."""
    yield from (error["error"].finding("no error event") for error in stream.errors)
    if not stream.errors:
        yield from stream.entries[0]["delta"].unlike(OBJECT)


@check(
    "tools.stream.no_args",
    MUST,
    probe=tool_no_arguments_stream,
    requires=["tools.named.called"],
    evidence=[SPEC_CHUNK, "vercel/ai#6687", "openai/openai-agents-js#664", "NousResearch/hermes-agent#83937"],
)
def streamed_calls_without_arguments_are_empty_objects(answer: Completion) -> Findings:
    """A streamed call without parameters has its id, type and name, and in the end the arguments "{}", never ""."""
    for call in calls_of(answer):
        yield from call.id.unlike(NON_EMPTY_STRING)
        yield from call.type.unlike(literal("function"))
        yield from call.name.unlike(literal("ping"))
        if not answer.cut:
            yield from parse_json(call.arguments.text, call.arguments.where).unlike(OBJECT)
        elif not _may_go_on(call.arguments.value):
            yield call.arguments.finding("a JSON object, or its beginning where the token limit cut it")


def _may_go_on(arguments: object) -> bool:
    """Whether what came of cut arguments is nothing yet, or the beginning of an object."""
    return not isinstance(arguments, str) or arguments.strip()[:1] in {"", "{"}


@check(
    "tools.none.streamed_alike",
    SHOULD,
    together=[tool_none, tool_none_stream],
    evidence=["vllm-project/vllm#30866", "vllm-project/vllm#23335"],
)
def text_beside_tools_is_streamed_whole(plain: Completion, stream: Completion) -> Findings:
    """At temperature 0 with one seed, a stream with tools that must not be called has the plain answer's text."""
    if plain.calls or stream.calls:
        raise Unexercised("a tool was called, though none might be")
    if stream.text != plain.text:
        yield Finding("content", f"{shown(plain.text)}, as in the plain answer", shown(stream.text))
