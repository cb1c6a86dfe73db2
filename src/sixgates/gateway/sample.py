"""Which scenarios of a large stack are played: a fixed number of them, the same ones each time, of every kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sixgates.gateway.scenario import Scenario

SETTING = "gates.integration.sample"
"""Where gates.yaml says how many scenarios are played."""

_STRATA = ("kind", "provider", "entry")
Stratum = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """The scenarios that are played and those that are not, both in the order of the plan."""

    chosen: tuple[Scenario, ...]
    left_out: tuple[Scenario, ...] = ()

    @property
    def left_out_by_kind(self) -> dict[str, str]:
        """What is not played, told by kind: how many, how to play them, and each by the name of its entry."""
        entries: dict[str, list[str]] = defaultdict(list)
        for scenario in self.left_out:
            entries[scenario.kind].append(scenario.entry or scenario.id)
        return {
            kind: f"{len(names)} not played: {self.bound}; a larger number there, or all, plays more: "
            + ", ".join(names)
            for kind, names in entries.items()
        }

    @property
    def bound(self) -> str:
        """How many of how many are played, and across what; empty when nothing is left out."""
        if not self.left_out:
            return ""
        kinds = {scenario.kind for scenario in self.chosen}
        providers = {provider for scenario in self.chosen for provider in providers_of(scenario)}
        return (
            f"{len(self.chosen)} of {len(self.chosen) + len(self.left_out)} scenarios, spread over "
            f"{_many(len(kinds), 'kind')} and {_many(len(providers), 'provider')} ({SETTING})"
        )


def sampled(scenarios: Sequence[Scenario], limit: int | None) -> Sample:
    """At most `limit` scenarios (None: all), a stratified sample that does not depend on chance or on the order.

    A larger limit adds to a smaller one. A scenario more displaces no more of the others than it has strata.
    """
    if limit is None or len(scenarios) <= limit:
        return Sample(tuple(scenarios))
    order = [*_ordered([one for one in scenarios if not one.skip])]
    order += _ordered([one for one in scenarios if one.skip])
    chosen = {scenario.id for scenario in order[:limit]}
    return Sample(
        tuple(scenario for scenario in scenarios if scenario.id in chosen),
        tuple(scenario for scenario in scenarios if scenario.id not in chosen),
    )


def strata(scenario: Scenario) -> Iterator[Stratum]:
    """What a scenario stands for: its kind, its providers, and its chain, pattern or balanced name."""
    yield "kind", scenario.kind
    for provider in sorted(providers_of(scenario)):
        yield "provider", provider
    if scenario.entry and scenario.kind.startswith(("fallback", "pattern", "load_balancing")):
        yield "entry", scenario.entry


def providers_of(scenario: Scenario) -> frozenset[str]:
    """The providers that may be asked in a scenario."""
    expect = scenario.expect
    targets = [*(expect.answer or ()), *(target for step in expect.order or () for target in step)]
    return frozenset(target.upstream for target in targets)


def _ordered(scenarios: Iterable[Scenario]) -> Iterator[Scenario]:
    """All scenarios, by what is lost without them: first one for each stratum, then the kinds in turn."""
    ranked = sorted(scenarios, key=lambda scenario: _rank(scenario.id))
    order: dict[str, Scenario] = {}
    for scenario in (*_representatives(ranked), *_in_turn(ranked)):
        order.setdefault(scenario.id, scenario)
    yield from order.values()


def _representatives(ranked: Iterable[Scenario]) -> Iterator[Scenario]:
    """The first of each stratum, kinds before providers before entries."""
    first: dict[Stratum, Scenario] = {}
    for scenario in ranked:
        for stratum in strata(scenario):
            first.setdefault(stratum, scenario)
    places = sorted(first, key=lambda one: (_STRATA.index(one[0]), _rank(one[1])))
    yield from (first[stratum] for stratum in places)


def _in_turn(ranked: Iterable[Scenario]) -> Iterator[Scenario]:
    """One of each kind, then another of each kind, and so on."""
    kinds: dict[str, list[Scenario]] = defaultdict(list)
    for scenario in ranked:
        kinds[scenario.kind].append(scenario)
    turns = [
        (turn, _rank(kind), scenario) for kind, ones in kinds.items() for turn, scenario in enumerate(ones)
    ]
    yield from (scenario for *_, scenario in sorted(turns, key=lambda one: one[:2]))


def _rank(text: str) -> bytes:
    """A place that depends on the text alone, so that what is added elsewhere moves nothing."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _many(count: int, one: str) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {one}s"
