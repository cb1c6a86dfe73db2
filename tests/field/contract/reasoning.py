"""Reports of thoughts that are lost, or take the place of the answer."""

from __future__ import annotations

from tests.field.contract.report import Report
from tests.field.contract.wire import Events, in_chunks, in_messages, part

from sixgates.exchange import Request
from sixgates.reference.mutants import Document, body_of, in_events, on_plain, on_stream
from sixgates.verdict import Outcome

ADVISORY = Outcome.ADVISORY
FIELDS = ("reasoning_content", "reasoning")


def _two_thoughts(events: Events) -> None:
    seen = 0
    for event in events:
        for choice in event["choices"]:
            if any(choice["delta"].get(name) for name in FIELDS):
                seen += 1
                if seen > 2:
                    choice["delta"] = {}


def _end_lost(events: Events) -> None:
    thoughts = [
        choice
        for event in events
        for choice in event["choices"]
        if any(choice["delta"].get(name) for name in FIELDS)
    ]
    for choice in thoughts[-2:]:
        choice["delta"] = {}


def _thought_dropped(choice: Document) -> None:
    for name in FIELDS:
        choice["delta"].pop(name, None)


def _constrained(request: Request) -> bool:
    return on_plain(request) and bool(body_of(request).get("response_format"))


def _free(request: Request) -> bool:
    return on_plain(request) and not body_of(request).get("response_format")


def _in_the_thought(message: Document) -> None:
    message["reasoning_content"] = message["content"]
    message["content"] = ""


def _marked(message: Document) -> None:
    if message.get("reasoning_content") and message["content"]:
        thought = message.pop("reasoning_content")
        message.pop("reasoning", None)
        message["content"] = f"<think>{thought}</think>{message['content']}"


REPORTS = (
    Report(
        "stream-keeps-two-thoughts",
        "BerriAI/litellm#20822",
        "of a streamed thought only the first two pieces come",
        part(on_stream, in_events(_two_thoughts)),
        outcome=ADVISORY,
        checks=("reasoning.stream_equals",),
    ),
    Report(
        "stream-loses-the-end-of-the-thought",
        "vllm-project/vllm#41691",
        "a stream loses the last pieces of a thought",
        part(on_stream, in_events(_end_lost)),
        outcome=ADVISORY,
        checks=("reasoning.stream_equals",),
    ),
    Report(
        "stream-drops-the-thought",
        "BerriAI/litellm#24019",
        "a stream has no thought where the plain answer has one",
        part(on_stream, in_chunks(_thought_dropped)),
        outcome=ADVISORY,
        checks=("reasoning.field_consistent",),
    ),
    Report(
        "structure-in-the-thought",
        "lmstudio-ai/lmstudio-bug-tracker#1698",
        "structured output stands in reasoning_content, and content is empty",
        part(_constrained, in_messages(_in_the_thought)),
        checks=("structured.json_object.valid", "structured.json_schema.enforced"),
    ),
    Report(
        "think-tags-in-content",
        "mudler/LocalAI#9658",
        "the thought stands in the content between tags",
        part(_free, in_messages(_marked)),
        outcome=ADVISORY,
        checks=("reasoning.separated",),
    ),
)
"""Each with its corruption."""
