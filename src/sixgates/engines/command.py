"""The subcommands `engine`, `record` and `demo`."""

from __future__ import annotations

import argparse
import functools
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixgates.engines.installation import engine_named, install, installed
from sixgates.engines.process import EngineError, term_as_exit
from sixgates.engines.registry import ENGINES
from sixgates.engines.running import running
from sixgates.visible import visible_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Lines = Callable[[argparse.Namespace], Iterable[str]]
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

INTERRUPTED = 128 + signal.SIGINT


def add_parser(subparsers: Subparsers, without_engine: Lines | None = None) -> None:
    """Adds the three subcommands; each sets `run`, which takes the arguments and returns an exit status.

    With `without_engine`, which does what can be done about a recording without starting anything and says it line
    by line, `record` has the options for it.
    """
    engine = subparsers.add_parser("engine", help="install and start a real engine, until Ctrl-C")
    engine.add_argument("name", nargs="?", metavar="NAME", help=f"one of {', '.join(ENGINES)}")
    engine.add_argument("--port", type=int, help="port of 127.0.0.1 (default: a free one)")
    engine.add_argument("--install-only", action="store_true", help="install it, start nothing")
    engine.add_argument("--list", action="store_true", help="list the engines and what of them is installed")
    engine.set_defaults(run=functools.partial(stopped_cleanly, _engine))
    record = subparsers.add_parser("record", help="record a provider's contract from a real engine")
    record.add_argument("provider", metavar="PROVIDER", help="its name in providers.yaml")
    record.add_argument("--gateway-config", type=Path, default=Path("config"), metavar="DIR")
    record.add_argument("--engine", choices=list(ENGINES), help="the engine to start (default: PROVIDER)")
    record.add_argument(
        "--into", type=Path, metavar="DIR", help="where PROVIDER's folder goes (default: cassettes)"
    )
    if without_engine is not None:
        _add_options(record)
    record.set_defaults(run=functools.partial(stopped_cleanly, functools.partial(_record, without_engine)))
    demo = subparsers.add_parser("demo", help="start an example stack and judge it by all six gates")
    demo.add_argument("--example", type=Path, default=Path("examples/embedded"), metavar="DIR")
    demo.add_argument("--gates-report", type=Path, default=Path("gates-report"), metavar="DIR")
    demo.set_defaults(run=functools.partial(stopped_cleanly, _demo))


def _add_options(record: argparse.ArgumentParser) -> None:
    either = record.add_mutually_exclusive_group()
    either.add_argument(
        "--missing", action="store_true", help="list what the recording lacks, record nothing"
    )
    either.add_argument(
        "--exchanges",
        type=Path,
        metavar="DIR",
        help="make what it lacks of an engine that cannot be started here from exchanges that were written down",
    )


def run(args: argparse.Namespace) -> int:
    """Runs the subcommand that was parsed."""
    status: int = args.run(args)
    return status


def stopped_cleanly(job: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    """Runs a job so that Ctrl-C, TERM and its own errors end in an exit status and nothing left running."""
    try:
        with term_as_exit():
            return job(args)
    except KeyboardInterrupt:
        _say("interrupted; everything that was started has been stopped")
        return INTERRUPTED
    except EngineError as error:
        print(f"sixgates: {visible_lines(str(error))}", file=sys.stderr, flush=True)
        return 1


def _engine(args: argparse.Namespace) -> int:
    if args.list:
        print(listing())
        return 0
    if not args.name:
        raise EngineError(f"name an engine: {', '.join(ENGINES)} (sixgates engine --list tells more).")
    if args.install_only or not engine_named(args.name).argv:
        found = install(args.name, report=_say)
        _say(f"{args.name}: {found.engine.version} is installed in {found.folder}")
        return 0
    with running(args.name, port=args.port, report=_say) as server:
        _say(f"{server.url}/v1 serves the model smollm2; Ctrl-C stops it")
        threading.Event().wait()
    return 0


def listing() -> str:
    """The engines, one a line: name, version, whether it is installed, what it is, what it costs."""
    state = {name: "installed" if installed(name) else "-" for name in ENGINES}
    return "\n".join(
        f"{name:22}{engine.version:10}{state[name]:11}{engine.title} ({engine.costs})"
        for name, engine in ENGINES.items()
    )


def _record(without_engine: Lines | None, args: argparse.Namespace) -> int:
    from sixgates.engines.recording import record

    if without_engine is not None and (args.missing or args.exchanges is not None):
        for line in without_engine(args):
            _say(line)
        return 0
    return record(args.provider, args.gateway_config, engine=args.engine, into=args.into, report=_say)


def _demo(args: argparse.Namespace) -> int:
    from sixgates.engines.embedded import judge_embedded

    return judge_embedded(args.example, gates_report=args.gates_report, report=_say)


def _say(text: Any) -> None:
    print(visible_lines(str(text)), flush=True)
