"""A finished response of the reference as the typed events that lead to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Document = dict[str, Any]
_WORD = re.compile(r"\s*\S+|\s+$")


def events(response: Mapping[str, Any]) -> list[Document]:
    """The events in order, numbered from 0."""
    begun = {**response, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    told: list[Document] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for index, item in enumerate(response["output"]):
        told += [{**event, "output_index": index} for event in _of_item(item)]
    told.append({"type": f"response.{response['status']}", "response": dict(response)})
    return [{**event, "sequence_number": number} for number, event in enumerate(told)]


def _of_item(item: Mapping[str, Any]) -> Iterator[Document]:
    started = {key: value for key, value in item.items() if key not in {"content", "arguments"}}
    empty: Document = {"arguments": ""} if item["type"] == "function_call" else {"content": []}
    status = {"status": "in_progress"} if "status" in item else {}
    yield {"type": "response.output_item.added", "item": {**started, **empty, **status}}
    if item["type"] == "function_call":
        yield from _of_call(item)
    for place, part in enumerate(item.get("content", [])):
        for event in _of_part(part):
            yield {**event, "item_id": item["id"], "content_index": place}
    yield {"type": "response.output_item.done", "item": dict(item)}


def _of_call(item: Mapping[str, Any]) -> Iterator[Document]:
    own = {"item_id": item["id"]}
    for piece in _WORD.findall(item["arguments"]):
        yield {"type": "response.function_call_arguments.delta", **own, "delta": piece}
    done = {"name": item["name"], "arguments": item["arguments"]}
    yield {"type": "response.function_call_arguments.done", **own, **done}


def _of_part(part: Mapping[str, Any]) -> Iterator[Document]:
    kind = f"response.{part['type']}"
    yield {"type": "response.content_part.added", "part": {**part, "text": ""}}
    for piece in _WORD.findall(part["text"]):
        yield {"type": f"{kind}.delta", "delta": piece, "logprobs": []}
    yield {"type": f"{kind}.done", "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", "part": dict(part)}
