"""The reference's structured output: the smallest value that a `response_format` allows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sixgates.reference.desk import invalid


def constrained(body: Mapping[str, Any]) -> str | None:
    """The text that `response_format` forces, None where it leaves the text free; raises Refused."""
    wanted = body.get("response_format")
    if wanted is None:
        return None
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "text":
        return None
    if kind == "json_object":
        return json.dumps({"answer": "Hi!"})
    if kind == "json_schema":
        schema = _schema(wanted)
        return json.dumps(_value(schema, schema), ensure_ascii=False)
    raise invalid("response_format.type must be text, json_object or json_schema", "response_format")


def _schema(wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    wrapper = wanted.get("json_schema")
    schema = wrapper.get("schema") if isinstance(wrapper, dict) else None
    if not isinstance(schema, dict):
        raise invalid("response_format.json_schema must hold a schema", "response_format")
    return schema


def _value(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        return _value(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: _value(each, root) for name, each in schema.get("properties", {}).items()}
    return schema.get("type") == "boolean"
