"""What the body of an error must be, whatever the client did wrong."""

import re

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_shape import EVERY_CLIENT, NOTHING, completed
from sixgates.exchange import Exchange, Finding
from sixgates.probes.errors import (
    CLIENT_FAULTS,
    PLAIN_FAULTS,
    empty_key_stream,
    invalid_json,
    unknown_route,
    wrong_key,
)
from sixgates.select import NON_EMPTY_STRING, OBJECT, STRING, Findings, Json, Kind, Unmet, shown
from sixgates.views import Reply

SPEC = "spec: ErrorResponse"
ANSWERED = ("errors.connection_close_on_crash",)
SLUG = Kind('a slug other than "None"', lambda value: value != "None")
TRACE = re.compile(
    r"Traceback \(most recent|File \\?\"[^\"]+\", line \d|site-packages|\bat .{1,200}\.[jt]s:\d"
)
KEY_MATERIAL = re.compile(r"sixgates-wrong|\b[0-9a-f]{64}\b|VerificationToken|Table\b")


@check(
    "errors.connection_close_on_crash",
    MUST,
    each=CLIENT_FAULTS,
    evidence=["LostRuins/koboldcpp#1503", "containers/ramalama#752"],
    breaks=EVERY_CLIENT,
)
def faults_get_a_response(exchange: Exchange) -> Findings:
    """A bad request gets a whole response; the server neither crashes nor closes the connection on it."""
    Reply.of(exchange)
    yield from ()


@check(
    "errors.envelope",
    MUST,
    each=CLIENT_FAULTS,
    requires=ANSWERED,
    evidence=[SPEC, "vllm-project/vllm#12886", "openai/openai-node#1734", "ray-project/ray#64833"],
    breaks=[
        "openai-python",
        "openai-python helper",
        "openai-node",
        "openai-node helper",
        "langchain-openai",
        "litellm",
        "Vercel AI SDK",
    ],
)
def errors_have_an_envelope(reply: Reply) -> Findings:
    """An error's body is a JSON object whose `error` is an object with a message."""
    if refused(reply):
        yield from reply.json["error"].unlike(OBJECT)
        yield from _error(reply)["message"].unlike(STRING)


@check(
    "errors.message_nonempty",
    MUST,
    each=CLIENT_FAULTS,
    requires=ANSWERED,
    evidence=[SPEC, "vllm-project/vllm#35438"],
)
def errors_say_what_is_wrong(reply: Reply) -> Findings:
    """An error's message is not empty."""
    if refused(reply):
        message = _error(reply)["message"]
        yield from message.unlike(NON_EMPTY_STRING)
        if isinstance(message.value, str) and message.value and not message.value.strip():
            yield message.finding("words")


@check(
    "errors.code_type",
    SHOULD,
    each=CLIENT_FAULTS,
    requires=ANSWERED,
    evidence=["spec: Error", "ggml-org/llama.cpp#5961", "sgl-project/sglang#32808"],
)
def code_is_a_string(reply: Reply) -> Findings:
    """An error's code, where given, is a string, not the HTTP status as a number."""
    if refused(reply):
        yield from _error(reply)["code"].unlike(STRING | NOTHING)


@check(
    "errors.param_type",
    SHOULD,
    each=CLIENT_FAULTS,
    requires=ANSWERED,
    evidence=["spec: Error", "ray-project/ray#64833"],
)
def param_is_a_string(reply: Reply) -> Findings:
    """An error's param, where given, is a string."""
    if refused(reply):
        yield from _error(reply)["param"].unlike(STRING | NOTHING)


@check(
    "errors.type_present",
    SHOULD,
    each=CLIENT_FAULTS,
    requires=ANSWERED,
    evidence=["spec: Error", "ray-project/ray#64833"],
)
def type_is_there(reply: Reply) -> Findings:
    """An error has a type, a non-empty string."""
    if refused(reply):
        yield from _error(reply)["type"].unlike(NON_EMPTY_STRING)


@check(
    "errors.no_stringified_none",
    SHOULD,
    each=CLIENT_FAULTS,
    requires=ANSWERED,
    evidence=["BerriAI/litellm#27823"],
)
def none_is_null(reply: Reply) -> Findings:
    """An error's type, param and code are never the word "None"."""
    if refused(reply):
        for name in ("type", "param", "code"):
            yield from _error(reply)[name].unlike(SLUG)


@check(
    "errors.no_stack_trace", MUST, each=CLIENT_FAULTS, requires=ANSWERED, evidence=["vllm-project/vllm#57997"]
)
def errors_hide_the_inside(reply: Reply) -> Findings:
    """An error's body shows no stack trace and no path of the server's code."""
    if refused(reply):
        trace = TRACE.search(reply.text)
        if trace:
            yield Finding("body", "no stack trace", shown(reply.text[trace.start() :]))


@check(
    "errors.no_html",
    MUST,
    each=[*CLIENT_FAULTS, unknown_route],
    requires=ANSWERED,
    evidence=["digitalocean/gradient-python#96"],
    breaks=EVERY_CLIENT,
)
def errors_are_no_pages(reply: Reply) -> Findings:
    """No error under /v1 is an HTML page, not even that of an unknown route."""
    if refused(reply) and (reply.text.lstrip("\ufeff \t\r\n").startswith("<") or _is_html(reply)):
        yield Finding("body", "no HTML", f"{reply.response.media_type or 'no type'} {shown(reply.text)}")


@check(
    "errors.no_200_errors",
    MUST,
    each=PLAIN_FAULTS,
    requires=ANSWERED,
    evidence=["azrtydxb/Fastllm-proxy#28", "pydantic/pydantic-ai#2323", "BerriAI/litellm#32221"],
    breaks=EVERY_CLIENT,
)
def errors_have_an_error_status(reply: Reply) -> Findings:
    """No error travels with a 2xx status."""
    if 200 <= reply.status < 300:
        for finding in _uncompleted(reply):
            yield Finding("status", "400 or more", f"{reply.status} {shown(reply.text)}", finding.expected)


@check(
    "errors.auth_no_leak",
    SHOULD,
    each=[wrong_key, empty_key_stream],
    requires=ANSWERED,
    evidence=["BerriAI/litellm#39757", "BerriAI/litellm#40217"],
)
def refusals_keep_secrets(reply: Reply) -> Findings:
    """A refused key is not repeated, and neither hashes nor tables are shown."""
    leak = KEY_MATERIAL.search(reply.text)
    if leak:
        yield Finding("body", "no key, hash or table", shown(reply.text[leak.start() :]))


def refused(reply: Reply) -> bool:
    """Whether there is an error to look at; a 2xx to a body that is no JSON is none, and raises Unmet."""
    if not 200 <= reply.status < 300:
        return True
    if reply.probe == invalid_json.name:
        raise Unmet(Finding("status", "400 or more", f"{reply.status} {shown(reply.text)}"))
    return False


def _error(reply: Reply) -> Json:
    error = reply.json["error"]
    error.require(OBJECT)
    return error


def _is_html(reply: Reply) -> bool:
    return "html" in reply.response.media_type


def _uncompleted(reply: Reply) -> Findings:
    try:
        yield from completed(reply.json)
    except Unmet as unmet:
        yield unmet.finding
