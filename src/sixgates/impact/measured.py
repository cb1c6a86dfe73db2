"""What clients were measured to make of each fault: the table `measured.json`, written by the measuring tool."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

CLIENTS = (
    "openai-python",
    "openai-python helper",
    "openai-node",
    "openai-node helper",
    "langchain-openai",
    "pydantic-ai",
    "litellm",
    "Vercel AI SDK",
)
"""The clients that were fed the faults: both SDKs, each with its stream helper, and what rides on them."""


class Effect(StrEnum):
    """What a fault does to a client."""

    BROKEN = "broken"
    """It raises, or holds other than was sent, or None where it promises a value."""
    MISLED = "misled"
    """It raises, as is right, and loses the server's message, or asks again in vain."""
    SOMETIMES = "sometimes"
    """It was broken by one answer with this fault, and not by another."""
    PASSES_ON = "passes on"
    """It holds what was sent, and what was sent is wrong."""
    SAFE = "safe"
    """It holds the right answer."""


Effects = Mapping[str, Effect]
"""By client; one that is missing was not measured, or reads no such answers."""


@cache
def _document() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(files("sixgates.impact").joinpath("measured.json").read_bytes())
    return found


def versions() -> Mapping[str, str]:
    """The version of each client that was measured."""
    return MappingProxyType(_document()["versions"])


@cache
def reads(client: str) -> frozenset[str]:
    """The ways in which a client asks for answers; of others it sees nothing."""
    return frozenset(_document()["reads"][client])


@cache
def table() -> Mapping[str, Mapping[str, Effects]]:
    """By check and by fault, what it does to each client."""
    return MappingProxyType(
        {
            check: {
                fault: {client: Effect(word) for word, clients in effects.items() for client in clients}
                for fault, effects in faults.items()
            }
            for check, faults in _document()["checks"].items()
        }
    )


@cache
def effects_of(check: str) -> Mapping[str, frozenset[Effect]]:
    """By client, all that faults of a check were measured to do to it."""
    found: dict[str, set[Effect]] = {}
    for effects in table().get(check, {}).values():
        for client, effect in effects.items():
            found.setdefault(client, set()).add(effect)
    return {client: frozenset(each) for client, each in found.items()}


@dataclass(frozen=True, slots=True)
class Harm:
    """The clients that some fault of a check breaks, or else misleads, or else puts at risk."""

    breaks: tuple[str, ...] = ()
    misleads: tuple[str, ...] = ()
    at_risk: tuple[str, ...] = ()


@cache
def harm_of(check: str) -> Harm:
    """Whom the faults of a check hurt; what breaks a client is not said to mislead it as well."""
    seen = effects_of(check)
    left = [client for client in CLIENTS if client in seen]
    groups = []
    for effects in ({Effect.BROKEN, Effect.SOMETIMES}, {Effect.MISLED}, {Effect.PASSES_ON}):
        groups.append(tuple(client for client in left if seen[client] & effects))
        left = [client for client in left if client not in groups[-1]]
    return Harm(*groups)
