"""What a tool call must be when it comes whole."""

import json
from typing import Any

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.structured import begins_object
from sixgates.checks.tools import cut_in_markup
from sixgates.completion import Call, Completion
from sixgates.exchange import Exchange, Finding
from sixgates.probes import tools
from sixgates.probes.led import tool_led, tool_led_parallel, tool_led_parallel_stream, tool_led_stream
from sixgates.probes.tools import (
    tool_named,
    tool_named_stream,
    tool_no_arguments,
    tool_required,
    tool_required_stream,
)
from sixgates.probes.twins import tool_unicode_stream
from sixgates.select import (
    NON_EMPTY_STRING,
    OBJECT,
    STRING,
    Findings,
    Unexercised,
    literal,
    parse_json,
    shown,
)

SPEC_CALL = "spec: ChatCompletionMessageToolCall"
FORCED = (tool_named, tool_required, tool_no_arguments)
FORCED_STREAMS = (tool_named_stream, tool_required_stream, tool_unicode_stream)
LED = (tool_led, tool_led_parallel)
LED_STREAMS = (tool_led_stream, tool_led_parallel_stream)
CALLED = ("tools.named.called", "tools.required.called")


@check(
    "tools.call.shape",
    MUST,
    each=[*FORCED, *LED],
    requires=CALLED,
    evidence=[SPEC_CALL, "ggml-org/llama.cpp#11992", "ggml-org/llama.cpp#12279"],
)
def a_call_is_whole(answer: Completion) -> Findings:
    """A call has a non-empty id, the type "function", and a function name."""
    for call in calls_of(answer):
        yield from call.id.unlike(NON_EMPTY_STRING)
        yield from call.type.unlike(literal("function"))
        yield from call.name.unlike(NON_EMPTY_STRING)


def calls_of(answer: Completion) -> tuple[Call, ...]:
    """The calls; raises Unexercised where the token limit left a forced one as text, else as `Completion.called`."""
    if answer.forced and cut_in_markup(answer):
        raise Unexercised("the token limit cut the call, which stands in the text")
    return answer.called


def whole_or_begun(answer: Completion) -> Findings:
    """What is wrong with arguments that are to be a JSON object, as far as they came."""
    if not answer.cut:
        for call in answer.called:
            yield from parse_json(call.arguments.text, call.arguments.where).unlike(OBJECT)
        return
    begun = [text for text in begun_arguments(answer) if text.strip()]
    if not begun:
        raise Unexercised("the token limit cut the call before its arguments")
    for text in begun:
        if not begins_object(text):
            yield Finding("arguments", "the beginning of a JSON object", shown(text))


def begun_arguments(answer: Completion) -> list[str]:
    """The arguments of a call that the token limit cut, as far as they came, as a call or as text."""
    if cut_in_markup(answer):
        return [answer.text.partition('"arguments":')[2].lstrip()]
    texts = (call.arguments.value for call in answer.calls)
    return [text for text in texts if isinstance(text, str)]


@check(
    "tools.call.arguments_string",
    MUST,
    each=[*FORCED, *LED],
    requires=CALLED,
    evidence=[SPEC_CALL, "langchain-ai/langchain#34242"],
)
def arguments_are_text(answer: Completion) -> Findings:
    """A call's arguments are a string that holds JSON, never an object or null."""
    for call in calls_of(answer):
        yield from call.arguments.unlike(STRING)


@check(
    "tools.call.arguments_json",
    MUST,
    each=[tool_named, tool_required, *LED],
    requires=[*CALLED, "tools.call.arguments_string"],
    evidence=[SPEC_CALL, "vllm-project/vllm#24509", "vllm-project/vllm#51697", "ogx-ai/ogx#4430"],
)
def arguments_are_json(answer: Completion) -> Findings:
    """A call's arguments parse as a JSON object, or begin as one where the token limit cut them."""
    yield from whole_or_begun(answer)


@check(
    "tools.call.arguments_schema",
    SHOULD,
    each=[tool_named, tool_named_stream],
    requires=["tools.named.called", "tools.call.arguments_json", "tools.stream.args_concat"],
    evidence=["spec: FunctionObject", "vllm-project/vllm#51697"],
)
def arguments_fit_the_schema(answer: Completion) -> Findings:
    """A forced call has every required argument, with one of its allowed values, and no other."""
    if answer.cut or not answer.calls:
        raise Unexercised("the token limit cut the call")
    call = answer.calls[0]
    arguments = parse_json(call.arguments.text, call.arguments.where)
    declared = tools.WEATHER["function"]["parameters"]["properties"]
    for name, schema in declared.items():
        yield from arguments[name].unlike(literal(*schema["enum"]))
    for name in arguments.require(OBJECT).keys() - declared.keys():
        yield arguments[name].finding("absent: the schema allows no other properties")


@check(
    "tools.call.no_args",
    MUST,
    each=[tool_no_arguments],
    requires=["tools.named.called"],
    evidence=[
        "vercel/ai#6687",
        "simonw/llm#1164",
        "langchain-ai/langchain#34242",
        "open-webui/open-webui#23778",
    ],
)
def no_arguments_are_an_empty_object(answer: Completion) -> Findings:
    """A call without parameters has the arguments "{}", or their beginning where the token limit cut them."""
    for call in answer.calls:
        call.arguments.require(STRING)
    yield from whole_or_begun(answer)


@check(
    "tools.content.null_with_calls",
    SHOULD,
    each=[*FORCED, *FORCED_STREAMS],
    evidence=["vllm-project/vllm#51697", "ggml-org/llama.cpp#14101", "vllm-project/vllm#10589"],
)
def a_forced_call_has_no_text(answer: Completion) -> Findings:
    """Beside a forced call there is no content, and no call is left in it as markup."""
    if not answer.calls and not cut_in_markup(answer):
        raise Unexercised("no tool was called")
    if answer.text.strip():
        yield Finding("content", "null or empty", shown(answer.text))


@check(
    "tools.id.unique_in_response",
    MUST,
    each=[tool_required, tool_required_stream, tool_led_parallel, tool_led_parallel_stream],
    requires=["tools.required.called"],
    twin="tools.call.shape",
    evidence=[SPEC_CALL, "NousResearch/hermes-agent#70724"],
    luck="Ids that are drawn from too few are alike only now and then.",
)
def ids_differ_within(answer: Completion) -> Findings:
    """The calls of one answer have different ids."""
    ids = [shown(call.id.value) for call in calls_of(answer)]
    if len(ids) < 2 and not answer.forced:
        raise Unexercised("the model was led to two calls, and made one")
    if len(set(ids)) < len(ids):
        yield Finding("tool_calls", "different ids", ", ".join(ids))


@check(
    "tools.id.unique_across",
    MUST,
    among=[*FORCED, *FORCED_STREAMS],
    requires=["tools.named.called", "tools.required.called"],
    evidence=["NousResearch/hermes-agent#70724"],
    luck="Ids that are drawn from too few are alike only now and then.",
)
def ids_differ_across(*exchanges: Exchange) -> Findings:
    """The calls of two answers have different ids."""
    seen: dict[str, str] = {}
    answers = 0
    for exchange in exchanges:
        ids = {shown(call.id.value) for call in Completion.of(exchange).calls}
        answers += bool(ids)
        for identity in sorted(ids & seen.keys()):
            where = f"{exchange.probe}: tool_calls/0/id"
            yield Finding(where, f"an id other than that of {seen[identity]}", identity)
        seen |= dict.fromkeys(ids, exchange.probe)
    if answers < 2:
        raise Unexercised("no two answers hold a call")


def arguments_of(answer: Completion) -> object:
    """The first call's arguments as a value; their text where they do not parse, None without a call."""
    return parsed(answer.calls[0].arguments.value) if answer.calls else None


def parsed(text: Any) -> object:
    """The value of some JSON; what it was where it does not parse."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return text
