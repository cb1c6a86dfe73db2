"""What a streamed response must be in the end: what was added is done, and the last event holds it all."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.responses_stream import HELPERS, SPEC, STREAMS, items_of
from sixgates.exchange import Finding
from sixgates.responses_view import (
    DONE,
    PART_ADDED,
    PART_DONE,
    TERMINAL,
    TEXT_DONE,
    FinalResponse,
    ResponseStream,
    same,
)
from sixgates.select import OBJECT, Findings, Json, literal, shown
from sixgates.views import members


@check(
    "responses.stream.done_events",
    SHOULD,
    each=STREAMS,
    evidence=[SPEC],
)
def what_was_added_is_done(stream: ResponseStream) -> Findings:
    """Every item and every part that was added is done once, and its text too."""
    for item in items_of(stream):
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
    done = [event["item"] for item in items_of(stream) for event in item.of(DONE)]
    if len(output) < len(done):
        yield final["output"].finding(f"the {len(done)} items that were done")
    for item, told in zip(output, done, strict=False):
        for key in ("id", "type", "call_id", "name", "arguments"):
            if told[key].given and not same(item[key], told[key]):
                yield item[key].finding(f"{shown(told[key].value)}, as in {told.where}")
        if _text(item) != _text(told):
            yield item["content"].finding(f"the text {shown(_text(told))}, as in {told.where}")


def _text(item: Json) -> str:
    texts = (part["text"].value for part in members(item["content"]))
    return "".join(text for text in texts if isinstance(text, str))
