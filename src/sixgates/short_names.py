"""The short names of our options, such as `--live` for `--sixgates-live`.

A name that one plugin holds is lost to every other one and to every conftest.py: pytest refuses to start. So a short
name is registered only in a run of ours, after the first conftest.py files were read, and only if nobody else has it.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable
from typing import Any

import pytest

from sixgates import options, suite_places

FORMER = "--base-url"
OURS = pytest.StashKey[bool]()


def read_values(config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """In a run of ours, take the values of our short names for what they are, not for places to collect.

    pytest looks for conftest.py in each place; without this, `--gateway-config ops/config` is one.
    """
    named = _places(parser, _prefixed(parser, args))
    if suite_places.are_ours(_collected(config, named), config.invocation_params.dir):
        config.known_args_namespace.file_or_dir = named


def values(config: pytest.Config, parser: pytest.Parser, args: list[str]) -> Any:
    """The values of our options before any conftest.py was read, where a report is asked for in a run of ours."""
    known, _ = parser.parse_known_and_unknown_args(_prefixed(parser, args))
    if not known.sixgates_gates_report:
        return None
    places = _collected(config, _places(parser, _prefixed(parser, args)))
    directory = config.invocation_params.dir
    ours = suite_places.are_ours(places, directory) or suite_places.use_our_cases(places, directory)
    return known if ours else None


def register(config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Take the short names that are free, if this run is ours; raises pytest.UsageError if one is somebody else's."""
    places = _collected(config, _places(parser, _prefixed(parser, args)))
    suites = suite_places.are_ours(places, config.invocation_params.dir)
    free = [option for option in options.OPTIONS if _is_free(parser, option.short)]
    wanted = _used(args, [option.long for option in options.OPTIONS] + [option.short for option in free])
    former = _used(args, [FORMER]) and _is_free(parser, FORMER)
    ours = suites or ((wanted or former) and suite_places.use_our_cases(places, config.invocation_params.dir))
    config.stash[OURS] = ours
    if not ours:
        return
    _refuse_former(config, args, free=former, suites=suites)
    if suites:
        _refuse_taken(config, args, [option for option in options.OPTIONS if option not in free])
    config.stash[options.SHORT] = frozenset(option.name for option in free)
    for option in free:
        options.add_short(parser, option)


def _refuse_former(config: pytest.Config, args: list[str], *, free: bool, suites: bool) -> None:
    typed = suites and _used(config.invocation_params.args, [FORMER])
    if not (free or typed) or _used(args, ("--endpoint", "--sixgates-endpoint")):
        return
    owner = "" if free else f"; {FORMER} is an option of another plugin here"
    raise pytest.UsageError(
        f"{FORMER} is called --endpoint now: write --endpoint URL, or --sixgates-endpoint URL{owner}"
    )


def _refuse_taken(config: pytest.Config, args: list[str], taken: Iterable[options.Option]) -> None:
    """Of names that another plugin or a conftest.py has, only those that somebody typed: addopts are its owner's."""
    for option in taken:
        if not _used(config.invocation_params.args, [option.short]) or _used(args, [option.long]):
            continue
        if option.short == "--strict":
            continue  # pytest's own flag, which we read as well
        raise pytest.UsageError(
            f"{option.short} is an option of another plugin or of a conftest.py here, and sixgates does not read it: "
            f"write {option.long}"
        )


def _places(parser: pytest.Parser, args: list[str]) -> list[str]:
    known, unknown = parser.parse_known_and_unknown_args(args)
    return [*known.file_or_dir, *(each for each in unknown if not each.startswith("-"))]


def _collected(config: pytest.Config, named: list[str]) -> list[str]:
    """What pytest collects: the places named, else `testpaths`, else the current folder."""
    directory = config.invocation_params.dir
    if named:
        return named
    if directory == config.rootpath:
        found = [
            place
            for pattern in config.getini("testpaths")
            for place in glob.glob(str(directory / pattern), recursive=True)  # noqa: PTH207 - as pytest reads it
        ]
        if found:
            return found
    return [str(directory)]


def _prefixed(parser: pytest.Parser, args: list[str]) -> list[str]:
    """The arguments with our short names written out, unless somebody else has them."""
    names = {each.short: each.long for each in options.OPTIONS if _used(args, [each.short])}
    names = {short: long for short, long in names.items() if _is_free(parser, short)}
    written = []
    for argument in map(str, args):
        name, equals, value = argument.partition("=")
        written.append(f"{names.get(name, name)}{equals}{value}")
    return written


def _used(args: Iterable[object], names: Iterable[str]) -> bool:
    wanted = set(names)
    return any(str(argument).partition("=")[0] in wanted for argument in args)


def _is_free(parser: pytest.Parser, name: str) -> bool:
    """Whether no option has the name: pytest then hands it back as unknown."""
    try:
        _, unknown = parser.parse_known_and_unknown_args([f"{name}=x"])
    except pytest.UsageError:
        return False
    return bool(unknown)
