"""The subcommands `route` and `routes`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def run_route(options: argparse.Namespace) -> int:
    """Prints one journey; 1 when nobody answers, 2 when the question cannot be answered."""
    from sixgates.routes.text import journey_text

    explainer = _explainer(options.gateway_config)
    if explainer is None:
        return UNUSABLE
    unknown = [name for name in options.down if name not in explainer.stack.providers]
    if unknown:
        known = ", ".join(explainer.stack.providers)
        print(f"sixgates: --down {unknown[0]}: no such provider; there are: {known}", file=sys.stderr)
        return UNUSABLE
    down = frozenset(options.down)
    journey = explainer.journey(options.name, down)
    print(journey_text(journey, down))
    return OK if journey.answered is not None else FOUND


def run_routes(options: argparse.Namespace) -> int:
    """Prints the graph."""
    from sixgates.routes.text import mermaid, table

    explainer = _explainer(options.gateway_config)
    if explainer is None:
        return UNUSABLE
    print(mermaid(explainer) if options.format == "mermaid" else table(explainer))
    return OK


def _explainer(directory: Path) -> Explainer | None:
    from sixgates.config import ConfigError, describe, load_stack
    from sixgates.routes.explain import Explainer

    try:
        return Explainer(load_stack(directory))
    except ConfigError as problem:
        for finding in problem.findings:
            print(describe(finding), file=sys.stderr)
        return None
