"""Probes of embeddings. The path alone makes them need the capability, so no probe here names it."""

from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import EMBEDDINGS_PATH, MODEL, OVERFLOW, Probe, Taken
from sixgates.exchange import Exchange
from sixgates.views import Document

ONCE = "A red boat"
TEXTS = (
    "The sea is calm today.",
    "Accounts are due on Friday at noon, in the office upstairs.",
    ONCE,
    "Why do cats purr?",
    ONCE,
)
"""A batch in which the text of the plain probe stands twice, where neither reversing nor sorting leaves it."""
FIRST_PLACE, SECOND_PLACE = (place for place, text in enumerate(TEXTS) if text == ONCE)
TOKENS = ((9, 10, 11), (12,))
"""Token ids that every vocabulary has."""


def _embedding(name: str, text: Any, *, capability: str | None = None, **more: Any) -> Probe:
    body = {"model": MODEL, "input": text, **more}
    return Probe(
        name, path=EMBEDDINGS_PATH, body=body, capability=capability, answered_by="embeddings.answered"
    )


def _half_as_long(earlier: Exchange) -> Mapping[str, Any]:
    length = len(Document.of(earlier)["data"].elements[0]["embedding"].elements)
    return {"model": MODEL, "input": ONCE, "dimensions": Taken(max(length // 2, 1))}


embeddings = _embedding("embeddings", ONCE)
embeddings_batch = _embedding("embeddings-batch", list(TEXTS), encoding_format="base64")
embeddings_tokens = _embedding("embeddings-tokens", [list(ids) for ids in TOKENS])
embeddings_half = Probe(
    "embeddings-half",
    path=EMBEDDINGS_PATH,
    after=embeddings,
    derive=_half_as_long,
    answered_by="embeddings.answered",
)
embeddings_of_nothing = _embedding("embeddings-of-nothing", [])
embeddings_too_long = _embedding("embeddings-too-long", OVERFLOW, capability="context_length")

EMBEDDINGS_FAULTS = (embeddings_of_nothing, embeddings_too_long)
