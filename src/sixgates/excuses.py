"""The deviations that hold for one provider: its own from deviations.yaml, and those known of its engine."""

from __future__ import annotations

from collections.abc import Mapping

from sixgates.config import ProviderType
from sixgates.declared import Declared
from sixgates.exchange import Exchange
from sixgates.judge import Answer
from sixgates.known import Identity, Shipped, contains, identify, load
from sixgates.party import Party
from sixgates.sources import cassette

ENGINES = {
    ProviderType.VLLM: "vLLM",
    ProviderType.LLAMA_CPP: "llama.cpp",
    ProviderType.LLAMA_CPP_PYTHON: "llama-cpp-python",
    ProviderType.OLLAMA: "Ollama",
}


def engine_of(
    party: Party, answers: Mapping[str, Answer], label: cassette.Label | None, *, live: bool
) -> tuple[ProviderType, str]:
    """The engine and its version: live, what the server says comes before what the entry declares of it."""
    said = identify(answers)
    declared = party.entry.type
    kind = said.type if declared is ProviderType.OPENAI_COMPATIBLE and said.type else declared
    found = _version(said, kind)
    written = (label.engine_version if label else "") or party.engine_version
    return kind, (found or written) if live else (written or found)


def accepted(
    party: Party, engine: ProviderType, version: str, recorded: str, answers: Mapping[str, Answer]
) -> tuple[Declared, ...]:
    """Own entries first, which win; `recorded` is the date of the recording, empty for a live server.

    Only a recording that holds the request in which an entry was seen can refute it: an embeddings server is
    never asked for a chat.
    """
    own = tuple(
        Declared(
            entry.check,
            entry.reason,
            entry.expires,
            entry.link,
            findings=tuple(each.description for each in entry.findings),
        )
        for entry in party.deviations
        if entry.engine_version in (None, version)
    )
    shipped = tuple(
        Declared(
            entry.check,
            entry.reason,
            link=entry.link,
            known=f"{ENGINES[engine]} {entry.versions}",
            refutable=recorded >= entry.seen.recorded.isoformat()
            and isinstance(answers.get(entry.recording.rpartition("/")[2]), Exchange),
            findings=tuple(each.description for each in entry.findings),
        )
        for entry in _offered(party, engine)
        if contains(entry.versions, version)
    )
    return own + shipped


def remarks(party: Party, engine: ProviderType, version: str) -> Mapping[str, str]:
    """For each check with an entry that is about other versions: of which, and what would make it hold."""
    say = f"give --engine {engine}:VERSION" if party.ad_hoc else "declare engine_version in providers.yaml"
    unknown = f"which version this is the server does not say: {say}"
    return {
        entry.check: f"known of {ENGINES[engine]} {entry.versions}; "
        + (f"this is {version}" if version else unknown)
        for entry in _offered(party, engine)
        if not contains(entry.versions, version)
    }


def _offered(party: Party, engine: ProviderType) -> tuple[Shipped, ...]:
    return tuple(entry for entry in load().get(engine, ()) if entry.check not in party.refused)


def _version(said: Identity, kind: ProviderType) -> str:
    return said.version if said.type is kind else ""
