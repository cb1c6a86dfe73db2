"""What the replies of JSON endpoints must be as HTTP, and what becomes of routes that are none."""

from sixgates.catalogue import MAY, MUST, SHOULD, check
from sixgates.checks.chat_shape import completed
from sixgates.checks.errors import ANSWERED, ENVELOPED
from sixgates.checks.refused import Refusal
from sixgates.exchange import Finding
from sixgates.probes.chat import chat, chat_again, chat_stream
from sixgates.probes.completions import completions
from sixgates.probes.embeddings import embeddings
from sixgates.probes.errors import missing_messages, unknown_model, unknown_route, with_slash, wrong_method
from sixgates.probes.models import models_list
from sixgates.probes.responses import response
from sixgates.select import NON_EMPTY_STRING, Findings, Unexercised, shown
from sixgates.views import Reply


@check(
    "http.content_type_json",
    MUST,
    each=[models_list, chat, embeddings, completions, response],
    requires=ANSWERED,
    evidence=["spec: CreateChatCompletionResponse", "tarasglek/chatcraft.org#515"],
)
def json_says_that_it_is_json(reply: Reply) -> Findings:
    """A JSON reply has the Content-Type application/json, with or without a charset."""
    if not 200 <= reply.status < 300:
        raise Unexercised(f"no answer came, but {reply.status}")
    yield from _json(reply)


@check(
    "http.content_type_of_errors",
    SHOULD,
    each=[missing_messages, unknown_model],
    requires=ENVELOPED,
    evidence=["spec: ErrorResponse"],
)
def errors_say_that_they_are_json(refusal: Refusal) -> Findings:
    """An error in JSON has the Content-Type application/json, too; clients read its message without."""
    yield from _json(refusal)


def _json(reply: Reply) -> Findings:
    media_type = reply.response.media_type
    if media_type != "application/json" and not media_type.endswith("+json"):
        yield Finding("header content-type", "application/json", shown(media_type or "absent"))


@check("http.unknown_headers", MUST, probe=chat_again, evidence=["source: openai-python default headers"])
def headers_of_sdks_are_ignored(reply: Reply) -> Findings:
    """The headers that the official clients add to each request are no reason to refuse it."""
    hint = "the request is the plain one, sampled, with the x-stainless headers and an Idempotency-Key"
    for finding in reply.status_in(200):
        yield Finding(finding.where, finding.expected, finding.got, hint)


@check(
    "http.request_id",
    SHOULD,
    together=[models_list, chat, chat_stream, missing_messages],
    evidence=["source: openai-python _request_id", "spec: API overview, debugging requests"],
    unconditional=True,
    luck="Ids that are drawn from too few are alike only now and then.",
)
def answers_have_a_number(listing: Reply, plain: Reply, stream: Reply, refusal: Reply) -> Findings:
    """Every answer, whole, streamed or refused, has an x-request-id of its own."""
    seen: list[str] = []
    for reply in (listing, plain, stream, refusal):
        number = reply.response.header("x-request-id") or ""
        if not number or number in seen:
            got = f"{number}, as before" if number else "absent"
            yield Finding(f"{reply.probe}: header x-request-id", "an id of its own", got)
        seen.append(number)


@check(
    "http.keepalive",
    MAY,
    each=[models_list, chat, chat_stream, missing_messages],
    evidence=["spec: RFC 9112 section 9.3"],
    unconditional=True,
)
def connections_stay_open(reply: Reply) -> Findings:
    """An answer leaves the connection open for the next request, be it whole, a stream or an error."""
    connection = (reply.response.header("connection") or "").lower()
    if "close" in connection:
        yield Finding("header connection", "keep-alive, or absent", connection)
    elif reply.response.http_version == "HTTP/1.0" and "keep-alive" not in connection:
        yield Finding("status line", "HTTP/1.1 or later", "HTTP/1.0, which closes the connection")


@check(
    "http.unknown_route",
    SHOULD,
    probe=unknown_route,
    evidence=["ggml-org/llama.cpp#5961", "digitalocean/gradient-python#96"],
)
def unknown_routes_are_not_found(reply: Reply) -> Findings:
    """A route under /v1 that does not exist is answered with 404 and a JSON error that has a message."""
    yield from reply.status_in(404)
    yield from reply.json["error"]["message"].unlike(NON_EMPTY_STRING)


@check("http.method_not_allowed", SHOULD, probe=wrong_method, evidence=["spec: RFC 9110 section 15.5.6"])
def wrong_methods_are_refused(reply: Reply) -> Findings:
    """GET on the chat route is answered with 405 or 404, and with JSON."""
    yield from reply.status_in(405, 404)
    yield from reply.json["error"]["message"].unlike(NON_EMPTY_STRING)


@check(
    "http.trailing_slash",
    SHOULD,
    probe=with_slash,
    evidence=["ogx-ai/ogx#2496", "qualcomm/GenieX#640", "spec: RFC 9110 section 15.4"],
)
def a_slash_does_not_change_the_method(reply: Reply) -> Findings:
    """POST with a slash at the end is served, refused, or sent on with 307 or 308, which keep method and body."""
    if 300 <= reply.status < 400 or reply.status >= 500:
        yield from reply.status_in(200, 307, 308, 404, 405)
    if reply.status == 200:
        yield from completed(reply.json)
