"""Probes and checks as values, and the registry that validates them when they are declared."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, Protocol, Self, get_type_hints
from urllib.parse import quote

from sixgates.capability import CHAT, COMPLETIONS, EMBEDDINGS, RESPONSES
from sixgates.exchange import Exchange, Finding, Request
from sixgates.impact.measured import CLIENTS, harm_of
from sixgates.requirement import requirement_of
from sixgates.select import Findings, Unmet
from sixgates.verdict import Level

MUST, SHOULD, MAY = Level.MUST, Level.SHOULD, Level.MAY
CHAT_PATH = "/v1/chat/completions"
COMPLETIONS_PATH = "/v1/completions"
EMBEDDINGS_PATH = "/v1/embeddings"
RESPONSES_PATH = "/v1/responses"
OFFERED_AT = {
    CHAT_PATH: CHAT,
    COMPLETIONS_PATH: COMPLETIONS,
    EMBEDDINGS_PATH: EMBEDDINGS,
    RESPONSES_PATH: RESPONSES,
}
"""The capability that a provider needs to be asked on a path at all."""
MODEL = "$model"
OVERFLOW = "$overflow"
OVERFLOWING = "hello "
"""What a prompt that overflows the context repeats."""
AREAS = (
    "capability",
    "models",
    "chat.shape",
    "chat.stream",
    "chat",
    "tools",
    "structured",
    "params",
    "usage",
    "reasoning",
    "input",
    "completions",
    "embeddings",
    "responses",
    "errors",
    "http",
)


class Auth(StrEnum):
    """Which credentials a probe shows: the key, none, another key, a scheme without a key, another scheme."""

    KEY = "key"
    NONE = "none"
    WRONG = "wrong"
    EMPTY = "empty"
    SCHEME = "scheme"

    def header(self, key: str | None) -> str | None:
        """The Authorization header; None where none is sent."""
        if self is Auth.KEY:
            return f"Bearer {key}" if key is not None else None
        return _CREDENTIALS.get(self)


_CREDENTIALS = {
    Auth.WRONG: "Bearer sixgates-wrong-key",
    Auth.EMPTY: "Bearer",
    Auth.SCHEME: "Basic c2l4Z2F0ZXM6d3Jvbmc=",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """A part of a derived body that an earlier answer gave; it is sent as it is, and may differ in a recording."""

    value: Any


@dataclass(frozen=True, slots=True)
class Probe:
    """A named request recipe: token-capped, seeded, independent of how clever the model is.

    `body` is JSON with "$model" where the model's name belongs and "$overflow" where a prompt of one and a half
    context lengths belongs; `raw` replaces it by literal bytes. `derive` makes the body from the exchange of the
    probe `after`, and says with `Taken` what it takes from the answer; without `derive`, `after` says only what is
    sent before. `headers` come on top of what every request has, or replace it. `group` names probes that are sent at
    the same moment; `alone` asks for a quiet provider. `answered_by` is the check that must pass before any other
    check on this probe can be judged. Where `path` is not answered with 200, `otherwise` is asked. With
    `hang_up_after` the client leaves after so many network chunks of the answer; where the probe has a `gauge`, only
    on a server on which that shows no request but this one. `padded_to` is the least size of the body in bytes, made
    up of blanks that mean nothing in JSON. A recording is fresh when its request is what the probe sends now; raise
    `recipe` when something changes that the request does not show, such as `auth`, `group`, `padded_to` or what
    `derive` takes, and the recordings become stale.
    """

    name: str
    method: str = "POST"
    path: str = CHAT_PATH
    body: Mapping[str, Any] | None = None
    raw: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    auth: Auth = Auth.KEY
    capability: str | None = None
    answered_by: str | None = None
    after: Probe | None = None
    derive: Callable[[Exchange], Mapping[str, Any]] | None = None
    group: str | None = None
    alone: bool = False
    deadline_s: float = 60.0
    otherwise: str | None = None
    hang_up_after: int | None = None
    gauge: Probe | None = None
    recipe: int = 1
    padded_to: int = 0

    def request(
        self, model: str, previous: Exchange | None = None, *, context_length: int | None = None
    ) -> Request:
        """The request for one model; raises Unmet when the probe before it gave nothing to build on."""
        words = {MODEL: model, OVERFLOW: OVERFLOWING * ((context_length or 0) * 3 // 2)}
        headers = list(self.all_headers)
        body = self.raw
        if body is None and (self.body is not None or self.derive is not None):
            template = self.body if self.derive is None else self.derive(_present(previous))
            body = _encoded(_fill(template, words))
            body = body[:1] + b" " * (self.padded_to - len(body)) + body[1:]
        if body is not None:
            headers.append(("Content-Type", "application/json"))
        return Request(self.method, self.path_for(model), tuple(sorted(headers)), body)

    @property
    def all_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers of the request, but for its credentials and the type of its body."""
        own = {name.lower() for name, _ in self.headers}
        return (*self.headers, *(pair for pair in _HEADERS if pair[0].lower() not in own))

    def path_for(self, model: str) -> str:
        """The path of the request for one model."""
        return self.path.replace(MODEL, quote(model, safe=""))

    @property
    def needs(self) -> tuple[str, ...]:
        """The capabilities without which the probe is not sent: that of its path, and its own."""
        names = (OFFERED_AT.get(self.path), self.capability)
        return tuple(name for name in names if name is not None)


_HEADERS = (("Accept", "application/json"), ("Accept-Encoding", "identity"))


def _encoded(document: Any) -> bytes:
    try:
        return json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a lone surrogate out of the answer that the request builds on
        return json.dumps(document).encode()


def _present(previous: Exchange | None) -> Exchange:
    if previous is None:
        raise Unmet(Finding("probe", "an earlier exchange to build on", "none"))
    return previous


def _fill(template: Any, words: Mapping[str, str]) -> Any:
    if isinstance(template, Taken):
        return template.value
    if isinstance(template, str):
        return words.get(template, template)
    if isinstance(template, Mapping):
        return {key: _fill(value, words) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [_fill(value, words) for value in template]
    return template


class View(Protocol):
    """How a check sees an exchange; `of` raises Unmet when the exchange cannot be seen that way."""

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """The view of one exchange."""


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement: a pure function over the views of its probes' exchanges that yields findings.

    With `together` the function takes one view per probe; otherwise it judges each probe's exchange by itself.
    With `partial` as well it takes those of the probes that were answered, however few, and names in each finding
    the probe first.
    """

    id: str
    level: Level
    requirement: str
    probes: tuple[Probe, ...]
    together: bool
    judge: Callable[..., Findings]
    views: tuple[type[View], ...]
    evidence: tuple[str, ...]
    breaks: tuple[str, ...] = ()
    """The clients that raise, or give the application something else than was sent, by some fault that it finds."""
    misleads: tuple[str, ...] = ()
    """The clients that go on working, and tell of a refusal wrongly, late, or not at all, by some fault."""
    requires: tuple[str, ...] = ()
    capability: str | None = None
    unconditional: bool = False
    """Whether it is judged even where its probes were not answered as they should be."""
    luck: str = ""
    """What has to happen by chance before a defect shows, as a sentence; empty where a defect shows at once."""
    spare: tuple[Probe, ...] = ()
    """Probes of those judged together whose exchange may be missing: the function takes None for it."""
    partial: bool = False
    """Whether it is judged together on whichever of its probes were answered."""
    twin: str = ""
    """Another check that needs a call: where it was judged on one, this one may do without a call of its own."""

    @property
    def area(self) -> str:
        """The API area that the id starts with, such as `chat.stream`."""
        return next(area for area in AREAS if self.id.startswith(f"{area}."))

    @property
    def ways(self) -> frozenset[frozenset[str]]:
        """The sets of capabilities of which each is enough to judge it: one a probe, or one for all together."""
        needs = [frozenset(probe.needs) for probe in self.probes]
        of_probes = [frozenset[str]().union(*needs)] if self.whole else needs
        return frozenset(each | ({self.capability} if self.capability else frozenset()) for each in of_probes)

    @property
    def whole(self) -> bool:
        """Whether it needs the exchanges of all its probes."""
        return self.together and not self.partial

    @property
    def prerequisites(self) -> tuple[str, ...]:
        """Checks that must hold before this one can be judged: its own and those of its probes."""
        answered = () if self.unconditional else (probe.answered_by for probe in self.probes)
        return tuple(dict.fromkeys(name for name in (*self.requires, *answered) if name and name != self.id))


class CatalogueError(Exception):
    """A check, probe or mutant was declared wrongly: our own bug, found at import."""


@dataclass(slots=True)
class Catalogue:
    """All checks by id, in order of declaration."""

    checks: dict[str, Check] = field(default_factory=dict)

    def add(self, check: Check) -> None:
        """Admit a check; raises CatalogueError when its id is malformed, taken, or it lacks what a check needs."""
        problem = _problem(check)
        if check.id in self.checks:
            problem = "the id is taken"
        if problem:
            raise CatalogueError(f"check {check.id}: {problem}")
        self.checks[check.id] = check

    def areas(self) -> tuple[str, ...]:
        """The areas that have checks, in order of declaration."""
        return tuple(dict.fromkeys(check.area for check in self.checks.values()))

    def probes(self) -> tuple[Probe, ...]:
        """Every probe that some check needs, and those that they build on, each once."""
        found: dict[str, Probe] = {}
        for check in self.checks.values():
            for probe in check.probes:
                for each in _with_earlier(probe):
                    if found.setdefault(each.name, each) is not each:
                        raise CatalogueError(f"two probes share the name {each.name}")
        return tuple(found.values())


def _with_earlier(probe: Probe) -> Iterable[Probe]:
    if probe.after is not None:
        yield from _with_earlier(probe.after)
    yield probe


def _problem(check: Check) -> str | None:
    if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", check.id):
        return "an id is area.topic in lower snake case"
    if not check.id.startswith(tuple(f"{area}." for area in AREAS)):
        return f"its area is none of {', '.join(AREAS)}"
    if not check.requirement:
        return "its docstring must state the requirement"
    if not check.probes:
        return "it needs a probe"
    if strangers := {*check.breaks, *check.misleads}.difference(CLIENTS):
        return f"it names clients that were not measured: {', '.join(sorted(strangers))}"
    if not check.evidence:
        return "it needs evidence"
    if check.luck and not re.fullmatch(r"[A-Z].*[.]", check.luck):
        return "its luck must be a sentence"
    expected = len(check.probes) if check.together else 1
    if len(check.views) != expected:
        return f"its function takes {len(check.views)} views, its probes give {expected}"
    return None


CATALOGUE = Catalogue()


def check(
    name: str,
    level: Level,
    *,
    probe: Probe | None = None,
    each: Iterable[Probe] = (),
    together: Iterable[Probe] = (),
    among: Iterable[Probe] = (),
    evidence: Iterable[str],
    breaks: Iterable[str] = (),
    misleads: Iterable[str] = (),
    requires: Iterable[str] = (),
    capability: str | None = None,
    unconditional: bool = False,
    luck: str = "",
    twin: str = "",
) -> Callable[[Callable[..., Findings]], Callable[..., Findings]]:
    """Register a check on one probe, on each of several, on several together, or among those that were answered.

    Whom it hurts is measured; `breaks` and `misleads` say so only of a check that is itself a client's own reading.
    """
    answered = tuple(among)
    paired = answered or tuple(together)
    probes = paired or tuple(each) or ((probe,) if probe else ())

    def register(function: Callable[..., Findings]) -> Callable[..., Findings]:
        hints = get_type_hints(function)
        views = tuple(
            hints[parameter.name]
            for parameter in inspect.signature(function).parameters.values()
            for _ in (probes if parameter.kind is parameter.VAR_POSITIONAL else "1")
        )
        harm = harm_of(name)
        CATALOGUE.add(
            Check(
                id=name,
                level=level,
                requirement=requirement_of(function),
                probes=probes,
                together=bool(paired),
                judge=function,
                views=views,
                evidence=tuple(evidence),
                breaks=tuple(breaks) or harm.breaks,
                misleads=tuple(misleads) or harm.misleads,
                requires=tuple(requires),
                capability=capability,
                unconditional=unconditional,
                luck=luck,
                partial=bool(answered),
                twin=twin,
            )
        )
        return function

    return register


def modules(package: ModuleType) -> list[ModuleType]:
    """Every module of a package, imported."""
    return [import_module(f"{package.__name__}.{found.name}") for found in iter_modules(package.__path__)]


@cache
def load() -> Catalogue:
    """The catalogue with every check module imported; raises CatalogueError when one is declared wrongly."""
    import sixgates.checks

    modules(sixgates.checks)
    unknown = [
        f"{check.id} requires {name}"
        for check in CATALOGUE.checks.values()
        for name in (*check.prerequisites, check.twin)
        if name and name not in CATALOGUE.checks
    ]
    if unknown:
        raise CatalogueError("; ".join(unknown))
    return CATALOGUE
