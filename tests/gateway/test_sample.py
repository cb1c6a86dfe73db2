"""The sample of a large stack: bounded, the same each time, of every kind, and open about what it leaves out."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixgates.cases.integration import gateway_cases
from sixgates.config import ConfigError, load_stack
from sixgates.gateway.plan import intent_of, scenarios
from sixgates.gateway.rehearsed import sample_of, scenarios_of
from sixgates.gateway.routes import Deployment, Routes, read_routes
from sixgates.gateway.sample import Sample, providers_of, sampled, strata
from sixgates.gateway.scenario import Ask, Expect, Scenario
from sixgates.gateway.script import Target
from sixgates.run import Run
from sixgates.verdict import Outcome

KINDS = ["exact", "stream", "pattern", "fallback_500", "fallback_order", "load_balancing", "models"]


@st.composite
def plans(draw: st.DrawFn) -> tuple[Scenario, ...]:
    """Scenarios with unique ids of a few kinds, providers and entries; some cannot be judged."""
    keys = draw(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 30)), unique=True, max_size=60))
    made = []
    for kind, number in keys:
        targets = frozenset(
            Target(f"p{draw(st.integers(0, 4))}", "m") for _ in range(draw(st.integers(0, 2)))
        )
        skip = draw(st.sampled_from(["", "", "", "it is not active"]))
        expect = Expect(order=(targets,), answer=targets)
        made.append(Scenario(kind, f"e{number}", "It works.", Ask("m"), expect, skip=skip))
    return tuple(made)


LIMITS = st.one_of(st.none(), st.integers(1, 70))


def ids(scenarios: Any) -> set[str]:
    """The scenarios by id."""
    return {one.id for one in scenarios}


@given(plans(), LIMITS)
@settings(max_examples=300)
def test_a_sample_has_the_size_that_was_asked_for_in_the_order_of_the_plan(
    plan: tuple[Scenario, ...], limit: int | None
) -> None:
    """No more and no fewer, and each scenario is either played or named as left out."""
    sample = sampled(plan, limit)
    assert len(sample.chosen) == len(plan if limit is None else plan[:limit])
    assert sorted([*sample.chosen, *sample.left_out], key=plan.index) == list(plan)
    assert list(sample.chosen) == sorted(sample.chosen, key=plan.index)
    assert list(sample.left_out) == sorted(sample.left_out, key=plan.index)
    assert bool(sample.bound) is bool(sample.left_out)


@given(plans(), st.integers(1, 70), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_neither_chance_nor_order_chooses(plan: tuple[Scenario, ...], limit: int, chance: Any) -> None:
    shuffled = list(plan)
    chance.shuffle(shuffled)
    assert ids(sampled(shuffled, limit).chosen) == ids(sampled(plan, limit).chosen)


@given(plans(), st.integers(1, 69))
@settings(max_examples=200)
def test_a_larger_limit_adds_to_a_smaller_one(plan: tuple[Scenario, ...], limit: int) -> None:
    assert ids(sampled(plan, limit).chosen) <= ids(sampled(plan, limit + 1).chosen)


@given(plans())
@settings(max_examples=200)
def test_every_kind_provider_and_entry_is_there_while_the_limit_allows(plan: tuple[Scenario, ...]) -> None:
    """By what can be judged, where something can."""
    judged = [one for one in plan if not one.skip]
    wanted = {stratum for one in judged for stratum in strata(one)}
    if not wanted:
        return
    for limit in (len(wanted), len(wanted) + 3):
        found = sampled(plan, limit).chosen
        assert {stratum for one in found if not one.skip for stratum in strata(one)} == wanted
    kinds = {one.kind for one in judged}
    assert {one.kind for one in sampled(plan, len(kinds)).chosen} == kinds


@given(plans(), st.integers(1, 70), st.integers(0, 59))
@settings(max_examples=300)
def test_what_is_added_displaces_little(plan: tuple[Scenario, ...], limit: int, place: int) -> None:
    """A name more in the files does not draw another sample."""
    if len(plan) < 2:
        return
    added = plan[place % len(plan)]
    before = ids(sampled([one for one in plan if one is not added], limit).chosen)
    after = ids(sampled(plan, limit).chosen)
    assert len(after - before - {added.id}) <= len(set(strata(added)))
    assert len(before - after) <= len(set(strata(added)))


def test_the_kinds_share_what_is_left() -> None:
    """One of each in turn, so that the most frequent kind does not take it all."""
    targets = frozenset({Target("p", "m")})
    plan = [
        Scenario(kind, f"e{number}", "It works.", Ask("m"), Expect(answer=targets))
        for kind, count in (("exact", 900), ("stream", 50), ("models", 5))
        for number in range(count)
    ]
    found = [one.kind for one in sampled(plan, 65).chosen]
    assert (found.count("exact"), found.count("stream"), found.count("models")) == (30, 30, 5)


PROVIDERS = "providers:\n" + "".join(
    f"  p{n}: {{type: vllm, base_url: 'http://10.0.0.{n + 1}:8000', models: [m{n}]}}\n" for n in range(5)
)


def mappings(names: int) -> str:
    """So many names on five providers, each with a fallback."""
    lines = ["exact_matches:"]
    lines += [
        f"  n{n}: {{provider: p{n % 5}, backend_model: m{n % 5}, fallback: n{(n + 1) % names}}}"
        for n in range(names)
    ]
    return "\n".join([*lines, "patterns:", "  - {pattern: '^lab/.*', provider: p1}", ""])


@pytest.fixture
def stack_with(tmp_path: Path) -> Callable[[int, str], Path]:
    """Writes a stack of so many names, and what its gates.yaml says of the sample."""

    def write(names: int, sample: str = "") -> Path:
        (tmp_path / "providers.yaml").write_text(PROVIDERS)
        (tmp_path / "model-mappings.yaml").write_text(mappings(names))
        if sample:
            (tmp_path / "gates.yaml").write_text(f"gates:\n  integration:\n    sample: {sample}\n")
        return tmp_path

    return write


def test_a_large_stack_is_sampled_and_says_so(stack_with: Callable[..., Path]) -> None:
    stack = load_stack(stack_with(300))
    planned = scenarios_of(stack)
    sample = sample_of(stack)
    assert len(planned) > 3000
    assert len(sample.chosen) == 200
    assert ids(sample.chosen) | ids(sample.left_out) == ids(planned)
    assert {one.kind for one in sample.chosen} == {one.kind for one in planned}
    kinds = len({one.kind for one in planned})
    assert sample.bound == (
        f"200 of {len(planned)} scenarios, spread over {kinds} kinds and 5 providers (gates.integration.sample)"
    )


def test_each_scenario_that_is_left_out_is_named_in_a_case(stack_with: Callable[..., Path]) -> None:
    """One case for each kind, which does not apply and says how to play them."""
    folder = stack_with(60, "100")
    stack = load_stack(folder)
    cases = gateway_cases(Run(folder, folder, folder))
    apart = {case.id: case.judge() for case in cases if case.id.startswith("gateway.sample:")}
    sample = sample_of(stack)
    assert len(cases) == 100 + len(apart)
    assert {verdict.outcome for verdict in apart.values()} == {Outcome.NOT_APPLICABLE}
    left = [one for one in sample.left_out if one.kind == "stream"]
    assert apart["gateway.sample:stream"].reason == (
        f"{len(left)} not played: {sample.bound}; a larger number there, or all, plays more: "
        + ", ".join(one.entry for one in left)
    )
    told = {
        f"gateway.{kind.removeprefix('gateway.sample:')}:{entry}"
        for kind, verdict in apart.items()
        for entry in verdict.reason.rpartition("plays more: ")[2].split(", ")
    }
    assert told == ids(sample.left_out)


@pytest.mark.parametrize(("wanted", "played"), [("all", None), ("7", 7), ("100000", None)])
def test_the_owner_says_how_many(stack_with: Callable[..., Path], wanted: str, played: int | None) -> None:
    stack = load_stack(stack_with(60, wanted))
    planned = scenarios_of(stack)
    assert len(sample_of(stack).chosen) == (played or len(planned))
    assert bool(sample_of(stack).bound) is (played is not None)


def test_a_small_stack_is_played_whole(stack_with: Callable[..., Path]) -> None:
    stack = load_stack(stack_with(5))
    assert sample_of(stack) == Sample(scenarios_of(stack))


@pytest.mark.parametrize(
    ("written", "got"),
    [("0", "0"), ("-3", "-3"), ("some", "'some'"), ("true", "True"), ("1.5", "1.5"), ("[1]", "a list")],
)
def test_another_size_is_refused_with_its_place(
    stack_with: Callable[..., Path], written: str, got: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_stack(stack_with(2, written))
    (finding,) = caught.value.findings
    assert finding.where.endswith("gates.yaml:3:13")
    assert (finding.expected, finding.got) == ("a number of scenarios above 0, such as 200, or all", got)
    assert finding.hint == "Change `sample` accordingly."


def test_a_scenario_concerns_whom_it_may_ask() -> None:
    one, two = Target("a", "m"), Target("b", "m")
    expect = Expect(order=(frozenset({one}), frozenset({two})), answer=frozenset({two}))
    assert providers_of(Scenario("fallback_500", "x", "", Ask("x"), expect)) == {"a", "b"}
    assert providers_of(Scenario("unknown_model", "", "", Ask("x"))) == set()


def test_a_long_line_of_fallbacks_is_walked_as_deep_as_litellm_walks_it() -> None:
    """Two thousand names, each the fallback of the one before it: planning neither recurses nor goes on for ever."""
    names = [f"n{number}" for number in range(2000)]
    deployments = tuple(Deployment(name, Target("p", name)) for name in names)
    chains = {name: (after,) for name, after in pairwise(names)}
    for limit, steps in ((5, 6), (0, 1), (5000, 2000)):
        walk = Routes(deployments, {}, chains, limit).walk("n0", frozenset(one.target for one in deployments))
        assert (walk.answered, len(walk.steps)) == (None, steps)
    assert Routes(deployments, {}, chains).walk("n0", {Target("p", "n0")}).answered == "n1"


def test_how_deep_chains_are_walked_is_read_from_the_config() -> None:
    assert read_routes({}, {}).max_fallbacks == 5
    assert read_routes({"router_settings": {"max_fallbacks": 2}}, {}).max_fallbacks == 2


def test_a_stack_with_names_in_a_line_is_planned(stack_with: Callable[..., Path]) -> None:
    """This ended in a RecursionError."""
    stack = load_stack(stack_with(1200, "20"))
    assert len(sample_of(stack).chosen) == 20
    assert intent_of(stack).exact.keys() >= {"n0", "n1199"}
    assert scenarios(intent_of(stack), Routes((), {}, {}), 0)
