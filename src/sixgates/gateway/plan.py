"""Makes the scenarios for one stack: what its owner wrote down against what its compiled gateway does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sixgates.config import Stack
from sixgates.config.wildcard import sample_names, wildcard_of
from sixgates.gateway.rehearsal import TIMEOUT_S
from sixgates.gateway.routes import Routes
from sixgates.gateway.scenario import Ask, Ending, Expect, Key, Scenario
from sixgates.gateway.script import Fault, FaultKind, Target
from sixgates.verdict import Level

PACE_S = 0.1
SPLIT_REQUESTS = 80
_MARGIN_S = 15.0
_FALLBACK_DOCS = "https://docs.litellm.ai/docs/proxy/reliability"
_HEADER_DOCS = "https://docs.litellm.ai/docs/proxy/response_headers"
_FIRST_FAULTS = {
    "refused": Fault(FaultKind.REFUSE),
    "timeout": Fault(FaultKind.STALL),
    "500": Fault(FaultKind.STATUS, status=500),
    "429": Fault(FaultKind.STATUS, status=429),
    "garbage": Fault(FaultKind.GARBAGE),
}
_WORDS = {
    "refused": "refuses connections",
    "timeout": "does not answer in time",
    "500": "answers 500",
    "429": "answers 429",
    "garbage": "answers an HTML page",
}


@dataclass(frozen=True, slots=True)
class Intent:
    """What the owner of the stack asked for, independent of the compiler: names and where they lead."""

    exact: Mapping[str, Target]
    patterns: Mapping[str, tuple[str, Target]]
    capabilities: Mapping[str, tuple[str, ...]]
    idle: Mapping[str, str]
    embedders: frozenset[Target] = frozenset()

    def chats(self, name: str) -> bool:
        """Whether an exact match leads to a model that is for chat."""
        return self.exact[name] not in self.embedders


def intent_of(stack: Stack) -> Intent:
    """The owner's routes to providers that take part; `idle` says why an exact match has none."""
    mappings = stack.mappings
    serving = {name for name, provider in stack.active.items() if provider.type.serves_models}
    exact = {
        name: Target(entry.provider, entry.backend_model or name)
        for name, entry in mappings.exact_matches.items()
        if name not in mappings.load_balancing
    }
    patterns = {
        entry.pattern: (name, Target(entry.provider, entry.backend_model or name))
        for entry in mappings.patterns
        if entry.provider in serving and (name := _sample(entry.pattern))
        if not stack.active[entry.provider].embeds(entry.backend_model or name)
    }
    idle = {
        name: f"provider {target.upstream} of {name} takes no part: it is not active or serves no models"
        for name, target in exact.items()
        if target.upstream not in serving
    }
    capabilities = {name: tuple(entry.preferred_models) for name, entry in mappings.capabilities.items()}
    embedders = frozenset(
        Target(provider, model)
        for provider in serving
        for model in stack.active[provider].model_names
        if stack.active[provider].embeds(model)
    )
    return Intent(exact, patterns, capabilities, idle, embedders)


def _sample(pattern: str) -> str:
    wildcard = wildcard_of(pattern)
    return sample_names(wildcard)[0] if wildcard else ""


def scenarios(intent: Intent, routes: Routes, retries: int) -> tuple[Scenario, ...]:
    """All scenarios of a stack, ids unique; `retries` is how often the stack retries one deployment."""
    chats = [name for name in routes.names() if not routes.targets(name) <= intent.embedders]
    chatting = frozenset(chats)
    made = [
        *_direct(intent, routes),
        *(scenario for name in routes.fallbacks if name in chatting for scenario in _chain(name, routes)),
        *_retry_budget(routes, retries, chats),
        *_shares(routes, chats),
        *_door(routes, chats),
    ]
    return tuple({scenario.id: scenario for scenario in made}.values())


def _direct(intent: Intent, routes: Routes) -> Iterator[Scenario]:
    for name, target in intent.exact.items():
        if not intent.chats(name):
            continue
        reaches = _reaches("exact", name, name, {target}, "An exact match reaches its provider and model.")
        yield replace(reaches, skip=intent.idle.get(name, ""))
        if name not in intent.idle:
            yield from _details(name, target)
    for pattern, (sample, target) in intent.patterns.items():
        yield _reaches(
            "pattern", pattern, sample, {target}, "A name that matches a pattern reaches its provider."
        )
    for name, preferred in intent.capabilities.items():
        known = next((model for model in preferred if routes.group(model)), name)
        if routes.targets(known) and routes.targets(known) <= intent.embedders:
            continue
        targets = next(iter(routes.tiers(known)), frozenset())
        yield _reaches("capability", name, name, targets, "A capability reaches its first preferred model.")


def _reaches(kind: str, entry: str, model: str, targets: Iterable[Target], requirement: str) -> Scenario:
    allowed = frozenset(targets)
    expect = Expect(order=(allowed,), answer=allowed)
    return Scenario(kind, entry, requirement, Ask(model), expect)


def _details(name: str, target: Target) -> Iterator[Scenario]:
    allowed = frozenset({target})
    reached = Expect(order=(allowed,), answer=allowed)
    yield Scenario(
        "headers",
        name,
        "The x-litellm-* headers name the deployment that answered.",
        Ask(name),
        replace(reached, group=name),
        evidence=(_HEADER_DOCS,),
    )
    yield Scenario(
        "stream",
        name,
        "A stream passes through chunk by chunk and complete.",
        Ask(name, stream=True),
        replace(reached, arrivals=3),
        pace_s=PACE_S,
    )
    sent = {"temperature": 0.25, "top_p": 0.5, "stop": ["\n\n"]}
    yield Scenario(
        "parameters",
        name,
        "Sampling parameters reach the provider unchanged.",
        Ask(name, extra=sent),
        replace(reached, sent={**sent, "max_tokens": 32}),
        level=Level.SHOULD,
    )


def _chain(name: str, routes: Routes) -> Iterator[Scenario]:
    first = routes.targets(name)
    for label, fault in _FIRST_FAULTS.items():
        requirement = (
            f"When the first target {_WORDS[label]}, the next of the chain answers, and no other is asked."
        )
        yield _falls_back(f"fallback_{label}", name, requirement, dict.fromkeys(first, fault), routes)
    down = Fault(FaultKind.STATUS, status=503)
    everyone = routes.walk(name, routes.everything)
    rest = _all_but_one(everyone.steps)
    if rest:
        requirement = "The chain is walked in its order, each step once, until one answers."
        yield _falls_back("fallback_order", name, requirement, dict.fromkeys(rest, down), routes)
    yield _exhausted(name, {target: down for step in everyone.steps for target in step}, routes)
    yield from _broken_streams(name, first, routes)


def _all_but_one(steps: tuple[frozenset[Target], ...]) -> frozenset[Target]:
    """The targets before the last step that is independent of those before it; empty for a short chain."""
    for last in range(len(steps) - 1, 1, -1):
        before = frozenset().union(*steps[:last])
        if not before & steps[last]:
            return before
    return frozenset()


def _falls_back(
    kind: str,
    name: str,
    requirement: str,
    faults: Mapping[Target, Fault],
    routes: Routes,
    *,
    stream: bool = False,
) -> Scenario:
    walk = routes.walk(name, faults)
    mute = {target.upstream for target, fault in faults.items() if fault.kind is FaultKind.REFUSE}
    if mute:  # a refusing provider refuses all of its models
        silent = frozenset().union(*(routes.by_upstream.get(upstream, ()) for upstream in mute))
        faults = {**dict.fromkeys(silent, Fault(FaultKind.REFUSE)), **faults}
        walk = routes.walk(name, faults)
    order = tuple(step for step in walk.steps if not {target.upstream for target in step} <= mute)
    expect = Expect(order=order, answer=walk.last, group=walk.answered)
    mixed = any(step & faults.keys() and not step <= faults.keys() for step in walk.steps)
    skip = ""
    if walk.answered is None:
        skip = "every target of this chain fails together, so that none is left to answer"
    elif mixed:
        skip = "a step of this chain is load-balanced between a broken and a sound target"
    wall = _MARGIN_S + TIMEOUT_S * len(walk.steps)
    return Scenario(
        kind, name, requirement, Ask(name, stream=stream), expect, faults,
        wall_s=wall, evidence=(_FALLBACK_DOCS,), skip=skip,
    )  # fmt: skip


def _exhausted(name: str, faults: Mapping[Target, Fault], routes: Routes) -> Scenario:
    requirement = "When the whole chain is down, the client gets an error envelope and nobody is asked twice."
    expect = Expect(status=(400, 599), order=routes.walk(name, faults).steps)
    return Scenario(
        "fallback_exhausted", name, requirement, Ask(name), expect, faults, evidence=(_FALLBACK_DOCS,)
    )


def _broken_streams(name: str, first: frozenset[Target], routes: Routes) -> Iterator[Scenario]:
    for kind, fault in (("stream_fallback_500", "500"), ("stream_fallback_timeout", "timeout")):
        requirement = f"A stream whose first target {_WORDS[fault]} comes whole from the next of the chain."
        faults = dict.fromkeys(first, _FIRST_FAULTS[fault])
        yield _falls_back(kind, name, requirement, faults, routes, stream=True)
    for kind, cut in (("stream_cut", FaultKind.CUT), ("stream_stall", FaultKind.STALL_STREAM)):
        walk = routes.walk(name, ())
        yield Scenario(
            kind,
            name,
            "A stream that fails midway is never continued by another target, and the client can tell.",
            Ask(name, stream=True),
            Expect(order=walk.steps, answer=walk.last, ending=Ending.BROKEN),
            dict.fromkeys(first, Fault(cut)),
            pace_s=0.02,
            evidence=("BerriAI/litellm#38606",),
        )


def _retry_budget(routes: Routes, retries: int, chats: list[str]) -> Iterator[Scenario]:
    chatting = frozenset(chats)
    name = next((name for name in (*routes.fallbacks, *chats) if name in chatting), "")
    if not name:
        return
    tried = min(retries, 1)
    faults = {entry.target: Fault(FaultKind.STATUS, status=500) for entry in routes.deployments}
    steps = routes.walk(name, faults).steps
    yield Scenario(
        "retry_budget",
        name,
        f"With {tried} retries, each step of a dead chain gets at most {tried + 1} requests.",
        Ask(name, extra={"num_retries": tried}),
        Expect(status=(400, 599), order=steps, attempts=tried + 1),
        faults,
        wall_s=_MARGIN_S + 4.0 * tried * len(steps),
        evidence=("BerriAI/litellm#19985",),
    )


def _shares(routes: Routes, chats: list[str]) -> Iterator[Scenario]:
    for name in chats:
        group = routes.group(name)
        if name in routes.aliases or len(routes.targets(name)) < 2 or len(routes.tiers(name)) > 1:
            continue
        weights = {entry.target: 1.0 if entry.weight is None else float(entry.weight) for entry in group}
        total = sum(weights.values()) or 1.0
        yield Scenario(
            "load_balancing",
            name,
            "Each provider of a balanced name gets about the share that its weight promises.",
            Ask(name, times=SPLIT_REQUESTS),
            Expect(answer=frozenset(weights), shares={key: value / total for key, value in weights.items()}),
            wall_s=30.0,
            level=Level.SHOULD,
        )


def _door(routes: Routes, chats: list[str]) -> Iterator[Scenario]:
    known = next(iter(chats or routes.names()), "")
    turned_away: dict[str, Any] = {"expect": Expect(status=(400, 499), order=())}
    stranger = Ask("no-such-model-sixgates")
    words = "An unknown model gets a 4xx with an error envelope, and no provider is asked."
    yield Scenario("unknown_model", "", words, stranger, **turned_away)
    yield Scenario("unknown_model_stream", "", words, replace(stranger, stream=True), **turned_away)
    for kind, key in (("wrong_key", Key.WRONG), ("missing_key", Key.MISSING)):
        words = f"A request with {key} gets a 4xx with an error envelope, and no provider is asked."
        yield Scenario(kind, "", words, Ask(known, key=key), **turned_away)
    words = "The gateway lists every name that it answers to."
    yield Scenario("models", "", words, Ask("", listing=True), Expect(names=frozenset(routes.names())))
