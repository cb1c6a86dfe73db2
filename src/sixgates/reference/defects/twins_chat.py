"""Defects that a stream of chat has and the plain answer has not: of counts, members and markup."""

from collections.abc import Callable
from typing import Any

from sixgates.exchange import Request
from sixgates.reference.defects.completions import on_completions
from sixgates.reference.mutants import (
    Document,
    Edit,
    body_of,
    in_events,
    mutant,
    on_stream,
    on_usage_stream,
)


def _on_completed_stream(request: Request) -> bool:
    return on_completions(request) and bool(body_of(request).get("stream"))


def _counting(**more: Any) -> Edit:
    """Other counts in the last usage of a stream; a name with _details is a part of it."""

    def change(events: list[Document]) -> None:
        usage = events[-1]["usage"]
        usage.update({name: value(usage) if callable(value) else value for name, value in more.items()})

    return in_events(change)


for _name, _on in (("chat", on_usage_stream), ("completions", _on_completed_stream)):
    mutant(
        f"{_name}-stream-total-too-large",
        on=_on,
        edit=_counting(total_tokens=lambda usage: usage["total_tokens"] + 5020),
        caught_by=["usage.stream_total"],
    )
    mutant(
        f"{_name}-stream-total-too-small",
        on=_on,
        edit=_counting(total_tokens=lambda usage: usage["total_tokens"] - 1),
        caught_by=["usage.stream_sum"],
    )
    mutant(
        f"{_name}-stream-counts-no-prompt",
        on=_on,
        edit=_counting(prompt_tokens=0, total_tokens=lambda usage: usage["completion_tokens"]),
        caught_by=["usage.stream_sum"],
    )
    for _part, _whole in (("cached_tokens", "prompt"), ("reasoning_tokens", "completion")):
        mutant(
            f"{_name}-stream-{_part.replace('_', '-')}-beyond-{_whole}",
            on=_on,
            edit=_counting(**{f"{_whole}_tokens_details": {_part: 9000}}),
            caught_by=["usage.stream_details"],
        )


def each_event(change: Callable[[Document], Any]) -> Edit:
    """Change each event of a stream in place."""
    return in_events(lambda events: [change(event) for event in events] and None)


def each_delta(change: Callable[[Document], Any]) -> Edit:
    """Change each delta of a stream in place."""
    return each_event(lambda event: [change(choice["delta"]) for choice in event["choices"]])


mutant(
    "stream-created-in-milliseconds",
    on=on_stream,
    edit=each_event(lambda event: event.update(created=1_700_000_000_000)),
    caught_by=["chat.stream.created_int"],
)
mutant(
    "stream-model-with-a-prefix",
    on=on_stream,
    edit=each_event(lambda event: event.update(model=f"hosted_vllm/{event['model']}")),
    caught_by=["chat.stream.model_echo"],
)
mutant(
    "stream-calls-of-nothing",
    on=on_stream,
    edit=each_delta(lambda delta: "tool_calls" in delta or delta.update(tool_calls=[{"index": 0}])),
    caught_by=["chat.stream.tool_calls_absent"],
)


def _ends_with_a_token(events: list[Document]) -> None:
    for event in events:
        for choice in event["choices"]:
            if choice["delta"].get("content"):
                choice["delta"]["content"] += "<|im_end|>"


mutant(
    "stream-with-control-tokens",
    on=on_stream,
    edit=in_events(_ends_with_a_token),
    caught_by=["chat.stream.no_template_leak"],
)


def _with_an_array(key: str, *path: str | int) -> Edit:
    """An array under a standard key, in the first event, at a path."""

    def change(events: list[Document]) -> None:
        place: Any = events[0]
        for step in path:
            place = place[step]
        place[key] = [7]

    return in_events(change)


for _key, _path in {
    "system_fingerprint": (),
    "usage": (),
    "logprobs": ("choices", 0),
    "refusal": ("choices", 0, "delta"),
    "function_call": ("choices", 0, "delta"),
}.items():
    mutant(
        f"stream-{_key.replace('_', '-')}-of-another-type",
        on=on_stream,
        edit=_with_an_array(_key, *_path),
        caught_by=["chat.stream.extra_fields_namespaced"],
    )
