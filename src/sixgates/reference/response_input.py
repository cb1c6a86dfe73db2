"""What the reference takes as input of the Responses API, and the chat request that asks for the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sixgates.reference.desk import invalid

Document = dict[str, Any]
PARTS = frozenset({"input_text", "output_text"})
ROLES = frozenset({"system", "developer", "user", "assistant"})


def conversation(given: Any) -> list[Document]:
    """The input's items, each message with its content as text; raises Refused."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not isinstance(given, list) or not given or not all(isinstance(item, dict) for item in given):
        raise invalid("input must be a string or a non-empty array of items", "input")
    return [_item(item) for item in given]


def _item(item: Mapping[str, Any]) -> Document:
    kind = item.get("type", "message")
    if kind == "reasoning" and isinstance(item.get("summary"), list):
        return dict(item)
    if kind == "function_call" and all(isinstance(item.get(name), str) for name in _OF_CALLS):
        return dict(item)
    if kind == "function_call_output" and isinstance(item.get("call_id"), str):
        return {**item, "output": _text(item.get("output"))}
    if kind == "message" and item.get("role") in ROLES:
        return {**item, "content": _text(item.get("content"))}
    raise invalid("an item of the input is none that the API knows", "input")


_OF_CALLS = ("call_id", "name", "arguments")


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not all(_is_text(part) for part in content):
        raise invalid("content must be a string or an array of text parts", "input")
    return "".join(part["text"] for part in content)


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") in PARTS and isinstance(part.get("text"), str)


def as_chat(body: Mapping[str, Any]) -> Document:
    """The fields of a chat request that ask for the same; raises Refused."""
    most = body.get("max_output_tokens")
    if most is not None and (type(most) is not int or most < 1):
        raise invalid("max_output_tokens must be a positive integer", "max_output_tokens")
    if not isinstance(body.get("instructions"), str | None):
        raise invalid("instructions must be a string", "instructions")
    return {
        "max_completion_tokens": most,
        "tools": [each for tool in body.get("tools") or [] if (each := _function(tool)) is not None],
        "parallel_tool_calls": body.get("parallel_tool_calls"),
        "tool_choice": _choice(body.get("tool_choice")),
        "response_format": _format(body.get("text")),
    }


OF_THE_API = frozenset({"custom", "web_search", "local_shell", "mcp", "file_search", "code_interpreter"})
"""Types of tools that agents send beside functions; there is no model here that would call them."""


def _function(tool: Any) -> Document | None:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if kind in OF_THE_API:
        return None
    if kind != "function" or not isinstance(tool.get("name"), str):
        raise invalid("a tool needs a type of the API, and a function a name beside it", "tools")
    return {"function": tool}


def _choice(choice: Any) -> Any:
    return {"function": {"name": choice.get("name")}} if isinstance(choice, dict) else choice


def _format(text: Any) -> Document | None:
    wanted = text.get("format") if isinstance(text, dict) else None
    if not isinstance(wanted, dict):
        return None
    return {"type": wanted.get("type"), "json_schema": wanted}
