"""What the body of an error must be, whatever the client did wrong."""

import re

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_shape import NOTHING, completed
from sixgates.checks.refused import REFUSABLE, Refusal
from sixgates.exchange import Exchange, Finding, seconds_of
from sixgates.probes.chat import chat, chat_again, chat_stream
from sixgates.probes.errors import (
    CLIENT_FAULTS,
    PLAIN_FAULTS,
    empty_key_stream,
    invalid_json,
    missing_messages,
    no_key,
    unknown_model,
    unknown_route,
    wrong_key,
)
from sixgates.probes.interleaved import parallel_streams
from sixgates.probes.models import models_list, models_list_wrong_scheme
from sixgates.redaction import REDACTED
from sixgates.select import NON_EMPTY_STRING, OBJECT, STRING, Findings, Kind, Unexercised, Unmet, shown
from sixgates.views import Reply

ECHO = REDACTED[:12]
"""As much of the mark as stands in the place of a key of twelve characters."""
SPEC = "spec: ErrorResponse"
ANSWERED = ("errors.connection_close_on_crash",)
ENVELOPED = (*ANSWERED, "errors.envelope")
"""What asks for a member of an error waits where there is no error object: that is one finding, and not its own."""
SLUG = Kind('a slug other than "None"', lambda value: value != "None")
TRACE = re.compile(
    r"Traceback \(most recent|File \\?\"[^\"]+\", line \d|site-packages|\bat .{1,200}\.[jt]s:\d"
)
ENCODED = re.compile(r"\{\s*\\*\"(?:error|message|detail)\\*\"\s*:|\{\s*'error'\s*:\s*\{")
"""The beginning of an error as JSON, however often it was escaped, or as Python shows it."""
KEY_MATERIAL = re.compile(r"sixgates-wrong|c2l4Z2F0ZXM6d3Jvbmc|\b[0-9a-f]{64}\b|VerificationToken|Table\b")
KEYLESS = (no_key, wrong_key, empty_key_stream, models_list_wrong_scheme)
"""Each way to lack the key, and each way to ask: with GET, with POST, and for a stream."""


@check(
    "errors.connection_close_on_crash",
    MUST,
    each=CLIENT_FAULTS,
    evidence=["LostRuins/koboldcpp#1503", "containers/ramalama#752"],
)
def faults_get_a_response(exchange: Exchange) -> Findings:
    """A bad request gets a whole response; the server neither crashes nor closes the connection on it."""
    Reply.of(exchange)
    yield from ()


@check(
    "errors.envelope",
    MUST,
    each=REFUSABLE,
    requires=ANSWERED,
    unconditional=True,
    evidence=[SPEC, "vllm-project/vllm#12886", "openai/openai-node#1734", "ray-project/ray#64833"],
)
def errors_have_an_envelope(refusal: Refusal) -> Findings:
    """An error's body is a JSON object whose `error` is an object with a message."""
    yield from refusal.error["message"].unlike(STRING)


@check(
    "errors.message_nonempty",
    MUST,
    each=REFUSABLE,
    requires=ENVELOPED,
    unconditional=True,
    evidence=[SPEC, "vllm-project/vllm#35438"],
)
def errors_say_what_is_wrong(refusal: Refusal) -> Findings:
    """An error's message is not empty."""
    message = refusal.error["message"]
    yield from message.unlike(NON_EMPTY_STRING)
    if isinstance(message.value, str) and message.value and not message.value.strip():
        yield message.finding("words")


@check(
    "errors.message_in_words",
    SHOULD,
    each=REFUSABLE,
    requires=ENVELOPED,
    unconditional=True,
    evidence=[SPEC, "vllm-project/aibrix#2594"],
)
def messages_hold_no_errors(refusal: Refusal) -> Findings:
    """An error's message is words: no error object stands in it as text."""
    message = refusal.error["message"]
    within = ENCODED.search(message.text)
    if within:
        yield message.finding("words, not another error's JSON", "the error of an upstream was not unpacked")


@check(
    "errors.code_type",
    SHOULD,
    each=REFUSABLE,
    requires=ENVELOPED,
    unconditional=True,
    evidence=["spec: Error", "ggml-org/llama.cpp#5961", "sgl-project/sglang#32808"],
)
def code_is_a_string(refusal: Refusal) -> Findings:
    """An error's code, where given, is a string, not the HTTP status as a number."""
    yield from refusal.error["code"].unlike(STRING | NOTHING)


@check(
    "errors.param_type",
    SHOULD,
    each=REFUSABLE,
    requires=ENVELOPED,
    unconditional=True,
    evidence=["spec: Error", "ray-project/ray#64833"],
)
def param_is_a_string(refusal: Refusal) -> Findings:
    """An error's param, where given, is a string."""
    yield from refusal.error["param"].unlike(STRING | NOTHING)


@check(
    "errors.type_present",
    SHOULD,
    each=REFUSABLE,
    requires=ENVELOPED,
    unconditional=True,
    evidence=["spec: Error", "ray-project/ray#64833"],
)
def type_is_there(refusal: Refusal) -> Findings:
    """An error has a type, a non-empty string."""
    yield from refusal.error["type"].unlike(NON_EMPTY_STRING)


@check(
    "errors.no_stringified_none",
    SHOULD,
    each=REFUSABLE,
    requires=ENVELOPED,
    unconditional=True,
    evidence=["BerriAI/litellm#27823"],
)
def none_is_null(refusal: Refusal) -> Findings:
    """An error's type, param and code are never the word "None"."""
    for name in ("type", "param", "code"):
        yield from refusal.error[name].unlike(SLUG)


@check(
    "errors.no_stack_trace",
    MUST,
    each=REFUSABLE,
    requires=ANSWERED,
    unconditional=True,
    evidence=["vllm-project/vllm#57997"],
)
def errors_hide_the_inside(refusal: Refusal) -> Findings:
    """An error's body shows no stack trace and no path of the server's code."""
    trace = TRACE.search(refusal.text)
    if trace:
        yield Finding("body", "no stack trace", shown(refusal.text[trace.start() :]))


@check(
    "errors.no_html",
    MUST,
    each=[*REFUSABLE, unknown_route],
    requires=ANSWERED,
    unconditional=True,
    evidence=["digitalocean/gradient-python#96"],
)
def errors_are_no_pages(refusal: Refusal) -> Findings:
    """No error under /v1 is an HTML page, not even that of an unknown route."""
    if refusal.text.lstrip("\ufeff \t\r\n").startswith("<") or _is_html(refusal):
        yield Finding("body", "no HTML", f"{refusal.response.media_type or 'no type'} {shown(refusal.text)}")


@check(
    "errors.no_200_errors",
    MUST,
    each=PLAIN_FAULTS,
    requires=ANSWERED,
    evidence=["azrtydxb/Fastllm-proxy#28", "pydantic/pydantic-ai#2323", "BerriAI/litellm#32221"],
)
def errors_have_an_error_status(reply: Reply) -> Findings:
    """No error travels with a 2xx status."""
    if 200 <= reply.status < 300:
        for finding in _uncompleted(reply):
            yield Finding("status", "400 or more", f"{reply.status} {shown(reply.text)}", finding.expected)


@check(
    "errors.auth_no_leak",
    SHOULD,
    each=KEYLESS,
    requires=ANSWERED,
    evidence=["BerriAI/litellm#39757", "BerriAI/litellm#40217"],
)
def refusals_keep_secrets(reply: Reply) -> Findings:
    """A refused key is not repeated, and neither hashes nor tables are shown."""
    headers = "\n".join(f"{name}: {value}" for name, value in reply.response.headers)
    for where, text in (("body", reply.text), ("headers", headers)):
        leak = KEY_MATERIAL.search(text)
        if leak:
            yield Finding(where, "no key, hash or table", shown(text[leak.start() :]))


@check(
    "errors.key_not_echoed",
    SHOULD,
    each=[models_list, chat, chat_stream, missing_messages, unknown_model, invalid_json, unknown_route],
    capability="auth",
    evidence=["spec: ApiKeyAuth", "BerriAI/litellm#39757"],
    unconditional=True,
)
def the_key_is_never_repeated(reply: Reply) -> Findings:
    """The key that a request shows stands neither in the headers of an answer nor in an error."""
    for name, value in reply.response.headers:
        if ECHO in value:
            yield Finding(f"header {name}", "no key", "the key")
    if ECHO in reply.text and not 200 <= reply.status < 300:
        yield Finding("body", "no key", f"the key: {shown(reply.text)}")


@check(
    "errors.rate_limit_429",
    SHOULD,
    each=[models_list, chat_again, chat_stream, *parallel_streams, *CLIENT_FAULTS],
    evidence=["spec: RFC 9110 section 10.2.3", "cline/cline#440", "BerriAI/litellm#4695"],
    unconditional=True,
    luck="It shows only where the server refuses a request for load while it is judged.",
)
def refusals_for_load_say_when_to_return(exchange: Exchange) -> Findings:
    """Whatever is refused for load, with 429 or 503, says in Retry-After when to come again."""
    if exchange.response is None or exchange.response.status not in {429, 503}:
        raise Unexercised("nothing was refused for load")
    reply = Reply.of(exchange)
    error = reply.json["error"]
    error.require(OBJECT)
    yield from error["message"].unlike(NON_EMPTY_STRING)
    after = reply.response.header("retry-after") or ""
    if not after.isdecimal() and seconds_of(after) is None:
        got = shown(after) if after else "absent"
        yield Finding("header retry-after", "a number of seconds or a date", got)


def _is_html(reply: Reply) -> bool:
    return "html" in reply.response.media_type


def _uncompleted(reply: Reply) -> Findings:
    try:
        yield from completed(reply.json)
    except Unmet as unmet:
        yield unmet.finding
