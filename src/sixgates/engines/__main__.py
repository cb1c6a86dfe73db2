"""`python -m sixgates.engines`: the engine commands without the rest of the command line."""

from __future__ import annotations

import argparse
import sys

from sixgates.engines.command import add_parser, run


def main(argv: list[str] | None = None) -> int:
    """Parses and runs one of the subcommands."""
    parser = argparse.ArgumentParser(prog="python -m sixgates.engines")
    add_parser(parser.add_subparsers(required=True))
    return run(parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
