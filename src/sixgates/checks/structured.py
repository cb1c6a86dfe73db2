"""What `response_format` must bring about: text that fits, also when the prompt asks for something else."""

import json
import re

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_shape import PRESENT
from sixgates.exchange import Finding
from sixgates.probes.structured import json_object, schema, schema_cut, schema_misplaced, schema_stream
from sixgates.reasoning import Reasoned
from sixgates.select import (
    NON_EMPTY_STRING,
    OBJECT,
    Findings,
    Json,
    Kind,
    Unexercised,
    literal,
    parse_json,
    shown,
)
from sixgates.views import Document, Reply

SPEC = "spec: ResponseFormatJsonSchema"
BOOLEAN = Kind("true or false", lambda value: isinstance(value, bool))
FORECASTS = tuple(
    text
    for rain in ("true", "false")
    for text in (f'{{"unit":"celsius","rain":{rain}}}', f'{{"rain":{rain},"unit":"celsius"}}')
)
"""Everything that the schema allows, without white space."""
RUNAWAY = re.compile(r"\s{20,}")
FRAGMENT = re.compile(r"-|t|tr|tru|f|fa|fal|fals|n|nu|nul|\.|(\.\d*)?[eE][+-]?|")
ENFORCED = "structured.json_schema.enforced"


@check(
    "structured.json_object.accepted",
    MUST,
    probe=json_object,
    evidence=["spec: ResponseFormatJsonObject", "lmstudio-ai/lmstudio-bug-tracker#189"],
)
def json_object_is_accepted(answer: Document) -> Findings:
    """The response format json_object is accepted, and answered with a message."""
    yield from answer.message.unlike(OBJECT)


@check(
    "structured.json_object.valid",
    MUST,
    probe=json_object,
    evidence=["spec: ResponseFormatJsonObject", "ggml-org/llama.cpp#24096"],
)
def json_object_is_an_object(answer: Reasoned) -> Findings:
    """With json_object the content is a JSON object, or the beginning of one where the token limit cut it."""
    if not answer.completion.cut:
        yield from parse_json(answer.text, "content").unlike(OBJECT)
    elif not begins_object(answer.text) or _nothing_came(answer):
        yield Finding("content", "the beginning of a JSON object", shown(answer.text))


@check(
    "structured.json_schema.accepted",
    MUST,
    each=[schema, schema_cut],
    evidence=[
        SPEC,
        "ggml-org/llama.cpp#9522",
        "ggml-org/llama.cpp#11847",
        "ggml-org/llama.cpp#23463",
        "browser-use/web-ui#65",
        "ikawrakow/ik_llama.cpp#778",
    ],
)
def a_schema_is_accepted(answer: Document) -> Findings:
    """A strict JSON schema in the wrapper of the API is accepted, and answered with a message."""
    yield from answer.message.unlike(OBJECT)


@check(
    ENFORCED,
    MUST,
    each=[schema, schema_cut],
    evidence=[
        SPEC,
        "ggml-org/llama.cpp#10732",
        "ggml-org/llama.cpp#11988",
        "ggml-org/llama.cpp#24097",
        "ogx-ai/ogx#529",
        "abetlen/llama-cpp-python#1677",
    ],
)
def a_schema_binds(answer: Reasoned) -> Findings:
    """With a strict schema the content is an object with its required members, though the prompt asks for prose."""
    yield from _bound(answer)


@check(
    "structured.stream",
    MUST,
    probe=schema_stream,
    evidence=[SPEC, "vllm-project/vllm#15236"],
)
def a_schema_binds_streams(answer: Reasoned) -> Findings:
    """A strict schema is accepted with `stream`, and the pieces make an object with its required members."""
    yield from _bound(answer)


@check(
    "structured.json_schema.enum",
    SHOULD,
    each=[schema, schema_stream],
    requires=[ENFORCED, "structured.stream"],
    evidence=[SPEC, "vllm-project/vllm#15236"],
)
def enums_bind(answer: Reasoned) -> Findings:
    """A member whose enum has one value has that value."""
    yield from _forecast(answer)["unit"].unlike(literal("celsius"))


@check(
    "structured.json_schema.additional_properties",
    SHOULD,
    each=[schema, schema_stream],
    requires=[ENFORCED, "structured.stream"],
    evidence=[SPEC, "noamgat/lm-format-enforcer#94"],
)
def nothing_is_added(answer: Reasoned) -> Findings:
    """Where the schema forbids additional properties, the answer has none."""
    forecast = _forecast(answer)
    for name in sorted(forecast.require(OBJECT).keys() - {"unit", "rain"}):
        yield forecast[name].finding("absent: the schema allows no other properties")


@check(
    "structured.json_schema.ref_defs",
    SHOULD,
    each=[schema, schema_stream],
    requires=[ENFORCED, "structured.stream"],
    evidence=[SPEC, "BerriAI/litellm#19077", "vllm-project/vllm#13260"],
)
def references_bind(answer: Reasoned) -> Findings:
    """A member that the schema describes by a reference into its `$defs` is as described there."""
    yield from _forecast(answer)["rain"].unlike(BOOLEAN)


@check(
    "structured.json_schema.malformed",
    SHOULD,
    probe=schema_misplaced,
    evidence=[
        SPEC,
        "vllm-project/vllm#35438",
        "ggml-org/llama.cpp#18963",
        "ggml-org/llama.cpp#28697",
    ],
)
def a_misplaced_schema_is_not_dropped(reply: Reply) -> Findings:
    """A schema beside `json_schema` instead of in it is refused with 400 and a message, or binds all the same."""
    if reply.status == 200:
        choice = reply.json["choices"][0]
        text = choice["message"]["content"].value
        if not isinstance(text, str) or not _fits(text, cut=choice["finish_reason"].value == "length"):
            got = f"200 {shown(text)}: accepted, and the schema ignored"
            yield Finding("content", "a refusal with 400, or an answer that fits the schema", got)
        return
    yield from reply.status_in(400, 422)
    yield from reply.json["error"]["message"].unlike(NON_EMPTY_STRING)


@check(
    "structured.length",
    MUST,
    probe=schema_cut,
    evidence=["spec: CreateChatCompletionResponse", "openai/openai-python#3589", "openai/openai-python#1763"],
)
def a_cut_answer_says_so(answer: Reasoned) -> Findings:
    """Structured output that the token limit cut ends with the finish reason "length"."""
    yield from answer.completion.finish.unlike(literal("length"))


@check(
    "structured.no_whitespace_runaway",
    SHOULD,
    each=[schema, schema_stream],
    requires=[ENFORCED, "structured.stream"],
    evidence=["vllm-project/vllm#13260", "openai/openai-python#1763"],
)
def white_space_ends(answer: Reasoned) -> Findings:
    """An answer that a schema binds ends by itself, without 20 characters of white space in a row."""
    run = RUNAWAY.search(answer.text)
    if run:
        got = f"{len(run[0])} at character {run.start()} of {shown(answer.text)}"
        yield Finding("content", "fewer than 20 white-space characters in a row", got)
    elif answer.completion.cut:
        if answer.thought:
            raise Unexercised("the thought left no tokens for the answer")
        yield answer.completion.finish.finding('"stop": the schema allows only short answers')


def begins_object(text: str) -> bool:
    """Whether some JSON object begins with this text."""
    if not text.strip():
        return True
    try:
        return isinstance(json.loads(text), dict)
    except RecursionError:
        return text.lstrip().startswith("{")
    except json.JSONDecodeError as problem:
        in_string = problem.msg.startswith("Unterminated string") or _half_escape(problem)
        ends_here = FRAGMENT.fullmatch(text[problem.pos :].strip()) is not None
        return text.lstrip().startswith("{") and (in_string or ends_here)


def _half_escape(problem: json.JSONDecodeError) -> bool:
    rest = problem.doc[problem.pos :].lstrip("\\")
    return "escape" in problem.msg and re.fullmatch(r"u[0-9a-fA-F]{0,4}|", rest) is not None


def _bound(answer: Reasoned) -> Findings:
    if not answer.completion.cut:
        forecast = parse_json(answer.text, "content")
        forecast.require(OBJECT)
        yield from forecast["unit"].unlike(PRESENT)
        yield from forecast["rain"].unlike(PRESENT)
    elif not _fits(answer.text, cut=True) or _nothing_came(answer):
        expected = f"the beginning of an answer that fits the schema, such as {FORECASTS[0]}"
        yield Finding("content", expected, shown(answer.text))


def _fits(text: str, *, cut: bool) -> bool:
    compact = "".join(text.split())
    return any(each.startswith(compact) if cut else each == compact for each in FORECASTS)


def _nothing_came(answer: Reasoned) -> bool:
    return not answer.text and not answer.thought


def _forecast(answer: Reasoned) -> Json:
    if answer.completion.cut:
        raise Unexercised("the token limit cut the answer")
    return parse_json(answer.text, "content")
