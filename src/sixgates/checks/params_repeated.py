"""What one request gets the next time: at temperature 0 and one seed, the same."""

from sixgates.catalogue import SHOULD, check
from sixgates.exchange import Exchange, Finding
from sixgates.probes.chat import chat, chat_stream, chat_stream_usage
from sixgates.probes.interleaved import parallel_streams
from sixgates.probes.params import chat_defaults
from sixgates.reasoning import Reasoned
from sixgates.select import Findings, Unexercised, Unmet, shown

SAME = ((chat, chat_defaults, chat_stream_usage, parallel_streams[0]), (chat_stream, parallel_streams[1]))
"""Requests that are alike but for `stream`, defaults that are spelled out, and a smaller limit."""


@check(
    "params.seed.first_answer",
    SHOULD,
    among=[probe for group in SAME for probe in group],
    unconditional=True,
    evidence=["spec: CreateChatCompletionRequest", "ggml-org/llama.cpp#4902", "ollama/ollama#4990"],
    luck="What else the server works on, or keeps of earlier prompts, changes a text by rounding now and then.",
)
def later_answers_are_the_first(*exchanges: Exchange) -> Findings:
    """At temperature 0 and one seed, a later answer to the same prompt has the text of the first."""
    texts = {exchange.probe: text for exchange in exchanges if (text := _text(exchange))}
    alike = [[probe.name for probe in group if probe.name in texts] for group in SAME]
    if all(len(group) < 2 for group in alike):
        raise Unexercised("no two answers to the same prompt hold a text")
    for first, *later in filter(None, alike):
        for name in later:
            said, was = texts[name], texts[first]
            if not said.startswith(was) and not was.startswith(said):
                yield Finding(f"{name}: content", f"{shown(was)}, as in {first}", shown(said))


def _text(exchange: Exchange) -> str:
    try:
        return "".join(Reasoned.of(exchange).written).rstrip("\ufffd")
    except Unmet:
        return ""
