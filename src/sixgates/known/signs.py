"""By what an engine shows itself in its answers, and a gateway that writes answers of its own: one table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sixgates.config import ProviderType
from sixgates.exchange import Exchange, Response
from sixgates.judge import Answer
from sixgates.select import Unmet, parse_json

Document = dict[str, Any]
_LONGEST = 100_000
"""Bytes of a body that is read for signs."""
_LIST = "models-list"
_PLAIN = ("chat", "chat-again", "chat-unicode", "embeddings")
"""Plain answers, which every provider is asked for."""
FINGERPRINTS = {
    ProviderType.VLLM: re.compile(r"vllm-(\d+(?:\.\d+)+)(?:-.*)?"),
    # A packager that builds outside of git calls every build b0 or b1.
    ProviderType.LLAMA_CPP: re.compile(r"(?:(b\d{4,6})|b\d{1,3})-(?:[0-9a-f]+|unknown)"),
    ProviderType.OLLAMA: re.compile(r"fp_ollama()"),
}
"""The `system_fingerprint` of each engine that has one; the group is its version, where it says one."""
GATEWAYS = {
    "x-litellm-": "LiteLLM",
    "llm_provider-": "LiteLLM",
    "x-portkey-": "Portkey",
    "cf-aig-": "Cloudflare AI Gateway",
    "ngrok-aig-": "ngrok AI Gateway",
}
"""How the names of headers begin that gateways add, which make anew what they pass on; a plain proxy is none."""


class Kind(StrEnum):
    """Where a sign shows. One that relays an engine's headers need not relay its list, nor its errors."""

    HEADER = "the headers of every reply"
    LIST = "the owner in the model list"
    ANSWER = "the members of an answer"
    ERROR = "the form of an error"


@dataclass(frozen=True, slots=True)
class Said:
    """What a server's answers say about it, read once."""

    responses: tuple[Response, ...]
    listed: tuple[Document, ...]
    plain: tuple[Document, ...]
    errors: tuple[tuple[int, Document], ...]

    @classmethod
    def of(cls, answers: Mapping[str, Answer]) -> Said:
        """Whatever is no exchange, no JSON or too long says nothing."""
        found = {
            name: answer.response
            for name, answer in answers.items()
            if isinstance(answer, Exchange) and answer.response is not None
        }
        data = next(_documents([found.get(_LIST)]), {}).get("data")
        return cls(
            tuple(found.values()),
            tuple(each for each in (data if isinstance(data, list) else ()) if isinstance(each, dict)),
            tuple(_documents(found.get(name) for name in _PLAIN)),
            tuple(
                (response.status, document)
                for response in found.values()
                if response.status >= 400
                for document in _documents([response])
            ),
        )

    @property
    def owners(self) -> tuple[str, ...]:
        """Who owns the listed models."""
        return tuple(each["owned_by"] for each in self.listed if isinstance(each.get("owned_by"), str))

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Each `system_fingerprint`."""
        found = (each.get("system_fingerprint") for each in self.plain)
        return tuple(each for each in found if isinstance(each, str))


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that only one engine does, as far as we know."""

    kind: Kind
    engine: ProviderType
    shows: Callable[[Said], bool]


def _documents(responses: Iterable[Response | None]) -> Iterator[Document]:
    for response in responses:
        if response is None or sum(len(chunk.data) for chunk in response.chunks) > _LONGEST:
            continue
        try:
            value = parse_json(response.body.decode(errors="replace")).value
        except (Unmet, RecursionError):
            continue
        if isinstance(value, dict):
            yield value


def _every(condition: Callable[[Response], bool]) -> Callable[[Said], bool]:
    return lambda said: bool(said.responses) and all(map(condition, said.responses))


def _owned_by(owner: str) -> Callable[[Said], bool]:
    return lambda said: owner in said.owners


def _answered(condition: Callable[[Document], bool]) -> Callable[[Said], bool]:
    return lambda said: any(map(condition, said.plain))


def _refused(condition: Callable[[int, Document, Document], bool]) -> Callable[[Said], bool]:
    def shows(said: Said) -> bool:
        return any(condition(status, document, _error(document)) for status, document in said.errors)

    return shows


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _error(document: Document) -> Document:
    error = document.get("error")
    return error if isinstance(error, dict) else {}


def _fingerprint(engine: ProviderType) -> Callable[[Document], bool]:
    def found(document: Document) -> bool:
        return FINGERPRINTS[engine].fullmatch(_text(document.get("system_fingerprint"))) is not None

    return found


def _of_vllm(document: Document) -> bool:
    members = {"prompt_logprobs", "kv_transfer_params"}
    embedding = re.fullmatch(r"embd-[0-9a-f]+", _text(document.get("id"))) is not None
    return _fingerprint(ProviderType.VLLM)(document) or document.keys() >= members or embedding


def _of_llama_cpp(document: Document) -> bool:
    timings = document.get("timings")
    timed = isinstance(timings, dict) and "predicted_ms" in timings
    return _fingerprint(ProviderType.LLAMA_CPP)(document) or timed


def _vllm_refuses(status: int, document: Document, error: Document) -> bool:
    return set(error) == {"message", "type", "param", "code"} and error["code"] == status


def _llama_cpp_refuses(status: int, document: Document, error: Document) -> bool:
    return (
        set(error) - {"n_ctx", "n_prompt_tokens"} == {"message", "type", "code"} and error["code"] == status
    )


def _llama_cpp_python_refuses(status: int, document: Document, error: Document) -> bool:
    failed = error.get("type") == "internal_server_error" and error.get("code") is None and "param" in error
    return failed or (status == 401 and document == {"detail": "Invalid API key"})


_GO = re.compile(r"model '.*' not found|(?:.*: )?json: cannot unmarshal .*|(?:unexpected )?EOF", re.DOTALL)


def _ollama_refuses(status: int, document: Document, error: Document) -> bool:
    return error.get("code", "") is None and _GO.fullmatch(_text(error.get("message"))) is not None


def _llama_cpp_python_serves(response: Response) -> bool:
    timed = response.header("openai-processing-ms") is not None or response.status >= 300
    return response.header("server") == "uvicorn" and timed


_LLAMA, _PYTHON = ProviderType.LLAMA_CPP, ProviderType.LLAMA_CPP_PYTHON
SIGNS = (
    Sign(Kind.LIST, ProviderType.VLLM, _owned_by("vllm")),
    Sign(Kind.ANSWER, ProviderType.VLLM, _answered(_of_vllm)),
    Sign(Kind.ERROR, ProviderType.VLLM, _refused(_vllm_refuses)),
    Sign(Kind.HEADER, _LLAMA, _every(lambda response: response.header("server") == "llama.cpp")),
    Sign(Kind.LIST, _LLAMA, _owned_by("llamacpp")),
    Sign(Kind.ANSWER, _LLAMA, _answered(_of_llama_cpp)),
    Sign(Kind.ERROR, _LLAMA, _refused(_llama_cpp_refuses)),
    Sign(Kind.HEADER, _PYTHON, _every(_llama_cpp_python_serves)),
    Sign(Kind.LIST, _PYTHON, _owned_by("me")),
    Sign(Kind.ERROR, _PYTHON, _refused(_llama_cpp_python_refuses)),
    Sign(Kind.LIST, ProviderType.OLLAMA, _owned_by("library")),
    Sign(Kind.ANSWER, ProviderType.OLLAMA, _answered(_fingerprint(ProviderType.OLLAMA))),
    Sign(Kind.ERROR, ProviderType.OLLAMA, _refused(_ollama_refuses)),
)


def gateway_of(said: Said) -> tuple[str, str]:
    """A gateway that names itself in a header, and that header; empty where none does."""
    for response in said.responses:
        for name, _ in response.headers:
            for prefix, gateway in GATEWAYS.items():
                if name.lower().startswith(prefix):
                    return gateway, name.lower()
    return "", ""
