"""What a live run will ask of a provider, counted before its first request: requests, tokens, and whose it is."""

from __future__ import annotations

import ipaddress
import json
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sixgates.catalogue import EMBEDDINGS_PATH, Probe
from sixgates.exchange import Exchange, Request
from sixgates.probes.clients import MORE
from sixgates.redaction import without_secrets
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources.reference import answers

CAPS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
RESOLVED_WITHIN_S = 2.0
Resolve = Callable[[str], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Outlay:
    """How many requests some probes are, how many tokens they may have written at most, and which name no cap."""

    requests: int
    tokens: int
    uncapped: tuple[str, ...]
    gauges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Again:
    """What is sent beside the first: each request `times`, what failed within a bound, some once more at the end.

    `most_apart` ask for one thing of several that were refused together.
    """

    times: int = 1
    most_repeated: int = 0
    at_the_end: int = 0
    most_apart: int = 0


_ONCE = Again()


def most_tokens(request: Request) -> int | None:
    """The tokens that a request allows to be written, all choices and prompts together; None where it names no cap.

    A cap of 0 is one that a server must refuse, and that some take for none.
    """
    if request.method != "POST" or request.path == EMBEDDINGS_PATH:
        return 0
    try:
        body = json.loads(request.body or b"null")
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    caps = [body[name] for name in CAPS if body.get(name) is not None]
    if not caps or min(caps) <= 0:
        return None
    return int(max(caps)) * max(body.get("n") or 1, body.get("best_of") or 1) * _prompts(body.get("prompt"))


def _prompts(prompt: Any) -> int:
    several = isinstance(prompt, list) and prompt and not isinstance(prompt[0], int)
    return len(prompt) if several else 1


def outlays(probes: Iterable[Probe], *parts: Iterable[Probe]) -> tuple[Outlay, ...]:
    """What each part of some probes asks for; what builds on an answer is built on one of the reference provider."""
    rehearsed = answers(ReferenceProvider(), tuple(probes))
    return tuple(_outlay(tuple(part), rehearsed) for part in parts)


def _outlay(probes: tuple[Probe, ...], rehearsed: Any) -> Outlay:
    gauges = {probe.gauge.name: probe.gauge for probe in probes if probe.gauge is not None}
    asked = [probe for probe in probes if probe.name not in gauges]
    tokens, uncapped = 0, []
    for probe in asked:
        answer = rehearsed.get(probe.name)
        most = _most(probe, answer.request) if isinstance(answer, Exchange) else 0
        # Probes of a group go twice where the server refuses some of them for its rate.
        tokens += (most or 0) * (1 if probe.group is None else 2)
        uncapped += [probe.name] if most is None else []
    return Outlay(len(asked), tokens, tuple(uncapped), tuple(each.path for each in gauges.values()))


def _most(probe: Probe, request: Request) -> int | None:
    """The same of a probe, whose client may leave, and may then ask for a little more than was written till then."""
    most, before = most_tokens(request), probe.after
    if before is not None and before.hang_up_after is not None:
        return before.hang_up_after + MORE
    return probe.hang_up_after if most is None else most


def announcement(
    name: str, root: str, ahead: Outlay, more: Outlay | None, place: str, again: Again = _ONCE
) -> str:
    """The line before the first request; `more` is what depends on what the provider turns out to offer."""
    gauges = "".join(f" and reads of {path}" for path in (*ahead.gauges, *(more.gauges if more else ())))
    each = f", each {again.times} times" if again.times > 1 else ""
    line = (
        f"{name}: {ahead.requests} requests{gauges}{each}, at most {ahead.tokens * again.times} tokens to generate, "
        f"to {without_secrets(root)} ({place})"
    )
    if more is not None and more.requests:
        tokens = more.tokens * again.times
        line += f"; then, as far as it offers that, at most {more.requests} requests{each} and {tokens} tokens more"
    if again.at_the_end:
        line += f"; {again.at_the_end} of them once more at the end"
    if again.most_apart:
        line += f"; where one that asks for several things is refused, at most {again.most_apart} more ask for one"
    if again.most_repeated:
        line += f"; what fails is sent again, at most {again.most_repeated} requests in the whole run"
    uncapped = (*ahead.uncapped, *(more.uncapped if more else ()))
    if uncapped:
        line += f"; without a cap, as the server is to refuse them: {', '.join(uncapped)}"
    return line


def place_of(root: str, resolve: Resolve | None = None) -> str:
    """Whose machine an address is: this one's, of a private network, or of the public one, where it may be billed."""
    host = urlsplit(root).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return "this machine"
    try:
        found = {_kind(each) for each in (resolve or _resolve)(host)}
    except (OSError, ValueError):
        found = set()
    if not found:
        return "a name that does not resolve here: it may be billed"
    return next(each for each in (_PUBLIC, _PRIVATE, "this machine") if each in found)


_PUBLIC = "a public address: it may be billed"
_PRIVATE = "a private network"


def _kind(address: str) -> str:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    found = mapped or found
    if found.is_loopback or found.is_unspecified:
        return "this machine"
    return _PUBLIC if found.is_global else _PRIVATE


def _resolve(host: str) -> list[str]:
    """The addresses of a host, none if its name server takes too long."""
    found: list[str] = []

    def look_up() -> None:
        try:
            found.extend(str(each[4][0]) for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            return

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(RESOLVED_WITHIN_S)
    return list(found)
