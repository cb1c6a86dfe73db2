"""The features that a provider may offer, in one closed set, how each may show, and profiles made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

CHAT = "chat"
COMPLETIONS = "completions"
EMBEDDINGS = "embeddings"
RESPONSES = "responses"
CAPABILITIES: Mapping[str, str] = {
    CHAT: "chat completions; implied, unless the model's specialty is embeddings",
    "tools": "functions that the model may call, plain and streamed",
    "json_object": "`response_format` of type json_object",
    "json_schema": "`response_format` of type json_schema, enforced",
    "logprobs": "`logprobs` and `top_logprobs` of chat completions",
    "logit_bias": "`logit_bias`",
    "n": "several choices in one answer",
    "seed": "`seed` repeats a sampled answer",
    "reasoning": "the model thinks before it answers, in a field of its own",
    "vision": "images as parts of a message",
    COMPLETIONS: "the legacy endpoint /v1/completions",
    "echo": "`echo` of the prompt there, with logprobs",
    EMBEDDINGS: "the endpoint /v1/embeddings; implied where the model's specialty is embeddings",
    "dimensions": "`dimensions` of embeddings",
    RESPONSES: "the endpoint /v1/responses",
    "stored_responses": "`store`, `previous_response_id` and retrieving a response",
    "auth": "the server asks for a key; implied by `api_key_env`",
    "context_length": "prompts that are too long are refused; implied by `context_length` of the model",
}
"""Each capability with what it stands for."""

IMPLIED = frozenset({CHAT, "context_length"})
"""Capabilities that follow from the rest of a provider's entry and are not declared there."""


class Offer(StrEnum):
    """What the answer to a request that asks for a capability shows."""

    OFFERED = "offered"
    REFUSED = "refused"
    IGNORED = "accepted without effect"
    ABSENT = "not there"
    BROKEN = "broken"
    UNSEEN = "not seen"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Shown:
    """An offer, with what was seen of it in one line, and the probe that showed it."""

    offer: Offer
    reason: str
    probe: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A capability that a provider was asked for, and what came, as a report carries it."""

    capability: str
    offer: Offer
    got: str


PROFILES: Mapping[str, frozenset[str]] = {
    "core": frozenset({CHAT}),
    "agent": frozenset({CHAT, "tools", "json_schema"}),
    "embeddings": frozenset({EMBEDDINGS}),
    "responses": frozenset({RESPONSES}),
}
"""What kinds of clients need, as sets of capabilities."""
