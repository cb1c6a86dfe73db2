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
    if "summary" in item:
        empty["summary"] = []
    status = {"status": "in_progress"} if "status" in item else {}
    yield {"type": "response.output_item.added", "item": {**started, **empty, **status}}
    if item["type"] == "function_call":
        yield from _of_call(item)
    for held, (index, name) in _PARTS.items():
        for place, part in enumerate(item.get(held, [])):
            for event in _of_part(part, name):
                yield {**event, "item_id": item["id"], index: place}
    yield {"type": "response.output_item.done", "item": dict(item)}


def _of_call(item: Mapping[str, Any]) -> Iterator[Document]:
    own = {"item_id": item["id"]}
    for piece in _WORD.findall(item["arguments"]):
        yield {"type": "response.function_call_arguments.delta", **own, "delta": piece}
    done = {"name": item["name"], "arguments": item["arguments"]}
    yield {"type": "response.function_call_arguments.done", **own, **done}


_PARTS = {
    "summary": ("summary_index", "response.reasoning_summary_part"),
    "content": ("content_index", "response.content_part"),
}
"""How the parts of an item are numbered, and how their events are called, by the member that holds them."""
_TEXTS = {"summary_text": "response.reasoning_summary_text"}


def _of_part(part: Mapping[str, Any], name: str) -> Iterator[Document]:
    kind = _TEXTS.get(part["type"], f"response.{part['type']}")
    logprobs: Document = {"logprobs": []} if part["type"] == "output_text" else {}
    yield {"type": f"{name}.added", "part": {**part, "text": ""}}
    for piece in _WORD.findall(part["text"]):
        yield {"type": f"{kind}.delta", "delta": piece, **logprobs}
    yield {"type": f"{kind}.done", "text": part["text"], **logprobs}
    yield {"type": f"{name}.done", "part": dict(part)}
