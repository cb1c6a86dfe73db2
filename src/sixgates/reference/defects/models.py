"""Defects of the model list and of a single model's entry."""

from sixgates.exchange import Request
from sixgates.reference.mutants import (
    Document,
    in_error,
    in_json,
    mutant,
    on_path,
    with_body,
    with_status,
)

_listing = on_path("/v1/models")
_unknown = on_path("/v1/models/sixgates-no-such-model")


def _retrieving(request: Request) -> bool:
    return request.path.startswith("/v1/models/") and "no-such" not in request.path


def _unauthorised(request: Request) -> bool:
    return _listing(request) and not (request.header("authorization") or "").startswith("Bearer")


def _bare(document: Document) -> object:
    return document["data"]


def _without_created(document: Document) -> None:
    for entry in document["data"]:
        del entry["created"]


def _twice(document: Document) -> None:
    document["data"] *= 2


def _dummies(document: Document) -> None:
    for entry in document["data"]:
        entry["id"] = "gpt-3.5-turbo"


def _null_data(document: Document) -> None:
    document["data"] = None


def _object_absent(document: Document) -> None:
    del document["object"]


def _other_id(document: Document) -> None:
    document["id"] = f"models/{document['id']}"


def _as_list(document: Document) -> object:
    return {"object": "list", "data": [document]}


def _as_detail(document: Document) -> object:
    return {"detail": document["error"]["message"]}


mutant("models-bare-array", on=_listing, edit=in_json(_bare), caught_by=["models.list.shape"])
mutant("models-data-null", on=_listing, edit=in_json(_null_data), caught_by=["models.list.shape"])
mutant("models-object-absent", on=_listing, edit=in_json(_object_absent), caught_by=["models.list.object"])
mutant(
    "models-created-missing",
    on=_listing,
    edit=in_json(_without_created),
    caught_by=["models.list.entry_fields"],
)
mutant("models-listed-twice", on=_listing, edit=in_json(_twice), caught_by=["models.list.ids_unique"])
mutant("models-dummy-names", on=_listing, edit=in_json(_dummies), caught_by=["models.list.id_usable"])
mutant(
    "models-listing-empty",
    on=_listing,
    edit=with_body(b'{"object": "list", "data": []}'),
    caught_by=["models.list.id_usable", "models.list.entry_fields", "models.list.ids_unique"],
)
mutant("model-no-route", on=_retrieving, edit=with_status(404), caught_by=["models.retrieve.ok"])
mutant("model-other-id", on=_retrieving, edit=in_json(_other_id), caught_by=["models.retrieve.ok"])
mutant("model-as-list", on=_retrieving, edit=in_json(_as_list), caught_by=["models.retrieve.ok"])
mutant(
    "model-unknown-null",
    on=_unknown,
    edit=with_body(b"null", status=200),
    caught_by=["models.retrieve.unknown"],
)
mutant("model-unknown-detail", on=_unknown, edit=in_error(_as_detail), caught_by=["models.retrieve.unknown"])
mutant(
    "models-listing-by-any-scheme",
    on=lambda request: _listing(request) and (request.header("authorization") or "").startswith("Basic"),
    edit=with_body(b'{"object": "list", "data": []}', status=200),
    caught_by=["models.list.auth"],
)
mutant(
    "models-listing-open",
    on=_unauthorised,
    edit=with_body(b'{"object": "list", "data": []}', status=200),
    caught_by=["models.list.auth"],
)
mutant("models-listing-forbidden", on=_unauthorised, edit=with_status(403), caught_by=["models.list.auth"])
