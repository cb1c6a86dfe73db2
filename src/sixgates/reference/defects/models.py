"""Defects of the model list."""

from sixgates.reference.mutants import Document, in_json, mutant, on_path

_listing = on_path("/v1/models")


def _bare(document: Document) -> object:
    return document["data"]


def _without_created(document: Document) -> None:
    for entry in document["data"]:
        del entry["created"]


mutant("models-bare-array", on=_listing, edit=in_json(_bare), caught_by=["models.list.shape"])
mutant(
    "models-created-missing",
    on=_listing,
    edit=in_json(_without_created),
    caught_by=["models.list.entry_fields"],
)
