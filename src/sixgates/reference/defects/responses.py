"""Defects of the Responses API: of the response, of what is read of the input, and of refusals."""

from __future__ import annotations

from collections.abc import Callable

from sixgates.exchange import Request
from sixgates.reference.defects.chat_shape import setting
from sixgates.reference.mutants import (
    Applies,
    Document,
    asking,
    body_of,
    in_error,
    in_json,
    mutant,
    on_path,
    with_body,
)

_REFUSAL = b'{"error":{"message":"not supported","type":"invalid_request_error","param":null,"code":null}}'
_PAGE = b"<!doctype html><html><body>Bad Request</body></html>"
on_responses = on_path("/v1/responses")


def _asked(holds: Callable[[Document], bool]) -> Applies:
    return lambda request: on_responses(request) and holds(body_of(request))


on_whole = _asked(lambda body: not body.get("stream"))
on_events = _asked(lambda body: bool(body.get("stream")))
on_call_events = _asked(lambda body: bool(body.get("stream") and body.get("tools")))
on_follow_up = _asked(lambda body: "previous_response_id" in body)
_on_mistyped = _asked(lambda body: body.get("input") == 7)
_on_schema = _asked(lambda body: "text" in body)
_on_instructions = _asked(lambda body: "instructions" in body and not body.get("stream"))


def _on_item(kind: str) -> Applies:
    return _asked(
        lambda body: (
            isinstance(body.get("input"), list) and any(item.get("type") == kind for item in body["input"])
        )
    )


_on_result_in_parts = _asked(
    lambda body: isinstance(body.get("input"), list) and isinstance(body["input"][-1].get("output"), list)
)


def _only_last_item(request: Request) -> Request:
    return asking(input=body_of(request)["input"][-1:])(request)


def _empty_result(request: Request) -> Request:
    items = body_of(request)["input"]
    return asking(input=[*items[:-1], {**items[-1], "output": ""}])(request)


def _as_text(request: Request) -> Request:
    return asking(input=str(body_of(request)["input"]))(request)


def _part(document: Document) -> Document:
    part: Document = document["output"][-1]["content"][0]
    return part


def _without(*keys: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        for key in keys:
            del document[key]

    return change


def _said_complete(document: Document) -> None:
    document.update(status="completed", incomplete_details=None)


def _code_of_status(document: Document) -> None:
    document["error"]["code"] = 400


def _unlisted(document: Document) -> None:
    _part(document).pop("annotations")


def _text_as_type_text(document: Document) -> None:
    _part(document)["type"] = "text"


def _string_content(document: Document) -> None:
    document["output"][-1]["content"] = _part(document)["text"]


def _miscounted(document: Document) -> None:
    document["usage"]["total_tokens"] += 1


for _status, _word in ((404, "absent"), (400, "refused")):
    mutant(
        f"responses-{_word}",
        on=on_responses,
        edit=with_body(_REFUSAL, status=_status),
        caught_by=["responses.answered", "capability.responses"],
    )
mutant(
    "response-as-completion",
    on=on_whole,
    edit=with_body(b'{"object":"chat.completion","choices":[]}'),
    caught_by=["responses.shape", "capability.responses"],
)
for _key, _value in (
    ("id", ""),
    ("object", "chat.completion"),
    ("created_at", "today"),
    ("status", "done"),
    ("model", None),
    ("output", {}),
):
    mutant(
        f"response-wrong-{_key.replace('_', '-')}",
        on=_on_instructions,
        edit=setting(_key, to=_value),
        caught_by=["responses.shape"],
    )
mutant(
    "response-without-nulls",
    on=_on_instructions,
    edit=in_json(_without("error", "metadata", "tools")),
    caught_by=["responses.shape_keys"],
)
mutant(
    "response-output-empty",
    on=_on_instructions,
    edit=setting("output", to=[]),
    caught_by=["responses.output_message", "capability.responses"],
)
mutant(
    "response-part-of-chat",
    on=_on_instructions,
    edit=in_json(_text_as_type_text),
    caught_by=["responses.output_message"],
)
mutant(
    "response-content-string",
    on=_on_instructions,
    edit=in_json(_string_content),
    caught_by=["responses.output_message"],
)
mutant(
    "response-message-without-id",
    on=_on_instructions,
    edit=in_json(lambda document: document["output"][-1].update(id=None)),
    caught_by=["responses.output_message_fields"],
)
mutant(
    "response-without-annotations",
    on=_on_instructions,
    edit=in_json(_unlisted),
    caught_by=["responses.output_message_fields"],
)
mutant(
    "response-usage-of-chat",
    on=_on_instructions,
    edit=setting("usage", to={"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}),
    caught_by=["responses.usage", "responses.instructions"],
)
mutant(
    "response-usage-miscounted", on=_on_instructions, edit=in_json(_miscounted), caught_by=["responses.usage"]
)
for _details in ("input_tokens_details", "output_tokens_details"):
    mutant(
        f"response-without-{_details.replace('_', '-')}",
        on=_on_instructions,
        edit=setting("usage", _details, to=None),
        caught_by=["responses.usage"],
    )
mutant(
    "response-cut-and-completed",
    on=_on_instructions,
    edit=in_json(_said_complete),
    caught_by=["responses.incomplete"],
)
mutant(
    "response-cut-without-reason",
    on=_on_instructions,
    edit=setting("incomplete_details", to=None),
    caught_by=["responses.incomplete"],
)
mutant(
    "instructions-unread",
    on=_on_instructions,
    rewrite=asking(instructions=None),
    caught_by=["responses.instructions"],
)
mutant(
    "instructions-unechoed",
    on=_on_instructions,
    edit=setting("instructions", to=None),
    caught_by=["responses.instructions"],
)
mutant("text-format-unread", on=_on_schema, rewrite=asking(text=None), caught_by=["responses.text_format"])
mutant(
    "text-format-refused",
    on=_on_schema,
    edit=with_body(_REFUSAL, status=400),
    caught_by=["responses.text_format"],
)
mutant("mistyped-input-answered", on=_on_mistyped, rewrite=_as_text, caught_by=["responses.error_envelope"])
mutant(
    "responses-fault-as-page",
    on=_on_mistyped,
    edit=with_body(_PAGE, "text/html", 400),
    caught_by=["responses.error_envelope"],
)
mutant(
    "responses-fault-as-detail",
    on=_on_mistyped,
    edit=with_body(b'{"detail":"bad input"}', status=422),
    caught_by=["responses.error_envelope"],
)
mutant(
    "responses-fault-with-status-as-code",
    on=_on_mistyped,
    edit=in_error(_code_of_status),
    caught_by=["responses.error_code_type"],
)
mutant(
    "earlier-response-unread",
    on=on_follow_up,
    rewrite=asking(previous_response_id=None),
    caught_by=["capability.stored_responses", "responses.previous_response_id"],
)
mutant(
    "earlier-response-unstored",
    on=on_follow_up,
    rewrite=asking(previous_response_id="resp_unknown"),
    caught_by=["responses.stored"],
)
mutant(
    "earlier-response-refused-as-page",
    on=on_follow_up,
    edit=with_body(_PAGE, "text/html", 404),
    caught_by=["responses.previous_response_id", "responses.stored"],
)
mutant(
    "input-items-refused",
    on=_asked(lambda body: isinstance(body.get("input"), list) and bool(body.get("stream"))),
    edit=with_body(_REFUSAL, status=400),
    caught_by=["responses.input_items"],
)
mutant(
    "input-items-but-the-last-unread",
    on=_asked(lambda body: isinstance(body.get("input"), list) and bool(body.get("stream"))),
    rewrite=_only_last_item,
    caught_by=["responses.input_items_read"],
)
mutant(
    "reasoning-item-refused",
    on=_on_item("reasoning"),
    edit=with_body(_REFUSAL, status=400),
    caught_by=["responses.reasoning_item_input"],
)
mutant(
    "call-result-refused",
    on=_on_item("function_call_output"),
    edit=with_body(_REFUSAL, status=400),
    caught_by=["responses.tools.output_roundtrip"],
)
mutant(
    "call-result-unread",
    on=_on_item("function_call_output"),
    rewrite=_empty_result,
    caught_by=["responses.tools.output_read"],
)
mutant(
    "call-result-in-parts-refused",
    on=_on_result_in_parts,
    edit=with_body(_REFUSAL, status=400),
    caught_by=["responses.tools.output_parts"],
)
mutant(
    "call-result-in-parts-unread",
    on=_on_result_in_parts,
    rewrite=_empty_result,
    caught_by=["responses.tools.output_parts_read"],
)
