"""Which conversations with tool calls in them a server must take back."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.probes import tools
from sixgates.select import OBJECT, Findings
from sixgates.views import Document

SPEC = "spec: ChatCompletionRequestAssistantMessage"


@check(
    "tools.roundtrip.basic",
    MUST,
    probe=tools.round_trip,
    evidence=[SPEC, "mistralai/mistral-common#324", "pydantic/pydantic-ai#393"],
)
def a_call_and_its_result_are_accepted(answer: Document) -> Findings:
    """A tool call with null content and its result are accepted as history."""
    yield from answer.message.unlike(OBJECT)


@check(
    "tools.roundtrip.own_id",
    MUST,
    probe=tools.round_trip_own_id,
    requires=["tools.named.called"],
    evidence=[SPEC, "ggml-org/llama.cpp#26359", "vllm-project/vllm#47734"],
)
def the_own_call_is_accepted_back(answer: Document) -> Findings:
    """The message with the server's own call, and a result under its id, are accepted back unchanged."""
    yield from answer.message.unlike(OBJECT)


@check(
    "tools.roundtrip.content_omitted",
    SHOULD,
    probe=tools.round_trip_content_omitted,
    evidence=[SPEC, "langchain4j/langchain4j#1958", "jekalmin/extended_openai_conversation#456"],
)
def content_may_be_left_out(answer: Document) -> Findings:
    """A message with a tool call needs no `content`."""
    yield from answer.message.unlike(OBJECT)


@check(
    "tools.roundtrip.content_empty",
    SHOULD,
    probe=tools.round_trip_two_results,
    evidence=["odysseus-dev/odysseus#837"],
)
def content_may_be_empty(answer: Document) -> Findings:
    """A message with a tool call may have the content ""."""
    yield from answer.message.unlike(OBJECT)


@check(
    "tools.roundtrip.tool_content_parts",
    SHOULD,
    probe=tools.round_trip_content_parts,
    evidence=["spec: ChatCompletionRequestToolMessage", "penta2himajin/qwisp#83"],
)
def results_may_be_text_parts(answer: Document) -> Findings:
    """A tool's result may be an array of text parts."""
    yield from answer.message.unlike(OBJECT)


@check(
    "tools.roundtrip.parallel_results",
    SHOULD,
    probe=tools.round_trip_two_results,
    evidence=["BerriAI/litellm#28995", "AstrBotDevs/AstrBot#9691"],
)
def results_may_come_in_any_order(answer: Document) -> Findings:
    """The results of two calls are accepted in any order."""
    yield from answer.message.unlike(OBJECT)
