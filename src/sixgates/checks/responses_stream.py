"""What the events of a streamed response must be, and in which order."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.exchange import Finding
from sixgates.probes.responses import response_stream, response_tool_stream
from sixgates.responses_view import (
    CREATED,
    DONE,
    PART_ADDED,
    PART_DONE,
    TERMINAL,
    TEXT,
    TEXT_DONE,
    FinalResponse,
    Item,
    ResponseStream,
    same,
)
from sixgates.select import COUNT, NON_EMPTY_STRING, OBJECT, Findings, Json, Kind, Unmet, literal, shown
from sixgates.views import members

SPEC = "spec: ResponseStreamEvent"
STREAMS = (response_stream, response_tool_stream)
HELPERS = ("openai-python helper", "openai-node helper")


@check(
    "responses.stream.content_type",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "Sophomoresty/gemini-web2api#57"],
    breaks=["openai-python", "openai-python helper"],
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
    breaks=[*HELPERS, "langchain-openai", "pydantic-ai"],
)
def creation_comes_first(stream: ResponseStream) -> Findings:
    """The first event, and no other, is response.created, which holds the response under `response`."""
    yield from stream.events[0]["type"].unlike(literal(CREATED))
    for number, event in enumerate(stream.named(CREATED)):
        yield from event["response"].unlike(OBJECT)
        if number:
            yield event["type"].finding(f"{CREATED} once")


@check(
    "responses.stream.item_added_first",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "Sophomoresty/gemini-web2api#57"],
    breaks=HELPERS,
)
def items_are_added_before_they_grow(stream: ResponseStream) -> Findings:
    """An item is added before anything else is said about it."""
    for event in stream.orphans[:1]:
        yield event["type"].finding("response.output_item.added of its item before it")
    if not stream.orphans:
        for item in _items(stream):
            yield from item.added["item"].unlike(OBJECT)


@check(
    "responses.stream.part_added",
    MUST,
    probe=response_stream,
    evidence=[SPEC, "Sophomoresty/gemini-web2api#57"],
    breaks=HELPERS,
)
def parts_are_added_before_they_grow(stream: ResponseStream) -> Findings:
    """A part of a message is added before its text, and is an output_text."""
    for item in _items(stream):
        added: list[Json] = []
        for event in item.of(PART_ADDED, TEXT, TEXT_DONE):
            if event["type"].value == PART_ADDED:
                yield from event["part"].unlike(OBJECT)
                added.append(event["content_index"])
            elif not any(same(place, event["content_index"]) for place in added):
                yield event["type"].finding(f"{PART_ADDED} of its part before it")
                return


@check(
    "responses.stream.indices",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "davidmigloz/ai_clients_dart#242", "vllm-project/vllm#23218", "vllm-project/vllm#24788"],
    breaks=HELPERS,
)
def events_say_where_they_belong(stream: ResponseStream) -> Findings:
    """Items and their parts are numbered from 0 in the order of their adding, and each event says which it is of."""
    for place, item in enumerate(_items(stream)):
        yield from item.added["output_index"].unlike(literal(place))
        for number, event in enumerate(item.of(PART_ADDED)):
            yield from event["content_index"].unlike(literal(number))
        for event in item.events:
            misplaced = list(_misplaced(event, place))
            yield from misplaced
            if misplaced:
                break


def _misplaced(event: Json, place: int) -> Findings:
    yield from event["output_index"].unlike(literal(place))
    if event["type"].value != DONE:
        yield from event["item_id"].unlike(NON_EMPTY_STRING)
    if event["type"].value in {TEXT, TEXT_DONE, PART_DONE}:
        yield from event["content_index"].unlike(COUNT)


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
    "responses.stream.deltas",
    MUST,
    probe=response_stream,
    evidence=[SPEC, "Sophomoresty/gemini-web2api#57"],
    breaks=["openai-python", "openai-node", "langchain-openai", "pydantic-ai"],
)
def text_comes_in_pieces(stream: ResponseStream) -> Findings:
    """Text comes in deltas, which add up to the text of the done event and to that of the response in the end."""
    gathered = "".join(item.gathered(TEXT) for item in _items(stream))
    for event in stream.named(TEXT):
        yield from event["delta"].unlike(Kind("a string", lambda value: isinstance(value, str)))
    for item in _items(stream):
        for event in item.of(TEXT_DONE):
            parts = [delta for delta in item.of(TEXT) if same(delta["content_index"], event["content_index"])]
            text = "".join(str(delta["delta"].value) for delta in parts)
            yield from event["text"].unlike(_gathered(text))
    final = FinalResponse(stream.terminal["response"], stream.request)
    if final.text and final.text != gathered:
        yield Finding(final["output"].where, f"{shown(gathered)}, as the deltas add up to", shown(final.text))


def _gathered(text: str) -> Kind:
    return Kind(f"{shown(text)}, as the deltas add up to", lambda value: value == text)


@check(
    "responses.stream.done_events",
    SHOULD,
    each=STREAMS,
    evidence=[SPEC],
)
def what_was_added_is_done(stream: ResponseStream) -> Findings:
    """Every item and every part that was added is done once, and its text too."""
    for item in _items(stream):
        parts = item.of(PART_ADDED)
        texts = [event for event in parts if event["part"]["type"].value == "output_text"]
        for done, expected in ((PART_DONE, len(parts)), (TEXT_DONE, len(texts)), (DONE, 1)):
            number = len(item.of(done))
            if number != expected:
                yield Finding(item.added.where, f"{expected} times {done} after it", str(number))


@check(
    "responses.stream.terminal_event",
    MUST,
    each=STREAMS,
    evidence=[
        SPEC,
        "ollama/ollama#14600",
        "openai/codex#41340",
        "openai/codex#11850",
        "caozhiyuan/copilot-api#298",
        "router-for-me/CLIProxyAPI#2358",
    ],
    breaks=["openai-python helper"],
)
def the_end_is_told_once(stream: ResponseStream) -> Findings:
    """One response.completed or response.incomplete, with the response, is the last event; it says no failure."""
    yield from stream.terminal["type"].unlike(literal(*TERMINAL[:2]))
    yield from stream.terminal["response"].unlike(OBJECT)
    yield from stream.events[-1]["type"].unlike(literal(*TERMINAL))
    for event in stream.named(*TERMINAL)[1:]:
        yield event["type"].finding("no second event that ends the response")


@check(
    "responses.stream.terminal_status",
    SHOULD,
    each=STREAMS,
    evidence=[SPEC, "BerriAI/litellm#27186"],
)
def the_end_is_named_by_its_status(stream: ResponseStream) -> Findings:
    """The last event is response.completed for a status "completed", response.incomplete for "incomplete"."""
    status = stream.terminal["response"]["status"].text
    yield from stream.terminal["type"].unlike(literal(f"response.{status}"))


@check(
    "responses.stream.completed_output_full",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "diegosouzapw/OmniRoute#8210"],
    breaks=HELPERS,
)
def the_end_holds_everything(stream: ResponseStream) -> Findings:
    """The response in the last event holds every item that was done, as it was: id, call_id, text and arguments."""
    final = FinalResponse(stream.terminal["response"], stream.request)
    output = final.output
    done = [event["item"] for item in _items(stream) for event in item.of(DONE)]
    if len(output) < len(done):
        yield final["output"].finding(f"the {len(done)} items that were done")
    for item, told in zip(output, done, strict=False):
        for key in ("id", "type", "call_id", "name", "arguments"):
            if told[key].given and not same(item[key], told[key]):
                yield item[key].finding(f"{shown(told[key].value)}, as in {told.where}")
        if _text(item) != _text(told):
            yield item["content"].finding(f"the text {shown(_text(told))}, as in {told.where}")


@check(
    "responses.stream.response_id_stable",
    MUST,
    each=STREAMS,
    evidence=[SPEC],
    breaks=["openai-python helper"],
)
def one_response_has_one_id(stream: ResponseStream) -> Findings:
    """Every event that holds the response gives it the same id."""
    held = [event["response"]["id"] for event in stream.events if event["response"].given]
    if not held:
        raise Unmet(Finding("body", "an event with the response in it", "none"))
    yield from held[0].unlike(NON_EMPTY_STRING)
    for identity in held[1:]:
        if not same(identity, held[0]):
            yield identity.finding(f"{shown(held[0].value)}, as in {held[0].where}")


@check(
    "responses.stream.item_id_stable",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "vllm-project/vllm#23382", "vllm-project/vllm#23218"],
    breaks=["openai-python helper"],
)
def one_item_has_one_id(stream: ResponseStream) -> Findings:
    """An item has the same id, and a call the same call_id, from its first event to its last."""
    for item in _items(stream):
        yield from item.id.unlike(NON_EMPTY_STRING)
        told = [event["item_id"] for event in item.events if event["item_id"].given]
        told += [event["item"]["id"] for event in item.of(DONE)]
        yield from _as_before(item.id, told)
        if item.is_call:
            calls = [event["item"]["call_id"] for event in item.of(DONE)]
            yield from _as_before(item.added["item"]["call_id"], calls)


def _as_before(first: Json, told: list[Json]) -> Findings:
    for identity in told:
        if not same(identity, first):
            yield identity.finding(f"{shown(first.value)}, as in {first.where}")
            return


def _items(stream: ResponseStream) -> list[Item]:
    if not stream.named("response.output_item.added") and _thinking_was_cut(stream):
        return []
    return stream.items


def _thinking_was_cut(stream: ResponseStream) -> bool:
    final = FinalResponse(stream.terminal["response"], stream.request)
    return final.only_thought and bool(final["output"].value == [])


def _text(item: Json) -> str:
    texts = (part["text"].value for part in members(item["content"]))
    return "".join(text for text in texts if isinstance(text, str))
