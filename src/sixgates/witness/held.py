"""What an application has of an answer in the end, as plain values that can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sixgates.completion import Call, Completion, asked_for_stream
from sixgates.exchange import Exchange, Finding
from sixgates.select import ABSENT, Findings, Json, shown
from sixgates.views import ChatStream, Document

COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


@dataclass(slots=True)
class Said:
    """One choice: its text, its tool calls (id, name, arguments) and why it ended."""

    text: str = ""
    calls: list[tuple[Any, Any, Any]] = field(default_factory=list)
    finish: Any = None


@dataclass(frozen=True, slots=True)
class Held:
    """All choices in order, and the token counts, None where there are none."""

    choices: tuple[Said, ...]
    usage: tuple[Any, ...] | None

    @classmethod
    def of(cls, exchange: Exchange) -> Held:
        """What a chat's bytes say; raises Unmet unless it is a 200 with a choice."""
        choices = tuple(
            Said(each.text, [_call(call) for call in each.calls], plain(each.finish))
            for each in Completion.each(exchange)
        )
        return cls(choices, _usage(exchange))

    @classmethod
    def of_legacy(cls, exchange: Exchange) -> Held:
        """The same of a legacy completion."""
        if not asked_for_stream(exchange.request):
            choices = Document.of(exchange).choices
            said = (Said(_text(each["text"]), finish=plain(each["finish_reason"])) for each in choices)
            return cls(tuple(said), _usage(exchange))
        streams = ChatStream.of(exchange).choices
        said = (
            Said(
                "".join(_text(entry["text"]) for entry in stream.entries),
                finish=plain(next(iter(stream.finish_reasons), stream.entries[-1]["finish_reason"])),
            )
            for stream in streams
        )
        return cls(tuple(said), _usage(exchange))

    @property
    def unkept(self) -> bool:
        """Whether a value that the SDK's types promise is None: why a choice ended, or what a call needs."""
        return any(
            said.finish is None or any(member is None for call in said.calls for member in call)
            for said in self.choices
        )

    def lost(self, other: Held, where: str) -> Findings:
        """A finding for each thing that another reader has otherwise."""
        if len(self.choices) != len(other.choices):
            yield Finding(where, _many(len(self.choices)), _many(len(other.choices)))
        for number, (ours, theirs) in enumerate(zip(self.choices, other.choices, strict=False)):
            for name in ("text", "calls", "finish"):
                yield from _unequal(f"{where}, {name} of choice {number}", ours, theirs, name)
        yield from _unequal(f"{where}, usage", self, other, "usage")


def counts(usage: Any) -> tuple[Any, ...] | None:
    """The counts of the SDK's usage object."""
    return None if usage is None else tuple(getattr(usage, name, None) for name in COUNTS)


def _unequal(where: str, ours: object, theirs: object, name: str) -> Iterator[Finding]:
    expected, got = getattr(ours, name), getattr(theirs, name)
    if expected != got:
        yield Finding(where, f"{shown(expected)}, as in the bytes", shown(got))


def _usage(exchange: Exchange) -> tuple[Any, ...] | None:
    if asked_for_stream(exchange.request):
        given = [chunk["usage"] for chunk in ChatStream.of(exchange).chunks if chunk["usage"].given]
    else:
        given = [usage for usage in (Document.of(exchange)["usage"],) if usage.given]
    return tuple(plain(given[-1][name]) for name in COUNTS) if given else None


def _call(call: Call) -> tuple[Any, Any, Any]:
    return plain(call.id), plain(call.name), plain(call.arguments)


def plain(value: Json) -> Any:
    """A scalar as the SDK hands it on; None for what is absent, and for what no scalar field may hold."""
    return None if value.value is ABSENT or isinstance(value.value, Mapping | list) else value.value


def _text(value: Json) -> str:
    return value.value if isinstance(value.value, str) else ""


def _many(count: int) -> str:
    return "1 choice" if count == 1 else f"{count} choices"
