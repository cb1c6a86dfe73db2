"""Every feature of the probes' requests, once; `bundles` says which probe splits into which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sixgates.features.feature import Body, Feature, dropping, in_messages, in_tools, member, objects

_REPLAYED_NULLS = ("refusal", "annotations", "audio", "function_call", "tool_calls")

TEMPERATURE = member("temperature")
SEED = member("seed")
MAX_TOKENS = member("max_tokens", instead={"max_completion_tokens": 16})
STREAM_OPTIONS = member("stream_options", neutral=True)
SEVERAL_CHOICES = member("n", lambda value: value not in (None, 0, 1))
STOP_WORD = member("stop", lambda value: not isinstance(value, list | None), name="`stop` as a string")
STOP_WORDS = member("stop", lambda value: isinstance(value, list), name="`stop` as an array")
MAX_COMPLETION_TOKENS = member("max_completion_tokens", instead={"max_tokens": 16})
LOGPROBS = member("logprobs")
TOP_LOGPROBS = member("top_logprobs", on=["`logprobs`"])
LOGIT_BIAS = member("logit_bias", bool)
ECHO = member("echo")
UNKNOWN = member("x_sixgates")
BASE64 = member("encoding_format")
DIMENSIONS = member("dimensions")
INSTRUCTIONS = member("instructions", neutral=True)
EARLIER_RESPONSE = member("previous_response_id")
TEXT_SCHEMA = member("text")
EFFORT = member("reasoning")
INCLUDE = member("include", neutral=True)
STORE = member("store", neutral=True)
PROMPT_CACHE_KEY = member("prompt_cache_key", neutral=True)
PARALLEL = member("parallel_tool_calls", on=["`tools`"], neutral=True)


def _of_type(kind: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, Mapping) and value.get("type") == kind


TEXT_FORMAT = member("response_format", _of_type("text"), name="`response_format` text")
JSON_OBJECT = member("response_format", _of_type("json_object"), name="`response_format` json_object")
JSON_SCHEMA = member("response_format", _of_type("json_schema"), name="`response_format` json_schema")

TOOLS = Feature(
    "`tools`",
    lambda body: bool(body.get("tools")),
    dropping("tools", "tool_choice", "parallel_tool_calls"),
    r"\btools\b",
)


def _choice(name: str, holds: Callable[[Any], bool]) -> Feature:
    return member("tool_choice", holds, name=f"`tool_choice` {name}", on=["`tools`"])


REQUIRED_CHOICE = _choice("required", lambda value: value == "required")
NAMED_CHOICE = _choice("with a name", lambda value: isinstance(value, Mapping))
NO_CHOICE = _choice("none", lambda value: value == "none")


def _leaves_open(body: Body) -> bool:
    return bool(body.get("tools")) and body.get("tool_choice") in (None, "auto")


AUTO_CHOICE = Feature(
    "`tool_choice` auto",
    _leaves_open,
    lambda body: {**body, "tool_choice": "none"} if _leaves_open(body) else body,
    r"tool_choice|tool choice|\bauto\b",
    ("`tools`",),
)
"""The choice of a request with tools that names none, and the tools along with it."""
STRICT = in_tools(
    "`strict` tools",
    lambda tool: "strict" in tool,
    lambda tool: tool.pop("strict"),
    r"\bstrict\b",
    ["`tools`"],
)
NO_PARAMETERS = in_tools(
    "a tool without `parameters`",
    lambda tool: tool.get("type", "function") == "function" and "name" in tool and "parameters" not in tool,
    lambda tool: tool.update(parameters={"type": "object", "properties": {}}),
    r"parameters",
    ["`tools`"],
)
_FUNCTIONS = ("function", None)


def _functions_only(body: Body) -> Body:
    kept = [each for each in objects(body.get("tools")) if each.get("type") in _FUNCTIONS]
    return {**body, "tools": kept}


OTHER_TOOLS = Feature(
    "tools of other types",
    lambda body: any(each.get("type") not in _FUNCTIONS for each in objects(body.get("tools"))),
    _functions_only,
    r"custom|local_shell|web_search|apply_patch|grammar|\btools?\b",
    ("`tools`",),
)

NAME = in_messages("a name", lambda each: "name" in each, dropping("name"), r"\bname\b|alice")
NULLS = replace(
    in_messages(
        "null fields",
        lambda each: any(key in each and each[key] is None for key in _REPLAYED_NULLS),
        lambda each: {key: value for key, value in each.items() if value is not None or key == "content"},
        r"tool_calls|function_call|refusal|annotations|audio|\bnull\b|None",
    ),
    spreads=True,
)
"""A server's own message, sent back as it came, may hold them too."""
THOUGHT = in_messages(
    "a thought",
    lambda each: "reasoning_content" in each and "reasoning" in each,
    dropping("reasoning_content", "reasoning"),
    r"reasoning",
)
CONTENT_OMITTED = in_messages(
    "a message without `content`",
    lambda each: each.get("role") == "assistant" and "content" not in each,
    lambda each: each if each.get("role") != "assistant" else {"content": None, **each},
    r"\bcontent\b",
)
CONTENT_EMPTY = in_messages(
    'the content ""',
    lambda each: each.get("role") == "assistant" and each.get("content") == "" and "tool_calls" in each,
    lambda each: {**each, "content": None} if each.get("content") == "" else each,
    r"(?:empty|non-empty|blank)\W+(?:\w+\W+)?content|content\W+(?:\w+\W+){0,3}(?:empty|blank)",
)
RESULT_IN_PARTS = in_messages(
    "a tool's result in parts",
    lambda each: each.get("role") == "tool" and isinstance(each.get("content"), list),
    lambda each: {**each, "content": _joined(each)} if each.get("role") == "tool" else each,
    r"(?:must be|expected|be a valid)\W+(?:an?\W+)?str|text parts|content parts",
)


def _joined(message: Body) -> Any:
    content = message.get("content")
    return "".join(part["text"] for part in content) if isinstance(content, list) else content


def _calls(body: Body) -> list[str]:
    return [call["id"] for each in objects(body.get("messages")) for call in objects(each.get("tool_calls"))]


def _results(body: Body) -> list[Any]:
    return [each.get("tool_call_id") for each in objects(body.get("messages")) if each.get("role") == "tool"]


def _in_order(body: Body) -> Body:
    wanted, messages = _calls(body), objects(body.get("messages"))
    results = [each for each in messages if each.get("role") == "tool"]
    ordered = sorted(results, key=lambda each: wanted.index(each["tool_call_id"]))
    return {**body, "messages": [*(each for each in messages if each.get("role") != "tool"), *ordered]}


def _out_of_order(body: Body) -> bool:
    calls, results = _calls(body), _results(body)
    return len(results) > 1 and sorted(map(str, calls)) == sorted(map(str, results)) and calls != results


RESULTS_REORDERED = Feature(
    "results in another order than the calls",
    _out_of_order,
    lambda body: _in_order(body) if _out_of_order(body) else body,
    r"\border\b|sequence|immediately follow",
)


def _roles(body: Body) -> list[Any]:
    return [each.get("role") for each in objects(body.get("messages"))]


def _places(body: Body, role: str, before: Callable[[Any], bool]) -> set[int]:
    """Where messages of a role stand after those before which they may not."""
    roles = _roles(body)
    return {at for at, each in enumerate(roles) if each == role and before(roles[at - 1] if at else None)}


def _dropping_at(places: Callable[[Body], set[int]]) -> Callable[[Body], Body]:
    def without(body: Body) -> Body:
        gone = places(body)
        kept = [each for at, each in enumerate(body["messages"]) if at not in gone] if gone else None
        return body if kept is None else {**body, "messages": kept}

    return without


def _placed(name: str, role: str, before: Callable[[Any], bool], words: str, *on: str) -> Feature:
    def places(body: Body) -> set[int]:
        return _places(body, role, before)

    return Feature(name, lambda body: bool(places(body)), _dropping_at(places), words, on)


LATE_SYSTEM = _placed(
    "a late system message",
    "system",
    lambda role: role in {"user", "assistant"},
    r"beginning|must be (?:the )?first|only be (?:the )?first|must start",
)
SECOND_SYSTEM = _placed(
    "several system messages",
    "system",
    lambda role: role == "system",
    r"(?:multiple|several|more than one|only one) system",
    "system messages",
)
SAME_ROLE = _placed(
    "messages of one role in a row",
    "user",
    lambda role: role == "user",
    r"alternat|consecutive|in a row",
)
SYSTEM = _placed(
    "system messages",
    "system",
    lambda role: role is None,
    r"system (?:role|messages?|prompts?) (?:is |are )?not supported",
)
SEVERAL_INPUTS = member(
    "input",
    lambda value: isinstance(value, list) and len(value) > 1 and all(isinstance(each, str) for each in value),
    name="several inputs",
    instead={"input": "A red boat"},
)
REPLAYED_THOUGHTS = Feature(
    "thoughts that come back",
    lambda body: any(each.get("type") == "reasoning" for each in objects(body.get("input"))),
    lambda body: (
        {**body, "input": [each for each in body["input"] if not _is_thought(each)]}
        if isinstance(body.get("input"), list)
        else body
    ),
    r"reasoning",
)


def _is_thought(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("type") == "reasoning"


_DEFAULTS = ("top_p", "presence_penalty", "frequency_penalty", "user", "metadata", "service_tier")
DEFAULTS = (
    *(member(key) for key in (*_DEFAULTS, "safety_identifier")),
    member("n", lambda value: value == 1, name="`n` 1"),
    member("logit_bias", lambda value: value == {}, name="`logit_bias` {}"),
    STORE,
    PROMPT_CACHE_KEY,
    TEXT_FORMAT,
    STOP_WORDS,
)
"""Members of the API at their defaults."""

OFFERED_AS: Mapping[str, tuple[Feature, ...]] = {
    "tools": (TOOLS, REQUIRED_CHOICE, NAMED_CHOICE, NO_CHOICE, AUTO_CHOICE),
    "n": (SEVERAL_CHOICES,),
    "logprobs": (LOGPROBS,),
    "logit_bias": (LOGIT_BIAS,),
    "seed": (SEED,),
    "json_object": (JSON_OBJECT,),
    "json_schema": (JSON_SCHEMA,),
    "echo": (ECHO,),
    "dimensions": (DIMENSIONS,),
    "stored_responses": (EARLIER_RESPONSE,),
}
"""By capability, the features whose refusal says that it is not offered."""
FEATURES: Mapping[str, Feature] = {
    each.name: each for each in (*list(vars().values()), *DEFAULTS) if isinstance(each, Feature)
}
"""Each feature by its name."""
