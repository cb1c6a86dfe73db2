"""What the model list must be."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.probes.models import models_list
from sixgates.select import ARRAY, INTEGER, NON_EMPTY_STRING, STRING, Findings, literal
from sixgates.views import Document


@check(
    "models.list.shape",
    MUST,
    probe=models_list,
    evidence=["spec: ListModelsResponse", "exo-explore/exo#590", "open-webui/open-webui#13804"],
    breaks=["openai-python"],
)
def list_of_models(models: Document) -> Findings:
    """GET /v1/models answers 200 with an object whose `object` is "list" and whose `data` is an array."""
    yield from models["object"].unlike(literal("list"))
    yield from models["data"].unlike(ARRAY)


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
