"""Defects of what messages may hold: legal shapes refused, parts lost, a client's fault answered with 5xx."""

from typing import Any

from sixgates.exchange import Request
from sixgates.reference.defects.chat_shape import MESSAGE, setting
from sixgates.reference.mutants import (
    Document,
    asking,
    body_of,
    in_events,
    in_json,
    mutant,
    on_chat,
    on_plain,
    on_stream,
    with_body,
    with_status,
)

_REFUSAL = b'{"error":{"message":"not supported","type":"invalid_request_error","param":null,"code":null}}'
_HI = [{"role": "user", "content": "hi"}]


def _messages(request: Request) -> list[Any]:
    messages = body_of(request).get("messages")
    return messages if isinstance(messages, list) else []


def _has(request: Request, name: str, value: Any) -> bool:
    return on_plain(request) and any(
        isinstance(each, dict) and each.get(name) == value for each in _messages(request)
    )


def _on_parts(request: Request) -> bool:
    first = (_messages(request) or [None])[0]
    return on_plain(request) and isinstance(first, dict) and _kinds(first) == ["text", "text"]


def _on_image(request: Request) -> bool:
    first = (_messages(request) or [None])[0]
    return on_plain(request) and isinstance(first, dict) and "image_url" in _kinds(first)


def _kinds(message: dict[str, Any]) -> list[Any]:
    content = message.get("content")
    return [part.get("type") for part in content] if isinstance(content, list) else []


def _on_developer(request: Request) -> bool:
    return _has(request, "role", "developer")


def _on_systems(request: Request) -> bool:
    return _has(request, "content", "Be kind.")


def _on_names(request: Request) -> bool:
    return _has(request, "name", "alice")


def _on_wizard(request: Request) -> bool:
    return _has(request, "role", "wizard")


def _on_no_messages(request: Request) -> bool:
    return on_plain(request) and body_of(request).get("messages") == []


def _on_missing(request: Request) -> bool:
    return on_plain(request) and bool(body_of(request)) and "messages" not in body_of(request)


def _on_emoji(request: Request) -> bool:
    return on_chat(request) and "Repeat exactly" in str(_messages(request))


def _on_returned(request: Request) -> bool:
    return _has(request, "reasoning", "I greet.")


def _half_read(document: Document) -> None:
    document["usage"]["prompt_tokens"] -= 6
    document["usage"]["total_tokens"] -= 6


def _thinking(document: Document) -> None:
    document["choices"][0]["message"]["content"] = "<think>They want a story.</think> Hi!"


def _reasoned(events: list[Document]) -> None:
    for event in events[1:3]:
        delta = event["choices"][0]["delta"]
        delta["reasoning"] = delta.pop("content", "")


def _reasoned_late(events: list[Document]) -> None:
    for event in events[4:6]:
        delta = event["choices"][0]["delta"]
        delta["reasoning"] = delta.pop("content", "")


def _with_details(events: list[Document]) -> None:
    for event in events[1:3]:
        event["choices"][0]["delta"]["reasoning_details"] = [{"type": "text", "text": "hm"}]


mutant(
    "parts-refused",
    on=_on_parts,
    edit=with_body(_REFUSAL, status=400),
    caught_by=["input.content_parts_text"],
)
mutant("parts-half-read", on=_on_parts, edit=in_json(_half_read), caught_by=["input.content_parts_multi"])
mutant(
    "developer-refused",
    on=_on_developer,
    edit=with_body(_REFUSAL, status=400),
    caught_by=["input.role_developer"],
)
mutant("developer-500", on=_on_developer, edit=with_status(500), caught_by=["input.role_developer_not_5xx"])
mutant(
    "systems-refused",
    on=_on_systems,
    edit=with_body(_REFUSAL, status=400),
    caught_by=["input.system_not_first"],
)
mutant("systems-500", on=_on_systems, edit=with_status(500), caught_by=["input.system_multiple_not_5xx"])
mutant(
    "names-refused",
    on=_on_names,
    edit=with_body(_REFUSAL, status=422),
    caught_by=["input.null_message_fields"],
)
mutant(
    "no-messages-answered",
    on=_on_no_messages,
    rewrite=asking(messages=_HI),
    caught_by=["input.messages_empty"],
)
mutant("no-messages-500", on=_on_no_messages, edit=with_status(500), caught_by=["input.messages_empty"])
mutant(
    "missing-messages-unnamed",
    on=_on_missing,
    edit=with_body(_REFUSAL, status=400),
    caught_by=["input.messages_missing"],
)
mutant("unknown-role-answered", on=_on_wizard, rewrite=asking(messages=_HI), caught_by=["input.role_unknown"])
mutant("unknown-role-500", on=_on_wizard, edit=with_status(500), caught_by=["input.role_unknown"])
mutant("bad-image-500", on=_on_image, edit=with_status(500), caught_by=["input.image_bad"])
mutant("bad-image-ignored", on=_on_image, rewrite=asking(messages=_HI), caught_by=["input.image_bad"])
mutant("emoji-500", on=_on_emoji, edit=with_status(500), caught_by=["input.unicode_roundtrip"])

mutant("thoughts-in-content", on=on_plain, edit=in_json(_thinking), caught_by=["reasoning.separated"])
mutant(
    "thoughts-in-streams-only",
    on=on_stream,
    edit=in_events(_reasoned),
    caught_by=["reasoning.field_consistent"],
)
mutant(
    "thoughts-after-content",
    on=on_stream,
    edit=in_events(_reasoned_late),
    caught_by=["reasoning.stream_order"],
)
mutant(
    "thoughts-as-parts",
    on=on_plain,
    edit=setting(*MESSAGE, "reasoning_content", to=[{"text": "hm"}]),
    caught_by=["reasoning.field_text"],
)
mutant(
    "thoughts-alone",
    on=on_plain,
    edit=in_json(
        lambda document: document["choices"][0].update(
            finish_reason="stop", message={"role": "assistant", "content": "", "reasoning": "hm"}
        )
    ),
    caught_by=["reasoning.content_nonempty_on_stop"],
)
mutant(
    "thoughts-listed-without-index",
    on=on_stream,
    edit=in_events(_with_details),
    caught_by=["reasoning.details_list_indexed"],
)
mutant(
    "thoughts-refused",
    on=_on_returned,
    edit=with_body(_REFUSAL, status=422),
    caught_by=["reasoning.roundtrip_accepted"],
)
