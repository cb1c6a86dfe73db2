"""What the model list and a single model's entry must be."""

from urllib.parse import unquote

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_shape import asked_model
from sixgates.exchange import Finding
from sixgates.probes.chat import chat
from sixgates.probes.errors import no_key, wrong_key
from sixgates.probes.models import (
    model_retrieve,
    model_unknown,
    models_list,
    models_list_wrong_scheme,
)
from sixgates.select import ARRAY, INTEGER, NON_EMPTY_STRING, STRING, Findings, literal, shown
from sixgates.views import Document, Reply

OPEN = "the same request without the header tells whether the listing asks for no key or takes any header for one"


@check(
    "models.list.shape",
    MUST,
    probe=models_list,
    evidence=["spec: ListModelsResponse", "exo-explore/exo#590", "open-webui/open-webui#13804"],
)
def list_of_models(models: Document) -> Findings:
    """GET /v1/models answers 200 with an object whose `data` is an array."""
    yield from models["data"].unlike(ARRAY)


@check(
    "models.list.object",
    SHOULD,
    probe=models_list,
    evidence=["spec: ListModelsResponse", "mostlygeek/llama-swap#154", "obot-platform/tools#445"],
)
def list_says_that_it_is_one(models: Document) -> Findings:
    """The list of models says so: its `object` is "list"."""
    yield from models["object"].unlike(literal("list"))


@check(
    "models.list.entry_fields",
    SHOULD,
    probe=models_list,
    evidence=["spec: Model", "webai-at-home/webai-at-home#208"],
)
def entries_are_whole(models: Document) -> Findings:
    """Every listed model has an id, the object "model", an integer `created` and an owner."""
    for entry in models["data"].elements:
        yield from entry["id"].unlike(NON_EMPTY_STRING)
        yield from entry["object"].unlike(literal("model"))
        yield from entry["created"].unlike(INTEGER)
        yield from entry["owned_by"].unlike(STRING)


@check("models.list.ids_unique", SHOULD, probe=models_list, evidence=["spec: Model"])
def ids_do_not_repeat(models: Document) -> Findings:
    """No id stands twice in one listing."""
    seen: list[object] = []
    for entry in models["data"].elements:
        if entry["id"].value in seen:
            yield entry["id"].finding("an id that no earlier entry has")
        seen.append(entry["id"].value)


@check(
    "models.list.id_usable",
    MUST,
    together=[models_list, chat],
    evidence=["open-webui/open-webui#2533", "foldl/chatllm.cpp#98"],
)
def served_model_is_listed(models: Document, completion: Reply) -> Findings:
    """The listing holds the model that chat is served with, under the id that requests use."""
    asked = asked_model(completion)
    listed = [entry["id"].value for entry in models["data"].elements]
    if asked not in listed and f"{asked}:latest" not in listed:
        hint = "name one of the listed ids as the provider's model, or make the server list this one"
        yield Finding("/data", f"an entry with id {shown(asked)}", shown(listed), hint)
    yield from completion.status_in(200)


@check(
    "models.retrieve.ok",
    SHOULD,
    probe=model_retrieve,
    evidence=["spec: GET /models/{model}"],
)
def one_model_can_be_retrieved(reply: Reply) -> Findings:
    """GET /v1/models/{id}, the id percent-encoded, answers 200 with the object "model" of that id."""
    yield from reply.status_in(200)
    if reply.status == 200:
        asked = unquote(reply.request.path.removeprefix("/v1/models/"))
        yield from reply.json["object"].unlike(literal("model"))
        yield from reply.json["id"].unlike(literal(asked))


@check(
    "models.retrieve.unknown",
    SHOULD,
    probe=model_unknown,
    evidence=["spec: GET /models/{model}", "ray-project/ray#64833"],
)
def unknown_model_is_not_found(reply: Reply) -> Findings:
    """GET /v1/models/{id} of a model that does not exist answers 404 with a JSON error that has a message."""
    yield from reply.status_in(404)
    yield from reply.json["error"]["message"].unlike(NON_EMPTY_STRING)


@check(
    "models.list.auth",
    SHOULD,
    together=[models_list_wrong_scheme, no_key, wrong_key],
    capability="auth",
    evidence=["decolua/9router#3659", "BerriAI/litellm#39757"],
)
def listing_asks_for_the_key(listing: Reply, chat_without: Reply, chat_wrong: Reply) -> Findings:
    """Where chat asks for a key, the listing does too: 401 without a key, with a wrong one, and by another scheme."""
    for reply in (listing, chat_without, chat_wrong):
        for finding in reply.status_in(401):
            hint = OPEN if reply is listing and reply.status == 200 else ""
            yield Finding(f"{reply.probe}: {finding.where}", finding.expected, finding.got, hint)
