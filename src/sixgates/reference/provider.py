"""The reference provider: an OpenAI-compatible server as one deterministic function from request to response.

It has no model: an answer is the start of a fixed story, cut by `max_tokens` and `stop`, one token a word. What
it does with every parameter follows the OpenAI API reference (openai/openai-openapi, version 2.3.0).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import unquote

from sixgates.exchange import Chunk, Request, Response

STORY = (
    "Hi! A small boat left the harbour at dawn. The wind was kind, the sea was calm, and the sailor sang of "
    "home. At noon a gull landed on the mast and stayed. By night they had found the island, drawn a map of its "
    "shores, and slept under the stars until the tide turned and it was time to sail back with the news. "
)
CREATED = 1_700_000_000
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"


class Refused(Exception):
    """A request that the API refuses: status, message, error type, offending parameter, error code."""

    def __init__(
        self, status: int, message: str, kind: str, param: str | None = None, code: str | None = None
    ):
        super().__init__(message)
        self.status = status
        self.envelope = {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _invalid(message: str, param: str | None = None, code: str | None = None) -> Refused:
    return Refused(400, message, "invalid_request_error", param, code)


@dataclass(frozen=True, slots=True)
class Answer:
    """One choice before it is put on the wire: text or tool calls, in tokens, and why it ended."""

    tokens: tuple[str, ...]
    finish: str
    call: Mapping[str, Any] | None = None


@dataclass(slots=True)
class ReferenceProvider:
    """A conforming provider; `key` None means that it asks for none."""

    model: str = "reference"
    key: str | None = None
    context_length: int = 2048
    owner: str = "sixgates"
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def respond(self, request: Request) -> Response:
        """The response to any request; never raises."""
        try:
            return self._route(request)
        except Refused as refusal:
            return self._json(refusal.envelope, refusal.status)

    def _route(self, request: Request) -> Response:
        self._authorise(request)
        path = unquote(request.path.split("?")[0])
        if path == "/v1/models":
            _only("GET", request)
            return self._json({"object": "list", "data": [self._model()]})
        if path.startswith("/v1/models/"):
            _only("GET", request)
            self._known(path.removeprefix("/v1/models/"))
            return self._json(self._model())
        if path == "/v1/chat/completions":
            _only("POST", request)
            return self._chat(_object(request.body))
        if path == "/health":
            return self._json({"status": "ok"})
        raise Refused(404, f"unknown path {path}", "invalid_request_error")

    def _authorise(self, request: Request) -> None:
        if self.key is not None and request.header("authorization") != f"Bearer {self.key}":
            raise Refused(401, "invalid API key", "invalid_request_error", code="invalid_api_key")

    def _known(self, model: object) -> None:
        if not isinstance(model, str):
            raise _invalid("model must be a string", "model")
        if model != self.model:
            raise Refused(
                404, f"model {model} not found", "invalid_request_error", "model", "model_not_found"
            )

    def _model(self) -> dict[str, Any]:
        return {"id": self.model, "object": "model", "created": CREATED, "owned_by": self.owner}

    def _chat(self, body: Mapping[str, Any]) -> Response:
        _validate(body)
        self._known(body.get("model"))
        prompt = _prompt(body)
        if prompt > self.context_length:
            raise _invalid("the prompt is too long", "messages", "context_length_exceeded")
        answers = [self._answer(body) for _ in range(body.get("n") or 1)]
        written = sum(len(answer.tokens) for answer in answers)
        usage = {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}
        head = {"id": f"chatcmpl-{next(self._numbers)}", "created": CREATED, "model": self.model}
        if body.get("stream"):
            return self._stream(_events(head, answers, usage if _wants_usage(body) else None))
        return self._json(
            {
                **head,
                "object": "chat.completion",
                "choices": [_choice(index, answer) for index, answer in enumerate(answers)],
                "usage": usage,
            }
        )

    def _answer(self, body: Mapping[str, Any]) -> Answer:
        limit = body.get("max_completion_tokens") or body.get("max_tokens") or 256
        tool = _forced(body)
        if tool is not None:
            arguments = json.dumps(_arguments(tool))
            tokens = tuple(piece + "," for piece in arguments[:-1].split(",")[:-1])
            tokens = (*tokens, arguments[sum(map(len, tokens)) :])
            call = {"id": f"call_{next(self._numbers)}", "name": tool["name"]}
            named = isinstance(body.get("tool_choice"), dict)
            finish = "length" if len(tokens) > limit - 3 else ("stop" if named else "tool_calls")
            return Answer(tokens[: max(limit - 3, 1)], finish, call)
        return _text_answer(body, limit)

    def _json(self, document: Mapping[str, Any], status: int = 200) -> Response:
        data = json.dumps(document, ensure_ascii=False).encode()
        headers = (*self._headers("application/json"), ("content-length", str(len(data))))
        return Response(status, headers, (Chunk(data, 0.01),))

    def _stream(self, events: Sequence[Mapping[str, Any]]) -> Response:
        texts = [json.dumps(event, ensure_ascii=False) for event in events] + ["[DONE]"]
        chunks = tuple(
            Chunk(f"data: {text}\n\n".encode(), round(0.01 * (number + 1), 6))
            for number, text in enumerate(texts)
        )
        headers = (*self._headers("text/event-stream"), ("cache-control", "no-cache"))
        return Response(200, headers, chunks)

    def _headers(self, media_type: str) -> tuple[tuple[str, str], ...]:
        return (("date", DATE), ("content-type", media_type), ("x-request-id", f"req_{next(self._numbers)}"))


def _only(method: str, request: Request) -> None:
    if request.method != method:
        raise Refused(405, f"method {request.method} not allowed", "invalid_request_error")


def _object(body: bytes | None) -> Mapping[str, Any]:
    try:
        document = json.loads(body or b"")
    except (ValueError, RecursionError):
        raise _invalid("the body is not JSON") from None
    if not isinstance(document, dict):
        raise _invalid("the body is not a JSON object")
    return document


def _validate(body: Mapping[str, Any]) -> None:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(each, dict) for each in messages):
        raise _invalid("messages must be a non-empty array of messages", "messages")
    for name, kinds in _TYPES.items():
        value = body.get(name)
        if value is not None and (not isinstance(value, kinds) or isinstance(value, bool)):
            raise _invalid(f"{name} has the wrong type", name)


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "temperature": (int, float),
    "max_tokens": int,
    "max_completion_tokens": int,
    "n": int,
    "tools": list,
}


def _prompt(body: Mapping[str, Any]) -> int:
    texts = (
        json.dumps(message, ensure_ascii=False) for message in [*body["messages"], *body.get("tools", [])]
    )
    return sum(len(text.split()) for text in texts)


def _wants_usage(body: Mapping[str, Any]) -> bool:
    return bool((body.get("stream_options") or {}).get("include_usage"))


def _forced(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    functions: dict[str, Mapping[str, Any]] = {
        tool["function"]["name"]: tool["function"] for tool in body.get("tools", [])
    }
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        name = choice["function"]["name"]
        if name not in functions:
            raise _invalid(f"no tool is named {name}", "tool_choice")
        return functions[name]
    return next(iter(functions.values()), None) if choice == "required" else None


def _arguments(function: Mapping[str, Any]) -> dict[str, Any]:
    properties = function.get("parameters", {}).get("properties", {})
    return {name: schema["enum"][0] for name, schema in properties.items()}


def _text_answer(body: Mapping[str, Any], limit: int) -> Answer:
    asked = str(body["messages"][-1].get("content"))
    text = asked.partition("Repeat exactly: ")[2] or STORY * 4
    stops = body.get("stop") or []
    cut = min((at for stop in stops if (at := text.find(stop)) >= 0), default=-1)
    stopped = text if cut < 0 else text[:cut]
    words = stopped.split(" ")
    tokens = tuple(word if number == 0 else f" {word}" for number, word in enumerate(words) if stopped)
    return Answer(tokens[:limit], "length" if len(tokens) > limit else "stop")


def _choice(index: int, answer: Answer) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "".join(answer.tokens), "refusal": None}
    if answer.call is not None:
        function = {"name": answer.call["name"], "arguments": message["content"]}
        call = {"id": answer.call["id"], "type": "function", "function": function}
        message |= {"content": None, "tool_calls": [call]}
    return {"index": index, "message": message, "finish_reason": answer.finish, "logprobs": None}


def _events(
    head: Mapping[str, Any], answers: Sequence[Answer], usage: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    shared = {**head, "object": "chat.completion.chunk"} | ({} if usage is None else {"usage": None})

    def event(index: int, delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": index, "delta": delta, "finish_reason": finish, "logprobs": None}
        return {**shared, "choices": [choice]}

    events = []
    for index, answer in enumerate(answers):
        deltas = _text_deltas(answer) if answer.call is None else _call_deltas(answer, answer.call)
        events += [event(index, delta) for delta in deltas]
        events.append(event(index, {}, answer.finish))
    return events if usage is None else [*events, {**shared, "choices": [], "usage": usage}]


def _text_deltas(answer: Answer) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": ""}, *({"content": token} for token in answer.tokens)]


def _call_deltas(answer: Answer, call: Mapping[str, Any]) -> list[dict[str, Any]]:
    opening = {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": ""}}
    pieces: list[dict[str, Any]] = [{"function": {"arguments": token}} for token in answer.tokens]
    return [
        {"role": "assistant", "content": None, "tool_calls": [{"index": 0, **opening}]},
        *({"tool_calls": [{"index": 0, **piece}]} for piece in pieces),
    ]


Respond = Callable[[Request], Response]
