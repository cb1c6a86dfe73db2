"""Defects that only a real client notices, and members of types that it does not expect."""

import json
from dataclasses import replace

from sixgates.exchange import Chunk, Response
from sixgates.reference.mutants import (
    Document,
    in_events,
    in_json,
    mutant,
    on_everything,
    on_path,
    on_plain,
    on_stream,
    with_header,
)


def _in_utf_16(response: Response) -> Response:
    """Legal JSON once, and in no charset that a client expects."""
    if response.status < 400:
        return response
    text = json.dumps(json.loads(response.body), ensure_ascii=False)
    headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
    return replace(response, headers=headers, chunks=(Chunk(text.encode("utf-16"), 0.01),))


def _cited(events: list[Document]) -> None:
    for event in events:
        for entry in event["choices"]:
            entry["delta"]["citations"] = [{"url": "http://127.0.0.1/"}]


def _numbered_fingerprint(document: Document) -> None:
    document["system_fingerprint"] = 44


def _counted_annotations(document: Document) -> None:
    for choice in document["choices"]:
        choice["message"]["annotations"] = [{"type": "url_citation", "url_citation": "http://127.0.0.1/"}]


def _listed_logprobs(events: list[Document]) -> None:
    for event in events:
        for entry in event["choices"]:
            entry["logprobs"] = {"content": [-0.5]}


def _numbered_fingerprints(events: list[Document]) -> None:
    for event in events:
        event["system_fingerprint"] = 44


mutant(
    "answers-say-gzip",
    on=on_everything,
    edit=with_header("content-encoding", "gzip"),
    caught_by=[
        "chat.witness",
        "chat.witness_accepted",
        "chat.stream.witness",
        "chat.stream.witness_helper",
        "completions.witness",
        "embeddings.witness",
        "models.witness",
        "responses.witness",
        "responses.witness_accepted",
        "responses.witness_helper",
        "errors.witness",
    ],
)
mutant("refusals-in-utf-16", on=on_everything, edit=_in_utf_16, caught_by=["errors.witness"])
mutant(
    "stream-citations-without-index",
    on=on_stream,
    edit=in_events(_cited),
    caught_by=["chat.stream.witness_helper"],
)
mutant(
    "chat-annotations-of-strings",
    on=on_plain,
    edit=in_json(_counted_annotations),
    caught_by=["chat.sdk_types"],
)
mutant(
    "stream-logprobs-of-numbers",
    on=on_stream,
    edit=in_events(_listed_logprobs),
    caught_by=["chat.stream.sdk_types"],
)
mutant(
    "stream-fingerprint-number",
    on=on_stream,
    edit=in_events(_numbered_fingerprints),
    caught_by=["chat.stream.sdk_types"],
)
mutant(
    "completions-fingerprint-number",
    on=on_path("/v1/completions"),
    edit=in_json(_numbered_fingerprint),
    caught_by=["completions.sdk_types"],
)
mutant(
    "response-temperature-as-text",
    on=on_path("/v1/responses"),
    edit=in_json(lambda document: document.update(temperature="0")),
    caught_by=["responses.sdk_types"],
)
mutant(
    "embeddings-index-as-text",
    on=on_path("/v1/embeddings"),
    edit=in_json(lambda document: document["data"][0].update(index="0")),
    caught_by=["embeddings.sdk_types"],
)
mutant(
    "model-without-an-owner",
    on=lambda request: request.path.startswith("/v1/models/"),
    edit=in_json(lambda document: {name: document[name] for name in ("id", "object", "created")}),
    caught_by=["models.sdk_types"],
)
