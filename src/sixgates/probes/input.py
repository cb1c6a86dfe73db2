"""Probes of what messages may hold: parts, roles, names, nulls, and what is none of it."""

from typing import Any

from sixgates.catalogue import Probe
from sixgates.probes.chat import BASE

HALVES = ("Say hi and tell me ", "one short story.")
"""The prompt of the plain chat, in two parts."""

_NO_PNG = "data:image/png;base64,aGVsbG8="


def _messages(name: str, *messages: dict[str, Any], **more: Any) -> Probe:
    return Probe(name, body={**BASE, "max_tokens": 4, "messages": list(messages), **more})


def _user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


content_parts = _messages("content-parts", _user([{"type": "text", "text": half} for half in HALVES]))
developer_role = _messages("developer-role", {"role": "developer", "content": "Be brief."}, _user("Say hi."))
several_systems = _messages(
    "several-systems",
    {"role": "system", "content": "Be brief."},
    {"role": "system", "content": "Be kind."},
    _user("Say hi."),
    {"role": "assistant", "content": "Hi."},
    {"role": "system", "content": "Be cheerful."},
    _user("Say hi again."),
)
null_fields = _messages(
    "null-fields",
    {**_user("Say hi."), "name": "alice"},
    {
        "role": "assistant",
        "content": "Hi.",
        "tool_calls": None,
        "function_call": None,
        "refusal": None,
        "name": None,
    },
    {**_user("Say hi again."), "name": None},
)
no_messages = Probe("no-messages", body={**BASE, "max_tokens": 4, "messages": []})
unknown_words = _messages(
    "unknown-words", {"role": "wizard", "content": [{"type": "smell", "smell": "rose"}]}
)
bad_image = _messages(
    "bad-image",
    _user([{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": _NO_PNG}}]),
)
reasoning_returned = _messages(
    "reasoning-returned",
    _user("Say hi."),
    {"role": "assistant", "content": "Hi.", "reasoning_content": "I greet.", "reasoning": "I greet."},
    _user("Say hi again."),
)
