"""The deviations that hold for one provider: its own from deviations.yaml, and those known of its engine."""

from __future__ import annotations

from collections.abc import Mapping

from sixgates.config import ProviderType
from sixgates.declared import Declared
from sixgates.exchange import Exchange
from sixgates.judge import Answer
from sixgates.known import Shipped, contains, identify, load
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
    """The engine and its version: live, what the server says comes before what the entry declares of it.

    Where a declared engine is not the one that answers, its version is not what that one says.
    """
    said = identify(answers)
    declared = party.entry.type
    kind = said.type if declared is ProviderType.OPENAI_COMPATIBLE and said.type else declared
    found = "" if said.against(kind) else said.versions.get(kind, "")
    written = (label.engine_version if label else "") or party.engine_version
    return kind, (found or written) if live else (written or found)


def accepted(
    party: Party, engine: ProviderType, version: str, recorded: str, answers: Mapping[str, Answer]
) -> tuple[Declared, ...]:
    """Own entries first, which win; `recorded` is the date of the recording, empty for a live server.

    What is known of an engine holds where that engine was declared, or shown by two signs, and nothing shows
    another. Only a recording that holds the request in which an entry was seen can refute it: an embeddings server is
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
        for entry in ([] if identify(answers).against(engine) else _offered(party, engine))
        if contains(entry.versions, version)
    )
    return own + shipped


def remarks(
    party: Party, engine: ProviderType, version: str, answers: Mapping[str, Answer]
) -> Mapping[str, str]:
    """For each check with an entry that does not hold: of what it is known, and why it does not."""
    engine, doubt = _doubt(party, engine, answers)
    if doubt:
        return {
            entry.check: f"known of {ENGINES[engine]} {entry.versions}, and not excused here: {doubt}"
            for entry in _offered(party, engine)
        }
    say = f"give --engine {engine}:VERSION" if party.ad_hoc else "declare engine_version in providers.yaml"
    unknown = f"which version this is the server does not say: {say}"
    return {
        entry.check: f"known of {ENGINES[engine]} {entry.versions}; "
        + (f"this is {version}" if version else unknown)
        for entry in _offered(party, engine)
        if not contains(entry.versions, version)
    }


def title(engine: ProviderType, version: str, answers: Mapping[str, Answer]) -> str:
    """What a report calls the engine, and that another one answers than was declared, if so."""
    said = identify(answers)
    name = " ".join(filter(None, (ENGINES.get(engine, engine.value), version)))
    if engine not in ENGINES or not said.against(engine):
        return name
    return f"{name} behind {said.gateway}" if said.gateway else f"{name} as declared"


def _doubt(party: Party, engine: ProviderType, answers: Mapping[str, Answer]) -> tuple[ProviderType, str]:
    """The engine that is in question, and why it is not, or may not be, the one that answers."""
    said = identify(answers)
    if engine is not ProviderType.OPENAI_COMPATIBLE or said.likely is None or said.gateway:
        return engine, said.against(engine)
    signs = " and ".join(said.signs[said.likely])
    say = f"give --engine {said.likely}:VERSION" if party.ad_hoc else f"declare type: {said.likely}"
    return said.likely, f"it shows only by {signs}; where it is that, {say}"


def _offered(party: Party, engine: ProviderType) -> tuple[Shipped, ...]:
    return tuple(entry for entry in load().get(engine, ()) if entry.check not in party.refused)
