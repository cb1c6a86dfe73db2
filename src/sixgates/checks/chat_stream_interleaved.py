"""What streams at the same time must not do to each other."""

from sixgates.catalogue import MUST, check
from sixgates.exchange import Exchange, Finding
from sixgates.probes.chat import chat_stream, chat_stream_usage
from sixgates.probes.interleaved import parallel_streams
from sixgates.reasoning import Reasoned
from sixgates.select import Findings, Unexercised, shown
from sixgates.views import ChatStream

STRANGE = 4
"""Fewer characters of another answer may stand in one by chance."""
PIECE = 12
"""So many in a row do not."""


@check(
    "chat.stream.concurrent_isolation",
    MUST,
    together=parallel_streams,
    evidence=["abetlen/llama-cpp-python#867", "abetlen/llama-cpp-python#897"],
    luck="Streams disturb each other only where the server works on both in the same moment.",
)
def streams_do_not_disturb_each_other(one: Exchange, two: Exchange) -> Findings:
    """Streams at the same time each run to their finish reason and [DONE], under ids of their own."""
    ids = []
    for exchange in (one, two):
        stream = ChatStream.of(exchange)
        if exchange.error is not None:
            yield Finding(f"{exchange.probe}: body", "a whole stream", exchange.error.detail)
        if not stream.done:
            yield Finding(f"{exchange.probe}: body", "[DONE] at the end", "none")
        if not stream.choices[0].finish_reasons:
            yield Finding(f"{exchange.probe}: body", "a finish_reason", "none")
        ids.append(shown(stream.completion_chunks[0]["id"].value))
    if len(set(ids)) < len(ids):
        yield Finding("id", "two different ids", ", ".join(ids))


@check(
    "chat.stream.concurrent_not_mixed",
    MUST,
    together=[chat_stream_usage, chat_stream, *parallel_streams],
    requires=["chat.stream.concurrent_isolation"],
    evidence=["spec: CreateChatCompletionStreamResponse", "abetlen/llama-cpp-python#867"],
    luck="Streams mix only where the server works on both in the same moment.",
)
def streams_keep_to_their_answers(
    first_alone: Reasoned, second_alone: Reasoned, first: Reasoned, second: Reasoned
) -> Findings:
    """Of streams at the same time none holds text of another's answer, as that was when sent by itself."""
    one, two, said, also_said = ("".join(each.written) for each in (first_alone, second_alone, first, second))
    if not said and not also_said:
        raise Unexercised("neither stream holds a text, so that there is nothing of the other in it")
    for probe, text, own, other in zip(
        parallel_streams, (said, also_said), (one, two), (two, one), strict=True
    ):
        if _holds_some_of(other, text, own):
            expected = f"only text of its own answer, {shown(own)}"
            yield Finding(f"{probe.name}: content", expected, f"text of the other's, too: {shown(text)}")


def _holds_some_of(other: str, said: str, own: str) -> bool:
    """Whether a text is a mixture of two, or, where rounding made it a third one, holds a piece of the other."""
    if own.startswith(said):
        return False
    pieces = (other[start : start + PIECE] for start in range(len(other) - PIECE + 1))
    return mixed(said, own, other) or any(piece in said and piece not in own for piece in pieces)


def mixed(said: str, own: str, other: str) -> bool:
    """Whether a text is the beginnings of two others, in whatever pieces they take turns."""
    reached = {0}  # how much of `own` may have been used up, for each length of `said`
    for length, letter in enumerate(said):
        reached = {
            used + step
            for used in reached
            for step, source in ((1, own[used : used + 1]), (0, other[length - used : length - used + 1]))
            if source == letter
        }
    return any(len(said) - used >= STRANGE for used in reached)
