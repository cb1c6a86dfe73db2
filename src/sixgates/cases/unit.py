"""Gate 3: one case per routing entry, judged by resolving its name in the gateway's config."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from sixgates.cases import Case
from sixgates.cases.findings import judged, unreadable
from sixgates.cases.routing import Resolution
from sixgates.config import ConfigError, Stack
from sixgates.config.references import entries
from sixgates.exchange import Finding
from sixgates.run import Run
from sixgates.verdict import Gate, Level, Outcome, Verdict

Judge = Callable[[], Iterator[Finding]]


def unit_cases(run: Run) -> list[Case]:
    """A case for each routing entry of model-mappings.yaml and each active provider."""
    try:
        resolution = Resolution(run.stack)
    except ConfigError as error:
        blocked = unreadable("unit.readable", Gate.UNIT, error.findings)
        return [Case("readable", lambda: blocked, blocked.check)]
    return list(_cases(resolution))


_REQUIREMENTS = {
    "reference": "Each provider that the entry names exists, is active, and serves the model that it names.",
    "exact": "The name reaches its provider under its backend model.",
    "pattern": "A name that the pattern matches reaches its provider.",
    "capability": "The alias reaches its first preferred model.",
    "chain": "When each hop fails, the steps of the chain are tried in their order.",
    "load-balancing": "The name reaches each of its providers with its share.",
    "provider": "At least one name that clients can call reaches the provider.",
    "default": "A name that several providers serve reaches the default provider; an unknown name none.",
    "fallback": "When the name fails, the fallback of its entry is asked.",
    "alias": "The alias leads to a model, and has fallbacks where its model has some.",
    "setting": "The gateway's router has the value of the routing rules.",
    "budget": "At worst, a request for the name stays within 30 upstream calls and 15 minutes.",
    "rate-limit": "The gateway enforces the limit.",
}


def _cases(resolution: Resolution) -> Iterator[Case]:
    mappings = resolution.stack.mappings
    for path in entries(resolution.stack):
        yield _case("reference", _label(resolution.stack, path), partial(resolution.reference, path))
    for name in mappings.exact_matches:
        yield _case("exact", name, partial(resolution.exact, name))
    for index, pattern in enumerate(mappings.patterns):
        made = resolution.samples(index)
        if made.names:
            yield _case("pattern", pattern.pattern, partial(resolution.pattern, index))
        else:
            yield _unsampled(pattern.pattern, made.reason)
    for name in mappings.capabilities:
        yield _case("capability", name, partial(resolution.capability, name))
    for name in mappings.fallback_chains:
        yield _case("chain", name, partial(resolution.chain, name))
    yield from _fallbacks(resolution)
    for name in mappings.load_balancing:
        yield _case("load-balancing", name, partial(resolution.load_balancing, name))
    for name, entry in resolution.stack.active.items():
        if entry.type.serves_models:
            yield _case("provider", name, partial(resolution.provider, name), level=Level.SHOULD)
    yield _case("default", "", resolution.default)
    for name in mappings.rate_limits:
        yield _case("rate-limit", name, partial(resolution.rate_limit, name))
    yield from _of_the_gateway(resolution)


def _label(stack: Stack, entry: tuple[str | int, ...]) -> str:
    """An entry as its section and its key; a pattern is its own key."""
    section, *keys = entry
    name = [stack.mappings.patterns[key].pattern if isinstance(key, int) else key for key in keys]
    return " ".join([str(section), *name])


def _fallbacks(resolution: Resolution) -> Iterator[Case]:
    """Entries with a fallback of their own; a chain takes its place."""
    mappings = resolution.stack.mappings
    found: set[str] = set(mappings.fallback_chains)
    for section in ("exact_matches", "capabilities"):
        for name, entry in getattr(mappings, section).items():
            if entry.fallback and name not in found:
                found.add(name)
                yield _case("fallback", name, partial(resolution.fallback, section, name))


def _of_the_gateway(resolution: Resolution) -> Iterator[Case]:
    """What is read from the gateway's file: its aliases, its settings, and what a request costs at worst."""
    settings = resolution.config.router_settings
    for name in settings.model_group_alias:
        yield _case("alias", name, partial(resolution.alias, name))
    for name in ("timeout", "num_retries"):
        if getattr(resolution.stack.mappings.routing_rules, name) is not None:
            yield _case("setting", name, partial(resolution.setting, name))
    for name in resolution.router.names:
        yield _case("budget", name, partial(resolution.budget, name), level=Level.SHOULD)


def _case(kind: str, name: str, judge: Judge, *, level: Level = Level.MUST) -> Case:
    def verdict() -> Verdict:
        return judged(_check(kind, name), Gate.UNIT, judge(), requirement=_REQUIREMENTS[kind], level=level)

    return Case(f"{kind}[{name}]" if name else kind, verdict, _check(kind, name))


def _unsampled(pattern: str, why: str) -> Case:
    verdict = Verdict(
        _check("pattern", pattern),
        Gate.UNIT,
        Level.MUST,
        Outcome.NOT_EXERCISED,
        _REQUIREMENTS["pattern"],
        source="config",
        reason=f"no name to try could be made for `{pattern}`: {why}",
    )
    return Case(f"pattern[{pattern}]", lambda: verdict, verdict.check)


def _check(kind: str, name: str) -> str:
    check = f"unit.{kind.replace('-', '_')}"
    return f"{check}:{name}" if name else check
