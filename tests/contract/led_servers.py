"""Servers that force nothing, models that are not led, and how the checks on led answers judge them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sixgates import catalogue
from sixgates.capability import CAPABILITIES
from sixgates.catalogue import Check, Probe
from sixgates.exchange import Request, Response
from sixgates.judge import Judgement, Subject
from sixgates.leading import forces_a_call
from sixgates.probes import led
from sixgates.reference.led import led_to
from sixgates.reference.mutants import Document, asking, body_of, in_events, in_json
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources.reference import answers
from sixgates.verdict import Outcome

CATALOGUE = catalogue.load()
PROBES = {probe.name: probe for probe in vars(led).values() if isinstance(probe, Probe)}
CALLING = [name for name in PROBES if "tool" in name]
NAMED = {"type": "function", "function": {"name": "get_weather"}}
KEY = "sk-reference"
QUIET = {Outcome.PASSED, Outcome.NOT_APPLICABLE}


def covers(check: Check) -> bool:
    """Whether a check judges some led answer."""
    return any(probe.name in PROBES for probe in check.probes)


def only_led(check: Check) -> bool:
    """Whether a check judges nothing else."""
    return all(probe.name in PROBES for probe in check.probes)


CHECKS = {name: check for name, check in CATALOGUE.checks.items() if covers(check)}


@dataclass
class Server(ReferenceProvider):
    """The reference with what is asked and what is answered changed."""

    key: str | None = KEY
    asked: Callable[[Request], Request] = lambda request: request
    answered: Callable[[Request, Response], Response] = lambda _, response: response

    def respond(self, request: Request) -> Response:
        """The changed response to the changed request."""
        return self.answered(request, ReferenceProvider.respond(self, self.asked(request)))


def judged(server: Server) -> Judgement:
    """All checks on a server that declares everything."""
    subject = Subject("reference", "reference", frozenset(CAPABILITIES), source="reference")
    return Judgement(CATALOGUE, subject, answers(server, CATALOGUE.probes()))


def outcomes(judgement: Judgement) -> dict[str, Outcome]:
    """What became of the checks that judge led answers, passed ones left out."""
    verdicts = (judgement.verdict(name) for name in CHECKS)
    return {each.check: each.outcome for each in verdicts if each.outcome not in QUIET}


def unforced(request: Request) -> Request:
    """To a server that knows no tool choice but `none`."""
    return asking(tool_choice="none")(request) if forces_a_call(request) else request


def unled(request: Request) -> Request:
    """To a model that looks at the last question alone."""
    given = {name: body_of(request).get(name) for name in ("messages", "input")}
    last = {name: value[-1:] for name, value in given.items() if isinstance(value, list) and value}
    return asking(**last)(request) if request.path.endswith(("completions", "responses")) else request


def leads(request: Request) -> bool:
    """Whether a request leads to calls."""
    given = body_of(request).get("messages") or body_of(request).get("input")
    return isinstance(given, list) and bool(given) and all(map(_is_message, given)) and bool(led_to(given))


def _is_message(value: object) -> bool:
    return isinstance(value, dict)


def on(
    *names: str,
    change: Callable[[Document], Any] = lambda _: None,
    stream: Callable[[list[Document]], Any] = lambda _: None,
    asked: Callable[[Request], Request] = lambda request: request,
) -> Server:
    """The reference with the answers to some led probes changed."""
    bodies = [{**(PROBES[name].body or {}), "model": "reference"} for name in names]

    def answered(request: Request, response: Response) -> Response:
        if body_of(request) not in bodies:
            return response
        edit = in_events(stream) if body_of(request).get("stream") else in_json(change)
        return edit(response)

    return Server(asked=asked, answered=answered)
