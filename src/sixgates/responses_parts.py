"""The items of a streamed response and their parts, gathered from the events that tell of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from sixgates.responses_surfaces import ITEM_DONE, SURFACES, TOLD, Role, Told
from sixgates.select import ABSENT, COUNT, Json


@dataclass(slots=True)
class Part:
    """All that a stream said about one part of an item: a text, a thought, or the arguments of a call."""

    held: str
    """The member of the item that holds it."""
    place: Json
    """The index that its first event with one gives it; absent for arguments."""
    events: list[Json] = field(default_factory=list)

    def of(self, *roles: Role) -> list[Json]:
        """Its events of these roles, in order."""
        return [event for event in self.events if told_by(event).role in roles]

    @property
    def gathered(self) -> str:
        """Its deltas, concatenated; what is no string is left out."""
        deltas = (event["delta"].value for event in self.of(Role.DELTA))
        return "".join(delta for delta in deltas if isinstance(delta, str))


@dataclass(slots=True)
class Item:
    """All that a stream said about one item of the output: the event that added it, and those that followed."""

    added: Json
    events: list[Json] = field(default_factory=list)

    @property
    def id(self) -> Json:
        """The id with which it was added."""
        return self.added["item"]["id"]

    def known_as(self, identity: Json) -> bool:
        """Whether it was added with this id or, where it has none, with this call_id, as llama.cpp adds calls."""
        return same(identity, self.id if self.id.given else self.added["item"]["call_id"])

    def is_a(self, kind: str) -> bool:
        """Whether it was added as an item of this type."""
        return bool(self.added["item"]["type"].value == kind)

    @property
    def is_call(self) -> bool:
        """Whether it was added as the call of a function."""
        return self.is_a("function_call")

    def fits(self, event: Json) -> bool:
        """Whether an event is about what such an item has; anything may be about items that no table knows."""
        known = any(self.is_a(surface.item) for surface in SURFACES)
        return not known or event["type"].value == ITEM_DONE or any(map(self.is_a, told_by(event).items))

    @property
    def parts(self) -> list[Part]:
        """Its parts in order of appearance, told apart by their index; what has none belongs to the latest."""
        parts: list[Part] = []
        for event in self.events:
            if event["type"].value != ITEM_DONE and self.fits(event):
                told = told_by(event)
                place = event[told.index] if told.index else Json(ABSENT)
                _of_part(parts, told.held, place).events.append(event)
        return parts

    def said_before(self, key: str) -> object:
        """What the stream says of one member before the item is done: as it was added, or as its deltas add up to."""
        gathered = "".join(part.gathered for part in self.parts if part.held == key)
        return gathered or self.added["item"][key].value

    def of(self, *types: str) -> list[Json]:
        """Its events of these types, in order."""
        return [event for event in self.events if event["type"].value in types]

    def gathered(self, kind: str) -> str:
        """Its deltas of one type, concatenated; what is no string is left out."""
        deltas = (event["delta"].value for event in self.of(kind))
        return "".join(delta for delta in deltas if isinstance(delta, str))


def _of_part(parts: list[Part], held: str, place: Json) -> Part:
    """The part of an event: that of its index, or the latest, where one of the two has no index."""
    alike = [part for part in parts if part.held == held]
    for part in alike:
        if COUNT.holds(place.value) and same(part.place, place):
            return part
    if alike and not (COUNT.holds(place.value) and COUNT.holds(alike[-1].place.value)):
        if COUNT.holds(place.value):
            alike[-1].place = place
        return alike[-1]
    parts.append(Part(held, place))
    return parts[-1]


def told_by(event: Json) -> Told:
    """What the type of an event of a part says of it."""
    return TOLD[event["type"].value]


def position(event: Json) -> int:
    """The number of an event in its stream."""
    return int(event.where.removeprefix("event "))


def part_in(item: Json, part: Part) -> Json:
    """The same part in an item that is whole; absent where it is not."""
    place = part.place.value if COUNT.holds(part.place.value) else 0
    return item[part.held][place]


def text_of(part: Json) -> Json:
    """The text of a part of a message or a thought, or its refusal."""
    return part["refusal"] if part["type"].value == "refusal" else part["text"]


def same(one: Json, other: Json) -> bool:
    """Whether two values are equal and of one type; True is not 1, and what is absent is like what is absent."""
    return type(one.value) is type(other.value) and bool(one.value == other.value)
