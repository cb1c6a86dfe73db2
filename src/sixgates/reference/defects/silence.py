"""Defects that a check could once pass over in silence: what it looked for was not there, or something else was."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from sixgates.catalogue import COMPLETIONS_PATH, EMBEDDINGS_PATH, RESPONSES_PATH
from sixgates.exchange import Request, Response
from sixgates.probes.params import NEVER
from sixgates.reference.mutants import (
    Applies,
    Document,
    asking,
    body_of,
    in_events,
    in_json,
    mutant,
    on_chat,
    on_path,
    on_plain,
    on_stream,
    on_tool_stream,
    on_tools,
    with_body,
)

EMPTY = b'{"error":{"message":"","type":"internal_server_error","param":null,"code":null}}'
NESTED = (
    json.dumps({"error": {"message": "no images", "type": "invalid_request_error", "code": 400}}),
    str({"error": {"message": "no images", "type": "invalid_request_error", "code": 400}}),
    f"upstream said {json.dumps(json.dumps({'error': 'no images'}))}",
)


@dataclass(slots=True)
class _TakenOut:
    """A server that takes stop words out of the text and writes on."""

    words: list[str] = field(default_factory=list)

    def asked(self, request: Request) -> Request:
        """The request without its stop words, which are remembered."""
        stop = body_of(request).get("stop") or []
        self.words = [stop] if isinstance(stop, str) else stop
        return asking(stop=None)(request)

    def answer(self, response: Response) -> Response:
        """The text without them."""
        return in_events(self._in_events)(in_json(self._in_document)(response))

    def _without(self, text: str) -> str:
        for word in self.words:
            text = text.replace(word, "")
        return text

    def _in_document(self, document: Document) -> None:
        choice = document["choices"][0]
        holder, name = (choice["message"], "content") if "message" in choice else (choice, "text")
        holder[name] = self._without(holder[name])

    def _in_events(self, events: list[Document]) -> None:
        choices = [choice for event in events for choice in event["choices"]]
        holders: list[tuple[Any, str]] = [
            (choice["delta"], "content") if "delta" in choice else (choice, "text") for choice in choices
        ]
        text = self._without("".join(holder.get(name) or "" for holder, name in holders))
        for number, (holder, name) in enumerate(holders):
            holder[name] = text if number == 1 else ""


def _stopping(path_of: Applies) -> Applies:
    """Requests on which a stop word must act."""
    return lambda request: path_of(request) and (body_of(request).get("stop") or [NEVER]) != [NEVER]


def _limited_to(number: int) -> Applies:
    return lambda request: on_stream(request) and body_of(request).get("max_tokens") == number


def _on_many_alternatives(request: Request) -> bool:
    return body_of(request).get("top_logprobs") == 50


def _all_of_them(document: Document) -> None:
    for entry in document["choices"][0]["logprobs"]["content"]:
        entry["top_logprobs"] *= 3


def _on_ping(request: Request) -> bool:
    return on_tools(request) and "ping" in str(body_of(request).get("tool_choice"))


def _on_required(request: Request) -> bool:
    return on_tools(request) and body_of(request).get("tool_choice") == "required"


def _numbers_in_markup(document: Document) -> None:
    choice = document["choices"][0]
    choice["finish_reason"] = "length"
    text = '<tool_call>\n{"name": "ping", "arguments": [1, 2, 3, 4, 5'
    choice["message"] = {"role": "assistant", "content": text, "refusal": None}


def _of_another_schema(document: Document) -> None:
    call = document["choices"][0]["message"]["tool_calls"][0]
    call["function"]["arguments"] = '{"city": "Oslo"}'


def _made_up(document: Document) -> None:
    """What a call of a function without parameters has."""
    document["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] = "{}"


def _opens_without_arguments(events: list[Document]) -> None:
    for call in events[0]["choices"][0]["delta"].get("tool_calls") or []:
        del call["function"]["arguments"]


def _says_something_else(events: list[Document]) -> None:
    events[1]["choices"][0]["delta"]["content"] = "Once upon a time, long ago"


def _on_two_prompts(request: Request) -> bool:
    return request.path == COMPLETIONS_PATH and isinstance(body_of(request).get("prompt"), list)


def _on_image(request: Request) -> bool:
    return on_chat(request) and "image_url" in str(body_of(request).get("messages"))


def _on_bare_stream(request: Request) -> bool:
    body = body_of(request)
    return on_stream(request) and body.get("max_tokens") == 16 and set(body) == BARE


BARE = {"model", "messages", "max_tokens", "temperature", "seed", "stream"}
_stop = _TakenOut()

for _name, _on, _check in (
    ("stop-string-taken-out", on_plain, "params.stop.string"),
    ("stop-taken-out-of-streams", on_stream, "params.stop.stream"),
    ("stop-array-taken-out", on_stream, "params.stop.array"),
    ("stop-taken-out-of-completions", on_path(COMPLETIONS_PATH), "completions.stop_and_max"),
):
    mutant(_name, on=_stopping(_on), rewrite=_stop.asked, edit=_stop.answer, caught_by=[_check])
mutant(
    "alternatives-without-limit",
    on=_on_many_alternatives,
    rewrite=asking(top_logprobs=20),
    edit=in_json(_all_of_them),
    caught_by=["params.top_logprobs.limit"],
)
mutant(
    "alternatives-500",
    on=_on_many_alternatives,
    edit=lambda response: replace(response, status=500),
    caught_by=["params.top_logprobs.limit"],
)
for _name, _limit in {"zero": 0, "negative": -1}.items():
    mutant(
        f"max-tokens-{_name}-unlimited",
        on=_limited_to(_limit),
        rewrite=asking(max_tokens=1000),
        caught_by=[f"params.max_tokens.{_name}"],
    )
mutant(
    "one-token-of-many-words",
    on=_limited_to(1),
    edit=in_events(_says_something_else),
    caught_by=["chat.stream.max_tokens_1"],
)
mutant(
    "loose-call-with-numbers",
    on=_on_ping,
    edit=in_json(_numbers_in_markup),
    caught_by=["tools.call.no_args"],
)
mutant(
    "loose-call-of-another-schema",
    on=_on_required,
    edit=in_json(_of_another_schema),
    caught_by=["tools.call.arguments_loose"],
)
mutant(
    "loose-call-made-up",
    on=_on_required,
    edit=in_json(_made_up),
    caught_by=["tools.call.arguments_loose"],
)
mutant(
    "stream-call-opens-bare",
    on=on_tool_stream,
    edit=in_events(_opens_without_arguments),
    caught_by=["tools.stream.args_first"],
)
mutant(
    "first-answer-another",
    on=_on_bare_stream,
    edit=in_events(_says_something_else),
    caught_by=["params.seed.first_answer"],
)
mutant(
    "completions-error-empty",
    on=_on_two_prompts,
    edit=with_body(EMPTY, status=500),
    caught_by=["errors.message_nonempty"],
)
for _path in (RESPONSES_PATH, EMBEDDINGS_PATH):
    mutant(
        f"{_path.rpartition('/')[2]}-error-empty",
        on=on_path(_path),
        edit=lambda response: with_body(EMPTY)(response) if response.status >= 400 else response,
        caught_by=["errors.message_nonempty"],
    )
for _number, _text in enumerate(NESTED, start=1):
    _body = json.dumps({"error": {"message": _text, "type": "x", "param": None, "code": None}}).encode()
    mutant(
        f"error-within-an-error-{_number}",
        on=_on_image,
        edit=with_body(_body, status=400),
        caught_by=["errors.message_in_words"],
    )
