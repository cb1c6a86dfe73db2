"""Gate 3: one case per routing entry, judged by resolving its name in the gateway's config."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from sixgates.cases import Case
from sixgates.cases.findings import judged, unreadable
from sixgates.cases.routing import Resolution
from sixgates.config import ConfigError
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
        return [Case("readable", lambda: blocked)]
    return list(_cases(resolution))


_REQUIREMENTS = {
    "exact": "The name reaches its provider under its backend model.",
    "pattern": "A name that the pattern matches reaches its provider.",
    "capability": "The alias reaches its first preferred model.",
    "chain": "When each hop fails, the steps of the chain are tried in their order.",
    "load-balancing": "The name reaches each of its providers with its share.",
    "provider": "At least one name that clients can call reaches the provider.",
    "default": "A name that several providers serve reaches the default provider; an unknown name none.",
    "rate-limit": "The gateway enforces the limit.",
}


def _cases(resolution: Resolution) -> Iterator[Case]:
    mappings = resolution.stack.mappings
    for name in mappings.exact_matches:
        yield _case("exact", name, partial(resolution.exact, name))
    for index, pattern in enumerate(mappings.patterns):
        if resolution.samples(index):
            yield _case("pattern", pattern.pattern, partial(resolution.pattern, index))
        else:
            yield _unsampled(pattern.pattern)
    for name in mappings.capabilities:
        yield _case("capability", name, partial(resolution.capability, name))
    for name in mappings.fallback_chains:
        yield _case("chain", name, partial(resolution.chain, name))
    for name in mappings.load_balancing:
        yield _case("load-balancing", name, partial(resolution.load_balancing, name))
    for name, entry in resolution.stack.active.items():
        if entry.type.serves_models:
            yield _case("provider", name, partial(resolution.provider, name), level=Level.SHOULD)
    yield _case("default", "", resolution.default)
    for name in mappings.rate_limits:
        yield _case("rate-limit", name, partial(resolution.rate_limit, name))


def _case(kind: str, name: str, judge: Judge, *, level: Level = Level.MUST) -> Case:
    def verdict() -> Verdict:
        return judged(_check(kind, name), Gate.UNIT, judge(), requirement=_REQUIREMENTS[kind], level=level)

    return Case(f"{kind}[{name}]" if name else kind, verdict)


def _unsampled(pattern: str) -> Case:
    verdict = Verdict(
        _check("pattern", pattern),
        Gate.UNIT,
        Level.MUST,
        Outcome.NOT_EXERCISED,
        _REQUIREMENTS["pattern"],
        source="config",
        reason=f"no sample name could be made for `{pattern}`: only literal text and .* can be tried",
    )
    return Case(f"pattern[{pattern}]", lambda: verdict)


def _check(kind: str, name: str) -> str:
    check = f"unit.{kind.replace('-', '_')}"
    return f"{check}:{name}" if name else check
