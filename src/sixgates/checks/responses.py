"""What a response of the Responses API must be, whether it came whole or at the end of a stream."""

from __future__ import annotations

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.exchange import Exchange, Finding
from sixgates.probes.responses import (
    response,
    response_follow_up,
    response_mistyped,
    response_schema,
    response_stream,
    response_tool_result,
    response_tool_stream,
)
from sixgates.probes.responses_stream import response_thought_stream, response_tool_cut_stream
from sixgates.responses_view import FinalResponse
from sixgates.select import (
    ABSENT,
    ARRAY,
    COUNT,
    MISSING,
    NON_EMPTY_STRING,
    NULL,
    OBJECT,
    STRING,
    Findings,
    Kind,
    Unexercised,
    literal,
    shown,
)
from sixgates.views import Document, Reply, members

SPEC = "spec: Response"
ANSWERS = (
    response,
    response_stream,
    response_tool_stream,
    response_tool_cut_stream,
    response_thought_stream,
)
ALL = (*ANSWERS, response_schema, response_tool_result)
STATUSES = literal("completed", "failed", "in_progress", "cancelled", "queued", "incomplete")
SECONDS = Kind(
    "seconds since 1970",
    lambda value: isinstance(value, int | float) and not isinstance(value, bool) and 10**9 < value < 10**11,
)
PRESENT = Kind("there, if only null", lambda value: value is not ABSENT)
NO_MESSAGE = "the token limit came before the model had written a message"
KEYS = (
    *("error", "incomplete_details", "instructions", "metadata", "parallel_tool_calls"),
    *("temperature", "tool_choice", "tools", "top_p"),
)


@check(
    "responses.answered",
    MUST,
    probe=response,
    evidence=[SPEC, "aws-samples/bedrock-access-gateway#150"],
)
def a_response_is_given(reply: Reply) -> Findings:
    """A text with instructions is answered with 200 and a JSON object."""
    if reply.status != 200:
        advice = (
            "the server has no /v1/responses: take `responses` out of its capabilities"
            if reply.status in {404, 405, 501}
            else "the server's log says why it refuses a plain request"
        )
        yield Finding("status", "200", f"{reply.status} {shown(reply.text)}", advice)
    else:
        yield from reply.json.unlike(OBJECT)


@check(
    "responses.shape",
    MUST,
    each=ALL,
    evidence=[SPEC, "inferencerlabs/inferencer-feedback#42"],
)
def responses_have_their_shape(answer: FinalResponse) -> Findings:
    """A response has an id, the object "response", created_at, a known status, its model, and an array as output."""
    yield from answer["id"].unlike(NON_EMPTY_STRING)
    yield from answer["object"].unlike(literal("response"))
    yield from answer["created_at"].unlike(SECONDS)
    yield from answer["status"].unlike(STATUSES)
    yield from answer["model"].unlike(NON_EMPTY_STRING)
    yield from answer["output"].unlike(ARRAY)


@check("responses.shape_keys", SHOULD, each=ANSWERS, evidence=[SPEC])
def responses_have_all_keys(answer: FinalResponse) -> Findings:
    """Every key that the specification requires of a response is there, if only with null."""
    for key in KEYS:
        yield from answer[key].unlike(PRESENT)


@check(
    "responses.output_message",
    MUST,
    each=[response, response_stream],
    evidence=["spec: OutputMessage"],
)
def the_output_holds_a_message(answer: FinalResponse) -> Findings:
    """The output holds a message of the assistant with output_text, unless the limit came during its thought."""
    messages = answer.items("message")
    if not messages and answer.output and answer.only_thought:
        raise Unexercised(NO_MESSAGE)
    if not messages:
        yield answer["output"].finding("an item of type message")
    for message in messages:
        yield from message["role"].unlike(literal("assistant"))
        for part in message["content"].elements:
            if part["type"].value != "refusal":
                yield from part["type"].unlike(literal("output_text"))
                yield from part["text"].unlike(STRING)


@check(
    "responses.output_message_fields",
    SHOULD,
    each=[response, response_stream],
    evidence=["spec: OutputMessage"],
)
def messages_have_all_fields(answer: FinalResponse) -> Findings:
    """A message in the output has an id, a status and, in its text, an array of annotations."""
    if not answer.items("message") and answer.output and answer.only_thought:
        raise Unexercised(NO_MESSAGE)
    for message in answer.items("message") or [answer["output"][0]]:
        yield from message["id"].unlike(NON_EMPTY_STRING)
        yield from message["status"].unlike(literal("completed", "incomplete", "in_progress"))
        for part in members(message["content"]):
            if part["type"].value == "output_text":
                yield from part["annotations"].unlike(ARRAY)


@check("responses.instructions", SHOULD, probe=response, evidence=[SPEC])
def instructions_are_read_and_echoed(answer: FinalResponse) -> Findings:
    """instructions stand in the response as they were sent, and count as input tokens beside the input."""
    sent = answer.request.asked
    yield from answer["instructions"].unlike(literal(sent.get("instructions")))
    words = len(f"{sent.get('instructions')} {sent.get('input')}".split())
    yield from answer["usage"]["input_tokens"].unlike(at_least(words, "one for each word that was sent"))


@check(
    "responses.error_envelope",
    MUST,
    probe=response_mistyped,
    evidence=["spec: ErrorResponse", "sgl-project/sglang#32808", "digitalocean/gradient-python#96"],
)
def faults_have_an_envelope(reply: Reply) -> Findings:
    """An input that is a number is refused with a 4xx, whose body holds an error object with a message."""
    if not 400 <= reply.status < 500:
        yield Finding("status", "a 4xx", f"{reply.status} {shown(reply.text)}")
    yield from reply.json["error"]["message"].unlike(NON_EMPTY_STRING)


@check(
    "responses.error_code_type",
    SHOULD,
    probe=response_mistyped,
    requires=["responses.error_envelope"],
    evidence=["spec: Error", "sgl-project/sglang#32808"],
)
def codes_are_words(reply: Reply) -> Findings:
    """An error's code, where given, is a string, not the HTTP status as a number."""
    reply.json["error"].require(OBJECT)
    yield from reply.json["error"]["code"].unlike(STRING | NULL | MISSING)


@check(
    "responses.previous_response_id",
    SHOULD,
    probe=response_follow_up,
    requires=["responses.answered"],
    evidence=[
        "spec: CreateResponse",
        "ollama/ollama#15404",
        "Blaizzy/mlx-vlm#1046",
        "digitalocean/gradient-python#96",
    ],
)
def an_earlier_response_is_not_ignored(exchange: Exchange) -> Findings:
    """previous_response_id brings the earlier conversation, or is refused with 400 or 404; it is never ignored."""
    reply = Reply.of(exchange)
    if reply.status in {400, 404}:
        yield from reply.json["error"]["message"].unlike(NON_EMPTY_STRING)
    else:
        yield from _remembered(Document.of(exchange))


@check(
    "responses.stored",
    MUST,
    probe=response_follow_up,
    capability="stored_responses",
    requires=["responses.answered"],
    evidence=["spec: CreateResponse", "ollama/ollama#15404", "BerriAI/litellm#26147"],
)
def responses_are_stored(answer: Document) -> Findings:
    """Where responses are stored, a request that names an earlier one is answered."""
    yield from answer["output"].unlike(ARRAY)


def at_least(count: int, why: str) -> Kind:
    """The kind of a token count that is not less."""
    return Kind(f"at least {count}, {why}", lambda value: COUNT.holds(value) and value >= count)


def _remembered(answer: Document) -> Findings:
    given = response.body or {}
    words = len(str(given["input"]).split())
    yield from answer["usage"]["input_tokens"].unlike(
        at_least(words, "one for each word of the earlier input")
    )
