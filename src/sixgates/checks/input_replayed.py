"""What clients leave in messages that they send back."""

import re
from collections.abc import Mapping

from sixgates.catalogue import SHOULD, check
from sixgates.exchange import Finding
from sixgates.probes.input import chat_replayed
from sixgates.select import OBJECT, Findings, Unexercised, Unmet, shown
from sixgates.views import Reply

SPEC_USER = "spec: ChatCompletionRequestUserMessage"
SPEC_ASSISTANT = "spec: ChatCompletionRequestAssistantMessage"
REPLAYED: Mapping[str, str] = {
    "a name": r"\bname\b|alice",
    "null fields": r"tool_calls|function_call|refusal|annotations|audio|\bnull\b|None",
    "a thought": r"reasoning",
    "the response format text": r"response_format",
}
"""What a request has that a server may refuse, each with the words by which an error names it."""


@check(
    "input.name_field",
    SHOULD,
    probe=chat_replayed,
    evidence=[SPEC_USER, "Gage-Technologies/mistral-go#2"],
)
def names_are_accepted(reply: Reply) -> Findings:
    """A message may have a name."""
    yield from accepted(reply, REPLAYED, "a name")


@check(
    "input.null_message_fields",
    SHOULD,
    probe=chat_replayed,
    evidence=[SPEC_ASSISTANT, "Gage-Technologies/mistral-go#2"],
)
def nulls_are_absent(reply: Reply) -> Findings:
    """Fields of an assistant's message that are null, as a client dumps them, are taken as absent."""
    yield from accepted(reply, REPLAYED, "null fields")


@check(
    "structured.text.accepted",
    SHOULD,
    probe=chat_replayed,
    evidence=["spec: ResponseFormatText", "lmstudio-ai/lmstudio-bug-tracker#189"],
)
def text_is_accepted(reply: Reply) -> Findings:
    """The response format text, which is the default, is accepted."""
    yield from accepted(reply, REPLAYED, "the response format text")


@check(
    "reasoning.roundtrip_accepted",
    SHOULD,
    probe=chat_replayed,
    evidence=["charmbracelet/crush#1590", "0xPlaygrounds/rig#1649", "vllm-project/vllm#38488"],
)
def thoughts_may_come_back(reply: Reply) -> Findings:
    """An assistant's message may come back with its thought as reasoning_content or reasoning."""
    yield from accepted(reply, REPLAYED, "a thought")


def accepted(reply: Reply, topics: Mapping[str, str] | None = None, topic: str = "") -> Findings:
    """A finding unless the request was accepted; raises Unexercised when it was refused for another of the topics."""
    if reply.status == 200:
        yield from reply.json["choices"].elements[0]["message"].unlike(OBJECT)
        return
    hint = blames(reply, topics, topic) if topics else ""
    words = f"200 with {topic}" if topic else "200"
    yield Finding("status", words, f"{reply.status} {shown(reply.text)}", hint)


def blames(reply: Reply, topics: Mapping[str, str], *mine: str) -> str:
    """The hint for an error that does not say what it is about; raises Unexercised when it names something else."""
    said = _said(reply)
    named = [topic for topic, words in topics.items() if re.search(words, said, re.IGNORECASE)]
    if not named:
        return f"the error names none of what the request holds: {', '.join(topics)}"
    if not set(named) & set(mine):
        raise Unexercised(f"the request was refused for {', '.join(named)}")
    return ""


def _said(reply: Reply) -> str:
    """The error's own words; without an envelope the whole body."""
    try:
        error = reply.json["error"]
        return f"{error['param'].value} {error['message'].text}".removeprefix("None ")
    except Unmet:
        return reply.text
