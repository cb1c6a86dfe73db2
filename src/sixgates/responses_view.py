"""How checks see the Responses API: the response object in the end, and the typed events that lead to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

from sixgates.exchange import Exchange, Finding, Request
from sixgates.responses_parts import Item, same
from sixgates.responses_surfaces import ITEM_ADDED, ITEM_DONE, TOLD
from sixgates.select import ABSENT, INTEGER, OBJECT, Json, Unmet, shown
from sixgates.views import ChatStream, Document, members

CREATED = "response.created"
ADDED, DONE = ITEM_ADDED, ITEM_DONE
PART_ADDED = "response.content_part.added"
PART_DONE = "response.content_part.done"
TEXT = "response.output_text.delta"
TEXT_DONE = "response.output_text.done"
ARGUMENTS = "response.function_call_arguments.delta"
ARGUMENTS_DONE = "response.function_call_arguments.done"
REFUSAL = "response.refusal.delta"
TERMINAL = ("response.completed", "response.incomplete", "response.failed")
OF_ITEMS = (DONE, *TOLD)
"""The events that belong to one item of the output, after the one that adds it."""


@dataclass(frozen=True)
class ResponseStream:
    """A 200 event stream of typed events (no slots: it caches). Values deeper down are found lazily."""

    wire: ChatStream
    request: Request

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The stream of an exchange; raises Unmet when no 200 response with an event came."""
        return cls(ChatStream.of(exchange), exchange.request)

    @cached_property
    def events(self) -> tuple[Json, ...]:
        """The events that hold a JSON object, [DONE] left out; at least one, else Unmet."""
        if not self.wire.documents:
            raise Unmet(Finding("body", "an event that holds a JSON object", shown(self.wire.reply.text)))
        return self.wire.documents

    def named(self, *types: str) -> tuple[Json, ...]:
        """The events of these types, in order."""
        return tuple(event for event in self.events if event["type"].value in types)

    def name_of(self, event: Json) -> str | None:
        """What stands in the `event:` line of an event; None when it has none."""
        fields = self.wire.blocks[int(event.where.removeprefix("event "))].fields
        return next((value for name, value in reversed(fields) if name == "event"), None)

    @cached_property
    def terminal(self) -> Json:
        """The first event that ends the response; raises Unmet when there is none."""
        ends = self.named(*TERMINAL)
        if not ends:
            last = self.events[-1]
            raise Unmet(last["type"].finding(f"{' or '.join(TERMINAL)} in the end"))
        return ends[0]

    @cached_property
    def items(self) -> list[Item]:
        """What was said about each item, in the order in which they were added; raises Unmet when none was."""
        if not self._told[0]:
            raise Unmet(Finding("body", f"an event {ADDED}", "none"))
        return self._told[0]

    @property
    def orphans(self) -> list[Json]:
        """The events of items that no earlier event had added."""
        return self._told[1]

    @cached_property
    def _told(self) -> tuple[list[Item], list[Json]]:
        items: list[Item] = []
        orphans: list[Json] = []
        for event in self.events:
            if event["type"].value == ADDED:
                items.append(Item(event))
            elif event["type"].value in OF_ITEMS:
                item = _owner(items, event)
                (orphans if item is None else item.events).append(event)
        return items, orphans


def _owner(items: list[Item], event: Json) -> Item | None:
    """The item by the place in the output, else by its id or a call's, else, where an event has none, the latest."""
    of_item = event["item"] if event["type"].value == DONE else Json({"id": event["item_id"].value})
    identities = [each for each in (of_item["id"], of_item["call_id"]) if each.given]
    place = event["output_index"]
    by_place = (item for item in items if place.given and same(item.added["output_index"], place))
    by_id = (item for item in items for each in identities if item.known_as(each))
    latest = None if place.given or not items else items[-1]
    return next(by_place, next(by_id, latest))


@dataclass(frozen=True, slots=True)
class FinalResponse:
    """The response object as a client has it in the end, whether it came whole or with the last event."""

    root: Json
    request: Request

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The response of an exchange; raises Unmet unless it is a 200 that holds one."""
        if exchange.request.asked.get("stream") is True:
            root = ResponseStream.of(exchange).terminal["response"]
            root.require(OBJECT)
        else:
            root = Document.of(exchange).root
        return cls(root, exchange.request)

    def __getitem__(self, key: str) -> Json:
        """The member of the response."""
        return self.root[key]

    def items(self, kind: str) -> list[Json]:
        """The items of one type in the output."""
        return [item for item in members(self["output"]) if item["type"].value == kind]

    @property
    def text(self) -> str:
        """All output text, as the official clients gather it."""
        parts = (part for item in self.items("message") for part in members(item["content"]))
        texts = (part["text"].value for part in parts if part["type"].value == "output_text")
        return "".join(text for text in texts if isinstance(text, str))

    @property
    def full(self) -> bool:
        """Whether as many tokens were written as the request allows."""
        written = self["usage"]["output_tokens"].value
        most = self.request.asked.get("max_output_tokens")
        return INTEGER.holds(written) and INTEGER.holds(most) and written >= most

    @property
    def cut(self) -> bool:
        """Whether the token limit ended it, by its status or by its count."""
        return self.full or self["status"].value == "incomplete"

    @property
    def only_thought(self) -> bool:
        """Whether the token limit came before the model had said anything."""
        return self.cut and self.text == "" and not self.items("function_call")

    @property
    def output(self) -> list[Json]:
        """The items of the output, at least one unless the limit came first; raises Unmet otherwise."""
        if self["output"].value is ABSENT or not self.only_thought:
            return self["output"].elements
        return members(self["output"])
