"""How checks see an exchange: as a raw reply, as a JSON document, or as a stream of completion chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from sixgates.coding import decoded
from sixgates.exchange import Exchange, Finding, Request, Response
from sixgates.leading import without_a_call
from sixgates.select import OBJECT, Json, Unmet, parse_json, shown
from sixgates.sse import Block, parse

DONE = "[DONE]"
MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Reply:
    """Whatever came back, as its client reads it; one that is cut, missing or unreadable raises Unmet."""

    probe: str
    request: Request
    response: Response

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The reply of an exchange; raises Unmet when the transport failed or the body's coding is a lie."""
        response = decoded(exchange)
        if response is None or exchange.error is not None:
            error = exchange.error
            got = f"{error.kind}: {error.detail}" if error else "no response"
            raise Unmet(Finding("connection", "a complete HTTP response", got))
        return cls(exchange.probe, exchange.request, response)

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
    """All that a stream said about one choice: its entries in order."""

    index: object
    entries: tuple[Json, ...]

    @property
    def deltas(self) -> tuple[Json, ...]:
        """The delta of each entry."""
        return tuple(entry["delta"] for entry in self.entries)

    @property
    def finish_reasons(self) -> tuple[Json, ...]:
        """The finish reasons other than null and "" (which another check names), in order."""
        reasons = (entry["finish_reason"] for entry in self.entries)
        return tuple(reason for reason in reasons if reason.given and reason.value != "")

    @property
    def contents(self) -> tuple[str, ...]:
        """The non-empty pieces of content; non-strings are left out (another check names them)."""
        parts = (delta["content"].value for delta in self.deltas)
        return tuple(part for part in parts if isinstance(part, str) and part)

    @property
    def text(self) -> str:
        """The concatenated content."""
        return "".join(self.contents)

    @property
    def calls(self) -> tuple[tuple[Json, ...], ...]:
        """The deltas of each tool call, gathered by index, in order of first appearance."""
        deltas = [call for delta in self.deltas for call in members(delta["tool_calls"])]
        return _gathered(deltas)


@dataclass(frozen=True)
class ChatStream:
    """A 200 event stream: blocks as they stood on the wire, and the JSON in them (no slots: it caches).

    `documents` are the events that hold a JSON object, error events included; `malformed` names the others
    but [DONE]. Values deeper down are found lazily: an event that lacks one does not hide the others.
    """

    reply: Reply
    blocks: tuple[Block, ...]
    documents: tuple[Json, ...]
    malformed: tuple[Finding, ...]

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The stream of an exchange, cut or not; raises Unmet when no 200 response with an event came."""
        response = decoded(exchange)
        if response is None:
            Reply.of(exchange)
            raise AssertionError("an exchange without a response has no reply")
        return cls.of_reply(Reply(exchange.probe, exchange.request, response))

    @classmethod
    def of_reply(cls, reply: Reply) -> Self:
        """The stream in a reply; raises Unmet when it is no 200 or holds no event."""
        for finding in reply.status_in(200):
            raise Unmet(finding)
        body = reply.response.body
        lines = body.count(b"\n") + body.count(b"\r")
        if lines > MOST_LINES:
            raise Unmet(Finding("body", f"an event stream of at most {MOST_LINES} lines", f"{lines} lines"))
        blocks = parse(reply.response.chunks)
        if not any(block.data for block in blocks):
            raise Unmet(Finding("body", "server-sent events with data", shown(reply.text)))
        documents, malformed = _parsed(blocks)
        return cls(reply, blocks, documents, malformed)

    @cached_property
    def events(self) -> tuple[Block, ...]:
        """The blocks that carry data, [DONE] included."""
        return tuple(block for block in self.blocks if block.data is not None)

    @cached_property
    def done(self) -> bool:
        """Whether a [DONE] event came."""
        return any(block.data == DONE for block in self.events)

    @cached_property
    def errors(self) -> tuple[Json, ...]:
        """The error events."""
        return tuple(document for document in self.documents if document["error"].given)

    @cached_property
    def chunks(self) -> tuple[Json, ...]:
        """The JSON objects of the stream that are no error events; at least one, else Unmet."""
        chunks = tuple(document for document in self.documents if not document["error"].given)
        if not chunks:
            raise Unmet(Finding("body", "a completion chunk", shown(self.reply.text)))
        return chunks

    @cached_property
    def completion_chunks(self) -> tuple[Json, ...]:
        """The chunks without a leading one that holds metadata and no choice, as Azure sends it."""
        first, *rest = self.chunks
        metadata = first["choices"].value == [] and not first["usage"].given
        return tuple(rest) if metadata and rest else (first, *rest)

    @cached_property
    def entries(self) -> list[Json]:
        """The elements of all `choices` arrays; raises Unmet when there is none."""
        found = [entry for chunk in self.chunks for entry in members(chunk["choices"])]
        if not found:
            raise Unmet(Finding("body", "a chunk with a choice", "none"))
        return found

    @cached_property
    def choices(self) -> list[ChoiceStream]:
        """The entries gathered by choice index, in order of first appearance; at least one."""
        return [ChoiceStream(group[0]["index"].value, group) for group in _gathered(self.entries)]

    @property
    def text(self) -> str:
        """The content of the first choice."""
        return self.choices[0].text

    @property
    def calls(self) -> tuple[tuple[Json, ...], ...]:
        """The deltas of each tool call of the first choice; where there is none, raises as `Completion.called`."""
        calls = self.choices[0].calls
        if not calls:
            missing = Finding("body", "a tool call", f"none; text {shown(self.text)}")
            raise without_a_call(self.reply.request, missing)
        return calls

    def arrival(self, where: Json) -> float:
        """Seconds after the request at which the event of this value had arrived."""
        number = int(where.where.split("/")[0].removeprefix("event "))
        return self.blocks[number].at


def members(array: Json) -> list[Json]:
    """The elements of an array; none where something else stands (another check names it)."""
    return array.elements if isinstance(array.value, list) and array.value else []


def _parsed(blocks: tuple[Block, ...]) -> tuple[tuple[Json, ...], tuple[Finding, ...]]:
    documents, malformed = [], []
    for block in blocks:
        if not block.data or block.data == DONE:
            continue
        try:
            document = parse_json(block.data, f"event {block.number}")
            document.require(OBJECT)
            documents.append(document)
        except Unmet as unmet:
            malformed.append(unmet.finding)
    return tuple(documents), tuple(malformed)


def _gathered(items: list[Json]) -> tuple[tuple[Json, ...], ...]:
    """The items by index; one without an index belongs to the one before, unless it has an id of its own."""
    groups: dict[str, list[Json]] = {}
    latest = ""
    for item in items:
        index = repr(item["index"].value) if item["index"].given else latest
        if not item["index"].given and _begins(item, groups.get(latest, [])):
            index = f"without an index, {len(groups)}"
        latest = index
        groups.setdefault(index, []).append(item)
    return tuple(tuple(group) for group in groups.values())


def _begins(item: Json, group: list[Json]) -> bool:
    """Whether a piece of a call without an index is the first of another call: its id is none of the group's."""
    told = [each["id"].value for each in group if each["id"].given and each["id"].value != ""]
    own = item["id"]
    return not group or bool(own.given and own.value != "" and told and own.value not in told)
