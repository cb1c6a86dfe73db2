"""The reference's Responses API: a whole response or typed events, and the conversations that it stores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sixgates.exchange import Response
from sixgates.reference.chat import answer
from sixgates.reference.desk import CREATED, Desk, invalid
from sixgates.reference.response_events import events
from sixgates.reference.response_input import as_chat, conversation
from sixgates.reference.writing import Answer, Call, tokens_in

MOST_STORED = 100

Document = dict[str, Any]


def respond(desk: Desk, body: Mapping[str, Any]) -> Response:
    """The reply to one request; raises Refused."""
    asked = as_chat(body)
    desk.known(body.get("model"))
    said = [*_before(desk, body), *conversation(body.get("input"))]
    instructions = body.get("instructions")
    messages = [*([] if instructions is None else [{"role": "system", "content": instructions}]), *said]
    prompt = tokens_in(*messages, *(body.get("tools") or []))
    if prompt > desk.context_length:
        raise invalid("the prompt is too long", "input", "context_length_exceeded")
    written = answer(desk, asked, messages)
    response = _response(desk, body, written, prompt)
    if response["store"]:
        _keep(desk, response["id"], [*said, *response["output"]])
    if body.get("stream"):
        return desk.stream([f"event: {event['type']}\ndata: {_json(event)}" for event in events(response)])
    return desk.json(response)


def _before(desk: Desk, body: Mapping[str, Any]) -> Sequence[Document]:
    earlier = body.get("previous_response_id")
    if earlier is None:
        return []
    if not isinstance(earlier, str) or earlier not in desk.stored:
        message = f"no response has the id {earlier}"
        raise invalid(message, "previous_response_id", "previous_response_not_found")
    return desk.stored[earlier]


def _keep(desk: Desk, identity: str, said: list[Document]) -> None:
    desk.stored[identity] = said
    while len(desk.stored) > MOST_STORED:
        del desk.stored[next(iter(desk.stored))]


def _response(desk: Desk, body: Mapping[str, Any], written: Answer, prompt: int) -> Document:
    cut = written.finish == "length"
    spent = written.spent
    echoed = {name: body.get(name, default) for name, default in _DEFAULTS.items()}
    return {
        "id": f"resp_{desk.number()}",
        "object": "response",
        "created_at": CREATED,
        "status": "incomplete" if cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "model": desk.model,
        "output": _output(desk, body, written, "incomplete" if cut else "completed"),
        **echoed,
        "usage": {
            "input_tokens": prompt,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": spent,
            "output_tokens_details": {"reasoning_tokens": len(written.thought)},
            "total_tokens": prompt + spent,
        },
    }


_DEFAULTS: Mapping[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
}


def _output(desk: Desk, body: Mapping[str, Any], written: Answer, status: str) -> list[Document]:
    text = "".join(written.tokens)
    items: list[Document] = []
    if written.thought:
        items.append({"type": "reasoning", "id": f"rs_{desk.number()}", **_thought(body, written)})
    calls = [_called(desk, call, status) for call in written.calls]
    if calls and not text:
        return [*items, *calls]
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    message = {"type": "message", "id": f"msg_{desk.number()}", "role": "assistant", "status": status}
    return [*items, {**message, "content": [part]}, *calls]


def _called(desk: Desk, call: Call, status: str) -> Document:
    told = {"call_id": call.id, "name": call.name, "arguments": call.arguments}
    return {"type": "function_call", "id": f"fc_{desk.number()}", **told, "status": status}


def _thought(body: Mapping[str, Any], written: Answer) -> Document:
    """The thought, and its summary where one was asked for."""
    text = "".join(written.thought)
    wanted = isinstance(body.get("reasoning"), dict) and body["reasoning"].get("summary")
    summary = [{"type": "summary_text", "text": text}] if wanted else []
    return {"summary": summary, "content": [{"type": "reasoning_text", "text": text}]}


def _json(event: Document) -> str:
    return json.dumps(event, ensure_ascii=False)
