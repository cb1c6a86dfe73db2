"""Defects of embeddings."""

import struct
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

from sixgates.exchange import Request
from sixgates.features.known import BASE64
from sixgates.reference.mutants import (
    Document,
    Edit,
    asking,
    body_of,
    carrying,
    in_error,
    in_json,
    mutant,
    on_path,
    with_body,
    with_status,
)
from sixgates.vectors import unpacked

on_embeddings = on_path("/v1/embeddings")
Texts = list[Any]


def _on_texts(request: Request) -> bool:
    given = body_of(request).get("input") if on_embeddings(request) else None
    return isinstance(given, list) and bool(given) and isinstance(given[0], str)


def _on_one_text(request: Request) -> bool:
    return on_embeddings(request) and isinstance(body_of(request).get("input"), str)


def _on_tokens(request: Request) -> bool:
    given = body_of(request).get("input") if on_embeddings(request) else None
    return isinstance(given, list) and bool(given) and isinstance(given[0], list)


def _on_nothing(request: Request) -> bool:
    return on_embeddings(request) and body_of(request).get("input") == []


def _on_dimensions(request: Request) -> bool:
    return on_embeddings(request) and "dimensions" in body_of(request)


def _on_overlong(request: Request) -> bool:
    return on_embeddings(request) and len(request.body or b"") > 10_000


def _each(change: Callable[[Document], Any]) -> Edit:
    def edit(document: Document) -> None:
        for entry in document["data"]:
            change(entry)

    return in_json(edit)


def _set(**fields: Any) -> Edit:
    return _each(lambda entry: entry.update(fields))


def _repacked(pattern: str) -> Edit:
    """Packs the numbers of base64 by another pattern of `struct`, such as float64 or big-endian."""

    def change(entry: Document) -> None:
        numbers = unpacked(b64decode(entry["embedding"]))
        data = struct.pack(pattern.replace("*", str(len(numbers))), *numbers)
        entry["embedding"] = b64encode(data).decode()

    return _each(change)


def _data(change: Callable[[Texts], Texts]) -> Edit:
    def edit(document: Document) -> None:
        document["data"] = change(document["data"])

    return in_json(edit)


def _reversed(entries: Texts) -> Texts:
    vectors = [entry["embedding"] for entry in reversed(entries)]
    return [{**entry, "embedding": each} for entry, each in zip(entries, vectors, strict=True)]


def _all_alike(entries: Texts) -> Texts:
    return [{**entry, "embedding": entries[2]["embedding"]} for entry in entries]


def _one_cut(entries: Texts) -> Texts:
    short = b64encode(b64decode(entries[1]["embedding"])[:16]).decode()
    return [entries[0], {**entries[1], "embedding": short}, *entries[2:]]


def _last_other(entries: Texts) -> Texts:
    return [*entries[:-1], {**entries[-1], "embedding": entries[0]["embedding"]}]


def _one_empty(entries: Texts) -> Texts:
    return [entries[0], {**entries[1], "embedding": []}, *entries[2:]]


def _uncounted(document: Document) -> None:
    document["usage"] = {"prompt_tokens": 0, "total_tokens": 0}


def _other_total(document: Document) -> None:
    document["usage"]["total_tokens"] += 1


def _without_usage(document: Document) -> None:
    del document["usage"]


def _as_detail(document: Document) -> object:
    return {"detail": document["error"]["message"]}


def _nested(entry: Document) -> None:
    entry["embedding"] = [entry["embedding"]]


def _scale(entry: Document) -> None:
    entry["embedding"] = [number * 2 for number in entry["embedding"]]


SHAPE = ["embeddings.shape"]
ORDER = ["embeddings.batch_order"]
COUNT = ["embeddings.batch_count"]
EQUALS = ["embeddings.base64_equals_float"]

mutant(
    "embeddings-no-route",
    on=on_embeddings,
    edit=with_status(404),
    caught_by=["capability.embeddings", "embeddings.answered"],
)
mutant(
    "embeddings-bare-array",
    on=on_embeddings,
    edit=in_json(lambda document: document["data"]),
    caught_by=["embeddings.answered"],
)
mutant("embeddings-nested", on=_on_one_text, edit=_each(_nested), caught_by=SHAPE)
mutant("embeddings-object-other", on=on_embeddings, edit=_set(object="vector"), caught_by=SHAPE)
mutant(
    "embeddings-list-unnamed",
    on=on_embeddings,
    edit=in_json(lambda document: document.update(object="embeddings")),
    caught_by=SHAPE,
)
mutant(
    "embeddings-model-null",
    on=on_embeddings,
    edit=in_json(lambda document: document.update(model=None)),
    caught_by=SHAPE,
)
mutant("embeddings-index-text", on=on_embeddings, edit=_set(index="0"), caught_by=[*SHAPE, *ORDER])
mutant("embeddings-of-null", on=_on_one_text, edit=_set(embedding=[None]), caught_by=SHAPE)
mutant(
    "embeddings-base64-empty",
    on=_on_texts,
    edit=_data(lambda _: []),
    caught_by=["embeddings.base64", *COUNT],
)
mutant(
    "embeddings-base64-refused", on=carrying(BASE64), edit=with_status(400), caught_by=["embeddings.base64"]
)
mutant("embeddings-base64-is-none", on=_on_texts, edit=_set(embedding="%%"), caught_by=["embeddings.base64"])
mutant("embeddings-base64-torn", on=_on_texts, edit=_set(embedding="AAA="), caught_by=["embeddings.base64"])
mutant(
    "embeddings-base64-infinite",
    on=_on_texts,
    edit=_set(embedding="AACAfw=="),
    caught_by=["embeddings.base64"],
)
mutant(
    "embeddings-base64-ignored",
    on=_on_texts,
    rewrite=asking(encoding_format="float"),
    caught_by=["embeddings.base64_as_asked"],
)
mutant("embeddings-float64-packed", on=_on_texts, edit=_repacked("<*d"), caught_by=EQUALS)
mutant("embeddings-scaled", on=_on_one_text, edit=_each(_scale), caught_by=EQUALS)
mutant(
    "embeddings-float64-packed-big-endian",
    on=_on_texts,
    edit=_repacked(">*d"),
    caught_by=EQUALS,
)
mutant(
    "embeddings-base64-by-default",
    on=_on_one_text,
    rewrite=asking(encoding_format="base64"),
    caught_by=["embeddings.float_default"],
)
mutant("embeddings-batch-short", on=_on_texts, edit=_data(lambda data: data[:-1]), caught_by=COUNT)
mutant("embeddings-batch-uneven", on=_on_texts, edit=_data(_one_cut), caught_by=COUNT)
mutant("embeddings-batch-hole", on=_on_texts, edit=_data(_one_empty), caught_by=[*COUNT, *SHAPE])
mutant("embeddings-batch-reversed", on=_on_texts, edit=_data(_reversed), caught_by=ORDER)
mutant("embeddings-batch-all-alike", on=_on_texts, edit=_data(_all_alike), caught_by=ORDER)
mutant("embeddings-batch-index-zero", on=_on_texts, edit=_set(index=0), caught_by=ORDER)
mutant(
    "embeddings-batch-sorted",
    on=_on_texts,
    edit=_data(lambda data: sorted(data, key=lambda entry: -entry["index"])),
    caught_by=ORDER,
)
mutant("embeddings-unsteady", on=_on_texts, edit=_data(_last_other), caught_by=["embeddings.deterministic"])
mutant("embeddings-tokens-500", on=_on_tokens, edit=with_status(500), caught_by=["embeddings.token_array"])
mutant(
    "embeddings-tokens-flat",
    on=_on_tokens,
    rewrite=asking(input="9 10 11 12"),
    caught_by=["embeddings.token_array"],
)
mutant(
    "embeddings-dimensions-ignored",
    on=_on_dimensions,
    rewrite=asking(dimensions=None),
    caught_by=["capability.dimensions", "embeddings.dimensions"],
)
mutant(
    "embeddings-dimensions-500",
    on=_on_dimensions,
    edit=with_status(500),
    caught_by=["embeddings.dimensions"],
)
mutant(
    "embeddings-dimensions-refused",
    on=_on_dimensions,
    rewrite=asking(dimensions=0),
    caught_by=["embeddings.dimensions_honoured"],
)
mutant("embeddings-uncounted", on=on_embeddings, edit=in_json(_uncounted), caught_by=["embeddings.usage"])
mutant("embeddings-other-total", on=on_embeddings, edit=in_json(_other_total), caught_by=["embeddings.usage"])
mutant(
    "embeddings-usage-absent", on=on_embeddings, edit=in_json(_without_usage), caught_by=["embeddings.usage"]
)
mutant(
    "embeddings-of-nothing-is-nothing",
    on=_on_nothing,
    edit=with_body(b'{"object": "list", "data": [], "model": "m"}', status=200),
    caught_by=["embeddings.empty_array"],
)
mutant(
    "embeddings-of-nothing-500",
    on=_on_nothing,
    edit=with_status(500),
    caught_by=["embeddings.empty_array", "errors.5xx_only_server"],
)
mutant(
    "embeddings-of-nothing-detail",
    on=_on_nothing,
    edit=in_error(_as_detail),
    caught_by=["embeddings.empty_array", "errors.envelope"],
)
mutant(
    "embeddings-too-long-500",
    on=_on_overlong,
    edit=with_status(500),
    caught_by=["embeddings.too_long", "errors.5xx_only_server"],
)
mutant(
    "embeddings-too-long-no-vector",
    on=_on_overlong,
    edit=with_body(b'{"object": "list", "data": []}', status=200),
    caught_by=["embeddings.too_long"],
)
mutant(
    "embeddings-too-long-echoed",
    on=_on_overlong,
    edit=with_body(b'{"content": "hello hello"}', status=200),
    caught_by=["embeddings.too_long"],
)
