"""Jobs that are not test runs, such as lint, compile, catalogue, serve, report, drift, and starting engines."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import sixgates
from sixgates.visible import visible

if TYPE_CHECKING:
    from sixgates.config import Stack
    from sixgates.exchange import Finding
    from sixgates.reference.mutants import MutantProvider
    from sixgates.reference.provider import ReferenceProvider

OK, FOUND, UNUSABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand: 0 when all is well, 1 when something was found, 2 when it could not look."""
    from sixgates.redaction import redacted_output, redactor

    options = _parser().parse_args(arguments)
    try:
        with redacted_output(redactor(_secrets(options))):
            return _status(options)
    except BrokenPipeError:
        sys.stderr.close()
        return OK


def _status(options: argparse.Namespace) -> int:
    try:
        status: int = options.run(options)
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 - the interpreter would print it past what masks our output
        import traceback

        traceback.print_exc()
        return UNUSABLE
    return status


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments, which a script may have taken from somebody else."""
        super().error(visible(message))


def _secrets(options: argparse.Namespace) -> frozenset[str]:
    """What the command must not print: secrets of its environment, the stack, and the files that it is given."""
    import os

    from sixgates.config.credentials import known_secrets, secrets_in_file
    from sixgates.config.yaml_file import MAX_BYTES
    from sixgates.inputs.file import UnreadableError, read_bytes
    from sixgates.redaction import secrets_in_variables

    directory = getattr(options, "gateway_config", None) or Path("config")
    found = set(known_secrets(os.environ, directory))
    for path in map(Path, getattr(options, "paths", None) or ()):
        found |= known_secrets(os.environ, path) if path.is_dir() else secrets_in_file(path)[0]
    if env_file := getattr(options, "env_file", None):
        with contextlib.suppress(UnreadableError):  # the command itself says so
            text = read_bytes(env_file, MAX_BYTES).decode("utf-8", "replace")
            found |= set(secrets_in_variables(text))
    return frozenset(found)


def _parser() -> argparse.ArgumentParser:
    from sixgates.engines.command import add_parser as add_engines
    from sixgates.linting.command import add_parser as add_linting
    from sixgates.routes.command import add_parser as add_routes

    parser: argparse.ArgumentParser = _Parser(
        "sixgates", description="Six quality gates for a self-hosted LLM stack."
    )
    parser.add_argument("--version", action="version", version=f"sixgates {sixgates.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_linting(commands)
    add_routes(commands)
    compile_ = commands.add_parser("compile", help="write litellm-unified.yaml from its two sources")
    compile_.add_argument("--gateway-config", type=Path, default=Path("config"), metavar="DIR")
    compile_.add_argument("--check", action="store_true", help="only say whether the file is up to date")
    compile_.add_argument("--force", action="store_true", help="overwrite a file that was edited by hand")
    compile_.set_defaults(run=_compile)
    schema = commands.add_parser("schema", help="print the JSON Schema of a configuration file, for editors")
    schema.add_argument("file", help="such as providers.yaml; or gates.json for the report")
    schema.set_defaults(run=_schema)
    catalogue = commands.add_parser("catalogue", help="print the catalogue of contract checks as Markdown")
    catalogue.add_argument("--output", type=Path, metavar="FILE", help="write it there instead")
    catalogue.set_defaults(run=_catalogue)
    twins = commands.add_parser("twins", help="print which check judges what on which surface, as Markdown")
    twins.add_argument("--output", type=Path, metavar="FILE", help="write it there instead")
    twins.set_defaults(run=_twins)
    _add_serve(commands)
    report = commands.add_parser(
        "report", help="merge gates.json files of several runs and machines; in doubt the worse outcome holds"
    )
    report.add_argument("documents", nargs="+", type=Path, metavar="GATES_JSON")
    report.add_argument(
        "--output", type=Path, metavar="DIR", help="write gates.json, gates.md, badge.json here"
    )
    report.set_defaults(run=_report)
    drift = commands.add_parser("drift", help="say what changed between two recordings of an engine")
    drift.add_argument("old", type=Path, metavar="OLD", help="such as cassettes/llama_cpp")
    drift.add_argument("new", type=Path, metavar="NEW", help="such as cassettes/versions/b11434/llama_cpp")
    drift.set_defaults(run=_drift)
    known = commands.add_parser("known", help="draft known deviations: what a recording breaks unexcused")
    known.add_argument("provider", metavar="PROVIDER", help="its name in providers.yaml")
    known.add_argument("--gateway-config", type=Path, default=Path("config"), metavar="DIR")
    known.add_argument("--cassettes", type=Path, default=Path("cassettes"), metavar="DIR")
    known.set_defaults(run=_known)
    add_engines(commands, _without_engine)
    return parser


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = commands.add_parser("serve", help="serve the reference provider, or a mutant of it")
    serve.add_argument("--mutant", metavar="NAME", help="serve this defect; --list names them")
    serve.add_argument("--list", action="store_true", help="list the mutants and who must notice them")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=0, help="default: a free one")
    serve.add_argument("--model", default="reference", metavar="NAME")
    serve.add_argument("--pace", type=float, default=0.001, metavar="SECONDS", help="pause before each chunk")
    serve.set_defaults(run=_serve)


def _compile(options: argparse.Namespace) -> int:
    from sixgates.config.compile import drift, write

    stack = _stack(options.gateway_config)
    if stack is None:
        return FOUND
    try:
        findings = drift(stack) if options.check else write(stack, force=options.force)
    except OSError as problem:
        return _unusable(f"{problem.filename or options.gateway_config}: {problem.strerror}")
    _print(findings)
    if options.check and stack.gateway_document is None:
        return _unusable(
            f"{options.gateway_config}/litellm-unified.yaml does not exist: run sixgates compile"
        )
    if not findings:
        wrote = f"wrote {options.gateway_config}/litellm-unified.yaml"
        print("up to date" if options.check else visible(wrote))
    return FOUND if findings else OK


def _schema(options: argparse.Namespace) -> int:
    from sixgates.config import FILES
    from sixgates.config.json_schema import schema_of

    if options.file == "gates.json":
        path = Path(__file__).parent / "report" / "gates.schema.json"
        print(path.read_text(encoding="utf-8"), end="")
        return OK
    if options.file not in FILES:
        return _unusable(f"{options.file}: there are schemas for {', '.join(FILES)} and gates.json")
    print(json.dumps(schema_of(options.file), indent=2))
    return OK


def _catalogue(options: argparse.Namespace) -> int:
    from sixgates.catalogue_page import render

    return _page(options, render())


def _twins(options: argparse.Namespace) -> int:
    from sixgates.twins_page import render

    return _page(options, render())


def _page(options: argparse.Namespace, text: str) -> int:
    if options.output is None:
        print(text, end="")
        return OK
    try:
        options.output.write_text(text, encoding="utf-8")
    except OSError as problem:
        return _unusable(f"{options.output}: {problem.strerror}")
    return OK


def _serve(options: argparse.Namespace) -> int:
    from sixgates.reference import mutants
    from sixgates.reference.server import serve

    known = mutants.load()
    if options.list:
        for mutant in known.values():
            print(f"{mutant.name:40} {', '.join(mutant.caught_by)}")
        return OK
    if options.mutant is not None and options.mutant not in known:
        return _unusable(
            f"--mutant {options.mutant}: no such mutant; sixgates serve --list names all {len(known)}"
        )
    port = options.port or _free_port(options.host)
    serving = f"serving {options.mutant or 'the reference provider'} at http://{options.host}:{port}"
    print(visible(serving), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        serve(_provider(options), options.host, port, options.pace)
    return OK


def _provider(options: argparse.Namespace) -> ReferenceProvider | MutantProvider:
    from sixgates.reference.mutants import MUTANTS, MutantProvider
    from sixgates.reference.provider import ReferenceProvider

    reference = ReferenceProvider(options.model)
    return MutantProvider(MUTANTS[options.mutant], reference) if options.mutant else reference


def _report(options: argparse.Namespace) -> int:
    from sixgates.report import ReportError, load, merge, render_table, write

    try:
        document = merge([load(path) for path in options.documents])
        if options.output is not None:
            print(visible(f"report: {write(document, options.output)}"))
    except ReportError as problem:
        return _unusable(str(problem))
    print("\n".join(render_table(document, encoding=sys.stdout.encoding or "utf-8")))
    return OK if all(gate["status"] == "MET" for gate in document["gates"]) else FOUND


def _drift(options: argparse.Namespace) -> int:
    from sixgates import catalogue
    from sixgates.drift import changes
    from sixgates.sources import cassette
    from sixgates.verdict import Cause

    read = []
    for folder in (options.old, options.new):
        label, found = cassette.answers(folder, folder.name, catalogue.load().probes())
        if label is None:
            return _unusable(f"{folder}: no recording of the probes of this version")
        engine = f"{label.type} {label.engine_version}"
        print(visible(f"{folder}: {label.provider}, {engine}, recorded {label.recorded}"))
        read.append({name: answer for name, answer in found.items() if not isinstance(answer, Cause)})
    lines = changes(*read)
    print("\n".join(map(visible, lines)) if lines else "nothing changed")
    return OK


def _without_engine(options: argparse.Namespace) -> Iterable[str]:
    """`record --missing` and `record --exchanges`, line by line."""
    from sixgates.unrecorded import convert, missing

    into = options.into or Path("cassettes")
    if options.missing:
        return missing(options.provider, options.gateway_config, into)
    return convert(options.provider, options.gateway_config, into, options.exchanges)


def _known(options: argparse.Namespace) -> int:
    from sixgates import catalogue
    from sixgates.config import ConfigError
    from sixgates.drafting import draft
    from sixgates.run import Run
    from sixgates.sources import cassette

    folder = options.cassettes / options.provider
    run = Run(options.gateway_config, options.cassettes, options.cassettes, only=(options.provider,))
    try:
        parties = run.parties()
    except ConfigError as problem:
        _print(problem.findings)
        return FOUND
    label, _ = cassette.answers(folder, options.provider, catalogue.load().probes())
    if not parties or label is None:
        return _unusable(f"{options.provider}: no active provider of that name with a recording in {folder}")
    parts = folder.parts
    recordings = "/".join(parts[parts.index("cassettes") + 1 :] if "cassettes" in parts else parts[-1:])
    text = draft(run.contract(parties[0]), recordings, label.engine_version, label.recorded)
    print(text or visible(f"{folder}: nothing is broken that is not known"))
    return OK


def _stack(directory: Path) -> Stack | None:
    from sixgates.config import ConfigError, load_stack

    try:
        return load_stack(directory)
    except ConfigError as problem:
        _print(problem.findings)
        return None


def _print(findings: Iterable[Finding]) -> None:
    from sixgates.config import describe

    for finding in findings:
        print(describe(finding))


def _unusable(text: str) -> int:
    print(f"sixgates: {visible(text)}", file=sys.stderr)
    return UNUSABLE


def _free_port(host: str) -> int:
    import socket

    with socket.socket() as listener:
        listener.bind((host, 0))
        port: int = listener.getsockname()[1]
        return port
