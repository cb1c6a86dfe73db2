"""What a streamed response must be in the end: what was added is done, and the last event holds it all."""

from collections.abc import Iterator
from itertools import pairwise

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.responses_stream import ADDED_FIRST, SPEC, STREAMS, items_of
from sixgates.exchange import Finding
from sixgates.responses_parts import Part, position, same, text_of
from sixgates.responses_surfaces import Role
from sixgates.responses_view import DONE, REFUSAL, TERMINAL, FinalResponse, ResponseStream
from sixgates.select import OBJECT, Findings, Json, literal, shown
from sixgates.views import members

ENDED = ("responses.stream.terminal_event", *ADDED_FIRST)


@check(
    "responses.stream.item_done",
    MUST,
    each=STREAMS,
    requires=ENDED,
    evidence=[SPEC, "NousResearch/hermes-agent#92764", "anomalyco/opencode#37159"],
)
def every_item_is_done(stream: ResponseStream) -> Findings:
    """Every message, thought and call that was added is done once: agents act on a call when it is done."""
    for item in items_of(stream):
        number = len(item.of(DONE))
        if number != 1:
            kind = shown(item.added["item"]["type"].value)
            yield Finding(item.added.where, f"1 times {DONE} of this item of type {kind}", str(number))


@check(
    "responses.stream.done_events",
    SHOULD,
    each=STREAMS,
    requires=ENDED,
    evidence=[SPEC, "vllm-project/vllm#35184", "BerriAI/litellm#36356"],
)
def what_was_added_is_done(stream: ResponseStream) -> Findings:
    """Every part that was added is done once, and its text too; items are done, and stand in the end, in order."""
    for item in items_of(stream):
        for part in item.parts:
            if part.held in {"content", "summary"}:
                yield from _done(part)
    done = [item.of(DONE)[0] for item in items_of(stream) if item.of(DONE)]
    for before, after in pairwise(done):
        if position(after) < position(before):
            yield after["type"].finding(f"{DONE} of the item before it first, which is in {before.where}")
    yield from _ordered(stream)


def _ordered(stream: ResponseStream) -> Findings:
    """What stands elsewhere in the end than its output_index says, although it stands there."""
    ends = [item["id"] for item in members(stream.terminal["response"]["output"])]
    for place, item in enumerate(items_of(stream)):
        places = [at for at, end in enumerate(ends) if item.id.given and same(end, item.id)]
        if places and place not in places:
            yield ends[places[0]].finding(f"this item at {place}, as it was added in {item.added.where}")
            return


def _done(part: Part) -> Findings:
    said, ends, added = (len(part.of(role)) for role in (Role.SAID, Role.DONE, Role.ADDED))
    if said > 1 or (said < 1 and not _refuses(part)):
        yield Finding(part.events[0].where, "one event after it that says its text whole", str(said))
    if ends > 1 or ends < added:
        yield Finding(part.events[0].where, "one event after it that ends the part", str(ends))


def _refuses(part: Part) -> bool:
    return any(
        event["type"].value == REFUSAL or event["part"]["type"].value == "refusal" for event in part.events
    )


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
    requires=ADDED_FIRST,
    evidence=[
        SPEC,
        "diegosouzapw/OmniRoute#8210",
        "QuantumNous/new-api#4362",
        "open-webui/open-webui#27800",
        "vllm-project/vllm#47916",
        "vllm-project/vllm#56285",
        "BerriAI/litellm#36375",
    ],
)
def the_end_holds_everything(stream: ResponseStream) -> Findings:
    """The response in the last event holds every item that was done, as it was, and no other."""
    final = FinalResponse(stream.terminal["response"], stream.request)
    output = final.output
    ended = {event["item"].where: item for item in items_of(stream) for event in item.of(DONE)[:1]}
    done = [event["item"] for item in items_of(stream) for event in item.of(DONE)[:1]]
    if len(output) < len(done):
        yield final["output"].finding(f"the {len(done)} items that were done")
    for item, told in _pairs(output, done):
        for key in ("id", "type", "call_id", "name", "arguments"):
            # What the stream said before is right: where it was done as another, other checks blame that.
            before = ended[told.where].said_before(key)
            if told[key].given and not same(item[key], told[key]) and item[key].value != before:
                yield item[key].finding(f"{shown(told[key].value)}, as in {told.where}")
        for key in ("content", "summary"):
            if _text(item, key) not in (_text(told, key), ended[told.where].said_before(key)):
                yield item[key].finding(f"the text {shown(_text(told, key))}, as in {told.where}")
    for item in output[len(items_of(stream)) :]:
        yield item["id"].finding("no item that was never added")


def _pairs(output: list[Json], done: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each item that was done with that of the same id in the end, else with that in the same place."""
    for place, told in enumerate(done):
        alike = [item for item in output if told["id"].given and same(item["id"], told["id"])]
        yield from ((item, told) for item in (alike or output[place : place + 1])[:1])


def _text(item: Json, key: str) -> str:
    texts = (text_of(part).value for part in members(item[key]))
    return "".join(text for text in texts if isinstance(text, str))
