"""What a client holds in the end, whether the answer came whole or as a stream."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

from sixgates.exchange import Exchange, Finding, Request
from sixgates.select import Json, Unmet, shown
from sixgates.views import ChatStream, Document, members


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call as a client has it in the end; members are absent where the server sent none."""

    id: Json
    type: Json
    name: Json
    arguments: Json


@dataclass(frozen=True, slots=True)
class Completion:
    """The first choice as a client has it in the end, whether it came whole or as a stream."""

    text: str
    finish: Json
    calls: tuple[Call, ...]
    streamed: bool
    ended: bool

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The completion of an exchange; raises Unmet unless it is a 200 with a choice."""
        if not _asked_for_stream(exchange.request):
            choice = Document.of(exchange).choices[0]
            message = choice["message"]
            text = message["content"].value
            calls = tuple(_call(call) for call in members(message["tool_calls"]))
            return cls(text if isinstance(text, str) else "", choice["finish_reason"], calls, False, True)
        stream = ChatStream.of(exchange)
        choice_stream = stream.choices[0]
        reasons = choice_stream.finish_reasons
        finish = reasons[0] if reasons else choice_stream.entries[-1]["finish_reason"]
        calls = tuple(_assembled(deltas) for deltas in choice_stream.calls)
        return cls(choice_stream.text, finish, calls, True, stream.done and exchange.error is None)

    @property
    def cut(self) -> bool:
        """Whether the token limit ended it."""
        return bool(self.finish.value == "length")

    @property
    def called(self) -> tuple[Call, ...]:
        """The calls, at least one; raises Unmet otherwise."""
        if not self.calls:
            got = f"none; finish_reason {shown(self.finish.value)}, content {shown(self.text)}"
            raise Unmet(Finding("tool_calls", "a tool call", got))
        return self.calls


def _asked_for_stream(request: Request) -> bool:
    try:
        document = json.loads(request.body or b"{}")
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("stream") is True


def _call(call: Json) -> Call:
    function = call["function"]
    return Call(call["id"], call["type"], function["name"], function["arguments"])


def _assembled(deltas: tuple[Json, ...]) -> Call:
    calls = [_call(delta) for delta in deltas]
    fragments = [call.arguments.value for call in calls if isinstance(call.arguments.value, str)]
    arguments = Json("".join(fragments), calls[0].arguments.where) if fragments else calls[0].arguments
    return Call(
        _first(*(c.id for c in calls)),
        _first(*(c.type for c in calls)),
        _first(*(c.name for c in calls)),
        arguments,
    )


def _first(*values: Json) -> Json:
    return next((value for value in values if value.given and value.value != ""), values[0])
