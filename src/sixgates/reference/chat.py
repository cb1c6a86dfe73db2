"""The reference's chat completions, plain and streamed, with text or with tool calls."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sixgates.exchange import Response
from sixgates.reference.conversation import conversation
from sixgates.reference.desk import CREATED, Desk, invalid
from sixgates.reference.led import asked_for, led_to, total
from sixgates.reference.structured import constrained
from sixgates.reference.writing import NUMBERS, STORY, Answer, Call, sampled, thinking, tokens_in

HEAD = 12
"""The tokens of a led call before its arguments: its markup and its name."""
TWO = ("Both", " at", " once.")
"""What the model says before it calls several tools."""

TOKENS_OF_NAME = 3
"""What a call takes of the limit before its arguments."""


def chat(desk: Desk, body: Mapping[str, Any]) -> Response:
    """The reply to one request; raises Refused."""
    messages = conversation(body)
    _validate(body)
    desk.known(body.get("model"))
    prompt = tokens_in(*messages, *(body.get("tools") or []))
    if prompt > desk.context_length:
        raise invalid("the prompt is too long", "messages", "context_length_exceeded")
    answers = [answer(desk, body, messages) for _ in range(body.get("n") or 1)]
    spent = sum(answer.spent for answer in answers)
    usage = {"prompt_tokens": prompt, "completion_tokens": spent, "total_tokens": prompt + spent}
    head = {"id": f"chatcmpl-{desk.number()}", "created": CREATED, "model": desk.model}
    if body.get("stream"):
        return desk.data_stream(_events(head, answers, usage if _wants_usage(body) else None, _top(body)))
    return desk.json(
        {
            **head,
            "object": "chat.completion",
            "choices": [_choice(index, answer, _top(body)) for index, answer in enumerate(answers)],
            "usage": usage,
        }
    )


def _validate(body: Mapping[str, Any]) -> None:
    for name, kinds in _TYPES.items():
        value = body.get(name)
        if value is not None and (not isinstance(value, kinds) or isinstance(value, bool)):
            raise invalid(f"{name} has the wrong type", name)
    for name, least, most in _RANGES:
        value = body.get(name)
        if value is not None and not least <= value <= most:
            raise invalid(f"{name} must be from {least} to {most}", name)


_RANGES = (
    ("temperature", 0, 2),
    ("presence_penalty", -2, 2),
    ("n", 1, 128),
    ("max_tokens", 1, 10**6),
    ("top_logprobs", 0, 20),
)
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "temperature": (int, float),
    "max_tokens": int,
    "max_completion_tokens": int,
    "presence_penalty": (int, float),
    "n": int,
    "seed": int,
    "tools": list,
}


def answer(desk: Desk, body: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> Answer:
    """What the model writes: text, or the calls that the request forces or its history leads to; raises Refused."""
    limit = body.get("max_completion_tokens") or body.get("max_tokens") or desk.context_length
    tool = _forced(body)
    if tool is not None:
        return _call(desk, tool, limit, named=isinstance(body.get("tool_choice"), dict))
    led = _led(body, messages)
    if led:
        return _calls(desk, led, limit, asked_for(messages))
    forced = constrained(body)
    asked = str(messages[-1].get("content"))
    text = asked.partition("Repeat exactly: ")[2] or _story(desk, body) * 4
    if asked.startswith("Count from 1"):
        text = NUMBERS
    text = total(asked) or text
    if body.get("logit_bias"):
        text = "token " * 20
    stops = body.get("stop") or []
    stops = [stops] if isinstance(stops, str) else stops
    return thinking(text if forced is None else forced, limit, stops)


def _story(desk: Desk, body: Mapping[str, Any]) -> str:
    """The story, or, where it is sampled, the sentences of it in an order that the seed decides."""
    if not body.get("temperature"):
        return STORY
    return sampled(STORY, desk.number() if body.get("seed") is None else body["seed"])


def _call(desk: Desk, tool: Mapping[str, Any], limit: int, *, named: bool) -> Answer:
    arguments = json.dumps(_arguments(tool), ensure_ascii=False)
    tokens = tuple(piece + "," for piece in arguments[:-1].split(",")[:-1])
    tokens = (*tokens, arguments[sum(map(len, tokens)) :])
    room = limit - TOKENS_OF_NAME
    call = Call(f"call_{desk.number()}", tool["name"], tokens[: max(room, 1)], TOKENS_OF_NAME)
    finish = "length" if len(tokens) > room else ("stop" if named else "tool_calls")
    return Answer((), finish, (call,))


def _calls(desk: Desk, tools: Sequence[Mapping[str, Any]], limit: int, city: str) -> Answer:
    """A call of each tool about the city, a line of arguments a token, words before several; the limit cuts it."""
    calls: list[Call] = []
    words = TWO if len(tools) > 1 else ()
    for tool in tools:
        left = limit - Answer(words, "", tuple(calls)).spent - HEAD
        tokens = tuple(json.dumps(_arguments(tool, city), indent=1).splitlines(keepends=True))
        calls.append(Call(f"call_{desk.number()}", tool["name"], tokens[: max(left, 0)], HEAD))
        if len(tokens) > left:
            return Answer(words, "length", tuple(calls))
    return Answer(words, "tool_calls", tuple(calls))


def _wants_usage(body: Mapping[str, Any]) -> bool:
    return bool((body.get("stream_options") or {}).get("include_usage"))


def _functions(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {tool["function"]["name"]: tool["function"] for tool in body.get("tools") or []}


def _forced(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    functions = _functions(body)
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        name = choice["function"]["name"]
        if name not in functions:
            raise invalid(f"no tool is named {name}", "tool_choice")
        return functions[name]
    return next(iter(functions.values()), None) if choice == "required" else None


def _led(body: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The tools that the history leads to, where the request allows to call them."""
    if body.get("tool_choice") == "none":
        return []
    functions = _functions(body)
    led = [functions[name] for name in led_to(messages) if name in functions]
    return led[:1] if body.get("parallel_tool_calls") is False else led


def _arguments(function: Mapping[str, Any], said: str = "") -> dict[str, Any]:
    """The required arguments, all where none is: the first value that each allows, or what was said."""
    schema = function.get("parameters", {})
    properties = schema.get("properties", {})
    wanted = {name: properties[name] for name in schema.get("required", properties)}
    return {name: each["enum"][0] if "enum" in each else said for name, each in wanted.items()}


def _top(body: Mapping[str, Any]) -> int | None:
    """How many alternatives each token gets; None where no logprobs are asked for."""
    return int(body.get("top_logprobs") or 0) if body.get("logprobs") else None


def _logprobs(tokens: Sequence[str], top: int | None) -> dict[str, Any] | None:
    """Each token with probability one half, and alternatives that are less likely one after the other."""
    if top is None:
        return None

    def entry(token: str, logprob: float) -> dict[str, Any]:
        return {"token": token, "logprob": logprob, "bytes": list(token.encode())}

    others = [entry(f"other{number}", -0.7 - number) for number in range(1, top)]
    content = [
        {**entry(token, -0.7), "top_logprobs": [entry(token, -0.7), *others][:top]} for token in tokens
    ]
    return {"content": content, "refusal": None}


def _choice(index: int, answer: Answer, top: int | None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "".join(answer.tokens), "refusal": None}
    if answer.thought:
        message |= _thought("".join(answer.thought))
    if answer.calls:
        said = message["content"] or None
        message |= {"content": said, "tool_calls": [_told(call, call.arguments) for call in answer.calls]}
    return {
        "index": index,
        "message": message,
        "finish_reason": answer.finish,
        "logprobs": _logprobs(answer.tokens, top),
    }


def _events(
    head: Mapping[str, Any],
    answers: Sequence[Answer],
    usage: Mapping[str, Any] | None,
    top: int | None = None,
) -> list[dict[str, Any]]:
    shared = {**head, "object": "chat.completion.chunk"} | ({} if usage is None else {"usage": None})

    def event(index: int, delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
        tokens = [delta["content"]] if delta.get("content") else []
        logprobs = _logprobs(tokens, top) if tokens else None
        choice = {"index": index, "delta": delta, "finish_reason": finish, "logprobs": logprobs}
        return {**shared, "choices": [choice]}

    events = []
    for index, answer in enumerate(answers):
        deltas = _text_deltas(answer) if answer.tokens or not answer.calls else []
        deltas += _call_deltas(answer, begun=bool(deltas))
        events += [event(index, delta) for delta in deltas]
        events.append(event(index, {}, answer.finish))
    return events if usage is None else [*events, {**shared, "choices": [], "usage": usage}]


def _text_deltas(answer: Answer) -> list[dict[str, Any]]:
    thoughts = (_thought(token) for token in answer.thought)
    return [{"role": "assistant", "content": ""}, *thoughts, *({"content": token} for token in answer.tokens)]


def _thought(text: str) -> dict[str, str]:
    return {"reasoning_content": text, "reasoning": text}


def _told(call: Call, arguments: str) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _call_deltas(answer: Answer, *, begun: bool) -> list[dict[str, Any]]:
    """Each call's opening without arguments, then these in pieces; unless text came, a role and no content first."""
    pieces: list[dict[str, Any]] = []
    for index, call in enumerate(answer.calls):
        pieces.append({"index": index, **_told(call, "")})
        pieces += [{"index": index, "function": {"arguments": token}} for token in call.tokens]
    opening: dict[str, Any] = {} if begun else {"role": "assistant", "content": None}
    return [{**(opening if number == 0 else {}), "tool_calls": [each]} for number, each in enumerate(pieces)]
