"""Which conversations with tool calls in them a server must take back."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.exchange import Finding
from sixgates.probes import tools
from sixgates.select import OBJECT, Findings, shown
from sixgates.views import Document, Reply

SPEC = "spec: ChatCompletionRequestAssistantMessage"
AUTO = ("tools.auto.accepted",)
"""Each history leaves it to the model whether to call: where that is refused, no history is."""
BASIC = ("tools.roundtrip.basic", *AUTO)


@check(
    "tools.roundtrip.basic",
    MUST,
    probe=tools.round_trip,
    requires=AUTO,
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
    probe=tools.round_trip_keys_omitted,
    requires=BASIC,
    evidence=[SPEC, "langchain4j/langchain4j#1958", "jekalmin/extended_openai_conversation#456"],
)
def content_may_be_left_out(reply: Reply) -> Findings:
    """A message with a tool call needs no `content`."""
    yield from _accepted(reply, "an assistant's message without content")


@check(
    "tools.def.parameters_omitted",
    SHOULD,
    probe=tools.round_trip_keys_omitted,
    requires=BASIC,
    evidence=["spec: FunctionObject", "ggml-org/llama.cpp#17667", "lmstudio-ai/lmstudio-bug-tracker#1652"],
)
def parameters_are_optional(reply: Reply) -> Findings:
    """A tool without `parameters` is accepted."""
    yield from _accepted(reply, "a tool without parameters")


@check(
    "tools.roundtrip.content_empty",
    SHOULD,
    probe=tools.round_trip_two_results,
    requires=BASIC,
    evidence=["odysseus-dev/odysseus#837"],
)
def content_may_be_empty(reply: Reply) -> Findings:
    """A message with a tool call may have the content ""."""
    yield from _accepted(reply, 'an assistant\'s message with the content ""')


@check(
    "tools.roundtrip.tool_content_parts",
    SHOULD,
    probe=tools.round_trip_two_results,
    requires=BASIC,
    evidence=["spec: ChatCompletionRequestToolMessage", "penta2himajin/qwisp#83"],
)
def results_may_be_text_parts(reply: Reply) -> Findings:
    """A tool's result may be an array of text parts."""
    yield from _accepted(reply, "a tool's result in parts")


@check(
    "tools.roundtrip.parallel_results",
    SHOULD,
    probe=tools.round_trip_two_results,
    requires=BASIC,
    evidence=["BerriAI/litellm#28995", "AstrBotDevs/AstrBot#9691"],
)
def results_may_come_in_any_order(reply: Reply) -> Findings:
    """The results of two calls are accepted in any order."""
    yield from _accepted(reply, "results in another order than the calls")


@check(
    "tools.roundtrip.null_ids",
    SHOULD,
    probe=tools.round_trip_null_id,
    requires=AUTO,
    evidence=["sigoden/aichat#1296"],
)
def a_null_id_is_no_crash(reply: Reply) -> Findings:
    """A call with a null id in the history is refused or accepted; never a server error."""
    yield from reply.status_in(200, 400, 422)


def _accepted(reply: Reply, what: str) -> Findings:
    if reply.status != 200:
        yield Finding("status", f"200 to {what}", f"{reply.status} {shown(reply.text)}")
    else:
        yield from reply.json["choices"].elements[0]["message"].unlike(OBJECT)
