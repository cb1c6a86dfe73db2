"""What a call must be that nobody forced, and what shows only when a history leads the model to one."""

from sixgates.catalogue import MAY, MUST, SHOULD, check
from sixgates.checks.chat_stream_framing import answered
from sixgates.checks.tools_call import LED, LED_STREAMS, parsed
from sixgates.completion import Call, Completion, asked_for_stream
from sixgates.exchange import Exchange, Finding
from sixgates.leading import CALL, or_declined, writes_instead
from sixgates.probes.led import (
    tool_led,
    tool_led_cut,
    tool_led_cut_stream,
    tool_led_none,
    tool_led_none_stream,
    tool_led_parallel,
    tool_led_parallel_off,
    tool_led_parallel_stream,
    tool_led_stream,
)
from sixgates.select import COUNT, OBJECT, STRING, Findings, Unexercised, literal, parse_json, shown
from sixgates.views import ChatStream, Document

LIMIT = tool_led_cut.body["max_tokens"] if tool_led_cut.body else 0
"""How many tokens a call is cut after."""


@check(
    "tools.led.answered",
    MUST,
    each=[
        tool_led,
        tool_led_stream,
        tool_led_parallel,
        tool_led_parallel_stream,
        tool_led_parallel_off,
        tool_led_none,
        tool_led_none_stream,
        tool_led_cut,
        tool_led_cut_stream,
    ],
    evidence=["vllm-project/vllm#49216", "vllm-project/vllm#36849", "ggml-org/llama.cpp#11992"],
)
def a_history_of_calls_is_answered(exchange: Exchange) -> Findings:
    """A question after questions that calls answered is answered, or refused with a 4xx; never a server error."""
    or_declined(exchange)
    if asked_for_stream(exchange.request):
        yield from answered(ChatStream.of(exchange))
    else:
        yield from Document.of(exchange).message.unlike(OBJECT)


@check(
    "tools.led.call_as_text",
    SHOULD,
    each=[*LED, *LED_STREAMS],
    evidence=["microsoft/foundry-local#874", "vllm-project/vllm#47903"],
)
def a_call_is_no_text(answer: Completion) -> Findings:
    """A call that the model writes comes as a call, never as text for the user."""
    said = CALL.search(answer.text)
    if said:
        yield Finding("content", "the call among tool_calls", shown(answer.text[said.start() :]))
    elif not answer.calls:
        raise Unexercised(f"the model was led to a call, and made none: content {shown(answer.text)}")


@check(
    "tools.led.arguments_types",
    SHOULD,
    each=[tool_led, tool_led_stream],
    requires=["tools.call.arguments_json", "tools.stream.args_concat"],
    evidence=["spec: FunctionObject", "vllm-project/vllm#51697"],
)
def led_arguments_fit_the_types(answer: Completion) -> Findings:
    """A call that repeats earlier ones in kind has their argument, of the type that the schema gives it."""
    arguments = answer.called[0].arguments
    if answer.cut:
        raise Unexercised("the token limit cut the call")
    yield from parse_json(arguments.text, arguments.where)["city"].unlike(STRING)


@check(
    "tools.led.streamed_alike",
    MUST,
    together=[tool_led, tool_led_stream, tool_led_parallel, tool_led_parallel_stream],
    twin="tools.call.shape",
    evidence=["earendil-works/pi#1125", "ollama/ollama#12557", "microsoft/foundry-local#874"],
)
def as_many_calls_are_streamed(
    one: Completion, one_stream: ChatStream, two: Completion, two_stream: ChatStream
) -> Findings:
    """A call that the plain answer or its stream makes is made by the other, too, unless it says something else."""
    pairs = ((one, one_stream), (two, two_stream))
    if not any(plain.calls or _begun(stream) for plain, stream in pairs):
        raise Unexercised("the model was led to calls, and made none, plain or streamed")
    for plain, stream in pairs:
        whole, streamed = len(plain.calls), _begun(stream)
        if streamed < whole and not writes_instead(stream.text, plain.text):
            yield Finding("stream", f"{whole} calls, as in the plain answer", _made(streamed, stream.text))
        if whole < streamed and not writes_instead(plain.text, stream.text):
            yield Finding("message", f"{streamed} calls, as in the stream", _made(whole, plain.text))


def _begun(stream: ChatStream) -> int:
    """How many calls a stream begins, told apart by id as by index, whatever else is wrong with them."""
    calls = stream.choices[0].calls
    return sum(
        max(1, len({shown(delta["id"].value) for delta in call if delta["id"].given})) for call in calls
    )


def _made(calls: int, text: str) -> str:
    return f"{calls}; content {shown(text)}"


@check(
    "tools.led.same_streamed",
    SHOULD,
    together=[tool_led, tool_led_stream, tool_led_parallel, tool_led_parallel_stream],
    requires=["tools.call.arguments_json", "tools.stream.args_concat"],
    evidence=["vllm-project/vllm#24509", "vllm-project/vllm#56263"],
)
def streamed_calls_are_the_same(
    one: Completion, one_stream: Completion, two: Completion, two_stream: Completion
) -> Findings:
    """At temperature 0 with one seed, streamed calls have the plain ones' arguments, and the text beside them."""
    pairs = [pair for pair in ((one, one_stream), (two, two_stream)) if all(map(_whole, pair))]
    if not pairs:
        raise Unexercised("the model was led to calls, and made none that was whole both plain and streamed")
    for plain, stream in pairs:
        for call, streamed in zip(plain.calls, stream.calls, strict=False):
            if _value(streamed) != _value(call):
                yield streamed.arguments.finding(f"{shown(_value(call))}, as in the plain answer")
        if stream.text.strip() != plain.text.strip():
            yield Finding("content", f"{shown(plain.text)}, as in the plain answer", shown(stream.text))


def _whole(answer: Completion) -> bool:
    return bool(answer.calls) and not answer.cut


def _value(call: Call) -> object:
    return parsed(call.arguments.value)


@check(
    "tools.led.id_unique_across",
    MUST,
    together=[tool_led, tool_led_stream, tool_led_parallel, tool_led_parallel_stream],
    twin="tools.call.shape",
    evidence=["NousResearch/hermes-agent#70724"],
    luck="Ids that are drawn from too few are alike only now and then.",
)
def led_ids_differ_across(*answers: Completion) -> Findings:
    """The calls of answers to different questions, or to one question asked twice, have different ids."""
    calling = [answer for answer in answers if answer.calls]
    if len(calling) < 2:
        raise Unexercised("the model was led to calls, and made some in fewer than two answers")
    seen: set[str] = set()
    for answer in calling:
        ids = {shown(call.id.value): call.id for call in answer.calls if call.id.given}
        for identity in sorted(ids.keys() & seen):
            yield ids[identity].finding("an id that no earlier answer used")
        seen |= ids.keys()


@check(
    "tools.led.cut",
    MUST,
    together=[tool_led, tool_led_cut, tool_led_cut_stream],
    twin="tools.finish.length_in_args",
    evidence=[
        "ai-dynamo/dynamo#13791",
        "NousResearch/hermes-agent#7693",
        "MiaAI-Lab/DeepSeek-v4-Flash-DSpark-2x-DGX-Spark#55",
    ],
)
def a_cut_call_says_so(whole: Document, cut: Completion, cut_stream: Completion) -> Findings:
    """An answer that the token limit cuts in the middle of a call ends with "length", and its stream with [DONE]."""
    written = whole["usage"]["completion_tokens"]
    if not COUNT.holds(written.value) or written.value <= LIMIT:
        raise Unexercised(f"without the limit of {LIMIT} tokens, {shown(written.value)} were written")
    for answer in (cut, cut_stream):
        yield from answer.finish.unlike(literal("length"))
    if not cut_stream.ended:
        yield Finding("body", "[DONE] at the end", "none")


@check(
    "tools.led.cut_shown",
    MAY,
    each=[tool_led_cut, tool_led_cut_stream],
    evidence=["vllm-project/vllm#47903", "XpressAI/xaibo#33"],
)
def what_was_cut_is_shown(answer: Completion) -> Findings:
    """What the model wrote of a call before the token limit cut it stands in the answer, as a call or as text."""
    if not answer.cut:
        raise Unexercised("no answer was cut by the token limit")
    if not answer.calls and not answer.text:
        yield Finding("message", f"the beginning of a call, of {LIMIT} tokens", "no call and no content")
