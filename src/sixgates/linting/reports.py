"""What linting found: each finding with its rule and the text of its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sixgates.config import Stack
from sixgates.config.environment import Environment
from sixgates.config.gateway import Gateway
from sixgates.config.rules import Severity
from sixgates.config.ruleset import RULES, findings_by_rule, gateway_findings
from sixgates.config.stack import FILES, GATEWAY, ConfigFile, file_of, label_of, read_files, stack_of
from sixgates.config.yaml_file import YamlError, parse, read_bytes
from sixgates.exchange import Finding

SHAPE = "shape"
"""The slug of findings about a file's syntax and shape, which gate 2 judges."""


@dataclass(frozen=True, slots=True)
class Report:
    """One finding; `text` is the file that it is in, empty where there is none."""

    slug: str
    finding: Finding
    text: str = ""

    @property
    def severity(self) -> Severity:
        """How grave it is; what has not its shape is an error."""
        return RULES[self.slug].severity if self.slug in RULES else Severity.ERROR

    @property
    def place(self) -> tuple[str, int, int]:
        """File, line and column, both from 1; 0 where there is none."""
        parts = self.finding.where.rsplit(":", 2)
        if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
            return parts[0], int(parts[1]), int(parts[2])
        return self.finding.where, 0, 0

    @property
    def sentence(self) -> str:
        """What was expected, what is there, and what to do."""
        hint = f" {self.finding.hint}" if self.finding.hint else ""
        return f"expected {self.finding.expected}, got {self.finding.got}.{hint}"


def of_stack(
    directory: Path, version: str = "", environment: Environment | None = None
) -> tuple[Report, ...]:
    """What is wrong with a stack: the shape of its files, else what they say about each other."""
    return _of_files(directory, read_files(directory), version, environment)


def of_unsaved(
    path: Path, data: bytes, version: str = "", environment: Environment | None = None
) -> tuple[Report, ...]:
    """What would be wrong with a path if this stood in it: beside the other files of its stack, or alone."""
    if path.name not in FILES:
        return of_gateway(data, label_of(path.parent, path.name), version, environment)
    files = read_files(path.parent) | {path.name: file_of(path.parent, path.name, data)}
    return _of_files(path.parent, files, version, environment)


def _of_files(
    directory: Path, files: dict[str, ConfigFile], version: str, environment: Environment | None
) -> tuple[Report, ...]:
    wrong = [Report(SHAPE, finding, file.text) for file in files.values() for finding in file.findings]
    if not wrong:
        return tuple(_of_rules(stack_of(directory, files, version, environment)))
    read = files[GATEWAY]
    if read.node is None:
        return tuple(wrong)
    # The rules say more about the gateway's file than its shape does, and need no other file.
    ruled = _of_gateway(Gateway(read.node, read.label, version, environment), read.text)
    places = {report.finding.where for report in ruled}
    return (*(report for report in wrong if report.finding.where not in places), *ruled)


def _of_rules(stack: Stack) -> Iterator[Report]:
    texts: Mapping[str, str] = {file.label: file.text for file in stack.files.values()}
    for slug, findings in findings_by_rule(stack).items():
        for finding in findings:
            yield Report(slug, finding, texts.get(finding.where.rsplit(":", 2)[0], ""))


def of_gateway(
    data: bytes, label: str, version: str = "", environment: Environment | None = None
) -> tuple[Report, ...]:
    """What is wrong with a LiteLLM config by itself."""
    text = data.decode("utf-8-sig", errors="replace")
    try:
        node = parse(data)
    except YamlError as error:
        where = f"{label}:{error.line}:{error.column}" if error.line else label
        return (Report(SHAPE, Finding(where, error.expected, error.got, error.hint), text),)
    return _of_gateway(Gateway(node, label, version, environment), text)


def _of_gateway(gateway: Gateway, text: str) -> tuple[Report, ...]:
    found = gateway_findings(gateway, text)
    return tuple(Report(slug, finding, text) for slug, findings in found.items() for finding in findings)


def of_path(path: Path, version: str = "", environment: Environment | None = None) -> tuple[Report, ...]:
    """What is wrong with a path: a stack's directory or one of its files, else a LiteLLM config."""
    if path.is_dir():
        return of_stack(path, version, environment)
    if path.name in FILES:
        return of_stack(path.parent, version, environment)
    label = label_of(path.parent, path.name)
    try:
        return of_gateway(read_bytes(path), label, version, environment)
    except YamlError as error:
        return (Report(SHAPE, Finding(label, error.expected, error.got, error.hint)),)
