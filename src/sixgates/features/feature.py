"""What a server may refuse of a request by itself: optional members, and things inside messages and tools."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]
Holds = Callable[[Body], bool]
Without = Callable[[Body], Body]


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that a request asks for, how to take it out, and by which words an error names it.

    `on` are the names of features without which it means nothing: they stay where it is asked for by itself. What is
    `neutral` changes nothing that a check on anything else looks at. What `spreads` is refused wherever it is sent.
    """

    name: str
    holds: Holds
    without: Without
    words: str
    on: tuple[str, ...] = ()
    neutral: bool = False
    spreads: bool = True

    @property
    def slug(self) -> str:
        """The name as a part of a probe's name."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    def named_by(self, said: str) -> bool:
        """Whether the words of an error name it."""
        return re.search(self.words, said, re.IGNORECASE) is not None


def words_for(key: str) -> str:
    """The words by which an error names a member; one that is an English word as well must stand as a name."""
    if "_" in key:
        return rf"\b{key}\b"
    return rf"(?:['\"`\[(./]|\b(?:param(?:eter)?|field|option|argument)[ =:]+)['\"`]?{key}\b|^{key}\b"


def member(
    key: str,
    holds: Callable[[Any], bool] = lambda value: value is not None,
    *,
    name: str = "",
    on: Iterable[str] = (),
    instead: Mapping[str, Any] | None = None,
    neutral: bool = False,
) -> Feature:
    """A member of the body, with the values that count; `instead` is what stands for it where it is taken out."""

    def there(body: Body) -> bool:
        return key in body and holds(body[key])

    def without(body: Body) -> Body:
        if not there(body):
            return body
        return {other: value for other, value in body.items() if other != key} | dict(instead or {})

    return Feature(name or f"`{key}`", there, without, words_for(key), tuple(on), neutral)


def in_messages(
    name: str, holds: Callable[[Body], bool], edit: Callable[[Body], Body], words: str, key: str = "messages"
) -> Feature:
    """Something of single messages (or items), each edited where it is taken out."""

    def there(body: Body) -> bool:
        return any(map(holds, objects(body.get(key))))

    def without(body: Body) -> Body:
        given = body.get(key)
        if not isinstance(given, list):
            return body
        return {**body, key: [edit(each) if isinstance(each, Mapping) else each for each in given]}

    return Feature(name, there, without, words, spreads=False)


def in_tools(
    name: str,
    holds: Callable[[Body], bool],
    edit: Callable[[dict[str, Any]], Any],
    words: str,
    on: Iterable[str] = (),
) -> Feature:
    """Something of single tools, flat as in Responses or nested as in chat; `edit` changes a copy in place."""

    def there(body: Body) -> bool:
        return any(holds(_function(each)) for each in objects(body.get("tools")))

    def without(body: Body) -> Body:
        return {**body, "tools": [_edited(each) for each in objects(body.get("tools"))]}

    def _edited(tool: Body) -> Body:
        inner = dict(_function(tool))
        if holds(inner):
            edit(inner)
        return {**tool, "function": inner} if isinstance(tool.get("function"), Mapping) else inner

    return Feature(name, there, lambda body: without(body) if there(body) else body, words, tuple(on))


def objects(value: Any) -> list[Body]:
    """The objects among the elements of an array; none of what is no array."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []


def dropping(*keys: str) -> Callable[[Body], Body]:
    """An edit that takes keys away."""
    return lambda each: {key: value for key, value in each.items() if key not in keys}


def _function(tool: Body) -> Body:
    inner = tool.get("function")
    return inner if isinstance(inner, Mapping) else tool
