"""Probes of numbers beyond their limits, one in each, so that nothing else can be refused instead."""

from sixgates.catalogue import Probe
from sixgates.probes.chat import COUNTING, saying, streamed

MOST_ALTERNATIVES = 20
"""The API's limit of `top_logprobs`."""
LEFT_AFTER = 40
"""Network chunks of an answer that has no limit: so many pieces say that it has none."""

chat_top_logprobs_50 = Probe(
    "chat-top-logprobs-50",
    body=saying(COUNTING, logprobs=True, top_logprobs=50),
    capability="logprobs",
)


def _unlimited(name: str, limit: int) -> Probe:
    """Sent last, at the same moment: a server that does not hear its client leave writes on."""
    return Probe(
        name,
        body=streamed(saying(COUNTING, max_tokens=limit)),
        group="unlimited",
        hang_up_after=LEFT_AFTER,
        deadline_s=20,
    )


chat_stream_max_tokens_zero = _unlimited("chat-stream-max-tokens-zero", 0)
chat_stream_max_tokens_negative = _unlimited("chat-stream-max-tokens-negative", -1)
