"""What a tool choice must bring about, and which definitions of tools must be accepted."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.completion import Completion
from sixgates.exchange import Finding
from sixgates.probes import tools
from sixgates.probes.led import tool_led_none, tool_led_none_stream, tool_led_parallel_off
from sixgates.probes.tools import (
    tool_cut,
    tool_named,
    tool_named_stream,
    tool_no_arguments,
    tool_none,
    tool_none_stream,
    tool_required,
    tool_required_stream,
)
from sixgates.probes.twins import tool_unicode_stream
from sixgates.select import NON_EMPTY_STRING, OBJECT, Findings, Unexercised, literal
from sixgates.views import Document, Reply

SPEC_CHOICE = "spec: ChatCompletionToolChoiceOption"


@check(
    "tools.named.accepted_object",
    MUST,
    each=[tool_named, tool_no_arguments, tool_cut],
    evidence=[
        SPEC_CHOICE,
        "antropia-studio/linguito#21",
        "can1357/llm-git#13",
        "Pasta-Devs/Marinara-Engine#1704",
    ],
)
def a_named_choice_is_accepted(answer: Document) -> Findings:
    """The object form of `tool_choice` is accepted, and answered with a message."""
    yield from answer.message.unlike(OBJECT)


@check(
    "tools.required.accepted",
    MUST,
    probe=tool_required,
    evidence=[SPEC_CHOICE, "ollama/ollama#11171"],
)
def required_is_accepted(answer: Document) -> Findings:
    """The tool choice "required" is accepted, and answered with a message."""
    yield from answer.message.unlike(OBJECT)


@check("tools.none.accepted", MUST, probe=tool_none, evidence=[SPEC_CHOICE, "ollama/ollama#17921"])
def none_is_accepted(answer: Document) -> Findings:
    """The tool choice "none" is accepted, and answered with a message."""
    yield from answer.message.unlike(OBJECT)


@check(
    "tools.named.called",
    MUST,
    each=[tool_named, tool_no_arguments, tool_named_stream, tool_unicode_stream],
    evidence=[SPEC_CHOICE, "ollama/ollama#8421", "ollama/ollama#17921", "agno-agi/agno#2099"],
)
def the_named_tool_is_called(answer: Completion) -> Findings:
    """Naming a function yields one call, of that function; one cut by the token limit may be text."""
    if cut_in_markup(answer):
        return
    if len(answer.called) > 1:
        yield Finding("tool_calls", "one call", f"{len(answer.calls)} calls")
    yield from answer.called[0].name.unlike(literal("get_weather", "ping", "draw"))


def cut_in_markup(answer: Completion) -> bool:
    """Whether a call stands as text since the token limit cut it before its end: the choice was honoured."""
    names = ('"get_weather"', '"ping"', "get_weather(", "ping(", "<tool_call>")
    return not answer.calls and answer.cut and any(name in answer.text for name in names)


@check(
    "tools.named.unknown_function",
    SHOULD,
    probe=tools.tool_unknown,
    evidence=["vllm-project/vllm#53255"],
)
def an_unknown_name_is_refused(reply: Reply) -> Findings:
    """Naming a function that is not among the tools is refused with 400."""
    yield from reply.status_in(400, 422)


@check(
    "tools.required.called",
    MUST,
    each=[tool_required, tool_required_stream],
    evidence=["ollama/ollama#11171", "ollama/ollama-python#671", "vllm-project/vllm#53255"],
)
def a_required_tool_is_called(answer: Completion) -> Findings:
    """The tool choice "required" yields a call; one that the token limit cut may stand as text."""
    if not cut_in_markup(answer):
        for call in answer.called:
            yield from call.name.unlike(literal("get_weather"))


@check(
    "tools.none.not_called",
    MUST,
    each=[tool_none, tool_none_stream, tool_led_none, tool_led_none_stream],
    evidence=[SPEC_CHOICE, "ollama/ollama#17921", "ROCm/FastFlowLM#728"],
)
def no_tool_is_called(answer: Completion) -> Findings:
    """The tool choice "none" yields no call, however much the prompt begs for one or the history leads to it."""
    for call in answer.calls:
        yield call.name.finding("no tool call")
    if answer.finish.value == "tool_calls":
        yield answer.finish.finding("stop or length")


@check(
    "tools.auto.no_crash",
    MUST,
    probe=tools.tool_auto,
    evidence=["vllm-project/vllm#49216", "vllm-project/vllm#53255"],
)
def auto_is_answered_or_refused(reply: Reply) -> Findings:
    """The tool choice "auto" is answered, or refused with a 4xx that has a message."""
    yield from reply.status_in(200, 400, 422, 501)
    if reply.status == 200:
        yield from reply.json["choices"].elements[0]["message"].unlike(OBJECT)
    else:
        yield from reply.json["error"]["message"].unlike(NON_EMPTY_STRING)


@check(
    "tools.auto.accepted",
    MUST,
    probe=tools.tool_auto,
    evidence=["agentscope-ai/QwenPaw#1449", "langchain4j/langchain4j#2550", "vllm-project/vllm#9986"],
)
def auto_is_answered(reply: Reply) -> Findings:
    """The tool choice "auto", which agents leave as it is, is answered where tools are."""
    yield from reply.status_in(200)
    if reply.status == 200:
        yield from reply.json["choices"].elements[0]["message"].unlike(OBJECT)


@check(
    "tools.def.strict_accepted",
    SHOULD,
    together=[tool_named, tool_no_arguments],
    evidence=["spec: FunctionObject", "letta-ai/letta#2032"],
    unconditional=True,
)
def strict_is_accepted(strict: Reply, loose: Reply) -> Findings:
    """A tool with `strict` is accepted where one without it is."""
    if loose.status != 200:
        raise Unexercised("the named tool without strict was refused, too")
    yield from strict.status_in(200)


@check(
    "tools.empty_array",
    SHOULD,
    probe=tools.tools_empty,
    evidence=["partITech/php-mistral#76"],
)
def no_tools_are_no_crash(reply: Reply) -> Findings:
    """An empty `tools` is handled like none, or refused; never a server error."""
    yield from reply.status_in(200, 400, 422)


@check(
    "tools.parallel.disabled",
    SHOULD,
    each=[tool_required, tool_led_parallel_off],
    evidence=["vllm-project/vllm#9451", "sgl-project/sglang#9696", "QwenLM/Qwen3#1092"],
)
def one_call_at_most(answer: Completion) -> Findings:
    """With `parallel_tool_calls` false at most one tool is called."""
    if not answer.calls:
        raise Unexercised("no tool was called, and so none too many")
    if len(answer.calls) > 1:
        yield Finding("tool_calls", "at most one call", f"{len(answer.calls)} calls")
