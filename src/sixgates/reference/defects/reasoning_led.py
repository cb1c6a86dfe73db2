"""Defects of thoughts that a history led to, and of what becomes of the thoughts in it."""

from __future__ import annotations

from collections.abc import Callable

from sixgates.exchange import Request
from sixgates.reference.defects.chat_stream import entries
from sixgates.reference.defects.tools import CRASHED
from sixgates.reference.mutants import (
    Applies,
    Document,
    body_of,
    in_events,
    in_json,
    mutant,
    on_chat,
    on_plain,
    on_stream,
)

FIELDS = ("reasoning", "reasoning_content")


def sent_back(*fields: str) -> Applies:
    """Chats whose history holds thoughts under one of these names."""

    def applies(request: Request) -> bool:
        messages = body_of(request).get("messages")
        said = [each for each in messages if isinstance(each, dict)] if isinstance(messages, list) else []
        return on_chat(request) and any(name in each for each in said for name in fields)

    return applies


def _led(request: Request) -> bool:
    return sent_back(*FIELDS)(request) and body_of(request).get("max_tokens") == 48


def _streamed(request: Request) -> bool:
    return _led(request) and on_stream(request)


def _plain(request: Request) -> bool:
    return _led(request) and on_plain(request)


def _thoughts(events: list[Document]) -> list[Document]:
    return [entry["delta"] for entry in entries(events) if entry["delta"].get("reasoning")]


def _lost(keep: Callable[[int], bool]) -> Callable[[list[Document]], None]:
    def edit(events: list[Document]) -> None:
        for number, delta in enumerate(_thoughts(events)):
            if not keep(number):
                delta.clear()

    return edit


def _uncounted(document: Document) -> None:
    """The words of the content alone."""
    usage = document["usage"]
    usage["completion_tokens"] = len(document["choices"][0]["message"]["content"].split())
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]


def _stream_uncounted(events: list[Document]) -> None:
    usage = events[-1]["usage"]
    usage["completion_tokens"] -= len(_thoughts(events))
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]


def _shorter_prompt(document: Document) -> None:
    document["usage"]["prompt_tokens"] -= 15
    document["usage"]["total_tokens"] -= 15


def _only_reasoning(events: list[Document]) -> None:
    for delta in _thoughts(events):
        del delta["reasoning_content"]


def _answer_in_thought(document: Document) -> None:
    message = document["choices"][0]["message"]
    message["reasoning"] = message["reasoning_content"] = message["reasoning"] + message["content"]
    message["content"] = ""


def _stream_answers_in_thought(events: list[Document]) -> None:
    for entry in entries(events):
        text = entry["delta"].pop("content", None)
        if text:
            entry["delta"].update(reasoning=text, reasoning_content=text)


mutant("led-thought-crashes", on=_plain, edit=CRASHED, caught_by=["reasoning.led.answered"])
mutant("led-thought-stream-crashes", on=_streamed, edit=CRASHED, caught_by=["reasoning.led.answered"])
for _name, _keep in {
    "nothing": lambda number: False,
    "the-first-piece": lambda number: number == 0,
    "every-second-piece": lambda number: number % 2 == 0,
    "all-but-the-last-piece": lambda number: number < 4,
}.items():
    mutant(
        f"led-thought-stream-keeps-{_name}",
        on=_streamed,
        edit=in_events(_lost(_keep)),
        caught_by=["reasoning.led.streamed_alike"],
    )
mutant(
    "led-thought-streamed-in-another-field",
    on=_streamed,
    edit=in_events(_only_reasoning),
    caught_by=["reasoning.led.streamed_alike", "reasoning.field_both"],
)
mutant(
    "led-thought-is-the-answer",
    on=_plain,
    edit=in_json(_answer_in_thought),
    caught_by=["reasoning.content_nonempty_on_stop"],
)
mutant(
    "led-thought-stream-is-the-answer",
    on=_streamed,
    edit=in_events(_stream_answers_in_thought),
    caught_by=["reasoning.content_nonempty_on_stop"],
)
mutant("led-thought-not-counted", on=_plain, edit=in_json(_uncounted), caught_by=["usage.reasoning_counted"])
mutant(
    "led-thought-stream-not-counted",
    on=_streamed,
    edit=in_events(_stream_uncounted),
    caught_by=["usage.reasoning_counted"],
)
for _field in FIELDS:
    mutant(
        f"history-drops-{_field.replace('_', '-')}",
        on=sent_back(_field),
        edit=in_json(_shorter_prompt),
        caught_by=["reasoning.history_either_name"],
    )
