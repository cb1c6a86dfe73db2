"""Answers of the reference made to bear the signs of an engine: one at a time, or all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sixgates.config import ProviderType
from sixgates.exchange import Chunk, Exchange, Response
from sixgates.judge import Answer
from sixgates.known.signs import Kind

Answers = Mapping[str, Answer]
Edit = Callable[[Response], Response]
VERSIONS = {ProviderType.VLLM: "0.32.0", ProviderType.LLAMA_CPP: "b10434"}
"""What the fingerprint of an answer says."""
_OWNERS = {
    ProviderType.VLLM: "vllm",
    ProviderType.LLAMA_CPP: "llamacpp",
    ProviderType.LLAMA_CPP_PYTHON: "me",
    ProviderType.OLLAMA: "library",
}
_HEADERS = {
    ProviderType.LLAMA_CPP: (("server", "llama.cpp"),),
    ProviderType.LLAMA_CPP_PYTHON: (("server", "uvicorn"), ("openai-processing-ms", "3")),
}
_ANSWERS: Mapping[ProviderType, Mapping[str, Any]] = {
    ProviderType.VLLM: {"system_fingerprint": "vllm-0.32.0-d1b86c44"},
    ProviderType.LLAMA_CPP: {"system_fingerprint": "b10434-7e4c0a9", "timings": {"predicted_ms": 1.5}},
    ProviderType.OLLAMA: {"system_fingerprint": "fp_ollama"},
}
_ERRORS: Mapping[ProviderType, tuple[int, Mapping[str, Any]]] = {
    ProviderType.VLLM: (404, {"message": "x", "type": "NotFoundError", "param": None, "code": 404}),
    ProviderType.LLAMA_CPP: (404, {"code": 404, "message": "File Not Found", "type": "not_found_error"}),
    ProviderType.LLAMA_CPP_PYTHON: (
        500,
        {"message": "x", "type": "internal_server_error", "param": None, "code": None},
    ),
    ProviderType.OLLAMA: (
        404,
        {"message": "model 'x' not found", "type": "not_found_error", "param": None, "code": None},
    ),
}


def signs_of(engine: ProviderType) -> dict[Kind, Callable[[Answers], Answers]]:
    """What makes answers bear each sign that an engine has."""
    found: dict[Kind, Callable[[Answers], Answers]] = {Kind.LIST: _listing(_OWNERS[engine])}
    if engine in _HEADERS:
        found[Kind.HEADER] = lambda answers: bearing(answers, *_HEADERS[engine])
    if engine in _ANSWERS:
        found[Kind.ANSWER] = lambda answers: _edited(answers, ("chat",), _with(**_ANSWERS[engine]))
    status, error = _ERRORS[engine]
    found[Kind.ERROR] = lambda answers: _edited(
        answers,
        ("unknown-route",),
        lambda response: _body(replace(response, status=status), {"error": error}),
    )
    return found


def dressed(engine: ProviderType, answers: Answers) -> Answers:
    """Answers with every sign of an engine."""
    for put_on in signs_of(engine).values():
        answers = put_on(answers)
    return answers


def bearing(answers: Answers, *headers: tuple[str, str]) -> Answers:
    """Every reply with these headers in addition."""
    return _edited(answers, tuple(answers), lambda one: replace(one, headers=(*one.headers, *headers)))


def _listing(owner: str) -> Callable[[Answers], Answers]:
    def own(document: dict[str, Any]) -> None:
        for each in document["data"]:
            each["owned_by"] = owner

    return lambda answers: _edited(answers, ("models-list",), lambda response: _changed(response, own))


def _with(**members: Any) -> Edit:
    return lambda response: _changed(response, lambda document: document.update(members))


def _changed(response: Response, change: Callable[[dict[str, Any]], object]) -> Response:
    try:
        document = json.loads(response.body)
        change(document)
    except (ValueError, TypeError, KeyError, AttributeError):  # a mutant's own body, which has no such place
        return response
    return _body(response, document)


def _body(response: Response, document: Mapping[str, Any]) -> Response:
    return replace(response, chunks=(Chunk(json.dumps(document).encode(), 0.01),))


def _edited(answers: Answers, names: tuple[str, ...], edit: Edit) -> Answers:
    return {
        name: replace(answer, response=edit(answer.response))
        if name in names and isinstance(answer, Exchange) and answer.response is not None
        else answer
        for name, answer in answers.items()
    }
