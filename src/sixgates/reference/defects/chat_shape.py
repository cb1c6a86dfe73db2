"""Defects of the shape of a plain chat completion."""

from typing import Any

from sixgates.reference.mutants import (
    Document,
    Edit,
    in_json,
    mutant,
    on_chat,
    on_plain,
    on_tools,
    with_body,
    with_status,
)


def setting(*path: str | int, to: Any) -> Edit:
    """Put a value at a place of the JSON answer."""

    def change(document: Document) -> None:
        place: Any = document
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = to

    return in_json(change)


def dropping(*path: str | int) -> Edit:
    """Take away what stands at a place of the JSON answer."""

    def change(document: Document) -> None:
        place: Any = document
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]

    return in_json(change)


MESSAGE = ("choices", 0, "message")

mutant("chat-404", on=on_chat, edit=with_status(404), caught_by=["chat.answered"])
mutant("chat-null", on=on_chat, edit=with_body(b"null"), caught_by=["chat.answered"])
mutant(
    "chat-html", on=on_chat, edit=with_body(b"<html></html>", "text/html", 200), caught_by=["chat.answered"]
)
mutant("chat-nothing", on=on_chat, edit=with_body(b"", status=200), caught_by=["chat.answered"])
for field in ("id", "object", "created", "model", "choices"):
    mutant(
        f"chat-{field}-absent",
        on=on_plain,
        edit=dropping(field),
        caught_by=["chat.shape.required_fields"],
    )
for field in ("index", "message", "finish_reason"):
    mutant(
        f"chat-choice-{field.replace('_', '-')}-absent",
        on=on_plain,
        edit=dropping("choices", 0, field),
        caught_by=["chat.shape.required_fields"],
    )
mutant(
    "chat-created-null",
    on=on_plain,
    edit=setting("created", to=None),
    caught_by=["chat.shape.required_fields", "chat.shape.created_int"],
)
mutant(
    "chat-object-of-chunk",
    on=on_plain,
    edit=setting("object", to="chat.completion.chunk"),
    caught_by=["chat.shape.object_literal"],
)
mutant(
    "chat-id-constant", on=on_plain, edit=setting("id", to="chatcmpl-1"), caught_by=["chat.shape.id_unique"]
)
mutant("chat-id-empty", on=on_plain, edit=setting("id", to=""), caught_by=["chat.shape.id_unique"])
for name, created in (
    ("float", 1_700_000_000.5),
    ("milliseconds", 1_700_000_000_000),
    ("zero", 0),
    ("last-year", 1_668_463_200),
):
    mutant(
        f"chat-created-{name}",
        on=on_plain,
        edit=setting("created", to=created),
        caught_by=["chat.shape.created_int"],
    )
for name, reason in (("eos", "eos"), ("empty", ""), ("error", "error"), ("object", {"type": "stop"})):
    mutant(
        f"chat-finish-{name}",
        on=on_plain,
        edit=setting("choices", 0, "finish_reason", to=reason),
        caught_by=["chat.shape.finish_reason_enum"],
    )
mutant(
    "chat-finish-tool-call",
    on=on_tools,
    edit=setting("choices", 0, "finish_reason", to="tool_call"),
    caught_by=["chat.shape.finish_reason_enum"],
)
mutant("chat-role-absent", on=on_plain, edit=dropping(*MESSAGE, "role"), caught_by=["chat.shape.role"])
mutant(
    "chat-role-model",
    on=on_plain,
    edit=setting(*MESSAGE, "role", to="model"),
    caught_by=["chat.shape.role"],
)
mutant(
    "chat-content-parts",
    on=on_plain,
    edit=setting(*MESSAGE, "content", to=[{"type": "text", "text": "Hi"}]),
    caught_by=["chat.shape.content_type"],
)
mutant(
    "chat-content-absent-beside-calls",
    on=on_tools,
    edit=dropping(*MESSAGE, "content"),
    caught_by=["chat.shape.content_key_present"],
)
mutant(
    "chat-refusal-absent",
    on=on_plain,
    edit=dropping(*MESSAGE, "refusal"),
    caught_by=["chat.shape.refusal_key"],
)
mutant(
    "chat-logprobs-absent",
    on=on_plain,
    edit=dropping("choices", 0, "logprobs"),
    caught_by=["chat.shape.logprobs_key"],
)
mutant("chat-usage-absent", on=on_plain, edit=dropping("usage"), caught_by=["chat.shape.usage_present"])
mutant(
    "chat-total-absent",
    on=on_plain,
    edit=dropping("usage", "total_tokens"),
    caught_by=["chat.shape.usage_present", "usage.sum"],
)
mutant(
    "chat-no-choices",
    on=on_plain,
    edit=setting("choices", to=[]),
    caught_by=["chat.shape.no_empty_success", "chat.shape.required_fields"],
)
mutant(
    "chat-error-beside-choices",
    on=on_plain,
    edit=setting("error", to={"message": "the model is overloaded"}),
    caught_by=["chat.shape.no_empty_success"],
)
mutant("chat-model-empty", on=on_plain, edit=setting("model", to=""), caught_by=["chat.shape.model_echo"])
mutant(
    "chat-model-with-prefix",
    on=on_plain,
    edit=setting("model", to="hosted_vllm/reference"),
    caught_by=["chat.shape.model_echo"],
)
mutant(
    "chat-tool-calls-object",
    on=on_plain,
    edit=setting(*MESSAGE, "tool_calls", to={}),
    caught_by=["chat.shape.tool_calls_absent"],
)
mutant(
    "chat-service-tier-own",
    on=on_plain,
    edit=setting("service_tier", to={"name": "standard"}),
    caught_by=["chat.shape.service_tier_enum"],
)
mutant(
    "chat-template-leak",
    on=on_plain,
    edit=setting(*MESSAGE, "content", to="Hi!<|im_end|>"),
    caught_by=["chat.shape.no_template_leak"],
)
mutant(
    "chat-fingerprint-number",
    on=on_plain,
    edit=setting("system_fingerprint", to=7),
    caught_by=["chat.shape.extra_fields_namespaced"],
)
mutant(
    "chat-logprobs-array",
    on=on_plain,
    edit=setting("choices", 0, "logprobs", to=[]),
    caught_by=["chat.shape.extra_fields_namespaced"],
)
