"""What an item of a streamed response brings piece by piece, and by which events: text, thoughts, arguments."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

ITEM_ADDED = "response.output_item.added"
ITEM_DONE = "response.output_item.done"


class Role(Enum):
    """What an event does to a part: it adds it, lengthens it, says its text whole, or ends it."""

    ADDED = auto()
    DELTA = auto()
    SAID = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True)
class Surface:
    """One kind of text: the items that bring it, its events, its place in the item, and how parts are numbered."""

    item: str
    text: str
    """The beginning of the types of its deltas and of the event that says it whole."""
    said: str
    """The member of that event, and of a part, that holds the whole."""
    held: str
    """The member of the item that holds its parts, or itself where it has none."""
    index: str | None = None
    parts: tuple[str, ...] = ()
    """The beginnings of the types that add and end its parts; the first is the one of the API."""
    part: str = ""
    """The type of such a part."""

    @property
    def delta(self) -> str:
        """The type of its deltas."""
        return f"{self.text}.delta"

    @property
    def whole(self) -> str:
        """The type of the event that says it whole."""
        return f"{self.text}.done"


_CONTENT = ("response.content_part",)
SURFACES = (
    Surface("message", "response.output_text", "text", "content", "content_index", _CONTENT, "output_text"),
    Surface("message", "response.refusal", "refusal", "content", "content_index", _CONTENT, "refusal"),
    Surface(
        "reasoning",
        "response.reasoning_text",
        "text",
        "content",
        "content_index",
        (*_CONTENT, "response.reasoning_part"),
        "reasoning_text",
    ),
    Surface(
        "reasoning",
        "response.reasoning_summary_text",
        "text",
        "summary",
        "summary_index",
        ("response.reasoning_summary_part",),
        "summary_text",
    ),
    Surface("function_call", "response.function_call_arguments", "arguments", "arguments"),
    Surface("custom_tool_call", "response.custom_tool_call_input", "input", "input"),
)
"""Every kind, each judged alike; `response.reasoning_part` is vLLM's name for the part of a thought."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the type of an event says of it."""

    role: Role
    items: tuple[str, ...]
    """The types of the items that it may be of."""
    held: str
    index: str | None
    said: str
    part: str


def _told() -> dict[str, Told]:
    found: dict[str, Told] = {}
    for surface in SURFACES:
        types = {surface.delta: Role.DELTA, surface.whole: Role.SAID}
        types |= {f"{part}.added": Role.ADDED for part in surface.parts}
        types |= {f"{part}.done": Role.DONE for part in surface.parts}
        for name, role in types.items():
            items = found[name].items if name in found else ()
            found[name] = Told(
                role, (*items, surface.item), surface.held, surface.index, surface.said, surface.part
            )
    return found


TOLD = _told()
"""By the type of an event of a part, what that type says."""
