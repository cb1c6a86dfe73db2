"""What the reference makes of a request's messages and of the format that is asked for."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sixgates.reference.desk import invalid

ROLES = ("system", "developer", "user", "assistant", "tool")
_PNG = b"\x89PNG\r\n"


def read(messages: object) -> list[dict[str, Any]]:
    """The messages with their text parts joined; raises Refused for what the API does not know."""
    if not isinstance(messages, list) or not messages or not all(isinstance(each, dict) for each in messages):
        raise invalid("messages must be a non-empty array of messages", "messages")
    return [_read(message) for message in messages]


def _read(message: Mapping[str, Any]) -> dict[str, Any]:
    if message.get("role") not in ROLES:
        raise invalid(f"the role must be one of {', '.join(ROLES)}", "messages")
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(_part(part) for part in content)
    return {**message, "content": content}


def _part(part: Mapping[str, Any]) -> str:
    if part.get("type") == "text":
        return str(part.get("text"))
    if part.get("type") == "image_url":
        _check_image(str(part.get("image_url", {}).get("url")))
        return ""
    raise invalid(f"a content part has no type {part.get('type')}", "messages")


def _check_image(url: str) -> None:
    try:
        data = base64.b64decode(url.partition("base64,")[2], validate=True)
    except binascii.Error:
        data = b""
    if not data.startswith(_PNG):
        raise invalid("the image cannot be read", "messages")


def formatted(asked: Mapping[str, Any] | None) -> str | None:
    """The text that keeps to the format asked for; None where any text does."""
    kind = (asked or {}).get("type", "text")
    if kind == "text":
        return None
    if kind == "json_object":
        return json.dumps({"mood": "glad"})
    schema = (asked or {}).get("json_schema", {}).get("schema")
    if kind != "json_schema" or not isinstance(schema, dict):
        raise invalid("response_format needs a known type, and a schema for json_schema", "response_format")
    return json.dumps({name: _value(schema, each) for name, each in schema["properties"].items()})


def _value(schema: Mapping[str, Any], each: Mapping[str, Any]) -> Any:
    if "$ref" in each:
        each = schema["$defs"][each["$ref"].rsplit("/", 1)[1]]
    values: Sequence[Any] = each.get("enum") or [True]
    return values[0]
