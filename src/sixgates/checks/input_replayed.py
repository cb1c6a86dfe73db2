"""What clients leave in messages that they send back."""

from sixgates.catalogue import SHOULD, check
from sixgates.exchange import Finding
from sixgates.probes.input import chat_replayed
from sixgates.select import OBJECT, Findings, shown
from sixgates.views import Reply

SPEC_USER = "spec: ChatCompletionRequestUserMessage"
SPEC_ASSISTANT = "spec: ChatCompletionRequestAssistantMessage"


@check(
    "input.name_field",
    SHOULD,
    probe=chat_replayed,
    evidence=[SPEC_USER, "Gage-Technologies/mistral-go#2"],
)
def names_are_accepted(reply: Reply) -> Findings:
    """A message may have a name."""
    yield from accepted(reply, "a name")


@check(
    "input.null_message_fields",
    SHOULD,
    probe=chat_replayed,
    evidence=[SPEC_ASSISTANT, "Gage-Technologies/mistral-go#2"],
)
def nulls_are_absent(reply: Reply) -> Findings:
    """Fields of an assistant's message that are null, as a client dumps them, are taken as absent."""
    yield from accepted(reply, "null fields")


@check(
    "structured.text.accepted",
    SHOULD,
    probe=chat_replayed,
    evidence=["spec: ResponseFormatText", "lmstudio-ai/lmstudio-bug-tracker#189"],
)
def text_is_accepted(reply: Reply) -> Findings:
    """The response format text, which is the default, is accepted."""
    yield from accepted(reply, "the response format text")


@check(
    "reasoning.roundtrip_accepted",
    SHOULD,
    probe=chat_replayed,
    evidence=["charmbracelet/crush#1590", "0xPlaygrounds/rig#1649", "vllm-project/vllm#38488"],
)
def thoughts_may_come_back(reply: Reply) -> Findings:
    """An assistant's message may come back with its thought as reasoning_content or reasoning."""
    yield from accepted(reply, "a thought")


def accepted(reply: Reply, topic: str = "") -> Findings:
    """A finding unless the request was accepted, which is one with this topic."""
    if reply.status == 200:
        yield from reply.json["choices"].elements[0]["message"].unlike(OBJECT)
        return
    words = f"200 with {topic}" if topic else "200"
    yield Finding("status", words, f"{reply.status} {shown(reply.text)}")
