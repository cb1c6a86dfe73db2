"""What structured output must be: JSON that keeps to its schema, whole or streamed, and a word when it was cut."""

from __future__ import annotations

import json
from typing import Any

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.completion import Completion
from sixgates.exchange import Exchange, Finding
from sixgates.probes.params import chat_defaults
from sixgates.probes.structured import (
    MOODS,
    json_object,
    json_schema,
    json_schema_cut,
    json_schema_malformed,
    json_schema_stream,
    json_schema_with_tools,
)
from sixgates.select import NON_EMPTY_STRING, OBJECT, Findings, literal, shown
from sixgates.views import Document, Reply

SPEC = "spec: ResponseFormatJsonSchema"
BLANKS = 20


@check(
    "structured.json_schema.accepted",
    MUST,
    probe=json_schema,
    evidence=[SPEC, "ggml-org/llama.cpp#9522", "ggml-org/llama.cpp#11847", "browser-use/web-ui#65"],
)
def a_schema_is_accepted(reply: Reply) -> Findings:
    """A response_format of type json_schema is answered with 200 and a JSON object."""
    yield from reply.status_in(200)
    yield from reply.json.unlike(OBJECT)


@check(
    "structured.json_schema.enforced",
    MUST,
    probe=json_schema,
    evidence=[SPEC, "ggml-org/llama.cpp#10732", "ggml-org/llama.cpp#11988", "ogx-ai/ogx#529"],
)
def a_schema_is_enforced(answer: Document) -> Findings:
    """The content is a JSON object with the members that the schema requires, though the prompt asks for prose."""
    content = answer.message["content"]
    yield from members_of(content.text, content.where)


@check(
    "structured.json_schema.enum",
    SHOULD,
    probe=json_schema,
    requires=["structured.json_schema.enforced"],
    evidence=[SPEC, "vllm-project/vllm#15236"],
)
def an_enum_is_kept(answer: Document) -> Findings:
    """A member that the schema limits to some values has one of them."""
    content = answer.message["content"]
    mood = _parsed(content.text).get("mood")
    if mood not in MOODS:
        yield Finding(content.where, f"mood {' or '.join(MOODS)}", shown(mood))


@check(
    "structured.json_schema.additional_properties",
    SHOULD,
    probe=json_schema,
    requires=["structured.json_schema.enforced"],
    evidence=[SPEC, "noamgat/lm-format-enforcer#94"],
)
def nothing_is_added(answer: Document) -> Findings:
    """With additionalProperties false there are no other members than those of the schema."""
    content = answer.message["content"]
    more = sorted(_parsed(content.text).keys() - {"mood", "sure"})
    if more:
        yield Finding(content.where, "mood and sure alone", shown(more))


@check(
    "structured.no_whitespace_runaway",
    SHOULD,
    each=[json_schema, json_schema_stream],
    evidence=[SPEC, "vllm-project/vllm#13260", "openai/openai-python#1763"],
)
def the_text_ends_by_itself(exchange: Exchange) -> Findings:
    """When the object is closed the text ends, without a run of blanks, long before the limit."""
    answer = Completion.of(exchange)
    blanks = len(answer.text) - len(answer.text.rstrip())
    if blanks >= BLANKS:
        yield Finding("content", f"fewer than {BLANKS} blanks at the end", str(blanks))
    yield from answer.finish.unlike(literal("stop"))


@check("structured.stream", MUST, probe=json_schema_stream, evidence=[SPEC, "vllm-project/vllm#15236"])
def a_stream_keeps_to_the_schema(exchange: Exchange) -> Findings:
    """The pieces of a stream add up to a JSON object with the members that the schema requires."""
    yield from members_of(Completion.of(exchange).text, "content")


@check(
    "structured.length",
    MUST,
    probe=json_schema_cut,
    evidence=[SPEC, "openai/openai-python#3589", "openai/openai-python#1763"],
)
def a_cut_object_is_called_cut(answer: Document) -> Findings:
    """An object that the token limit cut has the finish_reason "length"."""
    choice = answer.choices[0]
    if not isinstance(_loaded(choice["message"]["content"].text), dict):
        yield from choice["finish_reason"].unlike(literal("length"))


@check(
    "structured.json_schema.ref_defs",
    SHOULD,
    probe=json_schema_with_tools,
    evidence=[SPEC, "BerriAI/litellm#19077", "vllm-project/vllm#13260"],
)
def references_work_or_are_refused(reply: Reply) -> Findings:
    """A schema with $defs and $ref is kept to, or refused with 400; it is neither ignored nor a 5xx."""
    if reply.status == 400:
        return
    yield from reply.status_in(200)
    content = reply.json["choices"].elements[0]["message"]["content"]
    yield from members_of(content.text, content.where)


@check(
    "structured.with_tools",
    SHOULD,
    probe=json_schema_with_tools,
    evidence=[SPEC, "ggml-org/llama.cpp#11847"],
)
def a_schema_holds_beside_tools(answer: Document) -> Findings:
    """Tools beside a schema, with tool_choice "none", are accepted, and the schema holds."""
    content = answer.message["content"]
    yield from members_of(content.text, content.where)


@check(
    "structured.json_schema.malformed",
    SHOULD,
    probe=json_schema_malformed,
    evidence=[SPEC, "vllm-project/vllm#35438", "ggml-org/llama.cpp#18963", "ggml-org/llama.cpp#28697"],
)
def a_missing_schema_is_refused(reply: Reply) -> Findings:
    """A response_format of type json_schema without a schema is refused with 400 and a message."""
    yield from reply.status_in(400, 422)
    yield from reply.json["error"]["message"].unlike(NON_EMPTY_STRING)


@check(
    "structured.json_object.accepted",
    MUST,
    probe=json_object,
    evidence=["spec: ResponseFormatJsonObject", "lmstudio-ai/lmstudio-bug-tracker#189", "Zazza/sd-ai#2"],
)
def json_mode_is_accepted(reply: Reply) -> Findings:
    """A response_format of type json_object is answered with 200 and a JSON object."""
    yield from reply.status_in(200)
    yield from reply.json.unlike(OBJECT)


@check(
    "structured.json_object.valid",
    MUST,
    probe=json_object,
    requires=["structured.json_object.accepted"],
    evidence=["spec: ResponseFormatJsonObject", "ggml-org/llama.cpp#24096"],
)
def json_mode_gives_an_object(answer: Document) -> Findings:
    """The content is a JSON object, though the prompt asks for prose; where the limit cut it, it began as one."""
    choice = answer.choices[0]
    content = choice["message"]["content"]
    cut = choice["finish_reason"].value == "length"
    begun = content.text.lstrip().startswith("{") or (cut and not content.text.strip())
    if not (cut and begun) and not isinstance(_loaded(content.text), dict):
        yield content.finding("a JSON object")


@check(
    "structured.text.accepted",
    SHOULD,
    probe=chat_defaults,
    evidence=["spec: ResponseFormatText", "lmstudio-ai/lmstudio-bug-tracker#189"],
)
def plain_text_may_be_asked_for(reply: Reply) -> Findings:
    """A response_format of type text is the default, and accepted beside the other defaults."""
    yield from reply.status_in(200)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _parsed(text: str) -> dict[str, Any]:
    value = _loaded(text)
    return value if isinstance(value, dict) else {}


def members_of(text: str, where: str) -> Findings:
    """What is missing from a text that must hold the members of the schema."""
    value = _loaded(text)
    if not isinstance(value, dict):
        yield Finding(where, "a JSON object as the schema says", shown(text))
    elif not isinstance(value.get("mood"), str) or not isinstance(value.get("sure"), bool):
        yield Finding(where, "the members mood, a string, and sure, a boolean", shown(value))
