"""What a client made of an answer: broken, misled, passed on or safe, by the bytes and by the right answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sixgates.coding import decoded
from sixgates.exchange import Exchange
from sixgates.impact.fault import way_of
from sixgates.impact.measured import Effect
from sixgates.select import Unmet
from sixgates.vectors import vector
from sixgates.views import Document
from sixgates.witness.held import Held
from sixgates.witness.responses import expected as of_responses

Came = Mapping[str, Any]
"""What a client has: `raised`, or its fields."""


def in_bytes(exchange: Exchange) -> Came | None:
    """The fields that a client should have of the bytes; None where our own views cannot read them."""
    try:
        return _in_bytes(exchange)
    except Unmet:
        return None


def _in_bytes(exchange: Exchange) -> Came | None:
    match way_of(exchange):
        case "chat" | "chat-stream":
            return _fields(Held.of(exchange))
        case "legacy" | "legacy-stream":
            return {**_fields(Held.of_legacy(exchange)), "calls": []}
        case "responses" | "responses-stream":
            return _fields(of_responses(exchange))
        case "embeddings":
            entries = Document.of(exchange)["data"].elements
            return {"vectors": [list(vector(entry["embedding"])) for entry in entries]}
        case "models":
            return {"ids": [entry["id"].value for entry in Document.of(exchange)["data"].elements]}
        case "retrieve":
            return {"ids": [Document.of(exchange)["id"].text]}
    return None


def _fields(held: Held) -> Came:
    return {
        "text": [said.text for said in held.choices],
        "calls": [[list(call) for call in said.calls] for said in held.choices],
        "finish": [said.finish for said in held.choices],
        "usage": None if held.usage is None else list(held.usage),
    }


def effect(
    exchange: Exchange,
    came: Came,
    asked: int,
    right: Exchange,
    right_came: Came,
    right_asked: int,
    *,
    refused: bool,
) -> Effect:
    """What an answer does to a client, by what came and by what comes of the right one.

    `refused` says that the fault is the refusal itself.
    """
    status = exchange.response.status if exchange.response else 0
    right_status = right.response.status if right.response else 0
    if status >= 400 and right_status >= 400:
        return _of_refusal(exchange, came, asked, right, right_came, right_asked)
    if "raised" in right_came and right_status < 400:
        return Effect.SAFE  # it never asks for such an answer
    if "raised" in right_came:
        held = "raised" not in came and any(_leaves(list(came.values())))
        return Effect.PASSES_ON if held or not came.get("ids", True) else Effect.BROKEN
    if status >= 400:
        return Effect.BROKEN if refused or "raised" not in came else Effect.PASSES_ON
    if "raised" in came:
        return Effect.BROKEN
    return _of_answer(in_bytes(exchange), came, in_bytes(right), right_came)


def _of_refusal(
    exchange: Exchange, came: Came, asked: int, right: Exchange, right_came: Came, right_asked: int
) -> Effect:
    if "raised" not in came:
        return Effect.BROKEN
    status, right_status = (each.response.status if each.response else 0 for each in (exchange, right))
    kinds = [str(each.get("raised", "")).partition(":")[0] for each in (came, right_came)]
    in_vain = asked > right_asked and status not in _BUSY
    if in_vain or (status == right_status and kinds[0] != kinds[1]):
        return Effect.MISLED
    said = _said(exchange, _message(right))
    if not said:
        return Effect.PASSES_ON  # there is nothing that could be told
    return Effect.SAFE if said in _flat(str(came["raised"])) else Effect.MISLED


_BUSY = {429, 503}
"""The statuses that ask a client to come again."""
_SAID = 60
"""Characters of a page or of plain text that must reach the user."""


def _said(exchange: Exchange, message: str) -> str:
    """What a server says of its refusal: the right message, wherever it stands, or another, or the body as it is."""
    try:
        response = decoded(exchange)
        body = response.body.decode() if response else ""
    except (Unmet, UnicodeDecodeError):  # what it says is lost for everybody
        return _flat(message)
    if message and message in body:
        return _flat(message)
    if body.lstrip().startswith("{"):
        return _flat(_message(exchange))
    return _flat(body)[:_SAID]


def _flat(text: str) -> str:
    return " ".join(text.split())


def _message(exchange: Exchange) -> str:
    try:
        message = json.loads(exchange.response.body)["error"]["message"] if exchange.response else ""
    except (ValueError, KeyError, TypeError):
        return ""
    return message if isinstance(message, str) else ""


def _of_answer(said: Came | None, came: Came, right: Came | None, right_came: Came) -> Effect:
    names = right_came.keys()
    if any(_unkept(name, came.get(name), right_came[name]) for name in names):
        return Effect.BROKEN
    if said is None or right is None:
        return (
            Effect.SAFE if all(_alike(came.get(name), right_came[name]) for name in names) else Effect.BROKEN
        )
    if any(_loses(name, said, came, right, right_came) for name in names):
        return Effect.BROKEN
    return Effect.SAFE if all(_alike(said.get(name), right.get(name)) for name in names) else Effect.PASSES_ON


def _loses(name: str, said: Came, came: Came, right: Came, right_came: Came) -> bool:
    """Whether a field is other than in the bytes; of a client that has it in its own form, other than it was."""
    if _alike(came.get(name), right_came[name]):
        return False  # a client may set right what a server got wrong
    if name == "usage":
        return _counts_lost(said[name], came.get(name), right[name], right_came[name])
    if _alike(right_came[name], right.get(name)):
        return not _alike(came.get(name), said.get(name))
    return _alike(said.get(name), right.get(name)) and not _alike(came.get(name), right_came[name])


def _counts_lost(said: Any, came: Any, right: Any, right_came: Any) -> bool:
    """Whether a count that was sent does not arrive; a client may fill in what was not, and adds up the total."""
    told, held, all_told, all_held = (
        [*(each or ()), None, None][:2] for each in (said, came, right, right_came)
    )
    return any(
        isinstance(count, int) and count != there
        for count, there, known, kept in zip(told, held, all_told, all_held, strict=True)
        if known == kept
    )


def _unkept(name: str, value: Any, right: Any) -> bool:
    """Whether a value is None that every answer promises: why a choice ended, and what a call needs."""
    if name not in {"finish", "calls"}:
        return False
    return None in _leaves(value) and None not in _leaves(right)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    else:
        yield value


def _alike(one: Any, other: Any) -> bool:
    """Equal, but for the rounding of numbers and for blanks in arguments."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return isinstance(one, float | int) and isinstance(other, float | int) and abs(one - other) < 1e-4
    if isinstance(one, str) and isinstance(other, str) and one != other:
        try:
            return bool(json.loads(one) == json.loads(other)) and one[:1] in "{["
        except ValueError:
            return False
    return bool(one == other)
