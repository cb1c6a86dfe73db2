"""The options that say how servers are reached and how long they are waited for, checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sixgates.connection import Connection
from sixgates.inputs import duration, headers, proxy, tls
from sixgates.inputs.url import public
from sixgates.time_budget import TimeBudget

Value = Callable[[str], Any]
MOST_AT_ONCE = 256
MOST_CONTEXT = 100_000_000
OF_CONNECTION = ("--header", "--ca-file", "--client-cert", "--client-key", "--proxy")
"""What goes with one server that the command line names: --endpoint, or --gateway-url."""
OF_ENDPOINT = ("--context-length", "--deviations")


def check(option: Value) -> None:
    """Raise pytest.UsageError where one of these options is wrong, or lacks what it goes with."""
    for name in ("--deadline", "--time-budget", "--concurrency"):
        if option(name) is not None and not option("--live"):
            raise pytest.UsageError(f"{name} needs --live: a recording is not waited for")
    for name in OF_CONNECTION:
        if option(name) and not (option("--endpoint") or option("--gateway-url")):
            raise pytest.UsageError(
                f"{name} goes with --endpoint URL or --gateway-url URL; for a provider of providers.yaml write "
                f"`{_FIELDS[name]}` into its entry"
            )
    for name in OF_ENDPOINT:
        if option(name) and not option("--endpoint"):
            instead = {
                "--context-length": "write `context_length` of its model into providers.yaml",
                "--deviations": "write its deviations into deviations.yaml beside providers.yaml",
            }[name]
            raise pytest.UsageError(f"{name} goes with --endpoint URL; for a configured provider {instead}")
    deadline_s(option)
    time_budget(option)
    concurrency(option)
    context_length(option)
    connection(option)


_FIELDS = {
    "--header": "headers",
    "--ca-file": "ca_file",
    "--client-cert": "client_cert",
    "--client-key": "client_key",
    "--proxy": "proxy",
}


def deadline_s(option: Value) -> float | None:
    """Seconds to wait for each answer; None where nobody said."""
    return _seconds("--deadline", option("--deadline"), "60 or 3m: how long to wait for one answer")


def time_budget(option: Value) -> TimeBudget | None:
    """When the run ends that begins now; None where it has no end."""
    seconds = _seconds("--time-budget", option("--time-budget"), "600, 10m or 1h: how long the run may take")
    return None if seconds is None else TimeBudget.from_now(seconds)


def concurrency(option: Value) -> int | None:
    """Requests at once; None where nobody said."""
    return _count("--concurrency", option("--concurrency"), MOST_AT_ONCE, "requests at once, such as 1")


def context_length(option: Value) -> int | None:
    """Tokens that the model at --endpoint holds; None where nobody said."""
    return _count("--context-length", option("--context-length"), MOST_CONTEXT, "tokens, such as 4096")


def connection(option: Value) -> Connection:
    """How the server that the command line names is reached."""
    certificate, key = _path(option("--client-cert")), _path(option("--client-key"))
    ca, through = _path(option("--ca-file")), option("--proxy")
    if key and not certificate:
        raise pytest.UsageError(
            f"--client-key {key} goes with --client-cert FILE, the certificate of that key"
        )
    if ca and (problem := tls.problem_of_ca(ca)):
        raise pytest.UsageError(f"--ca-file {ca} {problem}")
    if certificate and (problem := tls.problem_of_client(certificate, key)):
        raise pytest.UsageError(f"--client-cert {certificate} {problem}")
    if through and (problem := proxy.problem_of(through)):
        raise pytest.UsageError(f"--proxy {public(through)} {problem}")
    return Connection(_headers(option("--header")), ca, certificate, key, through)


def _headers(given: list[str]) -> tuple[headers.Header, ...]:
    found: dict[str, headers.Header] = {}
    for text in given:
        header = headers.parse(text)
        if header is None:
            raise pytest.UsageError(
                "--header takes 'NAME: VALUE', such as --header 'X-Team: $TEAM_TOKEN'; what was given has no name "
                "and colon, and is not shown, as it may be secret"
            )
        if problem := headers.problem_of(header):
            raise pytest.UsageError(f"--header {header.name!r} {problem}")
        if header.name.lower() in found:
            raise pytest.UsageError(f"--header {header.name!r} is given twice; give each header once")
        if missing := headers.missing_of(header):
            raise pytest.UsageError(f"--header {header.name!r}: {missing[0]}; {missing[1]}")
        found[header.name.lower()] = header
    return tuple(found.values())


def shown(args: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments of a run as a report may show them: of headers nothing but their names and variables."""
    made: list[str] = []
    for number, each in enumerate(args):
        name, equals, value = each.partition("=")
        if name in _HEADER and equals:
            made.append(f"{name}={_public(value)}")
        elif number and args[number - 1] in _HEADER:
            made.append(_public(each))
        else:
            made.append(each)
    return tuple(made)


_HEADER = ("--header", "--sixgates-header")


def _public(text: str) -> str:
    header = headers.parse(text)
    if header is None:
        return "(not shown)"
    return f"{header.name}: {' '.join(f'${name}' for name in header.variables) or '(not shown)'}"


def _path(given: str | None) -> Path | None:
    return Path(given).expanduser() if given else None


def _seconds(name: str, given: str | None, meant: str) -> float | None:
    if given is None:
        return None
    found = duration.seconds_of(given)
    if found is None:
        raise pytest.UsageError(f"{name} {given}: give a time of more than 0 s, such as {meant}")
    return found


def _count(name: str, given: str | None, most: int, meant: str) -> int | None:
    if given is None:
        return None
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 12 else 0
    if not 1 <= number <= most:
        raise pytest.UsageError(f"{name} {given}: give a whole number from 1 to {most} of {meant}")
    return number
