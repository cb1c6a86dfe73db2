"""Defects of how messages are read, and of what is refused in them."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sixgates.exchange import Request
from sixgates.reference.defects.tools import CRASHED, REFUSED
from sixgates.reference.mutants import (
    Applies,
    Document,
    Rewrite,
    asking,
    body_of,
    in_error,
    mutant,
    on_chat,
    with_body,
)

Message = dict[str, Any]


def _messages(request: Request) -> list[Message]:
    found = body_of(request).get("messages")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _on(holds: Callable[[list[Message]], bool]) -> Applies:
    return lambda request: on_chat(request) and holds(_messages(request))


def _of(kind: str) -> Applies:
    """Chats with a part of this kind."""
    return _on(lambda messages: any(part.get("type") == kind for each in messages for part in _parts(each)))


def _parts(message: Message) -> list[Message]:
    content = message.get("content")
    return content if isinstance(content, list) else []


def _systems(messages: list[Message]) -> int:
    return sum(message["role"] == "system" for message in messages)


def _on_no_messages(request: Request) -> bool:
    return on_chat(request) and body_of(request).get("messages") == []


def _on_missing_messages(request: Request) -> bool:
    return on_chat(request) and "model" in body_of(request) and "messages" not in body_of(request)


def _on_emoji(request: Request) -> bool:
    return on_chat(request) and "🫠" in str(_messages(request))


def _reading(change: Callable[[list[Message]], object]) -> Rewrite:
    """Make the provider read other messages."""

    def rewrite(request: Request) -> Request:
        document = body_of(request)
        change(document["messages"])
        return replace(request, body=json.dumps(document).encode())

    return rewrite


def _one_part(messages: list[Message]) -> None:
    messages[-1]["content"] = messages[-1]["content"][:1]


def _no_part(messages: list[Message]) -> None:
    messages[-1]["content"] = ""


def _without(at: int) -> Rewrite:
    return _reading(lambda messages: messages.pop(at))


def _no_picture(messages: list[Message]) -> None:
    messages[-1]["content"] = messages[-1]["content"][:1]


def _nameless(document: Document) -> None:
    document["error"].update(message="invalid request", param=None)


def _wordless(document: Document) -> None:
    document["error"]["message"] = ""


def refusing(message: str, status: int = 400) -> Any:
    """Refuse with these words."""
    return with_body(json.dumps({"error": {"message": message, "type": "x"}}).encode(), status=status)


_ON_PARTS = _on(lambda messages: len(messages) == 1 and len(_parts(messages[0])) > 1)
_ON_DEVELOPER = _on(lambda messages: any(message.get("role") == "developer" for message in messages))
_ON_SYSTEMS = _on(lambda messages: _systems(messages) > 1)
ON_REPLAYED = _on(lambda messages: any("reasoning" in message for message in messages))
_HELLO = asking(messages=[{"role": "user", "content": "Hello"}])

mutant("parts-refused", on=_of("text"), edit=REFUSED, caught_by=["input.content_parts_text"])
mutant("parts-crash", on=_of("text"), edit=CRASHED, caught_by=["input.content_parts_text"])
mutant(
    "parts-read-as-nothing",
    on=_ON_PARTS,
    rewrite=_reading(_no_part),
    caught_by=["input.content_parts_text"],
)
mutant("parts-first-only", on=_ON_PARTS, rewrite=_reading(_one_part), caught_by=["input.content_parts_multi"])
mutant("no-messages-answered", on=_on_no_messages, rewrite=_HELLO, caught_by=["input.messages_empty"])
mutant("no-messages-crash", on=_on_no_messages, edit=CRASHED, caught_by=["input.messages_empty"])
mutant(
    "no-messages-no-words", on=_on_no_messages, edit=in_error(_wordless), caught_by=["input.messages_empty"]
)
mutant(
    "missing-messages-answered", on=_on_missing_messages, rewrite=_HELLO, caught_by=["input.messages_missing"]
)
mutant("missing-messages-crash", on=_on_missing_messages, edit=CRASHED, caught_by=["input.messages_missing"])
mutant(
    "missing-messages-unnamed",
    on=_on_missing_messages,
    edit=in_error(_nameless),
    caught_by=["input.messages_missing"],
)
mutant("developer-refused", on=_ON_DEVELOPER, edit=REFUSED, caught_by=["input.role_developer"])
mutant("developer-dropped", on=_ON_DEVELOPER, rewrite=_without(0), caught_by=["input.role_developer"])
mutant(
    "developer-crashes",
    on=_ON_DEVELOPER,
    edit=CRASHED,
    caught_by=["input.role_developer", "input.role_developer_not_5xx"],
)
mutant("late-system-dropped", on=_ON_SYSTEMS, rewrite=_without(5), caught_by=["input.system_not_first"])
mutant("second-system-dropped", on=_ON_SYSTEMS, rewrite=_without(1), caught_by=["input.system_multiple"])
mutant(
    "both-systems-dropped",
    on=_ON_SYSTEMS,
    rewrite=_reading(lambda messages: (messages.pop(5), messages.pop(1))),
    caught_by=["input.system_not_first", "input.system_multiple"],
)
mutant("emoji-crash", on=_on_emoji, edit=CRASHED, caught_by=["input.unicode_roundtrip"])
mutant("broken-image-crashes", on=_of("image_url"), edit=CRASHED, caught_by=["input.image_bad"])
mutant(
    "broken-image-dropped", on=_of("image_url"), rewrite=_reading(_no_picture), caught_by=["input.image_bad"]
)
mutant("broken-image-no-words", on=_of("image_url"), edit=in_error(_wordless), caught_by=["input.image_bad"])
