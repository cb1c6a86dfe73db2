"""How checks see an exchange: as a raw reply, as a JSON document, or as a stream of completion chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from sixgates.exchange import Exchange, Finding, Request, Response
from sixgates.select import ABSENT, ARRAY, Json, Unmet, parse_json, shown
from sixgates.sse import Block, parse

DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class Reply:
    """Whatever came back, as long as a response came back whole; a cut or missing one raises Unmet."""

    probe: str
    request: Request
    response: Response

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The reply of an exchange; raises Unmet when the transport failed."""
        if exchange.response is None or exchange.error is not None:
            error = exchange.error
            got = f"{error.kind}: {error.detail}" if error else "no response"
            raise Unmet(Finding("connection", "a complete HTTP response", got))
        return cls(exchange.probe, exchange.request, exchange.response)

    @property
    def status(self) -> int:
        """The HTTP status code."""
        return self.response.status

    @property
    def text(self) -> str:
        """The body as text; undecodable bytes show as U+FFFD."""
        return self.response.body.decode(errors="replace")

    @property
    def json(self) -> Json:
        """The body as JSON; raises Unmet when it is none."""
        return parse_json(self.response.body)

    def status_in(self, *allowed: int) -> Iterator[Finding]:
        """A finding unless the status is one of these."""
        if self.status not in allowed:
            words = " or ".join(str(status) for status in allowed)
            yield Finding("status", words, f"{self.status} {shown(self.text)}")


@dataclass(frozen=True, slots=True)
class Document:
    """A successful JSON reply: 200 and an object."""

    root: Json

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The reply's JSON object; raises Unmet unless the status is 200 and the body is an object."""
        reply = Reply.of(exchange)
        for finding in reply.status_in(200):
            raise Unmet(finding)
        root = reply.json
        if not isinstance(root.value, dict):
            raise Unmet(root.finding("an object"))
        return cls(root)

    def __getitem__(self, key: str) -> Json:
        """The member of the document."""
        return self.root[key]

    @property
    def choices(self) -> list[Json]:
        """The choices, at least one; raises Unmet otherwise."""
        return self.root["choices"].elements

    @property
    def message(self) -> Json:
        """The first choice's message."""
        return self.choices[0]["message"]


@dataclass(frozen=True, slots=True)
class ChoiceStream:
    """All that a stream said about one choice: its entries in order, each with the time it arrived."""

    index: object
    entries: tuple[Json, ...]

    @property
    def deltas(self) -> tuple[Json, ...]:
        """The delta of each entry."""
        return tuple(entry["delta"] for entry in self.entries)

    @property
    def finish_reasons(self) -> tuple[Json, ...]:
        """The finish reasons other than null, in order."""
        return tuple(reason for entry in self.entries if (reason := entry["finish_reason"]).given)

    @property
    def text(self) -> str:
        """The concatenated content; non-strings are left out (another check names them)."""
        parts = (delta["content"].value for delta in self.deltas)
        return "".join(part for part in parts if isinstance(part, str))


@dataclass(frozen=True, slots=True)
class ChatStream:
    """A 200 event stream: blocks as they stood on the wire, and the JSON chunks in them."""

    reply: Reply
    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The stream of an exchange, cut or not; raises Unmet when no 200 response with an event came."""
        if exchange.response is None:
            Reply.of(exchange)
            raise AssertionError("an exchange without a response has no reply")
        reply = Reply(exchange.probe, exchange.request, exchange.response)
        for finding in reply.status_in(200):
            raise Unmet(finding)
        blocks = parse(exchange.response.chunks)
        if not any(block.data for block in blocks):
            raise Unmet(Finding("body", "server-sent events with data", shown(reply.text)))
        return cls(reply, blocks)

    @property
    def events(self) -> tuple[Block, ...]:
        """The blocks that carry data, [DONE] included."""
        return tuple(block for block in self.blocks if block.data is not None)

    def documents(self) -> Iterator[Json]:
        """The JSON of each event but [DONE]; raises Unmet when an event holds something else, or there is none."""
        count = 0
        for block in self.events:
            if block.data != DONE:
                count += 1
                yield parse_json(block.data or "", f"event {block.number}")
        if not count:
            raise Unmet(Finding("body", "at least one chunk", "none"))

    @property
    def chunks(self) -> list[Json]:
        """The JSON objects of the stream that are no error events; at least one, else Unmet."""
        chunks = [each for each in self.documents() if not each["error"].given]
        if not chunks:
            raise Unmet(Finding("body", "a completion chunk", "only error events"))
        return chunks

    @property
    def entries(self) -> list[Json]:
        """Every element of every `choices` array; raises Unmet when there is none or one is no array."""
        found = [entry for chunk in self.chunks for entry in _elements(chunk["choices"])]
        if not found:
            raise Unmet(Finding("body", "a chunk with a choice", "none"))
        return found

    @property
    def choices(self) -> list[ChoiceStream]:
        """The entries gathered by choice index, in order of first appearance; at least one."""
        by_index: dict[str, list[Json]] = {}
        for entry in self.entries:
            by_index.setdefault(repr(entry["index"].value), []).append(entry)
        return [ChoiceStream(group[0]["index"].value, tuple(group)) for group in by_index.values()]

    @property
    def text(self) -> str:
        """The content of the first choice."""
        return self.choices[0].text

    def arrival(self, where: Json) -> float:
        """Seconds after the request at which the event of this value had arrived."""
        number = int(where.where.split("/")[0].removeprefix("event "))
        return self.blocks[number].at


def _elements(choices: Json) -> list[Json]:
    if choices.value is ABSENT:
        raise Unmet(choices.finding(ARRAY.words))
    value = choices.require(ARRAY)
    return [Json(item, f"{choices.where}/{index}") for index, item in enumerate(value)]
