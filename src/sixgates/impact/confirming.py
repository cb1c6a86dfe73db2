"""Whether the official SDK is really broken by an exchange: what it raises, loses, or promises and does not have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sixgates.exchange import Exchange
from sixgates.impact.fault import way_of
from sixgates.select import Findings
from sixgates.witness import reading, responses
from sixgates.witness.held import Held

RAW, HELPER = "openai-python", "openai-python helper"
Way = tuple[Callable[[Exchange], Findings], Callable[[Exchange], Any]]
"""What a call of the SDK loses of an exchange, and the call itself."""
_CHAT: Way = (reading.chat, reading.read_chat)
_LEGACY: Way = (reading.legacy, reading.read_legacy)
_RESPONSES: Way = (responses.responses, responses.read)
_WAYS: Mapping[tuple[str, str], Way] = {
    (RAW, "chat"): _CHAT,
    (RAW, "chat-stream"): _CHAT,
    (RAW, "legacy"): _LEGACY,
    (RAW, "legacy-stream"): _LEGACY,
    (RAW, "embeddings"): (reading.embeddings, reading.read_vectors),
    (RAW, "models"): (reading.models, reading.read_ids),
    (RAW, "responses"): _RESPONSES,
    (RAW, "responses-stream"): _RESPONSES,
    (HELPER, "chat-stream"): (reading.helper, reading.read_helped),
    (HELPER, "responses-stream"): (responses.responses_helper, responses.read_helped),
}


def loses(exchange: Exchange, client: str) -> bool | None:
    """Whether the SDK, or its helper, fails on an answer; None where it does not: refused, cut, too much."""
    return _loses(exchange, client) if reading.is_small(exchange) else None


@lru_cache(maxsize=256)
def _loses(exchange: Exchange, client: str) -> bool | None:
    response = exchange.response
    if response is None or exchange.error is not None or exchange.left is not None or response.status != 200:
        return None
    way = _WAYS.get((client, way_of(exchange) or ""))
    return None if way is None else _fails(way, exchange)


def _fails(way: Way, exchange: Exchange) -> bool | None:
    lost, call = way
    try:
        if any(True for _ in lost(exchange)):
            return True
        readable = True
    except Exception:  # noqa: BLE001 - our own views cannot read it, and so nothing says what should be held
        readable = False
    held, raised = reading.attempt("", lambda: call(exchange))
    if raised or (isinstance(held, Held) and held.unkept):
        return True
    return False if readable else None
