"""What the replies of JSON endpoints must be as HTTP, and what becomes of routes that are none."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.errors import ANSWERED
from sixgates.exchange import Finding
from sixgates.probes.chat import chat
from sixgates.probes.embeddings import embeddings
from sixgates.probes.errors import missing_messages, unknown_model, unknown_route
from sixgates.probes.models import models_list
from sixgates.select import NON_EMPTY_STRING, Findings, shown
from sixgates.views import Reply


@check(
    "http.content_type_json",
    MUST,
    each=[models_list, chat, missing_messages, unknown_model, embeddings],
    requires=ANSWERED,
    evidence=["spec: CreateChatCompletionResponse", "tarasglek/chatcraft.org#515"],
    breaks=["openai-node", "openai-node helper"],
)
def json_says_that_it_is_json(reply: Reply) -> Findings:
    """A JSON reply has the Content-Type application/json, with or without a charset."""
    media_type = reply.response.media_type
    if media_type != "application/json" and not media_type.endswith("+json"):
        yield Finding("header content-type", "application/json", shown(media_type or "absent"))


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
