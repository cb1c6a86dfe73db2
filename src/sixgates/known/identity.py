"""Which engine answered, and in which version, as far as its own answers say so; no request is sent for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sixgates.config import ProviderType
from sixgates.exchange import Exchange
from sixgates.judge import Answer
from sixgates.select import Json, Unmet
from sixgates.views import Document, members

_OWNERS = {
    "vllm": ProviderType.VLLM,
    "llamacpp": ProviderType.LLAMA_CPP,
    "me": ProviderType.LLAMA_CPP_PYTHON,
}
_VLLM = re.compile(r"vllm-(\d+(?:\.\d+)+)(?:-.*)?")
# A packager that builds outside of git calls every build b1.
_LLAMA_CPP = re.compile(r"(b\d{4,6})-[0-9a-f]+")

Where = Callable[[Document], list[Json]]


@dataclass(frozen=True, slots=True)
class Identity:
    """An engine's type and version; None and empty where the answers do not say."""

    type: ProviderType | None = None
    version: str = ""


def identify(answers: Mapping[str, Answer]) -> Identity:
    """What the model list's owner and the `system_fingerprint` of the plain chat say."""
    owner = _text(answers, "models-list", lambda document: members(document["data"])[:1], "owned_by")
    fingerprint = _text(answers, "chat", lambda document: [document.root], "system_fingerprint")
    for pattern, kind in ((_VLLM, ProviderType.VLLM), (_LLAMA_CPP, ProviderType.LLAMA_CPP)):
        match = pattern.fullmatch(fingerprint)
        if match is not None:
            return Identity(kind, match[1])
    return Identity(_OWNERS.get(owner))


def _text(answers: Mapping[str, Answer], probe: str, where: Where, key: str) -> str:
    exchange = answers.get(probe)
    if not isinstance(exchange, Exchange):
        return ""
    try:
        found = [item[key].value for item in where(Document.of(exchange))]
    except Unmet:
        return ""
    return found[0] if found and isinstance(found[0], str) else ""
