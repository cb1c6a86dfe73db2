"""Probes of request parameters, made so that one that is ignored shows in the answer."""

from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import Probe, Taken
from sixgates.exchange import Exchange, Finding
from sixgates.probes.chat import BASE, chat, chat_again, streamed
from sixgates.select import Unmet
from sixgates.views import Document

NEVER = "\u0001sixgates"
"""A stop word that no model writes."""

FEW = 3
BIASED = "1000"
"""A token id of every vocabulary in use; with the strongest bias nothing else is written."""

NULLS = dict.fromkeys(
    (
        *("temperature", "top_p", "n", "stop", "seed", "stream", "stream_options", "tools", "tool_choice"),
        *("response_format", "logit_bias", "logprobs", "user", "presence_penalty", "frequency_penalty"),
        *("max_completion_tokens", "top_logprobs"),
    )
)
DEFAULTS: Mapping[str, Any] = {
    "top_p": 1,
    "n": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logit_bias": {},
    "stream": False,
    "response_format": {"type": "text"},
    "user": "sixgates",
    "metadata": {},
    "store": False,
    "service_tier": "auto",
    "prompt_cache_key": "sixgates",
    "safety_identifier": "sixgates",
    "stop": [NEVER],
}


def _answer(earlier: Exchange) -> str:
    text = Document.of(earlier).message["content"].text
    if len(text) < 4:
        raise Unmet(Finding("chat", "some content to derive stop words from", repr(text)))
    return text


def middle_of(text: str) -> str:
    """A piece of a text that spans several tokens and occurs once: two words from its middle, else its end."""
    words = text.split(" ")
    for at in range(len(words) // 2, len(words) - 1):
        piece = f"{words[at]} {words[at + 1]}"
        if piece.strip() and text.count(piece) == 1 and text.index(piece):
            return piece
    return text[len(text) // 2 :]


def end_of(text: str) -> str:
    """The shortest end of a text that occurs nowhere else in it."""
    return next(text[-size:] for size in range(1, len(text) + 1) if text.count(text[-size:]) == 1)


def _body(earlier: Exchange) -> dict[str, Any]:
    return dict(earlier.request.asked)


def _stopping_in_the_middle(earlier: Exchange) -> Mapping[str, Any]:
    return {**_body(earlier), "stop": Taken(middle_of(_answer(earlier)))}


def _stopping_a_stream(earlier: Exchange) -> Mapping[str, Any]:
    """With a field that the API does not know, so that one request shows both."""
    return streamed(_stopping_in_the_middle(earlier), x_sixgates={"a": [1]})


def _limited_otherwise(earlier: Exchange) -> Mapping[str, Any]:
    """Without max_tokens; whoever ignores the other limit writes what it wrote before, and ends at its end."""
    body = _body(earlier)
    del body["max_tokens"]
    return {**body, "max_completion_tokens": FEW, "stop": [Taken(end_of(_answer(earlier)))]}


chat_nulls = Probe("chat-nulls", body={**BASE, **NULLS, "max_tokens": 4})
chat_defaults = Probe("chat-defaults", body={**BASE, **DEFAULTS}, alone=True)
chat_stream_unknown_field = Probe(
    "chat-stream-unknown-field", after=chat, derive=_stopping_a_stream, alone=True
)
chat_out_of_range = Probe(
    "chat-out-of-range",
    body={**BASE, "temperature": 3, "presence_penalty": 5, "n": 0, "max_tokens": 0},
    deadline_s=20,
)
chat_max_completion_tokens = Probe(
    "chat-max-completion-tokens", after=chat, derive=_limited_otherwise, alone=True
)
chat_stop_string = Probe("chat-stop-string", after=chat, derive=_stopping_in_the_middle, alone=True)
_sampled = {**BASE, "max_tokens": 8, "temperature": 1, "logprobs": True, "top_logprobs": 2}
chat_logprobs = Probe(
    "chat-logprobs", body=_sampled, capability="logprobs", alone=True, answered_by="params.logprobs.accepted"
)
chat_stream_logprobs = Probe(
    "chat-stream-logprobs",
    body=streamed(_sampled),
    capability="logprobs",
    alone=True,
    answered_by="chat.stream.answered",
)
chat_biased = Probe(
    "chat-biased", body={**BASE, "max_tokens": 4, "logit_bias": {BIASED: 100}}, capability="logit_bias"
)
chat_seed = Probe(
    "chat-seed", body=chat_again.body, capability="seed", alone=True, answered_by="chat.answered"
)
