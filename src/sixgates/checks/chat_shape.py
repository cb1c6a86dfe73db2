"""What a chat completion that is not streamed must be: the requirements that clients break on."""

import re
from collections.abc import Iterator

from sixgates.catalogue import MUST, check
from sixgates.exchange import Finding, seconds_of
from sixgates.probes.chat import chat, chat_again, chat_longer_prompt, chat_unicode
from sixgates.probes.tools import tool_named, tool_required
from sixgates.select import (
    ABSENT,
    INTEGER,
    MISSING,
    NULL,
    OBJECT,
    STRING,
    Findings,
    Json,
    Kind,
    literal,
    parse_json,
    shown,
)
from sixgates.views import Document, Reply

SPEC = "spec: CreateChatCompletionResponse"
SPEC_MESSAGE = "spec: ChatCompletionResponseMessage"
PLAIN = (chat, chat_again, chat_longer_prompt, chat_unicode)
FORCED = (tool_named, tool_required)
PRESENT = Kind("a value other than null", lambda value: value is not ABSENT and value is not None)
NOTHING = NULL | MISSING
FINISH_REASONS = literal("stop", "length", "tool_calls", "content_filter", "function_call")
SECONDS = Kind("whole seconds since 1970", lambda value: INTEGER.holds(value) and 10**9 < value < 10**11)
UNKNOWN_MODEL = re.compile(
    r"model_not_found|(?:unknown|invalid|no such) model"
    r"|model\b.{0,80}(?:not found|not exist|not available|unknown|unsupported)",
    re.IGNORECASE | re.DOTALL,
)


@check(
    "chat.answered",
    MUST,
    probe=chat,
    evidence=[SPEC, "BerriAI/litellm#32221"],
)
def chat_is_answered(reply: Reply) -> Findings:
    """A plain chat request is answered with 200 and a JSON object."""
    if reply.status != 200:
        got = f"{reply.status} {shown(reply.text)}"
        yield Finding("status", "200", got, _advice(reply.status, reply.text, asked_model(reply)))
    else:
        yield from reply.json.unlike(OBJECT)


@check(
    "chat.shape.required_fields",
    MUST,
    each=[chat, *FORCED],
    evidence=[
        SPEC,
        "pydantic/pydantic-ai#2723",
        "pydantic/pydantic-ai#1746",
        "mpfaffenberger/code_puppy#750",
    ],
)
def fields_are_there(completion: Document) -> Findings:
    """A completion has id, object, created, model, choices; a choice has index, message, finish_reason."""
    yield from completion["id"].unlike(STRING)
    yield from completion["object"].unlike(PRESENT)
    yield from completion["created"].unlike(PRESENT)
    yield from completion["model"].unlike(STRING)
    for choice in completion.choices:
        yield from choice["index"].unlike(INTEGER)
        yield from choice["message"].unlike(OBJECT)
        yield from choice["finish_reason"].unlike(PRESENT)


@check(
    "chat.shape.object_literal",
    MUST,
    each=PLAIN,
    evidence=[SPEC, "pydantic/pydantic-ai#2723"],
)
def completion_says_what_it_is(completion: Document) -> Findings:
    """The completion's `object` is "chat.completion"."""
    yield from completion["object"].unlike(literal("chat.completion"))


@check(
    "chat.shape.created_int",
    MUST,
    probe=chat,
    evidence=[SPEC, "pydantic/pydantic-ai#1746"],
)
def created_is_in_seconds(reply: Reply) -> Findings:
    """`created` is an integer of seconds since 1970, within a day of the Date header where there is one."""
    created = reply.json["created"]
    yield from created.unlike(SECONDS)
    sent = seconds_of(reply.response.header("date"))
    if sent is not None and SECONDS.holds(created.value) and abs(created.value - sent) > 86_400:
        yield created.finding(f"within a day of the Date header ({sent:.0f})")


@check(
    "chat.shape.finish_reason_enum",
    MUST,
    each=[*PLAIN, *FORCED],
    evidence=[SPEC, "pydantic/pydantic-ai#2844", "ml-explore/mlx-lm#782", "BerriAI/litellm#12481"],
)
def finish_reason_is_known(completion: Document) -> Findings:
    """Every choice's finish_reason is one of the five words that the specification knows."""
    for choice in completion.choices:
        yield from choice["finish_reason"].unlike(FINISH_REASONS)


@check(
    "chat.shape.role",
    MUST,
    each=[*PLAIN, *FORCED],
    evidence=[SPEC_MESSAGE],
)
def assistant_speaks(completion: Document) -> Findings:
    """Every message's role is "assistant"."""
    for message in messages_of(completion):
        yield from message["role"].unlike(literal("assistant"))


@check(
    "chat.shape.content_type",
    MUST,
    each=PLAIN,
    evidence=[SPEC_MESSAGE, "vercel/ai#17779", "vercel/ai#15890"],
)
def content_is_text(completion: Document) -> Findings:
    """A message's content is a string or null, never an array or an object."""
    for message in messages_of(completion):
        yield from message["content"].unlike(STRING | NOTHING)


@check(
    "chat.shape.no_empty_success",
    MUST,
    each=[*PLAIN, *FORCED],
    evidence=["BerriAI/litellm#32221", "pydantic/pydantic-ai#2323", "azrtydxb/Fastllm-proxy#28"],
)
def success_is_a_completion(reply: Reply) -> Findings:
    """A 2xx body is a completion with a choice: never null, empty, HTML, an error or without choices."""
    if 200 <= reply.status < 300:
        yield from completed(reply.json)


def completed(body: Json) -> Findings:
    """Findings unless the body is a completion: an object without an error, with a message at least."""
    body.require(OBJECT)
    if body["error"].given:
        yield body["error"].finding("no error in a success")
    else:
        body["choices"].elements[0]["message"].require(OBJECT)


def asked_model(reply: Reply) -> object:
    """The model that the request named."""
    return parse_json(reply.request.body or b"null")["model"].value


def messages_of(completion: Document) -> Iterator[Json]:
    """The message of every choice; raises Unmet when there is none."""
    for choice in completion.choices:
        choice["message"].require(OBJECT)
        yield choice["message"]


def _advice(status: int, text: str, model: object) -> str:
    if status in {401, 403}:
        return "the server asks for a key: name its variable as the provider's api_key_env, and export it"
    if 400 <= status < 500 and UNKNOWN_MODEL.search(text):
        return f"the server does not know the model {shown(model)}: configure an id that GET /v1/models lists"
    if status in {404, 405}:
        return "nothing answers POST /v1/chat/completions there: check the provider's base_url"
    if status == 503:
        return "the server is not ready: wait until its health endpoint answers 200, then run again"
    return "the server's log says why it refuses a plain request" if status >= 400 else ""
