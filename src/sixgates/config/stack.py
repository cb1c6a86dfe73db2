"""The configuration of one stack: five files of one directory, read together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from sixgates.config.deviations import Deviation, DeviationsFile
from sixgates.config.environment import Environment
from sixgates.config.gates_file import Gates, GatesFile
from sixgates.config.gateway import Gateway
from sixgates.config.litellm_file import LiteLLMConfig
from sixgates.config.mappings import Mappings
from sixgates.config.pause import collector_paused
from sixgates.config.providers import HealthCheck, Provider, ProvidersFile, Status
from sixgates.config.shape import Shape
from sixgates.config.validation import position, validate
from sixgates.config.vocabulary import vocabulary
from sixgates.config.yaml_file import Node, YamlError, parse, read_bytes
from sixgates.exchange import Finding
from sixgates.visible import visible

PROVIDERS = "providers.yaml"
MAPPINGS = "model-mappings.yaml"
GATEWAY = "litellm-unified.yaml"
GATES = "gates.yaml"
DEVIATIONS = "deviations.yaml"

FILES: dict[str, type[Shape]] = {
    PROVIDERS: ProvidersFile,
    MAPPINGS: Mappings,
    GATEWAY: LiteLLMConfig,
    GATES: GatesFile,
    DEVIATIONS: DeviationsFile,
}
REQUIRED = frozenset((PROVIDERS, MAPPINGS))


class ConfigError(Exception):
    """One or more files do not have their shape; `findings` holds every problem of every file."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(describe(finding) for finding in self.findings))


def describe(finding: Finding) -> str:
    """A finding of a configuration file on one line."""
    hint = f" {finding.hint}" if finding.hint else ""
    return visible(f"{finding.where}: expected {finding.expected}, got {finding.got}.{hint}")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """One file as read: its tree and its validated content where it has the shape, and all findings."""

    name: str
    label: str
    findings: tuple[Finding, ...] = ()
    node: Node | None = None
    content: Shape | None = None
    text: str = ""


@dataclass(frozen=True, eq=False)
class Stack:
    """All that the owner of a stack wrote down; `active` providers take part, the others are known.

    `litellm_version` is the LiteLLM that will read the gateway's config; empty means the newest known. `environment`
    is what it will find there, where that is known.
    """

    directory: Path
    providers: dict[str, Provider]
    mappings: Mappings
    gateway: LiteLLMConfig | None = None
    gates: Gates = field(default_factory=Gates)
    deviations: list[Deviation] = field(default_factory=list)
    files: dict[str, ConfigFile] = field(default_factory=dict)
    litellm_version: str = ""
    environment: Environment | None = None

    @property
    def reader(self) -> str:
        """The LiteLLM whose reading of the files the verdicts are about: the nearest known to its version."""
        return f"LiteLLM {vocabulary(self.litellm_version or None).version}"

    @cached_property
    def gateway_file(self) -> Gateway | None:
        """litellm-unified.yaml as it stands, with positions."""
        read = self.files.get(GATEWAY)
        if read is None or read.node is None:
            return None
        return Gateway(read.node, read.label, self.litellm_version, self.environment)

    @cached_property
    def active(self) -> dict[str, Provider]:
        """The providers whose status is active, in file order."""
        return {name: entry for name, entry in self.providers.items() if entry.status is Status.ACTIVE}

    def position(self, file: str, *path: str | int, key: bool = False) -> str:
        """Where the value at `path` (or its key) is written, such as `config/providers.yaml:12:5`."""
        read = self.files.get(file)
        label = read.label if read else label_of(self.directory, file)
        return position(read.node, label, path, key=key) if read and read.node else label

    def line(self, file: str, *path: str | int) -> int:
        """The line of the key at `path`; 0 when the file was not read."""
        read = self.files.get(file)
        return read.node.key_position(path)[0] if read and read.node else 0

    @property
    def gateway_document(self) -> dict[str, Any] | None:
        """litellm-unified.yaml as plain data."""
        read = self.files.get(GATEWAY)
        return read.node.value if read and read.node else None


def load_stack(directory: Path, litellm_version: str = "") -> Stack:
    """Reads the five files; raises ConfigError with the findings of all of them when any lacks its shape."""
    if not directory.is_dir():
        got = "a file" if directory.exists() else "no such directory"
        hint = "Pass --gateway-config DIR."
        raise ConfigError([Finding(str(directory), "a directory with providers.yaml", got, hint)])
    files = read_files(directory)
    findings = [finding for file in files.values() for finding in file.findings]
    if findings:
        raise ConfigError(findings)
    return stack_of(directory, files, litellm_version)


def read_files(directory: Path) -> dict[str, ConfigFile]:
    """Every file of the stack with its findings; an optional file that is missing has neither."""
    return {name: read_file(directory, name) for name in FILES}


def read_file(directory: Path, name: str, kind: str = "") -> ConfigFile:
    """One file with its findings, of another kind than its name where `kind` says; never raises for its content."""
    label = label_of(directory, name)
    path = directory / name
    if not kind and name not in REQUIRED and not path.exists() and not path.is_symlink():
        return ConfigFile(name, label)
    try:
        return _read(label, kind or name, read_bytes(path))
    except YamlError as error:
        return ConfigFile(name, label, (_defect(label, error),))


def file_of(directory: Path, name: str, data: bytes) -> ConfigFile:
    """A file of the stack whose content is already at hand, such as what an editor has not saved yet."""
    return _read(label_of(directory, name), name, data)


@lru_cache(maxsize=len(FILES))
@collector_paused()
def _read(label: str, name: str, data: bytes) -> ConfigFile:
    """Several gates of a run, and each case of a gate whose stack is unreadable, ask for the same bytes."""
    try:
        node = parse(data)
    except YamlError as error:
        return ConfigFile(name, label, (_defect(label, error),))
    content, findings = validate(FILES[name], node, label)
    return ConfigFile(name, label, findings, node, content, data.decode("utf-8-sig", errors="replace"))


def _defect(label: str, error: YamlError) -> Finding:
    where = f"{label}:{error.line}:{error.column}" if error.line else label
    return Finding(where, error.expected, error.got, error.hint)


def label_of(directory: Path, name: str) -> str:
    """The path that messages show: relative to the working directory where it lies below it."""
    path = directory / name
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def stack_of(
    directory: Path,
    files: dict[str, ConfigFile],
    litellm_version: str = "",
    environment: Environment | None = None,
) -> Stack:
    """The stack of five files that have their shapes."""
    providers = files[PROVIDERS].content
    mappings = files[MAPPINGS].content
    gateway = files[GATEWAY].content
    gates = files[GATES].content
    deviations = files[DEVIATIONS].content
    assert isinstance(providers, ProvidersFile)
    assert isinstance(mappings, Mappings)
    return Stack(
        directory,
        _with_health_defaults(providers.providers, providers.health_checks),
        mappings,
        gateway if isinstance(gateway, LiteLLMConfig) else None,
        gates.gates if isinstance(gates, GatesFile) else Gates(),
        deviations.deviations if isinstance(deviations, DeviationsFile) else [],
        files,
        litellm_version,
        environment,
    )


def _with_health_defaults(entries: dict[str, Provider], common: HealthCheck | None) -> dict[str, Provider]:
    if common is None:
        return entries
    given = common.model_dump(exclude_unset=True)
    return {
        name: entry.model_copy(update={"health_check": _merged(entry, given)})
        for name, entry in entries.items()
    }


def _merged(entry: Provider, common: dict[str, Any]) -> HealthCheck:
    own = entry.health_check.model_dump(exclude_unset=True) if entry.health_check else {}
    return HealthCheck.model_validate({**common, **own})
