"""The subcommands `lint` and `rules`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sixgates.visible import visible

if TYPE_CHECKING:
    from sixgates.config.environment import Environment
    from sixgates.linting.reports import Report

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

OK, FOUND, UNUSABLE = 0, 1, 2
FORMATS = ("human", "json", "sarif", "github")


def add_parser(commands: Subparsers) -> None:
    """Adds the two subcommands; each sets `run`, which takes the arguments and returns an exit status."""
    lint = commands.add_parser("lint", help="find what is wrong with a stack's configuration")
    lint.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="a stack's directory, one of its files, or any LiteLLM config; - is standard input",
    )
    lint.add_argument(
        "--stdin-filename",
        type=Path,
        default=Path("stdin.yaml"),
        metavar="PATH",
        help="where standard input will be saved: a file of a stack is judged beside the others",
    )
    lint.add_argument("--gateway-config", type=Path, metavar="DIR", help="the stack (default: config)")
    lint.add_argument("--format", choices=FORMATS, default="human")
    lint.add_argument("--fix", action="store_true", help="mend in place what can be mended safely")
    lint.add_argument(
        "--litellm-version",
        metavar="VERSION",
        default="",
        help="judge as this LiteLLM reads it (default: the one that gate 5 would run, else the newest known)",
    )
    environment = lint.add_mutually_exclusive_group()
    environment.add_argument(
        "--env",
        action="store_true",
        help="also find variables that the gateway would miss if it started here",
    )
    environment.add_argument(
        "--env-file", type=Path, metavar="FILE", help="the same, where FILE of NAME=value lines starts it"
    )
    lint.set_defaults(run=run_lint)
    rules = commands.add_parser("rules", help="print the rules of gate 1 as Markdown")
    rules.add_argument("--output", type=Path, metavar="FILE", help="write it there instead")
    rules.set_defaults(run=run_rules)


def run_lint(options: argparse.Namespace) -> int:
    """Lints and prints; 1 when an error or a warning was found, 2 when it could not look."""
    from sixgates.config.rules import Severity
    from sixgates.gateway.reader import UnknownVersionError, reader
    from sixgates.inputs.file import UnreadableError
    from sixgates.linting.fix import mend
    from sixgates.linting.formats import FORMATS as RENDERERS

    try:
        judged_for = reader(options.litellm_version)
        problem = _unusable(options)
        environment = _environment(options)
    except UnknownVersionError as error:
        problem = str(error)
    except UnreadableError as error:
        problem = f"{options.env_file}: {error}; give a file of NAME=value lines"
    except UnicodeDecodeError:
        problem = f"{options.env_file}: expected lines of NAME=value in UTF-8, got binary data"
    except OSError as error:
        problem = f"{error.filename}: {(error.strerror or type(error).__name__).lower()}"
    if problem:
        print(f"sixgates: {visible(problem)}", file=sys.stderr)
        return UNUSABLE
    reports = _found(options, judged_for.version, environment)
    while options.fix:
        try:
            done = mend(reports)
        except OSError as error:
            name = visible(str(error.filename))
            print(f"sixgates: {name}: {error.strerror}; nothing in it was changed", file=sys.stderr)
            return UNUSABLE
        if not done:
            break
        for name, count in done.items():
            print(f"mended {count} place{'s' * (count != 1)} in {visible(name)}", file=sys.stderr)
        reports = _found(options, judged_for.version, environment)  # what is mended can show what it hid
    text = RENDERERS[options.format](reports)
    if text:
        print(text)
    print(f"{_summary(reports)}, {visible(str(judged_for))}", file=sys.stderr)
    return FOUND if any(report.severity is not Severity.INFO for report in reports) else OK


def run_rules(options: argparse.Namespace) -> int:
    """Prints the page of rules, or writes it."""
    from sixgates.linting.page import render

    if options.output is None:
        print(render(), end="")
        return OK
    try:
        options.output.write_text(render(), encoding="utf-8")
    except OSError as error:
        print(f"sixgates: {visible(str(options.output))}: {error.strerror}", file=sys.stderr)
        return UNUSABLE
    return OK


def _unusable(options: argparse.Namespace) -> str:
    if options.paths and options.gateway_config:
        return "give PATHs or --gateway-config, not both"
    if options.fix and "-" in options.paths:
        return "--fix needs a file: standard input cannot be mended in place"
    for path in _paths(options):
        if path != "-" and not Path(path).exists():
            return (
                f"{path}: no such file or directory; give a folder with providers.yaml, or a LiteLLM config"
            )
    return ""


def _paths(options: argparse.Namespace) -> list[str]:
    return options.paths or [str(options.gateway_config or "config")]


def _environment(options: argparse.Namespace) -> Environment | None:
    from sixgates.config.environment import Environment
    from sixgates.config.yaml_file import MAX_BYTES
    from sixgates.inputs.file import read_bytes

    if options.env_file is not None:
        text = read_bytes(options.env_file, MAX_BYTES).decode("utf-8-sig")
        return Environment.of_file(text, str(options.env_file))
    return Environment.of_process(os.environ) if options.env else None


def _found(options: argparse.Namespace, version: str, environment: Environment | None) -> list[Report]:
    from sixgates.config.yaml_file import MAX_BYTES
    from sixgates.linting.reports import of_path, of_unsaved

    found: dict[tuple[str, str, str], Report] = {}
    for path in _paths(options):
        if path == "-":
            unsaved = sys.stdin.buffer.read(MAX_BYTES + 1)
            reports = of_unsaved(options.stdin_filename, unsaved, version, environment)
        else:
            reports = of_path(Path(path), version, environment)
        for report in reports:
            found.setdefault((report.slug, report.finding.where, report.finding.got), report)
    return sorted(found.values(), key=lambda report: report.place)


def _summary(reports: list[Report]) -> str:
    if not reports:
        return "nothing found"
    counts = [sum(report.severity == level for report in reports) for level in ("error", "warn", "info")]
    words = zip(counts, ("error", "warning", "note"), strict=True)
    return ", ".join(f"{count} {word}{'s' * (count != 1)}" for count, word in words if count)
