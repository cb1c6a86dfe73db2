"""What the reference takes as a conversation: roles, content as a string or in parts, and images that are images."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from sixgates.reference.desk import invalid

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF")


def conversation(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages, each with its content as text and without fields that are null; raises Refused."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(each, dict) for each in messages):
        raise invalid("messages must be a non-empty array of messages", "messages")
    return [_read(message) for message in messages]


def _read(message: Mapping[str, Any]) -> dict[str, Any]:
    if message.get("role") not in ROLES:
        raise invalid(f"role must be one of {', '.join(sorted(ROLES))}", "messages")
    given = {name: value for name, value in message.items() if value is not None}
    return given | ({"content": _text(given["content"])} if "content" in given else {})


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not content:
        raise invalid("content must be a string or a non-empty array of parts", "messages")
    return "".join(_part(part) for part in content)


def _part(part: Any) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "text" and isinstance(part.get("text"), str):
        return str(part["text"])
    if kind == "image_url" and isinstance(part.get("image_url"), dict):
        _look_at(part["image_url"].get("url"))
        return ""
    raise invalid("a part of content is neither text nor an image", "messages")


def _look_at(address: Any) -> None:
    head, _, data = str(address).partition(";base64,")
    try:
        image = b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        image = b""
    if not head.startswith("data:image/") or not image.startswith(IMAGES):
        raise invalid("image_url holds no image that can be read", "messages")
