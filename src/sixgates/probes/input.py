"""Probes of messages: their roles, their order, their parts, and what clients leave in them when they come back.

What a server drops without a word shows in its count of the prompt: the messages that could be dropped are many
sentences long, each a different number of them.
"""

from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import Probe
from sixgates.probes.chat import BASE

SENTENCE = f"{BASE['messages'][0]['content']} "
LONG, LONGER = 20, 40
"""How many sentences the messages have that a server might drop: the first long one, and the late one."""


def _says(role: str, sentences: int = 1) -> dict[str, Any]:
    return {"role": role, "content": SENTENCE * sentences}


def _holding(*messages: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {**BASE, "messages": list(messages), "max_tokens": 1, **more}


def _text(sentences: int) -> dict[str, str]:
    return {"type": "text", "text": SENTENCE * sentences}


chat_parts = Probe(
    "chat-parts", body=_holding({"role": "user", "content": [_text(LONG // 2), _text(LONG // 2)]})
)
chat_developer = Probe("chat-developer", body=_holding(_says("developer", LONG), _says("user")))
chat_roles = Probe(
    "chat-roles",
    body=_holding(
        _says("system"),
        _says("system", LONG),
        _says("user"),
        _says("user"),
        _says("assistant"),
        _says("system", LONGER),
        _says("user"),
    ),
)
no_messages = Probe("no-messages", body=_holding())
chat_broken_image = Probe(
    "chat-broken-image",
    body=_holding(
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is in this picture?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            ],
        }
    ),
)

_THOUGHT = "The user greets me."
chat_replayed = Probe(
    "chat-replayed",
    body=_holding(
        {"role": "user", "content": "Say hi.", "name": "alice"},
        {
            "role": "assistant",
            "content": "Hi!",
            "refusal": None,
            "annotations": None,
            "audio": None,
            "function_call": None,
            "tool_calls": None,
            "reasoning_content": _THOUGHT,
            "reasoning": _THOUGHT,
        },
        {"role": "user", "content": "Tell me one short story.", "name": "alice"},
        max_tokens=4,
        response_format={"type": "text"},
    ),
)
"""What openai-python dumps of a message, nulls and thought included, sent back as history."""
