"""Defects of structured output."""

import json
from collections.abc import Callable
from typing import Any

from sixgates.exchange import Request
from sixgates.reference.defects.tools import CRASHED, REFUSED, in_message
from sixgates.reference.mutants import (
    Applies,
    Document,
    Edit,
    asking,
    body_of,
    in_error,
    in_events,
    in_json,
    mutant,
    on_chat,
    on_plain,
    on_stream,
)


def _format(request: Request) -> dict[str, Any]:
    return dict(body_of(request).get("response_format") or {})


def _on_kind(kind: str) -> Applies:
    return lambda request: on_chat(request) and _format(request).get("type") == kind


def _on_schema(request: Request) -> bool:
    return on_chat(request) and "json_schema" in _format(request)


def _on_plain_schema(request: Request) -> bool:
    return on_plain(request) and _on_schema(request)


def _on_schema_stream(request: Request) -> bool:
    return on_stream(request) and _on_schema(request)


def _on_cut(request: Request) -> bool:
    return _on_schema(request) and body_of(request)["max_tokens"] < 8


def _on_whole(request: Request) -> bool:
    return _on_plain_schema(request) and not _on_cut(request)


def _on_misplaced(request: Request) -> bool:
    return on_chat(request) and "schema" in _format(request)


def _content(change: Callable[[str], str]) -> Edit:
    return in_message(lambda message: message.update(content=change(message["content"])))


def _as_value(change: Callable[[Document], Any]) -> Edit:
    def changed(text: str) -> str:
        document = json.loads(text)
        change(document)
        return json.dumps(document)

    return _content(changed)


def _never_ending(document: Document) -> None:
    document["choices"][0]["message"]["content"] = '{"unit":' + "\n" * 40
    document["choices"][0]["finish_reason"] = "length"


def _rambling(document: Document) -> None:
    document["choices"][0]["message"]["content"] = '{"unit": "celsius", "rain":'
    document["choices"][0]["finish_reason"] = "length"
    for name in ("reasoning", "reasoning_content"):
        document["choices"][0]["message"].pop(name)


def _mute(document: Document) -> None:
    document["choices"][0]["message"]["content"] = ""
    document["choices"][0]["finish_reason"] = "length"


def _ended(document: Document) -> None:
    document["choices"][0]["finish_reason"] = "stop"


def _without_last_piece(events: list[Document]) -> None:
    del events[-2]


def _wordless(document: Document) -> None:
    document["error"]["message"] = ""


_PROSE = asking(response_format=None)
_FREE_JSON = asking(response_format={"type": "json_object"})

mutant(
    "json-object-refused",
    on=_on_kind("json_object"),
    edit=REFUSED,
    caught_by=["capability.json_object", "structured.json_object.accepted"],
)
mutant(
    "json-object-ignored",
    on=_on_kind("json_object"),
    rewrite=_PROSE,
    caught_by=["structured.json_object.valid"],
)
mutant(
    "json-object-cut-prose",
    on=_on_kind("json_object"),
    rewrite=asking(response_format=None, max_tokens=8),
    caught_by=["structured.json_object.valid"],
)
mutant(
    "json-object-array",
    on=_on_kind("json_object"),
    edit=_content(lambda text: f"[{text}]"),
    caught_by=["structured.json_object.valid"],
)
mutant(
    "json-object-fenced",
    on=_on_kind("json_object"),
    edit=_content(lambda text: f"```json\n{text}\n```"),
    caught_by=["structured.json_object.valid"],
)
mutant(
    "json-object-wrapped-in-words",
    on=_on_kind("json_object"),
    edit=_content(lambda text: f"Here you are: {text}"),
    caught_by=["structured.json_object.valid"],
)
mutant(
    "schema-refused",
    on=_on_schema,
    edit=REFUSED,
    caught_by=["capability.json_schema", "structured.json_schema.accepted"],
)
mutant("schema-crashes", on=_on_schema, edit=CRASHED, caught_by=["structured.json_schema.accepted"])
mutant("schema-ignored", on=_on_schema, rewrite=_PROSE, caught_by=["structured.json_schema.enforced"])
mutant("schema-as-any-json", on=_on_schema, rewrite=_FREE_JSON, caught_by=["structured.json_schema.enforced"])
mutant("schema-ignored-when-cut", on=_on_cut, rewrite=_PROSE, caught_by=["structured.json_schema.enforced"])
mutant(
    "schema-member-missing",
    on=_on_whole,
    edit=_as_value(lambda forecast: forecast.pop("rain")),
    caught_by=["structured.json_schema.enforced"],
)
mutant(
    "schema-enum-ignored",
    on=_on_whole,
    edit=_as_value(lambda forecast: forecast.update(unit="kelvin")),
    caught_by=["structured.json_schema.enum"],
)
mutant(
    "schema-more-properties",
    on=_on_whole,
    edit=_as_value(lambda forecast: forecast.update(wind="north")),
    caught_by=["structured.json_schema.additional_properties"],
)
mutant(
    "schema-reference-ignored",
    on=_on_whole,
    edit=_as_value(lambda forecast: forecast.update(rain="true")),
    caught_by=["structured.json_schema.ref_defs"],
)
mutant(
    "schema-reference-refused",
    on=_on_schema_stream,
    edit=CRASHED,
    caught_by=["structured.stream"],
)
mutant("schema-ignored-in-streams", on=_on_schema_stream, rewrite=_PROSE, caught_by=["structured.stream"])
mutant(
    "schema-stream-loses-the-end",
    on=_on_schema_stream,
    edit=in_events(_without_last_piece),
    caught_by=["structured.stream"],
)
mutant(
    "schema-misplaced-ignored",
    on=_on_misplaced,
    rewrite=_PROSE,
    caught_by=["structured.json_schema.malformed"],
)
mutant(
    "schema-misplaced-as-any-json",
    on=_on_misplaced,
    rewrite=_FREE_JSON,
    caught_by=["structured.json_schema.malformed"],
)
mutant(
    "schema-misplaced-crashes",
    on=_on_misplaced,
    edit=CRASHED,
    caught_by=["structured.json_schema.malformed"],
)
mutant(
    "schema-misplaced-without-words",
    on=_on_misplaced,
    edit=in_error(_wordless),
    caught_by=["structured.json_schema.malformed"],
)
mutant("schema-cut-ends-well", on=_on_cut, edit=in_json(_ended), caught_by=["structured.length"])
mutant(
    "schema-white-space-without-end",
    on=_on_whole,
    edit=in_json(_never_ending),
    caught_by=["structured.no_whitespace_runaway"],
)
mutant(
    "schema-white-space-at-the-end",
    on=_on_whole,
    edit=_content(lambda text: text + " " * 20),
    caught_by=["structured.no_whitespace_runaway"],
)
mutant(
    "schema-answer-without-end",
    on=_on_whole,
    edit=in_json(_rambling),
    caught_by=["structured.no_whitespace_runaway"],
)
mutant(
    "schema-cut-to-nothing", on=_on_cut, edit=in_json(_mute), caught_by=["structured.json_schema.enforced"]
)
mutant(
    "response-format-text-refused",
    on=_on_kind("text"),
    edit=REFUSED,
    caught_by=["structured.text.accepted"],
)
