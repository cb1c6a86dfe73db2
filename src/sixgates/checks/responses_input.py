"""What the Responses API must take as input: messages, thoughts, calls and their results, as clients replay them."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.responses import at_least
from sixgates.exchange import Exchange
from sixgates.probes.responses import (
    LONGER,
    response_stream,
    response_thought,
    response_tool_result,
    response_tool_result_parts,
    response_tool_stream,
)
from sixgates.probes.responses_stream import response_thought_stream
from sixgates.responses_view import FinalResponse, ResponseStream
from sixgates.select import ARRAY, Findings
from sixgates.views import Document


@check(
    "responses.input_items",
    MUST,
    probe=response_stream,
    evidence=[
        "spec: InputItem",
        "vllm-project/vllm#33089",
        "vllm-project/vllm#45273",
        "lmstudio-ai/lmstudio-bug-tracker#1652",
    ],
)
def items_are_accepted(exchange: Exchange) -> Findings:
    """Messages of a developer, a user and the assistant are accepted with `stream`, and answered with events."""
    yield from answered_with_events(exchange)


@check(
    "responses.input_items_read",
    SHOULD,
    probe=response_stream,
    evidence=["spec: InputItem", "vllm-project/vllm#33089"],
)
def items_are_read(answer: FinalResponse) -> Findings:
    """Every message of the input counts: there are at least as many input tokens as words."""
    words = sum(len(item["content"][0]["text"].split()) for item in answer.request.asked["input"])
    yield from answer["usage"]["input_tokens"].unlike(at_least(words, "one for each word of the input"))


@check(
    "responses.reasoning_item_input",
    SHOULD,
    probe=response_thought,
    evidence=["spec: ReasoningItem", "ggml-org/llama.cpp#29159"],
)
def thoughts_may_come_back(answer: Document) -> Findings:
    """A reasoning item between messages, with an empty summary and no content, is accepted."""
    yield from answer["output"].unlike(ARRAY)


@check(
    "responses.thoughts_replayed",
    MUST,
    probe=response_thought_stream,
    evidence=[
        "spec: ReasoningItem",
        "openai/codex#12669",
        "vllm-project/vllm#54224",
        "vllm-project/vllm#33089",
    ],
)
def thoughts_of_agents_are_accepted(exchange: Exchange) -> Findings:
    """A conversation is accepted as agents replay it: thoughts with a summary, and answers without id and status."""
    yield from answered_with_events(exchange)


@check(
    "responses.tools.output_roundtrip",
    MUST,
    probe=response_tool_result,
    evidence=["spec: FunctionCallOutputItemParam", "vllm-project/vllm#33089", "agentjido/req_llm#421"],
)
def results_are_accepted(answer: Document) -> Findings:
    """A function_call and its function_call_output in the input are accepted, and answered."""
    yield from answer["output"].unlike(ARRAY)


@check(
    "responses.tools.output_read",
    SHOULD,
    together=[response_tool_stream, response_tool_result],
    requires=["responses.tools.output_roundtrip"],
    evidence=["spec: FunctionCallOutputItemParam", "vllm-project/vllm#33089"],
)
def results_are_read(before: FinalResponse, answer: FinalResponse) -> Findings:
    """The result of a call counts as input tokens."""
    yield from _read_beside(before, answer)


@check(
    "responses.tools.output_parts",
    MUST,
    probe=response_tool_result_parts,
    requires=["responses.tools.output_roundtrip"],
    evidence=[
        "spec: FunctionCallOutputItemParam",
        "sgl-project/sglang#33867",
        "ggml-org/llama.cpp#23465",
        "ggml-org/llama.cpp#23553",
    ],
)
def results_in_parts_are_accepted(answer: Document) -> Findings:
    """The output of a function_call_output may be an array of parts, as agents send it."""
    yield from answer["output"].unlike(ARRAY)


@check(
    "responses.tools.output_parts_read",
    SHOULD,
    together=[response_tool_stream, response_tool_result_parts],
    requires=["responses.tools.output_parts", "responses.tools.output_read"],
    evidence=["spec: FunctionCallOutputItemParam", "sgl-project/sglang#33867"],
)
def results_in_parts_are_read(before: FinalResponse, answer: FinalResponse) -> Findings:
    """The text of a call's result in parts counts as input tokens, as it does as a string."""
    yield from _read_beside(before, answer)


def answered_with_events(exchange: Exchange) -> Findings:
    """What is wrong with the answer to a streamed request: another status, no events, or an error among them."""
    for event in ResponseStream.of(exchange).events:
        if event["type"].value == "error" or event["error"].given:
            yield event.finding("no error")


def _read_beside(before: FinalResponse, answer: FinalResponse) -> Findings:
    least = before["usage"]["input_tokens"].integer + len(LONGER.split())
    why = "as for the tool alone and one for each word of its result"
    yield from answer["usage"]["input_tokens"].unlike(at_least(least, why))
