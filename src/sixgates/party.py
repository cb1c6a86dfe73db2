"""A provider as a run knows it, before anything is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sixgates.capability import CHAT, EMBEDDINGS, IMPLIED
from sixgates.config import Deviation, Provider, declared_capabilities
from sixgates.verdict import Cause


@dataclass(frozen=True, slots=True)
class Party:
    """A provider that is to be judged, from the stack's files or from the command line."""

    name: str
    entry: Provider
    deviations: tuple[Deviation, ...] = ()
    refused: frozenset[str] = frozenset()
    detect: bool = False
    ad_hoc: bool = False
    places: Mapping[str, str] = field(default_factory=dict)
    """Where the files of its entry are named, by key, such as `config/providers.yaml:12:14`."""

    @property
    def model(self) -> str:
        """The model that the probes ask for; empty when the entry lists none."""
        return self.entry.models[0].name if self.entry.models else ""

    @property
    def context_length(self) -> int | None:
        """Tokens that the model declares to hold."""
        return self.entry.models[0].context_length if self.entry.models else None

    @property
    def unreachable(self) -> Cause | None:
        """Why nothing can be sent to it from here: a variable that is not set, a file that is missing or damaged."""
        return self.entry.connection.problem(self.name, self.places)

    @property
    def engine_version(self) -> str:
        """The version that the entry declares, if any."""
        return str((self.entry.model_extra or {}).get("engine_version") or "")

    @property
    def chats(self) -> bool:
        """Whether the model is for chat: any is whose specialty is not embeddings."""
        return not (self.entry.models and self.entry.embeds(self.entry.models[0].name))

    def capabilities(self) -> frozenset[str]:
        """What may be judged: what the entry declares, and what follows from its model.

        The defaults of a type are those of a server that chats; another one has to declare what it offers.
        """
        declared = declared_capabilities(self.entry)
        if not self.chats and self.entry.capabilities is None:
            declared &= {"auth"}
        implied = {CHAT if self.chats else EMBEDDINGS}
        if self.context_length:
            implied.add("context_length")
        return declared - IMPLIED | implied
