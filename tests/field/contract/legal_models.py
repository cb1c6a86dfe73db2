"""Legal lists of models, and legal ways to serve one model or many."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tests.field.contract.legal import LISTING, legal
from tests.field.contract.report import Part
from tests.field.contract.wire import refusing

from sixgates.exchange import Request, Response
from sixgates.reference.mutants import Document, body_of, in_json, on_path, showing, with_body

_listing = on_path("/v1/models")


def _retrieval(request: Request) -> bool:
    return request.path.startswith("/v1/models/")


def _served(request: Request) -> bool:
    return request.method == "POST"


def _any_model(request: Request) -> Request:
    body = body_of(request)
    if not isinstance(body.get("model"), str):
        return request
    return replace(request, body=json.dumps({**body, "model": "reference"}).encode())


def _echoing(request: Request, response: Response) -> Response:
    """The name that was asked for stands in the answer."""
    asked = body_of(request).get("model")

    def named(document: Document) -> None:
        if "model" in document and isinstance(asked, str):
            document["model"] = asked

    return in_json(named)(response)


def _without(*names: str) -> Any:
    def change(document: Document) -> None:
        for entry in document["data"]:
            for name in names:
                entry.pop(name, None)

    return in_json(change)


def _entries(**members: Any) -> Any:
    def change(document: Document) -> None:
        for entry in document["data"]:
            entry.update(members)

    return in_json(change)


_PRICED = {
    "canonical_slug": "reference-v1",
    "name": "Reference",
    "context_length": 131072,
    "architecture": {"modality": "text->text", "tokenizer": "Other", "instruct_type": None},
    "pricing": {"prompt": "0.0000008", "completion": "0.000004"},
    "per_request_limits": None,
    "supported_parameters": ["tools", "seed"],
}


def _beside(document: Document) -> None:
    document |= {"models": [{"name": "reference", "details": {}}], "has_more": False, "first_id": None}


def _among_others(document: Document) -> None:
    other = {**document["data"][0], "id": "text-embedding-3-small"}
    document["data"] = [{**other, "id": "whisper-1"}, *document["data"], other]


def _plain_404(response: Response) -> Response:
    return with_body(b"404 page not found\n", "text/plain; charset=utf-8", 404)(response)


def _bare_detail(response: Response) -> Response:
    return with_body(b'{"detail":"Not Found"}', status=404)(response)


REPORTS = (
    legal(
        "models-without-object",
        "obot-platform/tools#445",
        "the list of models has no object",
        Part(_listing, in_json(lambda document: document.pop("object") and None)),
        read_by=LISTING,
    ),
    legal(
        "models-without-created",
        "found: recordings of llama-cpp-python",
        "the entries of the list have no created, as llama-cpp-python's have none",
        Part(_listing, _without("created")),
        read_by=LISTING,
    ),
    legal(
        "models-with-ids-alone",
        "mostlygeek/llama-swap#154",
        "the entries of the list have an id and nothing that the specification asks for besides",
        Part(_listing, _without("created", "owned_by", "object")),
        read_by=LISTING,
    ),
    legal(
        "models-with-prices",
        "gptme/gptme#575",
        "the entries of the list tell prices, limits and parameters, and no owner, as OpenRouter's do",
        Part(_listing, lambda response: _entries(**_PRICED)(_without("owned_by", "object")(response))),
        read_by=LISTING,
    ),
    legal(
        "models-with-modalities",
        "source: ENTERPILOT/GoModel tests/contract/testdata/groq",
        "the entries of the list tell whether they are active, and how long their context is, as Groq's do",
        Part(
            _listing,
            _entries(active=True, context_window=131072, public_apps=None, max_completion_tokens=8192),
        ),
        read_by=LISTING,
    ),
    legal(
        "models-beside-the-list",
        "abdulmominsakib/localmind#11",
        "the list has further members at its top, as llama.cpp's has",
        Part(_listing, in_json(_beside)),
        read_by=LISTING,
    ),
    legal(
        "models-created-null",
        "exo-explore/exo#590",
        "the entries of the list have null as created",
        Part(_listing, _entries(created=None)),
        read_by=LISTING,
    ),
    legal(
        "models-created-zero-and-owner-empty",
        "PublicAffairs/openai-gemini#92",
        "the entries of the list have 0 as created and an empty owner",
        Part(_listing, _entries(created=0, owned_by="")),
        read_by=LISTING,
    ),
    legal(
        "models-of-other-kinds",
        "decolua/9router#1512",
        "the list holds models that are not for chat",
        Part(_listing, in_json(_among_others)),
        read_by=LISTING,
    ),
    legal(
        "models-listed-without-a-key",
        "BerriAI/litellm#39757",
        "the list is public, while chat asks for a key, as on OpenRouter and llama.cpp",
        Part(_listing, rewrite=showing("Bearer sk-reference")),
        read_by=LISTING,
    ),
    legal(
        "no-retrieval-of-one-model",
        "found: recordings of vLLM and llama.cpp",
        "one model cannot be retrieved: its path is not known, as on vLLM and llama.cpp",
        Part(_retrieval, refusing("Not Found", 404)),
    ),
    legal(
        "no-retrieval-of-one-model-bare",
        "found: FastAPI's answer to an unknown path",
        "the same, with what the framework says of unknown paths",
        Part(_retrieval, _bare_detail),
    ),
    legal(
        "no-retrieval-of-one-model-in-plain-text",
        "stevehoover/conversion-to-TLV#23",
        "the same, in plain text",
        Part(_retrieval, _plain_404),
    ),
    legal(
        "one-model-under-any-name",
        "ggml-org/llama.cpp#10056",
        "a server with one model answers for every name and echoes it",
        Part(_served, rewrite=_any_model, against=_echoing),
    ),
    legal(
        "one-model-under-its-own-name",
        "vllm-project/vllm#1988",
        "a server with one model answers for every name and says its own",
        Part(_served, rewrite=_any_model),
    ),
)
"""Each with its form."""
