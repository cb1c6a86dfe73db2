"""What holds of calls as most clients ask for them: of tools that are not strict, without arguments, in streams."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.tools import cut_in_markup
from sixgates.checks.tools_call import CALLED, FORCED_STREAMS
from sixgates.completion import Call, Completion
from sixgates.exchange import Finding
from sixgates.probes.tools import WEATHER, tool_none, tool_none_stream, tool_required
from sixgates.probes.tools_lax import tool_named_lax, tool_no_arguments_stream
from sixgates.select import (
    NON_EMPTY_STRING,
    OBJECT,
    STRING,
    Findings,
    Json,
    Unexercised,
    literal,
    parse_json,
    shown,
)
from sixgates.views import ChatStream

SPEC_CHUNK = "spec: ChatCompletionMessageToolCallChunk"
BEGUN = "a JSON object, or its beginning where the token limit cut it"


@check(
    "tools.required.arguments_schema",
    SHOULD,
    probe=tool_required,
    requires=["tools.required.called"],
    evidence=["spec: FunctionObject", "raullenchai/Rapid-MLX#1256"],
)
def required_arguments_fit_their_schema(answer: Completion) -> Findings:
    """A call that had to be made has the arguments of its schema, though the tool is not strict."""
    yield from _of_the_schema(answer)


@check(
    "tools.named.arguments_schema_lax",
    SHOULD,
    probe=tool_named_lax,
    requires=["tools.named.called"],
    evidence=["spec: FunctionObject", "vllm-project/vllm#37064"],
)
def named_arguments_fit_their_schema(answer: Completion) -> Findings:
    """A call of a named function has the arguments of its schema, though the tool is not strict."""
    yield from _of_the_schema(answer)


def _of_the_schema(answer: Completion) -> Findings:
    if cut_in_markup(answer):
        raise Unexercised("the token limit cut the call before it was one")
    calls = answer.called
    if not answer.cut:
        for call in calls:
            yield from _fits(parse_json(call.arguments.text, call.arguments.where))
        return
    wrong = [call for call in calls if not _begun(call)]
    for call in wrong:
        yield call.arguments.finding(BEGUN)
    if not wrong:
        raise Unexercised("the token limit cut the arguments")


def _begun(call: Call) -> bool:
    return call.arguments.text.lstrip().startswith("{")


def _fits(arguments: Json) -> Findings:
    declared = WEATHER["function"]["parameters"]["properties"]
    names = arguments.require(OBJECT).keys()
    for name, schema in declared.items():
        yield from arguments[name].unlike(literal(*schema["enum"]))
    for name in names - declared.keys():
        yield arguments[name].finding("absent: the schema allows no other properties")


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
    if cut_in_markup(answer):
        return
    for call in answer.called:
        yield from call.id.unlike(NON_EMPTY_STRING)
        yield from call.type.unlike(literal("function"))
        yield from call.name.unlike(literal("ping"))
        if not answer.cut:
            yield from parse_json(call.arguments.text, call.arguments.where).unlike(OBJECT)
        elif not _begun(call):
            yield call.arguments.finding(BEGUN)


@check(
    "tools.stream.args_first",
    SHOULD,
    each=FORCED_STREAMS,
    requires=[*CALLED, "tools.stream.not_dropped"],
    evidence=[SPEC_CHUNK, "moeru-ai/xsai#235"],
)
def calls_open_with_arguments(stream: ChatStream) -> Findings:
    """The first piece of a call has arguments, if only empty ones: some clients add the others to what is there."""
    for first, *_ in stream.calls:
        yield from first["function"]["arguments"].unlike(STRING)


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
