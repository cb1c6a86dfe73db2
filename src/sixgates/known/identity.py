"""Which engine answered, and in which version, as far as its own answers say so; no request is sent for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sixgates.config import ProviderType
from sixgates.judge import Answer
from sixgates.known.signs import FINGERPRINTS, SIGNS, Kind, Said, gateway_of

ENOUGH = 2
"""Signs of different kinds that have to agree: a gateway may pass on one, and writes the others itself."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An engine's type and version, None and empty where the answers do not prove them; and what they say.

    `signs` holds by engine where it shows, `versions` what its fingerprints say, and `gateway` a gateway that names
    itself, with the `header` in which it does.
    """

    type: ProviderType | None = None
    version: str = ""
    signs: Mapping[ProviderType, tuple[Kind, ...]] = field(default_factory=dict)
    versions: Mapping[ProviderType, str] = field(default_factory=dict)
    gateway: str = ""
    header: str = ""

    @property
    def likely(self) -> ProviderType | None:
        """The engine with most signs, were it only one; None where two have as many."""
        ranked = sorted(self.signs, key=lambda engine: -len(self.signs[engine]))
        if not ranked or (len(ranked) > 1 and len(self.signs[ranked[0]]) == len(self.signs[ranked[1]])):
            return None
        return ranked[0]

    def against(self, declared: ProviderType) -> str:
        """What shows that it is not the engine of this type that answers, in words; empty where nothing does."""
        if self.gateway:
            return f"{self.gateway} answers (header {self.header})"
        other = self.likely
        if other is None or other is declared or declared is ProviderType.OPENAI_COMPATIBLE:
            return ""
        if len(self.signs[other]) <= len(self.signs.get(declared, ())):
            return ""
        return f"the answers are those of type {other} ({' and '.join(self.signs[other])})"


def identify(answers: Mapping[str, Answer]) -> Identity:
    """What model list, plain answers, errors and headers say, and which engine they prove.

    It takes two kinds of signs that agree, none of another engine, no gateway, and a model list that says the same
    where it names owners: a gateway writes its own.
    """
    said = Said.of(answers)
    found: dict[ProviderType, list[Kind]] = defaultdict(list)
    for sign in SIGNS:
        if sign.shows(said):
            found[sign.engine].append(sign.kind)
    signs = {engine: tuple(kinds) for engine, kinds in found.items()}
    versions = {engine: _version(engine, said) for engine in signs}
    gateway, header = gateway_of(said)
    proved = next(iter(signs)) if len(signs) == 1 and not gateway else None
    if proved is not None and (
        len(signs[proved]) < ENOUGH or (said.owners and Kind.LIST not in signs[proved])
    ):
        proved = None
    version = versions[proved] if proved else ""
    return Identity(proved, version, signs, versions, gateway, header)


def _version(engine: ProviderType, said: Said) -> str:
    """The version that an engine's fingerprints agree on."""
    pattern = FINGERPRINTS.get(engine)
    matches = [match for text in said.fingerprints if pattern and (match := pattern.fullmatch(text))]
    versions = {match[1] or "" for match in matches}
    return versions.pop() if len(versions) == 1 else ""
