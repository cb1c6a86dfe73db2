"""One run's options and the stack they point at; what every family of cases starts from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixgates.board import Board
from sixgates.capability import EMBEDDINGS
from sixgates.config import (
    AD_HOC,
    ConfigError,
    Deviation,
    HealthCheck,
    Model,
    Provider,
    ProviderType,
    Stack,
    load_stack,
)
from sixgates.config.credentials import known_secrets
from sixgates.config.deviations import DeviationsFile
from sixgates.config.stack import DEVIATIONS, FILES, PROVIDERS, ConfigFile, read_file
from sixgates.config.validation import position
from sixgates.connection import PLAIN, Connection
from sixgates.exchange import Finding
from sixgates.gateway.reader import reader
from sixgates.party import Party
from sixgates.redaction import without_secrets
from sixgates.time_budget import TimeBudget

if TYPE_CHECKING:
    from sixgates.contract import Contract

_OF_VECTORS = frozenset((EMBEDDINGS, "dimensions", "auth"))
"""With `--capabilities` of these alone, the server at --endpoint is one that embeds and does not chat."""


@dataclass(frozen=True)
class Run:
    """What the command line asked for; `workdir` is shared by all workers of the run."""

    config_dir: Path
    cassettes: Path
    workdir: Path
    live: bool = False
    record: bool = False
    strict: bool = False
    only: tuple[str, ...] = ()
    gateway_url: str | None = None
    litellm: str | None = None
    base_url: str | None = None
    model: str | None = None
    api_key_env: str | None = None
    capabilities: tuple[str, ...] | None = None
    engine: str | None = None
    host: str = ""
    repeat: int = 1
    deadline_s: float | None = None
    budget: TimeBudget | None = None
    concurrency: int | None = None
    context_length: int | None = None
    connection: Connection = PLAIN
    deviations: Path | None = None
    board: Board = field(default_factory=Board)
    wanted: set[str] = field(default_factory=set)
    _contracts: dict[str, Contract] = field(default_factory=dict)

    @cached_property
    def stack(self) -> Stack:
        """The configuration under test, read once for the LiteLLM of gate 5; raises ConfigError."""
        return load_stack(self.config_dir, reader(command=self.litellm).version)

    def unnarrowed(self) -> Run:
        """The same run without `--provider`: what its gates consist of."""
        if not self.only:
            return self
        wide = replace(self, only=(), _contracts={})
        if "stack" in self.__dict__:
            wide.__dict__["stack"] = self.stack  # read once
        return wide

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what is judged: the bytes of the stack's files, and the options that describe one server."""
        parts = [f"{name}\n".encode() + _content(self.config_dir / name) for name in FILES]
        if self.base_url is not None:
            said = (without_secrets(self.base_url), self.model, self.capabilities, self.engine)
            parts.append(repr(said).encode())
            parts += [_content(self.deviations)] if self.deviations else []
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    @property
    def source(self) -> str:
        """What is judged, in words: the folder of the files, or the address of one server."""
        if self.base_url is not None:
            return f"{without_secrets(self.base_url)}, model {self.model}"
        try:
            return str(self.config_dir.absolute().relative_to(Path.cwd()))
        except ValueError:
            return str(self.config_dir)

    @cached_property
    def secrets(self) -> frozenset[str]:
        """What must not leave the process: of the files, the addresses and the environment of this run."""
        directory = None if self.base_url else self.config_dir
        addresses = filter(None, (self.base_url, self.gateway_url))
        found = known_secrets(os.environ, directory, addresses, filter(None, (self.api_key_env,)))
        return found | frozenset(self.connection.secrets())

    def parties(self) -> list[Party]:
        """The providers to judge: the ad-hoc one, else the active ones; raises ConfigError."""
        if self.base_url is not None:
            auto = self.capabilities in (None, ("auto",))
            return [Party(AD_HOC, self._ad_hoc(), self.own_deviations, detect=auto, ad_hoc=True)]
        refused = frozenset(self.stack.gates.contract.refuse)
        return [
            Party(
                name,
                self._as_asked(entry),
                tuple(each for each in self.stack.deviations if each.provider == name),
                refused,
                places={key: self.stack.position(PROVIDERS, "providers", name, key) for key in OF_FILES},
            )
            for name, entry in self.stack.active.items()
            if not self.only or name in self.only
        ]

    def contract(self, party: Party) -> Contract:
        """The one contract of a provider in this run; its exchanges are got at the first judgement."""
        from sixgates.contract import Contract

        if party.name not in self._contracts:
            self._contracts[party.name] = Contract(
                party,
                self.cassettes,
                self.workdir,
                self.live,
                self.record,
                self.wanted,
                self.board.say,
                self.repeat,
                secrets=self.secrets,
                budget=self.budget,
                board=self.board,
            )
        return self._contracts[party.name]

    @cached_property
    def own_deviations(self) -> tuple[Deviation, ...]:
        """Those of the ad-hoc provider, from the file that --deviations names; raises ConfigError."""
        if self.deviations is None:
            return ()
        read = read_file(self.deviations.parent, self.deviations.name, DEVIATIONS)
        findings = (*read.findings, *_of_another(read))
        if findings:
            raise ConfigError(findings)
        return tuple(read.content.deviations) if isinstance(read.content, DeviationsFile) else ()

    @property
    def reached(self) -> dict[str, Any]:
        """The fields of an entry that say what the command line says of the connection."""
        own = self.connection
        return {
            "headers": {each.name: each.value for each in own.headers},
            "proxy": own.proxy,
            **{key: str(path) for key in OF_FILES if (path := getattr(own, key)) is not None},
        }

    def _as_asked(self, entry: Provider) -> Provider:
        """An entry with what the command line says for all providers."""
        given = {"deadline": self.deadline_s, "concurrency": self.concurrency}
        return entry.model_copy(update={key: each for key, each in given.items() if each is not None})

    def _ad_hoc(self) -> Provider:
        declared = self.capabilities
        embeds = EMBEDDINGS in (declared or ()) and _OF_VECTORS.issuperset(declared or ())
        specialty = EMBEDDINGS if embeds else None
        kind, _, version = (self.engine or ProviderType.OPENAI_COMPATIBLE).partition(":")
        entry = {
            "type": ProviderType(kind),
            "base_url": self.base_url or "",
            "models": [Model(name=self.model, specialty=specialty, context_length=self.context_length)]
            if self.model
            else [],
            **self.reached,
            "deadline": self.deadline_s,
            "concurrency": self.concurrency,
            "api_key_env": self.api_key_env,
            "capabilities": [] if declared in (None, ("auto",)) else list(declared or ()),
            "health_check": HealthCheck(),
        }
        return Provider.model_validate({**entry, "engine_version": version} if version else entry)


OF_FILES = ("ca_file", "client_cert", "client_key")


def _of_another(read: ConfigFile) -> Iterator[Finding]:
    """A finding for each entry that is about another provider than the one at --endpoint."""
    entries = read.content.deviations if isinstance(read.content, DeviationsFile) else []
    for number, entry in enumerate(entries):
        if entry.provider != AD_HOC and read.node is not None:
            where = position(read.node, read.label, ("deviations", number, "provider"))
            hint = f"With --endpoint there is one provider, by the name {AD_HOC}."
            yield Finding(where, f"the provider {AD_HOC}", repr(entry.provider), hint)


def _content(path: Path) -> bytes:
    """A file's bytes, alike on each system; none where it is missing or is no regular file."""
    try:
        return path.read_bytes().replace(b"\r\n", b"\n") if path.is_file() else b""
    except OSError:
        return b""
