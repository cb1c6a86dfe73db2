"""What a client holds in the end, whether the answer came whole or as a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sixgates.exchange import Exchange, Finding, Request
from sixgates.leading import forces_a_call, without_a_call
from sixgates.select import Json, shown
from sixgates.views import ChatStream, ChoiceStream, Document, members


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
    request: Request

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The completion of an exchange; raises Unmet unless it is a 200 with a choice."""
        return cls.each(exchange)[0]

    @classmethod
    def each(cls, exchange: Exchange) -> tuple[Self, ...]:
        """Every choice of an exchange, in order of appearance; raises Unmet unless it is a 200 with a choice."""
        if not asked_for_stream(exchange.request):
            return tuple(cls._whole(choice, exchange) for choice in Document.of(exchange).choices)
        stream = ChatStream.of(exchange)
        ended = stream.done and exchange.error is None
        return tuple(cls._streamed(choice, ended, exchange) for choice in stream.choices)

    @classmethod
    def _whole(cls, choice: Json, exchange: Exchange) -> Self:
        message = choice["message"]
        text = message["content"].value
        calls = tuple(_call(call) for call in members(message["tool_calls"]))
        said = text if isinstance(text, str) else ""
        return cls(said, choice["finish_reason"], calls, False, True, exchange.request)

    @classmethod
    def _streamed(cls, choice: ChoiceStream, ended: bool, exchange: Exchange) -> Self:
        reasons = choice.finish_reasons
        finish = reasons[0] if reasons else choice.entries[-1]["finish_reason"]
        calls = tuple(_assembled(deltas) for deltas in choice.calls)
        return cls(choice.text, finish, calls, True, ended, exchange.request)

    @property
    def cut(self) -> bool:
        """Whether the token limit ended it."""
        return bool(self.finish.value == "length")

    @property
    def forced(self) -> bool:
        """Whether the request left the model nothing else than to call."""
        return forces_a_call(self.request)

    @property
    def called(self) -> tuple[Call, ...]:
        """The calls, at least one; otherwise raises Unmet, or Unexercised where the model was only led to one."""
        if not self.calls:
            got = f"none; finish_reason {shown(self.finish.value)}, content {shown(self.text)}"
            raise without_a_call(self.request, Finding("tool_calls", "a tool call", got))
        return self.calls


def asked_for_stream(request: Request) -> bool:
    """Whether a request's body says `"stream": true`."""
    return request.asked.get("stream") is True


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
