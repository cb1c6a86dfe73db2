"""How an answer with tool calls must end, streamed or not."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.tools_call import LED, LED_STREAMS, calls_of
from sixgates.completion import Completion
from sixgates.exchange import Finding
from sixgates.probes.led import tool_led_cut, tool_led_cut_stream, tool_led_none, tool_led_none_stream
from sixgates.probes.tools import (
    tool_cut,
    tool_cut_stream,
    tool_named,
    tool_named_stream,
    tool_none,
    tool_none_stream,
    tool_required,
    tool_required_stream,
)
from sixgates.select import Findings, Unexercised, literal, shown


@check(
    "tools.finish.required",
    MUST,
    each=[tool_required, tool_required_stream, *LED, *LED_STREAMS],
    requires=["tools.required.called"],
    twin="tools.call.shape",
    evidence=[
        "vllm-project/vllm#25054",
        "sgl-project/sglang#2877",
        "BerriAI/litellm#35663",
        "Blaizzy/mlx-vlm#990",
    ],
)
def required_calls_end_as_calls(answer: Completion) -> Findings:
    """An answer that calls where none is named ends with "tool_calls", or "length" where the token limit cut it."""
    calls_of(answer)
    yield from answer.finish.unlike(literal("tool_calls", "length"))


@check(
    "tools.finish.named",
    SHOULD,
    together=[tool_named, tool_named_stream],
    requires=["tools.named.called"],
    evidence=["vllm-project/vllm#25054", "vllm-project/vllm#49496", "vllm-project/vllm#9209"],
)
def named_calls_end_alike(plain: Completion, stream: Completion) -> Findings:
    """A call of a named function ends with "stop" or "tool_calls", the same streamed as not."""
    if plain.cut or stream.cut:
        raise Unexercised("the token limit cut the call")
    yield from plain.finish.unlike(literal("stop", "tool_calls"))
    if stream.finish.value != plain.finish.value:
        yield stream.finish.finding(f"{shown(plain.finish.value)}, as in the plain answer")


@check(
    "tools.finish.consistent",
    MUST,
    each=[
        tool_named,
        tool_named_stream,
        tool_required,
        tool_required_stream,
        tool_none,
        tool_none_stream,
        *LED,
        *LED_STREAMS,
        tool_led_none,
        tool_led_none_stream,
        tool_led_cut,
        tool_led_cut_stream,
    ],
    evidence=["vllm-project/vllm#53255", "openvinotoolkit/model_server#3927"],
)
def tool_calls_means_calls(answer: Completion) -> Findings:
    """An answer that ends with "tool_calls" has a call."""
    if answer.finish.value == "tool_calls" and not answer.calls:
        yield Finding("tool_calls", 'a call, as finish_reason is "tool_calls"', "none")


@check(
    "tools.finish.length_in_args",
    MUST,
    each=[tool_cut, tool_cut_stream],
    requires=["tools.named.called"],
    evidence=["vllm-project/vllm#37937", "vllm-project/vllm#36849"],
)
def a_cut_call_ends_well(answer: Completion) -> Findings:
    """A call cut by the token limit ends with "length" (or "stop"), and its stream with [DONE]."""
    yield from answer.finish.unlike(literal("length", "stop"))
    if not answer.ended:
        yield Finding("body", "[DONE] at the end", "none")
