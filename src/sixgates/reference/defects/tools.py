"""Defects of tool choices, of tool calls that come whole, and of conversations with calls in them."""

from collections.abc import Callable
from typing import Any

from sixgates.exchange import Request
from sixgates.reference.mutants import (
    Applies,
    Document,
    Edit,
    asking,
    body_of,
    in_json,
    mutant,
    on_chat,
    on_plain,
    with_body,
)

_REFUSAL = b'{"error": {"message": "no", "type": "invalid_request_error", "param": null, "code": null}}'
REFUSED = with_body(_REFUSAL, status=400)
CRASHED = with_body(_REFUSAL, status=500)


def on_choice(*kinds: str) -> Applies:
    """Chats, streamed or not, with one of these tool choices: "named", "required", "none", "auto"."""

    def applies(request: Request) -> bool:
        choice = body_of(request).get("tool_choice")
        return on_chat(request) and ("named" if isinstance(choice, dict) else choice) in kinds

    return applies


def _left_to_the_model(request: Request) -> bool:
    """Chats with tools that leave it to the model whether to call: by name, or by saying nothing."""
    asked = body_of(request)
    return on_chat(request) and bool(asked.get("tools")) and asked.get("tool_choice", "auto") == "auto"


def plain(applies: Applies) -> Applies:
    """The same, not streamed."""
    return lambda request: on_plain(request) and applies(request)


def naming(function: str) -> Applies:
    """Chats whose tool choice names this function."""
    return lambda request: (
        (body_of(request).get("tool_choice") or {})
        == {
            "type": "function",
            "function": {"name": function},
        }
    )


def in_message(change: Callable[[Document], object]) -> Edit:
    """Change the first choice's message in place."""

    def edit(document: Document) -> None:
        change(document["choices"][0]["message"])

    return in_json(edit)


def in_calls(change: Callable[[Document], object]) -> Edit:
    """Change each tool call of a plain answer in place."""

    def edit(message: Document) -> None:
        for call in message.get("tool_calls", []):
            change(call)

    return in_message(edit)


def _arguments(value: Callable[[str], Any]) -> Edit:
    return in_calls(lambda call: call["function"].update(arguments=value(call["function"]["arguments"])))


def _call_twice(message: Document) -> None:
    message["tool_calls"] += [{**call, "id": f"{call['id']}b"} for call in message["tool_calls"]]


def _same_id_twice(message: Document) -> None:
    message["tool_calls"] += message["tool_calls"]


_named, _required, _none = on_choice("named"), on_choice("required"), on_choice("none")
_forced = plain(on_choice("named", "required"))

mutant(
    "tool-choice-object-refused",
    on=plain(_named),
    edit=REFUSED,
    caught_by=["tools.named.accepted_object"],
)
mutant("tool-choice-required-refused", on=_required, edit=REFUSED, caught_by=["tools.required.accepted"])
mutant("tool-choice-none-refused", on=_none, edit=REFUSED, caught_by=["tools.none.accepted"])
for _kind, _check in {"named": "named", "required": "required"}.items():
    mutant(
        f"tool-choice-{_kind}-ignored",
        on=on_choice(_kind),
        rewrite=asking(tool_choice="none"),
        caught_by=[f"tools.{_check}.called"],
    )
mutant(
    "tool-choice-named-called-twice",
    on=plain(_named),
    edit=in_message(_call_twice),
    caught_by=["tools.named.called"],
)


def _misname(call: Document) -> None:
    call["function"]["name"] = "other"


mutant("tool-call-of-another", on=plain(_named), edit=in_calls(_misname), caught_by=["tools.named.called"])
mutant(
    "tool-choice-unknown-ignored",
    on=naming("no_such_tool"),
    rewrite=asking(tool_choice="none"),
    caught_by=["tools.named.unknown_function"],
)
mutant(
    "tool-choice-none-ignored",
    on=_none,
    rewrite=asking(tool_choice="required"),
    caught_by=["tools.none.not_called"],
)


def _pretends(document: Document) -> None:
    document["choices"][0]["finish_reason"] = "tool_calls"


mutant(
    "tool-calls-announced-under-none",
    on=plain(_none),
    edit=in_json(_pretends),
    caught_by=["tools.none.not_called", "tools.finish.consistent"],
)
mutant(
    "tool-choice-auto-refused",
    on=_left_to_the_model,
    edit=with_body(
        b'{"error": {"message": "\\"auto\\" is not enabled here", "type": "invalid_request_error"}}',
        status=400,
    ),
    caught_by=["tools.auto.accepted"],
)
mutant("tool-choice-auto-crashes", on=on_choice("auto"), edit=CRASHED, caught_by=["tools.auto.no_crash"])
mutant(
    "tool-choice-auto-refused-without-words",
    on=on_choice("auto"),
    edit=with_body(b"{}", status=400),
    caught_by=["tools.auto.no_crash"],
)
for _field in ("id", "type"):
    mutant(
        f"tool-call-without-{_field}",
        on=_forced,
        edit=in_calls(lambda call, name=_field: call.pop(name)),  # type: ignore[misc]
        caught_by=["tools.call.shape"],
    )
mutant(
    "tool-call-id-empty",
    on=_forced,
    edit=in_calls(lambda call: call.update(id="")),
    caught_by=["tools.call.shape"],
)
mutant(
    "tool-arguments-object",
    on=_forced,
    edit=_arguments(lambda text: {"city": "Paris"}),
    caught_by=["tools.call.arguments_string"],
)
mutant(
    "tool-arguments-null",
    on=_forced,
    edit=_arguments(lambda text: None),
    caught_by=["tools.call.arguments_string", "tools.call.no_args"],
)
mutant(
    "tool-arguments-empty",
    on=_forced,
    edit=_arguments(lambda text: ""),
    caught_by=["tools.call.arguments_json", "tools.call.no_args"],
)
mutant(
    "tool-arguments-twice",
    on=_forced,
    edit=_arguments(lambda text: text * 2),
    caught_by=["tools.call.arguments_json"],
)
mutant(
    "tool-arguments-outside-the-schema",
    on=_forced,
    edit=_arguments(lambda text: text.replace("Paris", "London")),
    caught_by=["tools.call.arguments_schema"],
)
mutant(
    "tool-arguments-undeclared",
    on=_forced,
    edit=_arguments(lambda text: text.replace('"unit"', '"units"')),
    caught_by=["tools.call.arguments_schema"],
)
mutant(
    "tool-call-beside-markup",
    on=_forced,
    edit=in_message(lambda message: message.update(content="<tool_call>")),
    caught_by=["tools.content.null_with_calls"],
)
mutant(
    "tool-calls-share-an-id",
    on=plain(_required),
    edit=in_message(_same_id_twice),
    caught_by=["tools.id.unique_in_response"],
)
mutant(
    "tool-call-id-constant",
    on=_forced,
    edit=in_calls(lambda call: call.update(id="call_0")),
    caught_by=["tools.id.unique_across"],
)
mutant(
    "parallel-tool-calls-ignored",
    on=lambda request: body_of(request).get("parallel_tool_calls") is False,
    edit=in_message(_call_twice),
    caught_by=["tools.parallel.disabled"],
)


def _tools_where(holds: Callable[[Document], bool]) -> Applies:
    return lambda request: any(
        holds(tool["function"]) for tool in body_of(request).get("tools") or [] if "function" in tool
    )


mutant(
    "tool-without-parameters-refused",
    on=_tools_where(lambda function: "parameters" not in function),
    edit=REFUSED,
    caught_by=["tools.def.parameters_omitted"],
)
mutant(
    "tool-with-strict-refused",
    on=_tools_where(lambda function: "strict" in function),
    edit=REFUSED,
    caught_by=["tools.def.strict_accepted"],
)
mutant(
    "tools-empty-crash",
    on=lambda request: body_of(request).get("tools") == [],
    edit=CRASHED,
    caught_by=["tools.empty_array"],
)


def _history_where(holds: Callable[[Document, list[Document]], bool]) -> Applies:
    def applies(request: Request) -> bool:
        messages = body_of(request).get("messages")
        if not isinstance(messages, list) or len(messages) < 3 or not messages[1].get("tool_calls"):
            return False
        return holds(messages[1], messages[2:])

    return applies


_HISTORIES: dict[str, tuple[Callable[[Document, list[Document]], bool], str]] = {
    "null-content": (lambda call, _: call.get("content", 0) is None, "basic"),
    "own-id": (lambda call, _: call["tool_calls"][0]["id"] not in ("call_abc123def", None), "own_id"),
    "content-omitted": (lambda call, _: "content" not in call, "content_omitted"),
    "content-empty": (lambda call, _: call.get("content") == "", "content_empty"),
    "content-parts": (
        lambda _, results: any(isinstance(each["content"], list) for each in results),
        "tool_content_parts",
    ),
    "two-results": (lambda _, results: len(results) == 2, "parallel_results"),
}
for _name, (_holds, _check) in _HISTORIES.items():
    mutant(
        f"tool-history-{_name}-refused",
        on=_history_where(_holds),
        edit=REFUSED,
        caught_by=[f"tools.roundtrip.{_check}"],
    )
mutant(
    "tool-history-null-id-crashes",
    on=_history_where(lambda call, _: call["tool_calls"][0]["id"] is None),
    edit=CRASHED,
    caught_by=["tools.roundtrip.null_ids"],
)


def _finish(reason: str) -> Edit:
    def edit(document: Document) -> None:
        document["choices"][0]["finish_reason"] = reason

    return in_json(edit)


def on_cut(request: Request) -> bool:
    """Named calls that five tokens cut."""
    return _named(request) and body_of(request).get("max_tokens") == 5


mutant(
    "tool-finish-stop-under-required",
    on=plain(_required),
    edit=_finish("stop"),
    caught_by=["tools.finish.required"],
)
mutant(
    "tool-finish-unknown-under-named", on=plain(_named), edit=_finish("eos"), caught_by=["tools.finish.named"]
)
mutant(
    "tool-finish-not-length-when-cut",
    on=plain(on_cut),
    edit=_finish("tool_calls"),
    caught_by=["tools.finish.length_in_args"],
)


def _no_calls(document: Document) -> None:
    document["choices"][0]["finish_reason"] = "tool_calls"
    document["choices"][0]["message"]["tool_calls"] = []


mutant(
    "tool-finish-without-calls",
    on=_forced,
    edit=in_json(_no_calls),
    caught_by=["tools.finish.consistent"],
)
