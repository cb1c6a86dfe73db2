"""What a server does with an answer to which the client has set no limit."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.exchange import Exchange, Finding
from sixgates.probes.clients import STAYS_FOR, chat_stream_agent, chat_stream_chunked, pieces, written
from sixgates.select import Findings, Json, Unexercised, shown
from sixgates.views import ChatStream

ROUND = frozenset({16, 20, 32, 50, 64, 100, 128, 200, 256, 300, 500, 512})
"""Limits that servers are known to set, or would."""
ENDED = (".", "!", "?", ":", ")", '"', "`", "\n", "。")


@check(
    "params.max_tokens.own_limit_told",
    MUST,
    together=[chat_stream_agent, chat_stream_chunked],
    evidence=[
        "spec: CreateChatCompletionResponse",
        "microsoft/foundry-local#243",
        "project-arbr/arbr-control-plane#34",
        "llm-d/llm-d-inference-sim#29",
    ],
)
def an_own_limit_is_told(free: Exchange, limited: ChatStream) -> Findings:
    """An answer that the server cuts by a limit of its own says "length": asked for more, it would not go on."""
    stream = ChatStream.of(free)
    finish = _finish(free, stream)
    if finish is None or finish.value == "length":
        return
    before, after = ("".join(pieces(each)) for each in (stream, limited))
    number, more = written(stream), written(limited)
    if not after.startswith(before.rstrip()) and not before.startswith(after.rstrip()):
        raise Unexercised("with a limit the model wrote another text than without, so that none shows")
    if more > number and after.startswith(before.rstrip()) and after != before:
        hint = f"the same request with a limit above that goes on: {shown(after[len(before.rstrip()) :])}"
        got = f"{shown(finish.value)} after {number} tokens"
        yield Finding(finish.where, '"length", as the server cut the answer', got, hint)


@check(
    "params.max_tokens.own_limit",
    SHOULD,
    probe=chat_stream_agent,
    evidence=[
        "spec: CreateChatCompletionRequest",
        "huggingface/text-generation-inference#2421",
        "aws-samples/bedrock-access-gateway#237",
        "mistralai/mistral-vibe#1118",
        "microsoft/foundry-local#243",
    ],
)
def no_limit_means_none(exchange: Exchange) -> Findings:
    """Without max_tokens an answer is not cut after a few hundred tokens."""
    stream = ChatStream.of(exchange)
    finish = _finish(exchange, stream)
    if finish is None:
        return
    number = written(stream)
    cut_off = number in ROUND and not "".join(pieces(stream)).endswith(ENDED)
    if finish.value == "length" or cut_off:
        expected = f"an answer that goes on until the model ends it, or for {STAYS_FOR} pieces at least"
        yield Finding(finish.where, expected, f"{shown(finish.value)} after {number} tokens")


def _finish(exchange: Exchange, stream: ChatStream) -> Json | None:
    """How the server ended an answer; None where it was still writing when its client had enough."""
    if exchange.left is not None or exchange.error is not None:
        return None
    choice = stream.choices[0]
    return next(iter(choice.finish_reasons), choice.entries[-1]["finish_reason"])
