"""How the items of a streamed response grow: part by part and piece by piece, texts as thoughts and arguments."""

from collections.abc import Iterator
from itertools import islice

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.responses_stream import ADDED_FIRST, SPEC, STREAMS, items_of
from sixgates.exchange import Finding
from sixgates.responses_parts import Item, Part, part_in, position, text_of, told_by
from sixgates.responses_surfaces import Role
from sixgates.responses_view import DONE, PART_ADDED, TEXT, FinalResponse, ResponseStream
from sixgates.select import (
    COUNT,
    MISSING,
    NON_EMPTY_STRING,
    NULL,
    OBJECT,
    STRING,
    Findings,
    Json,
    Kind,
    Unexercised,
    literal,
    shown,
)
from sixgates.views import members


@check(
    "responses.stream.part_added",
    MUST,
    each=STREAMS,
    requires=ADDED_FIRST,
    evidence=[
        SPEC,
        "Sophomoresty/gemini-web2api#57",
        "BerriAI/litellm#24445",
        "Wei-Shaw/sub2api#2875",
        "NousResearch/hermes-agent#119758",
    ],
)
def parts_are_added_before_they_grow(stream: ResponseStream) -> Findings:
    """A part of a message is added before its text, and as what follows: an output_text, or a refusal."""
    for item in items_of(stream):
        if item.is_a("message"):
            for part in item.parts:
                yield from _announced(part)


@check(
    "responses.stream.thought_part_added",
    SHOULD,
    each=STREAMS,
    requires=ADDED_FIRST,
    evidence=[SPEC, "vllm-project/vllm#35184", "vercel/ai#12086"],
)
def parts_of_thoughts_are_added_too(stream: ResponseStream) -> Findings:
    """A part of a thought, or of its summary, is added before its text, and as such a part."""
    for item in _thoughts(stream):
        for part in item.parts:
            yield from _announced(part)


@check(
    "responses.stream.thoughts_streamed",
    SHOULD,
    each=STREAMS,
    requires=ADDED_FIRST,
    evidence=[SPEC, "mudler/LocalAI#9658", "earendil-works/pi#4193"],
)
def thoughts_come_in_pieces(stream: ResponseStream) -> Findings:
    """A thought whose text stands in its done event came in deltas before, as content or as summary."""
    for item in _thoughts(stream):
        if not any(part.of(Role.DELTA) for part in item.parts):
            for done in item.of(DONE)[:1]:
                held = [part for key in ("content", "summary") for part in members(done["item"][key])]
                for part in held[:1]:
                    yield text_of(part).finding("a text that came in deltas before")


def _thoughts(stream: ResponseStream) -> list[Item]:
    thoughts = [item for item in items_of(stream) if item.is_a("reasoning")]
    if not thoughts:
        raise Unexercised("no stream holds a thought")
    return thoughts


def _announced(part: Part) -> Findings:
    kinds = dict.fromkeys(told_by(event).part for event in part.of(Role.DELTA))
    for event in part.of(Role.ADDED):
        yield from event["part"].unlike(OBJECT)
        if kinds:
            yield from event["part"]["type"].unlike(literal(*kinds))
    first = part.events[0]
    if told_by(first).role is not Role.ADDED:
        name = PART_ADDED if part.held == "content" else "response.reasoning_summary_part.added"
        yield first["type"].finding(f"{name} of its part before it")


@check(
    "responses.stream.indices",
    MUST,
    each=STREAMS,
    requires=ADDED_FIRST,
    evidence=[
        SPEC,
        "davidmigloz/ai_clients_dart#242",
        "vllm-project/vllm#23218",
        "vllm-project/vllm#24788",
        "vllm-project/vllm#35184",
        "vllm-project/vllm#45742",
        "sgl-project/sglang#12644",
        "BerriAI/litellm#36375",
        "can1357/oh-my-pi#2016",
    ],
)
def events_say_where_they_belong(stream: ResponseStream) -> Findings:
    """Items, and the parts of each, are numbered from 0 as they are added; each event says which it is of."""
    for place, item in enumerate(items_of(stream)):
        yield from item.added["output_index"].unlike(literal(place))
        yield from _numbered(item)
        for event in item.events:
            misplaced = list(_misplaced(item, event, place))
            yield from misplaced
            if misplaced:
                break


def _numbered(item: Item) -> Findings:
    for held in ("content", "summary"):
        parts = [part for part in item.parts if part.held == held]
        added = [event for part in parts for event in part.of(Role.ADDED)]
        for number, event in enumerate(sorted(added, key=position)):
            yield from _index(event).unlike(literal(number))
        if item.is_a("reasoning"):
            yield from islice(_strays(parts, announced=bool(added)), 1)


def _strays(parts: list[Part], *, announced: bool) -> Findings:
    """The parts that nothing added: of another index than those that were, or begun before the last was done."""
    numbers = [part for part in parts if COUNT.holds(part.place.value)]
    for number, part in enumerate(numbers):
        if announced and not part.of(Role.ADDED):
            yield part.place.finding("the index of a part that was added")
        elif not announced:
            yield from part.place.unlike(literal(number))
            if number and not numbers[number - 1].of(Role.SAID, Role.DONE):
                yield part.place.finding(f"{numbers[number - 1].place.value}: that part is not done")


def _misplaced(item: Item, event: Json, place: int) -> Findings:
    yield from event["output_index"].unlike(literal(place))
    if event["type"].value == DONE:
        return
    yield from event["item_id"].unlike(NON_EMPTY_STRING)
    if not item.fits(event):
        kinds = " or ".join(dict.fromkeys(told_by(event).items))
        yield event["output_index"].finding(f"that of an item of type {kinds}")
    elif told_by(event).index and told_by(event).role is not Role.ADDED:
        yield from _index(event).unlike(COUNT)


def _index(event: Json) -> Json:
    return event[told_by(event).index or ""]


@check(
    "responses.stream.deltas",
    MUST,
    each=STREAMS,
    requires=ADDED_FIRST,
    evidence=[SPEC, "Sophomoresty/gemini-web2api#57", "diegosouzapw/OmniRoute#13693"],
)
def text_comes_in_pieces(stream: ResponseStream) -> Findings:
    """Texts and thoughts come in deltas, which add up to what their done events hold, and to the text in the end."""
    for item in items_of(stream):
        for part in item.parts:
            if part.held in {"content", "summary"}:
                yield from _pieces(item, part)
    final = FinalResponse(stream.terminal["response"], stream.request)
    gathered = "".join(_written(item) for item in items_of(stream))
    if final.text and final.text != gathered:
        yield Finding(final["output"].where, f"{shown(gathered)}, as the deltas add up to", shown(final.text))


def _pieces(item: Item, part: Part) -> Findings:
    so_far = Part(part.held, part.place)
    for event in part.events:
        so_far.events.append(event)
        match told_by(event).role:
            case Role.ADDED if item.is_a("message"):
                yield from event["part"]["text"].unlike(literal("") | NULL | MISSING)
            case Role.DELTA:
                yield from event["delta"].unlike(STRING)
            case Role.SAID:
                yield from event[told_by(event).said].unlike(_gathered(so_far))
            case Role.DONE:
                yield from text_of(event["part"]).unlike(_gathered(so_far) | MISSING)
    for event in item.of(DONE):
        before = [each for each in part.events if position(each) < position(event)]
        held = part_in(event["item"], part)
        yield from text_of(held).unlike(_gathered(Part(part.held, part.place, before)) | MISSING)


def _written(item: Item) -> str:
    parts = [part for part in item.parts if any(event["type"].value == TEXT for event in part.events)]
    return "".join(part.gathered for part in parts)


def _gathered(part: Part) -> Kind:
    text = part.gathered
    return Kind(f"{shown(text)}, as the deltas add up to", lambda value: value == text)


@check(
    "responses.stream.nothing_after_done",
    MUST,
    each=STREAMS,
    requires=ADDED_FIRST,
    evidence=[SPEC, "diegosouzapw/OmniRoute#13693"],
)
def what_is_done_grows_no_more(stream: ResponseStream) -> Findings:
    """No delta follows the done event of its text, thought or arguments, and nothing that of its item."""
    for item in items_of(stream):
        yield from islice(_late(item), 1)


def _late(item: Item) -> Iterator[Finding]:
    over: Json | None = None
    for event in item.events:
        if event["type"].value == DONE:
            over = over or event
        elif over is not None:
            yield event["type"].finding(f"no event of an item that was done in {over.where}")
    for part in item.parts:
        ends = part.of(Role.SAID, Role.DONE)
        for event in part.of(Role.DELTA):
            if ends and position(event) > position(ends[0]):
                yield event["type"].finding(f"no delta of what was done in {ends[0].where}")
