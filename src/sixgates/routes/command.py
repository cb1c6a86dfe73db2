"""The subcommands `route` and `routes`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sixgates.visible import visible

if TYPE_CHECKING:
    from sixgates.gateway.reader import Reader
    from sixgates.routes.explain import Explainer

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

OK, FOUND, UNUSABLE = 0, 1, 2


def add_parser(commands: Subparsers) -> None:
    """Adds the two subcommands; each sets `run`, which takes the arguments and returns an exit status."""
    route = commands.add_parser("route", help="say what the stack does with a model name, and why")
    route.add_argument("name", metavar="NAME", help="the model that a client asks for")
    route.add_argument(
        "--down", nargs="+", default=[], metavar="PROVIDER", help="providers that do not answer"
    )
    route.set_defaults(run=run_route)
    routes = commands.add_parser("routes", help="draw the whole graph of names, fallbacks and providers")
    routes.add_argument("--format", choices=("terminal", "mermaid"), default="terminal")
    routes.set_defaults(run=run_routes)
    for command in (route, routes):
        command.add_argument("--gateway-config", type=Path, default=Path("config"), metavar="DIR")
        command.add_argument(
            "--litellm-version",
            metavar="VERSION",
            default="",
            help="walk as this LiteLLM does (default: the one that gate 5 would run, else the newest known)",
        )


def run_route(options: argparse.Namespace) -> int:
    """Prints one journey; 1 when nobody answers, 2 when the question cannot be answered."""
    from sixgates.routes.text import journey_text

    found = _explainer(options)
    if found is None:
        return UNUSABLE
    explainer, walked_by = found
    unknown = [name for name in options.down if name not in explainer.stack.providers]
    if unknown:
        known = ", ".join(explainer.stack.providers)
        problem = f"--down {unknown[0]}: no such provider; there are: {known}"
        print(f"sixgates: {visible(problem)}", file=sys.stderr)
        return UNUSABLE
    down = frozenset(options.down)
    journey = explainer.journey(options.name, down)
    print(journey_text(journey, down))
    print(visible(str(walked_by)), file=sys.stderr)
    return OK if journey.answered is not None else FOUND


def run_routes(options: argparse.Namespace) -> int:
    """Prints the graph."""
    from sixgates.routes.text import mermaid, table

    found = _explainer(options)
    if found is None:
        return UNUSABLE
    explainer, walked_by = found
    print(mermaid(explainer) if options.format == "mermaid" else table(explainer))
    print(visible(str(walked_by)), file=sys.stderr)
    return OK


def _explainer(options: argparse.Namespace) -> tuple[Explainer, Reader] | None:
    from sixgates.config import ConfigError, describe, load_stack
    from sixgates.gateway.reader import UnknownVersionError, reader
    from sixgates.routes.explain import Explainer

    try:
        walked_by = reader(options.litellm_version)
        return Explainer(load_stack(options.gateway_config, walked_by.version)), walked_by
    except UnknownVersionError as problem:
        print(f"sixgates: {visible(str(problem))}", file=sys.stderr)
        return None
    except ConfigError as problem:
        for finding in problem.findings:
            print(describe(finding), file=sys.stderr)
        return None
