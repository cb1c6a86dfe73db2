"""What becomes of numbers beyond the API's limits: a refusal, or a limit of the server's own, but never none."""

from sixgates.catalogue import MAY, SHOULD, check
from sixgates.exchange import Exchange, Finding
from sixgates.probes.limits import (
    MOST_ALTERNATIVES,
    chat_stream_max_tokens_negative,
    chat_stream_max_tokens_zero,
    chat_top_logprobs_50,
)
from sixgates.reasoning import TEXTS, filled
from sixgates.select import Findings, Unexercised
from sixgates.views import ChatStream, Document, Reply, members

SPEC = "spec: CreateChatCompletionRequest"
ENDLESS = "a client whose limit is computed, and comes to this, waits for an answer that does not end"
SAID = ("content", *TEXTS)
FEW = 16
"""So many tokens are some server's limit of its own; more are none."""


@check(
    "params.top_logprobs.limit",
    SHOULD,
    probe=chat_top_logprobs_50,
    evidence=[SPEC, "oobabooga/textgen#7657"],
)
def too_many_alternatives_are_refused(reply: Reply) -> Findings:
    """More than 20 top_logprobs are refused with a 4xx, or no more than that are given."""
    if 400 <= reply.status < 500:
        return
    yield from reply.status_in(200, 400, 422)
    entries = Document(reply.json).choices[0]["logprobs"]["content"]
    most = max((len(members(entry["top_logprobs"])) for entry in entries.elements), default=0)
    if most > MOST_ALTERNATIVES + 1:  # the token itself may come on top
        yield Finding(entries.where, f"400, or at most {MOST_ALTERNATIVES} alternatives", f"{most} of them")


@check(
    "params.max_tokens.zero",
    SHOULD,
    probe=chat_stream_max_tokens_zero,
    evidence=[SPEC, "abetlen/llama-cpp-python#64", "openai/gpt-oss#269"],
)
def zero_is_a_limit(exchange: Exchange) -> Findings:
    """max_tokens 0 is refused with a 4xx, or ends the answer at once: it does not mean without a limit."""
    yield from _limited(exchange)


@check(
    "params.max_tokens.negative",
    MAY,
    probe=chat_stream_max_tokens_negative,
    evidence=[SPEC, "abetlen/llama-cpp-python#111", "lmstudio-ai/docs#34"],
)
def negative_numbers_are_refused(exchange: Exchange) -> Findings:
    """max_tokens -1 is refused with a 4xx; to some engines it means without a limit, which few clients mean."""
    yield from _limited(exchange)


def _limited(exchange: Exchange) -> Findings:
    """What is wrong with an answer that was to have no tokens; it may have been left or cut in the middle."""
    if exchange.response is not None and 400 <= exchange.response.status < 500:
        return
    stream = ChatStream.of(exchange)
    written = [delta for delta in stream.choices[0].deltas if any(filled(delta[name]) for name in SAID)]
    if len(written) > FEW:
        got = f"{len(written)} pieces{'' if stream.done else ', and no end'}"
        yield Finding("content", "a refusal with 400, or an answer without tokens", got, ENDLESS)
    elif not stream.done:
        raise Unexercised(f"only {len(written)} pieces came before the client left: they may end")
