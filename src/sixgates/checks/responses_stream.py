"""What the events of a streamed response must be, and in which order."""

from sixgates.agreement import strayed
from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.responses import SECONDS
from sixgates.exchange import Finding
from sixgates.probes.led import response_tool_led_stream
from sixgates.probes.responses import response_stream, response_tool_stream
from sixgates.probes.responses_stream import response_thought_stream, response_tool_cut_stream
from sixgates.probes.twins import response_unicode_stream
from sixgates.responses_parts import Item
from sixgates.responses_view import CREATED, DONE, FinalResponse, ResponseStream
from sixgates.select import NON_EMPTY_STRING, OBJECT, Findings, Unexercised, Unmet, literal, shown

SPEC = "spec: ResponseStreamEvent"
STREAMS = (
    response_stream,
    response_tool_stream,
    response_tool_cut_stream,
    response_tool_led_stream,
    response_thought_stream,
    response_unicode_stream,
)
ADDED_FIRST = ("responses.stream.item_added_first",)


@check(
    "responses.stream.content_type",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "Sophomoresty/gemini-web2api#57"],
)
def streams_are_event_streams(stream: ResponseStream) -> Findings:
    """A stream is text/event-stream; each event ends with a blank line and holds a JSON object with a type."""
    media_type = stream.wire.reply.response.media_type
    if media_type != "text/event-stream":
        yield Finding("header content-type", "text/event-stream", media_type or "absent")
    yield from stream.wire.malformed
    for block in stream.wire.blocks:
        if block.data and not block.terminated:
            yield Finding(f"event {block.number}", "a blank line after it", "the end of the body")
    for event in stream.events:
        yield from event["type"].unlike(NON_EMPTY_STRING)


@check(
    "responses.stream.event_names",
    SHOULD,
    each=STREAMS,
    evidence=[SPEC, "Sophomoresty/gemini-web2api#57"],
)
def events_are_named_by_their_type(stream: ResponseStream) -> Findings:
    """The `event:` line of each event is the type in its data."""
    for event in stream.events:
        name = stream.name_of(event)
        if name != event["type"].value:
            got = "absent" if name is None else shown(name)
            yield Finding(event.where, f"event: {event['type'].value}", got)
            return


@check(
    "responses.stream.created_first",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "pjq/sap-ai-core-llm-proxy#35"],
)
def creation_comes_first(stream: ResponseStream) -> Findings:
    """The first event, and no other, is response.created, which holds the response under `response`."""
    yield from stream.events[0]["type"].unlike(literal(CREATED))
    for number, event in enumerate(stream.named(CREATED)):
        yield from event["response"].unlike(OBJECT)
        if number:
            yield event["type"].finding(f"{CREATED} once")


@check(
    "responses.stream.created_response",
    SHOULD,
    each=STREAMS,
    requires=["responses.stream.created_first"],
    evidence=[SPEC, "source: Vercel AI SDK openai-responses-api.ts"],
)
def what_is_created_is_a_response(stream: ResponseStream) -> Findings:
    """The response in response.created is in progress, and has its model and created_at already."""
    created = stream.events[0]["response"]
    yield from created["status"].unlike(literal("in_progress", "queued"))
    yield from created["created_at"].unlike(SECONDS)
    yield from created["model"].unlike(NON_EMPTY_STRING)


@check(
    "responses.stream.item_added_first",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "Sophomoresty/gemini-web2api#57"],
)
def items_are_added_before_they_grow(stream: ResponseStream) -> Findings:
    """An item is added before anything else is said about it."""
    for event in stream.orphans[:1]:
        yield event["type"].finding("response.output_item.added of its item before it")
    if not stream.orphans:
        for item in items_of(stream):
            yield from item.added["item"].unlike(OBJECT)


@check(
    "responses.stream.sequence_number",
    SHOULD,
    each=STREAMS,
    evidence=[
        SPEC,
        "ggml-org/llama.cpp#24957",
        "BerriAI/litellm#28899",
        "onyx-dot-app/onyx#13624",
        "Blaizzy/mlx-vlm#494",
        "openai-php/client#764",
    ],
)
def events_are_numbered(stream: ResponseStream) -> Findings:
    """The events' sequence_number is 0, 1, 2 and so on."""
    for number, event in enumerate(stream.events):
        wrong = list(event["sequence_number"].unlike(literal(number)))
        yield from wrong
        if wrong:
            return


@check(
    "responses.stream.response_id_stable",
    MUST,
    each=STREAMS,
    evidence=[SPEC],
)
def one_response_has_one_id(stream: ResponseStream) -> Findings:
    """Every event that holds the response gives it the same id."""
    held = [event["response"]["id"] for event in stream.events if event["response"].given]
    if not held:
        raise Unmet(Finding("body", "an event with the response in it", "none"))
    yield from strayed(held, NON_EMPTY_STRING)


@check(
    "responses.stream.item_id_stable",
    MUST,
    each=STREAMS,
    requires=ADDED_FIRST,
    evidence=[SPEC, "vllm-project/vllm#23382", "vllm-project/vllm#23218", "can1357/oh-my-pi#2016"],
)
def one_item_has_one_id(stream: ResponseStream) -> Findings:
    """An item has the same id and type, and a call the same call_id, from its first event to its last.

    A call may lack an id of its own: its call_id is what it is answered by.
    """
    for item in items_of(stream):
        done = [event["item"] for event in item.of(DONE)]
        told = [event["item_id"] for event in item.events if event["item_id"].given]
        told += [each["id"] for each in done if each["id"].given or item.id.given]
        if item.id.given or not item.is_call:
            told.insert(0, item.id)
        yield from strayed(told, NON_EMPTY_STRING)
        for key in ("type", "call_id") if item.is_call else ("type",):
            told = [each[key] for each in (item.added["item"], *done)]
            if any(each.given for each in told):
                yield from strayed(told, NON_EMPTY_STRING)


def items_of(stream: ResponseStream) -> list[Item]:
    """The items of a stream; raises Unexercised where the limit cut the thought before anything was added."""
    if not stream.named("response.output_item.added") and _thinking_was_cut(stream):
        raise Unexercised("the token limit cut the thought before any item was added")
    return stream.items


def _thinking_was_cut(stream: ResponseStream) -> bool:
    final = FinalResponse(stream.terminal["response"], stream.request)
    return final.only_thought and bool(final["output"].value == [])
