"""What a call of a function must be in the Responses API, and in the events of its stream."""

from sixgates.agreement import strayed
from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.responses_input import answered_with_events
from sixgates.checks.responses_stream import ADDED_FIRST, items_of
from sixgates.exchange import Exchange, Finding
from sixgates.leading import forces_a_call, or_declined, without_a_call, writes_instead
from sixgates.probes.led import response_tool_led, response_tool_led_none, response_tool_led_stream
from sixgates.probes.responses import response_tool_stream
from sixgates.probes.responses_stream import response_tool_cut_stream
from sixgates.responses_parts import Item, same
from sixgates.responses_view import ARGUMENTS, ARGUMENTS_DONE, DONE, FinalResponse, ResponseStream
from sixgates.select import (
    ARRAY,
    MISSING,
    NON_EMPTY_STRING,
    OBJECT,
    STRING,
    Findings,
    Json,
    Kind,
    Unexercised,
    literal,
    parse_json,
    shown,
)
from sixgates.views import members

SPEC = "spec: FunctionToolCall"
NO_CALL = "the token limit came before the model had called a function"
STREAMS = (response_tool_stream, response_tool_cut_stream, response_tool_led_stream)
CALLED = ("responses.tools.required_called",)
STATUSES = literal("completed", "incomplete", "in_progress")


@check(
    "responses.tools.flat_format",
    MUST,
    each=STREAMS,
    evidence=["spec: FunctionTool", "lmstudio-ai/lmstudio-bug-tracker#1652"],
)
def flat_tools_are_accepted(exchange: Exchange) -> Findings:
    """A tool with its name beside its type, not under `function`, is accepted, and answered with events."""
    yield from answered_with_events(exchange)


@check(
    "responses.tools.required_called",
    MUST,
    probe=response_tool_stream,
    evidence=["spec: ToolChoiceOptions", "ollama/ollama#11171"],
)
def a_required_tool_is_called(answer: FinalResponse) -> Findings:
    """The tool choice "required" yields a call, though the prompt asks for none; else only the limit came first."""
    calls = answer.items("function_call")
    if not calls and answer.output and answer.only_thought:
        raise Unexercised(NO_CALL)
    if not calls:
        got = f"status {shown(answer['status'].value)}, text {shown(answer.text)}"
        yield Finding(answer["output"].where, "an item of type function_call, as tool_choice requires", got)


@check(
    "responses.tools.call_item",
    MUST,
    each=[*STREAMS, response_tool_led],
    requires=CALLED,
    evidence=[SPEC, "tenstorrent/tt-inference-server#2433"],
)
def calls_have_their_shape(answer: FinalResponse) -> Findings:
    """A call has a call_id, the tool's name, and arguments as a string that holds a JSON object."""
    for call in _calls(answer):
        yield from call["call_id"].unlike(NON_EMPTY_STRING)
        yield from call["name"].unlike(literal(*_tools_of(answer)))
        if answer["status"].value == "incomplete":
            yield from call["arguments"].unlike(STRING)
        else:
            yield from parse_json(call["arguments"].text, call["arguments"].where).unlike(OBJECT)


@check(
    "responses.tools.call_item_fields",
    SHOULD,
    each=[*STREAMS, response_tool_led],
    requires=CALLED,
    evidence=[SPEC, "tenstorrent/tt-inference-server#2433"],
)
def calls_have_all_fields(answer: FinalResponse) -> Findings:
    """A call has an id of its own, which is not its call_id, and a status."""
    for call in _calls(answer):
        yield from call["id"].unlike(NON_EMPTY_STRING)
        if call["id"].given and same(call["id"], call["call_id"]):
            yield call["id"].finding("another id than the call_id")
        yield from call["status"].unlike(STATUSES)


@check(
    "responses.tools.args_events",
    MUST,
    each=STREAMS,
    requires=[*CALLED, *ADDED_FIRST],
    evidence=[SPEC, "spec: ResponseFunctionCallArgumentsDeltaEvent"],
)
def arguments_come_in_pieces(stream: ResponseStream) -> Findings:
    """A call is added without arguments; the deltas add up to those of its done events and of the final output."""
    for item in _called(stream):
        gathered = item.gathered(ARGUMENTS)
        yield from item.added["item"]["arguments"].unlike(literal("") | MISSING)
        for event in item.of(ARGUMENTS_DONE):
            yield from event["arguments"].unlike(_pieces(gathered))
        for event in item.of(DONE):
            yield from event["item"]["arguments"].unlike(_pieces(gathered))
        for call in _final(stream, item):
            yield from call["arguments"].unlike(_pieces(gathered))


@check(
    "responses.tools.call_named",
    MUST,
    each=STREAMS,
    requires=ADDED_FIRST,
    evidence=[SPEC, "router-for-me/CLIProxyAPI#1004", "tenstorrent/tt-inference-server#2433"],
)
def calls_are_named_from_first_to_last(stream: ResponseStream) -> Findings:
    """A call has its call_id and name when it is added, and when it is done these, its arguments and a status."""
    for item in (item for item in items_of(stream) if item.is_call):
        told = [event["item"] for event in (item.added, *item.of(DONE))]
        for each in told:
            yield from each["call_id"].unlike(NON_EMPTY_STRING)
        named = [each["name"] for each in (*told, *_final(stream, item))]
        yield from strayed(named, NON_EMPTY_STRING)
        for event in item.of(DONE):
            yield from event["item"]["arguments"].unlike(STRING)
            yield from event["item"]["status"].unlike(STATUSES)


@check(
    "responses.tools.args_done",
    SHOULD,
    each=STREAMS,
    requires=[*CALLED, *ADDED_FIRST],
    evidence=["spec: ResponseFunctionCallArgumentsDoneEvent", "vllm-project/vllm#56285"],
)
def arguments_are_done_once(stream: ResponseStream) -> Findings:
    """When a call's arguments are whole, one event says so."""
    for item in _called(stream):
        number = len(item.of(ARGUMENTS_DONE))
        if number != 1:
            yield Finding(item.added.where, f"one event {ARGUMENTS_DONE} after it", str(number))


@check(
    "responses.led.answered",
    MUST,
    each=[response_tool_led, response_tool_led_stream, response_tool_led_none],
    evidence=["spec: FunctionTool", "vllm-project/vllm#49216"],
)
def a_history_of_calls_is_answered(exchange: Exchange) -> Findings:
    """A question after questions that calls answered is answered, or refused with a 4xx; never a server error."""
    or_declined(exchange)
    if exchange.request.asked.get("stream") is True:
        yield from answered_with_events(exchange)
    else:
        yield from FinalResponse.of(exchange)["output"].unlike(ARRAY)


@check(
    "responses.tools.none_not_called",
    MUST,
    probe=response_tool_led_none,
    evidence=["spec: ToolChoiceOptions", "jundot/omlx#3383", "ollama/ollama#17921"],
)
def no_tool_is_called(answer: FinalResponse) -> Findings:
    """The tool choice "none" yields no call, even where the history leads to one."""
    answer["output"].require(ARRAY)
    for item in members(answer["output"]):
        yield from item["type"].unlike(NON_EMPTY_STRING)
    for call in answer.items("function_call"):
        yield call["name"].finding("no call of a function")


@check(
    "responses.tools.streamed_alike",
    MUST,
    together=[response_tool_led, response_tool_led_stream],
    twin="responses.tools.call_item",
    evidence=[SPEC, "earendil-works/pi#1125"],
)
def as_many_calls_are_streamed(plain: FinalResponse, stream: FinalResponse) -> Findings:
    """A call that the plain response or its stream makes is made by the other, too, unless it says something else."""
    one, other = (len(answer.items("function_call")) for answer in (plain, stream))
    if not one and not other:
        raise Unexercised("the model was led to a call, and made none, plain or streamed")
    fewer, more, said = (plain, stream, one) if one < other else (stream, plain, other)
    if one != other and not writes_instead(fewer.text, more.text):
        expected = f"{max(one, other)} calls, plain as streamed"
        yield Finding(fewer["output"].where, expected, f"{said}; text {shown(fewer.text)}")


def _tools_of(answer: FinalResponse) -> list[str]:
    """The names of the tools that the request has."""
    return [
        str(tool.get("name")) for tool in answer.request.asked.get("tools") or [] if isinstance(tool, dict)
    ]


def _calls(answer: FinalResponse) -> list[Json]:
    calls = answer.items("function_call")
    if not calls and forces_a_call(answer.request) and (answer.only_thought or answer.cut):
        raise Unexercised(NO_CALL)
    if not calls:
        raise without_a_call(answer.request, answer["output"].finding("an item of type function_call"))
    return calls


def _called(stream: ResponseStream) -> list[Item]:
    calls = [item for item in items_of(stream) if item.is_call]
    final = FinalResponse(stream.terminal["response"], stream.request)
    if not calls and forces_a_call(stream.request) and final.only_thought:
        raise Unexercised(NO_CALL)
    if not calls and not (forces_a_call(stream.request) and final.cut):
        missing = stream.items[0].added["item"]["type"].finding('"function_call"')
        raise without_a_call(stream.request, missing)
    return calls


def _final(stream: ResponseStream, item: Item) -> list[Json]:
    calls = FinalResponse(stream.terminal["response"], stream.request).items("function_call")
    return [call for call in calls if same(call["id"], item.id)]


def _pieces(gathered: str) -> Kind:
    return Kind(f"{shown(gathered)}, as the deltas add up to", lambda value: value == gathered)
