"""What a server's list of models says of the model that is asked for: how many tokens it holds."""

from __future__ import annotations

from sixgates.exchange import Exchange
from sixgates.select import Json, Unmet, parse_json

MOST_ASKED = 65_536
"""Tokens; a prompt that overflows a longer context is sent to nobody who did not say how long it is."""
_SAID_BY = (
    ("max_model_len",),
    ("meta", "n_ctx"),
    ("context_length",),
    ("context_window",),
    ("max_context_length",),
)
"""Members of an entry: vLLM and SGLang, llama.cpp, OpenRouter and Together, Groq, Mistral."""


def stated_length(listed: object, model: str) -> int | None:
    """The tokens that the list of models says the model holds; None where it says none. Never raises."""
    response = listed.response if isinstance(listed, Exchange) else None
    if response is None or response.status != 200:
        return None
    try:
        entries = parse_json(response.body)["data"].elements
    except Unmet:
        return None
    named = [entry for entry in entries if entry["id"].value == model] or entries
    found = (_said(named[0], path) for path in _SAID_BY) if len(named) == 1 else ()
    return next((length for length in found if length is not None), None)


def _said(entry: Json, path: tuple[str, ...]) -> int | None:
    for name in path:
        entry = entry[name]
    value = entry.value
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
