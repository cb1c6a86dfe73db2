"""Defects of what a response counts, of how it tells that it was cut, and of how it begins."""

from __future__ import annotations

from typing import Any

from sixgates.reference.defects.response_events import in_typed_events
from sixgates.reference.defects.response_items import broken, in_the_end
from sixgates.reference.defects.responses import on_call_events, on_events, on_responses, on_whole
from sixgates.reference.mutants import Document, Edit, asking, mutant


def _of_chat(answer: Document) -> None:
    usage = answer["usage"]
    read, written = usage["input_tokens"], usage["output_tokens"]
    answer["usage"] = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _said_complete(answer: Document) -> None:
    answer.update(status="completed", incomplete_details=None)


broken("response-stream-usage-of-chat", on_events, in_the_end(_of_chat), "usage_members", "usage")
for _name in ("input_tokens", "output_tokens", "total_tokens"):
    broken(
        f"response-usage-without-{_name.replace('_', '-')}",
        on_responses,
        in_the_end(lambda answer, name=_name: answer["usage"].pop(name)),  # type: ignore[misc]
        "usage_members",
    )
for _name in ("input_tokens_details", "output_tokens_details"):
    broken(
        f"response-usage-with-empty-{_name.replace('_', '-')}",
        on_events,
        in_the_end(lambda answer, name=_name: answer["usage"].update({name: {}})),  # type: ignore[misc]
        "usage_members",
    )
broken(
    "response-cut-before-the-limit",
    on_events,
    in_the_end(lambda answer: answer["usage"].update(output_tokens=3)),
    "usage_cut",
)
mutant(
    "response-limit-unread",
    on=on_responses,
    rewrite=asking(max_output_tokens=None),
    caught_by=["responses.max_output_tokens"],
)
broken("response-stream-cut-and-completed", on_events, in_the_end(_said_complete), "incomplete")
broken("response-call-cut-and-completed", on_call_events, in_the_end(_said_complete), "incomplete")
broken(
    "response-stream-cut-without-reason",
    on_events,
    in_the_end(lambda answer: answer.update(incomplete_details=None)),
    "incomplete",
)


def _in_created(**fields: Any) -> Edit:
    def edit(told: list[Document]) -> None:
        told[0]["response"].update(fields)

    return in_typed_events(edit)


def _overcounted(answer: Document) -> None:
    usage = answer["usage"]
    usage["input_tokens_details"] = {"cached_tokens": usage["input_tokens"] + 1}


def _overthought(answer: Document) -> None:
    usage = answer["usage"]
    usage["output_tokens_details"] = {"reasoning_tokens": usage["output_tokens"] + 1}


broken("response-cached-more-than-was-read", on_events, in_the_end(_overcounted), "usage")
broken("response-thought-more-than-was-written", on_whole, in_the_end(_overthought), "usage")
for _name, _value in (("status", "completed"), ("created_at", None), ("model", "")):
    broken(
        f"response-created-with-wrong-{_name.replace('_', '-')}",
        on_events,
        _in_created(**{_name: _value}),
        "stream.created_response",
    )
