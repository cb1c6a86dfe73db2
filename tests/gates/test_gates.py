"""What turns a gate MET, and what never may."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixgates.gates import Blocker, GateResult, GateStatus, Scope, Thresholds, judge_gates
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict

O = Outcome  # noqa: E741 - tables of outcomes read better with a short name
S = GateStatus
DEFAULT = Thresholds()


def verdicts(
    gate: Gate, *outcomes: Outcome, level: Level = Level.MUST, provider: str = "vllm"
) -> list[Verdict]:
    return [
        Verdict(f"area.topic_{number}", gate, level, outcome, provider=provider)
        for number, outcome in enumerate(outcomes)
    ]


def judge(
    gate: Gate, *outcomes: Outcome, thresholds: Thresholds = DEFAULT, strict: bool = False, **more: Level
) -> GateResult:
    return judge_gates(verdicts(gate, *outcomes, **more), thresholds, strict=strict)[gate - 1]


def test_six_results_always_stand_in_order() -> None:
    assert [result.gate for result in judge_gates([], DEFAULT)] == list(Gate)


def test_a_run_without_verdicts_has_no_gate_met() -> None:
    assert {result.status for result in judge_gates([], DEFAULT)} == {S.NOT_RUN}


@pytest.mark.parametrize("gate", Gate)
@pytest.mark.parametrize(
    "outcomes", [(O.NOT_APPLICABLE,), (O.NOT_EXERCISED,), (O.NOT_APPLICABLE, O.NOT_EXERCISED)]
)
def test_a_gate_in_which_nothing_was_judged_is_not_run(gate: Gate, outcomes: tuple[Outcome, ...]) -> None:
    assert judge(gate, *outcomes).status is S.NOT_RUN


@pytest.mark.parametrize("gate", Gate)
@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ((O.PASSED,), S.MET),
        ((O.PASSED, O.ADVISORY), S.MET),
        ((O.PASSED, O.DEVIATION), S.MET),
        ((O.PASSED, O.NOT_APPLICABLE), S.MET),
        ((O.PASSED, O.FAILED), S.NOT_MET),
        ((O.PASSED, O.STALE), S.NOT_MET),
        ((O.PASSED, O.ERROR), S.NOT_MET),
        ((O.PASSED, O.BLOCKED), S.BLOCKED),
        ((O.BLOCKED, O.BLOCKED), S.BLOCKED),
        ((O.BLOCKED, O.NOT_APPLICABLE), S.BLOCKED),
        ((O.BLOCKED, O.FAILED), S.NOT_MET),
    ],
)
def test_an_outcome_weighs_the_same_in_every_gate(
    gate: Gate, outcomes: tuple[Outcome, ...], status: GateStatus
) -> None:
    assert judge(gate, *outcomes).status is status


@pytest.mark.parametrize("gate", Gate)
def test_strict_makes_an_advisory_fail(gate: Gate) -> None:
    assert judge(gate, O.PASSED, O.ADVISORY, strict=True).status is S.NOT_MET


@pytest.mark.parametrize("gate", Gate)
def test_refused_deviations_fail(gate: Gate) -> None:
    refused = Thresholds(deviations_allowed=False)
    assert judge(gate, O.PASSED, O.DEVIATION, thresholds=refused).status is S.NOT_MET


@pytest.mark.parametrize("gate", [gate for gate in Gate if gate is not Gate.UNIT])
def test_a_must_that_was_not_exercised_leaves_the_gate_partial(gate: Gate) -> None:
    assert judge(gate, O.PASSED, O.NOT_EXERCISED).status is S.PARTIAL


def test_a_should_that_was_not_exercised_does_not_matter() -> None:
    assert judge(Gate.CONTRACT, O.PASSED, O.NOT_EXERCISED, level=Level.SHOULD).status is S.MET


def test_a_provider_of_which_nothing_is_known_leaves_the_contract_partial() -> None:
    known = verdicts(Gate.CONTRACT, O.PASSED)
    unknown = verdicts(Gate.CONTRACT, O.NOT_APPLICABLE, O.NOT_APPLICABLE, provider="webui")
    result = judge_gates(known + unknown, DEFAULT)[Gate.CONTRACT - 1]
    assert result.status is S.PARTIAL
    assert result.blockers == (
        Blocker(
            "unjudged:webui",
            O.NOT_APPLICABLE,
            "no check of provider webui applied, so its contract is unknown",
            ("declare what it can do under `capabilities` in providers.yaml, or set its status to disabled",),
            2,
            ("webui",),
        ),
    )


@pytest.mark.parametrize(
    ("exercised", "idle", "share", "status"),
    [
        (91, 9, 0.9, S.MET),
        (90, 10, 0.9, S.NOT_MET),
        (9, 1, 0.9, S.NOT_MET),
        (99, 1, 1.0, S.NOT_MET),
        (100, 0, 1.0, S.MET),
        (1, 0, 0.0, S.MET),
    ],
)
def test_unit_needs_more_than_its_share_of_exercised_entries(
    exercised: int, idle: int, share: float, status: GateStatus
) -> None:
    outcomes = [O.PASSED] * exercised + [O.NOT_EXERCISED] * idle
    assert judge(Gate.UNIT, *outcomes, thresholds=Thresholds(unit_exercised=share)).status is status


def test_what_follows_no_name_does_not_water_down_the_share() -> None:
    """One of two entries stays one half, however many budgets are kept."""
    follow = verdicts(Gate.UNIT, O.PASSED, O.NOT_EXERCISED)
    beside = [
        replace(verdict, check=f"unit.{family}:name-{number}")
        for family in ("reference", "provider", "alias", "setting", "budget")
        for number, verdict in enumerate(verdicts(Gate.UNIT, *[O.PASSED] * 20))
    ]
    unit = judge_gates([*follow, *beside], DEFAULT)[Gate.UNIT - 1]
    assert unit.status is S.NOT_MET
    assert unit.actual.startswith("101 of 101 passed, 50 % of routing entries exercised")


def test_what_does_not_apply_is_no_routing_entry() -> None:
    assert judge(Gate.UNIT, O.PASSED, *[O.NOT_APPLICABLE] * 5).status is S.MET


@pytest.mark.parametrize(
    ("good", "failed", "share", "status"),
    [
        (20, 1, 0.95, S.MET),
        (19, 1, 0.95, S.NOT_MET),
        (12, 1, 0.95, S.NOT_MET),
        (199, 1, 1.0, S.NOT_MET),
        (12, 0, 1.0, S.MET),
        (0, 1, 0.0, S.NOT_MET),
    ],
)
def test_integration_needs_more_than_its_share_of_scenarios(
    good: int, failed: int, share: float, status: GateStatus
) -> None:
    outcomes = [O.PASSED] * good + [O.FAILED] * failed
    assert (
        judge(Gate.INTEGRATION, *outcomes, thresholds=Thresholds(integration_success=share)).status is status
    )


def test_integration_forgives_no_error_of_ours() -> None:
    assert judge(Gate.INTEGRATION, *[O.PASSED] * 99, O.ERROR).status is S.NOT_MET


def test_a_cut_off_run_leaves_its_gate_partial() -> None:
    cases = frozenset(("vllm", f"area.topic_{number}") for number in range(6))
    scopes = {Gate.SCHEMA: Scope(cases, frozenset(sorted(cases)[:4]))}
    schema = judge_gates(verdicts(Gate.SCHEMA, O.PASSED), DEFAULT, scopes=scopes)[Gate.SCHEMA - 1]
    assert schema.status is S.PARTIAL
    assert schema.actual == "1 of 1 file valid, 1 of 6 cases judged"
    assert [(one.summary, one.count, one.next_steps) for one in schema.blockers] == [
        (
            "the run ended before every check was judged",
            3,
            ("run again to the end, without -x or --maxfail",),
        ),
        (
            "a selection left out 2 cases of gate 2",
            2,
            ("run the whole gate: pytest -m schema, without -k, file names or --provider",),
        ),
    ]


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_threshold_that_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(
        ValueError, match=r"integration_success is .*; give a share from 0 to 1, such as 0\.95 for 95 %"
    ):
        Thresholds(integration_success=share)


@pytest.mark.parametrize(
    ("gate", "outcomes", "required", "actual"),
    [
        (Gate.CONFIGURATION, (O.PASSED, O.ADVISORY), "no errors", "0 errors in 2 checks, 1 advisory"),
        (Gate.CONFIGURATION, (O.FAILED,), "no errors", "1 error in 1 check"),
        (Gate.SCHEMA, (O.PASSED, O.FAILED), "every file validates", "1 of 2 files valid"),
        (
            Gate.UNIT,
            (O.PASSED, O.PASSED, O.NOT_EXERCISED),
            "all pass, more than 90 % of routing entries exercised",
            "2 of 2 passed, 66.6 % of routing entries exercised, 1 not exercised",
        ),
        (
            Gate.CONTRACT,
            (O.PASSED, O.DEVIATION, O.FAILED, O.NOT_APPLICABLE),
            "every MUST passed or declared",
            "2 of 3 MUST passed or declared, 1 provider, 1 failed, 1 deviation, 1 not applicable",
        ),
        (
            Gate.INTEGRATION,
            (O.PASSED, O.FAILED),
            "more than 95 % of scenarios succeed",
            "1 of 2 scenarios succeeded (50 %)",
        ),
        (
            Gate.INTEGRATION,
            (O.BLOCKED,),
            "more than 95 % of scenarios succeed",
            "nothing was judged, 1 blocked",
        ),
        (Gate.HEALTH, (O.BLOCKED,), "every active provider healthy", "0 of 1 provider healthy, 1 blocked"),
        (Gate.HEALTH, (), "every active provider healthy", "nothing selected it"),
        (Gate.SCHEMA, (), "every file validates", "nothing selected it"),
    ],
)
def test_a_gate_says_what_it_asks_and_what_it_saw(
    gate: Gate, outcomes: tuple[Outcome, ...], required: str, actual: str
) -> None:
    result = judge(gate, *outcomes)
    assert (result.required, result.actual) == (required, actual)


def test_thresholds_change_what_a_gate_asks() -> None:
    strictest = Thresholds(unit_exercised=1, integration_success=1, deviations_allowed=False)
    asked = [result.required for result in judge_gates([], strictest)]
    assert asked[2:5] == [
        "all pass, every routing entry exercised",
        "every MUST passed",
        "every scenario succeeds",
    ]


def test_health_counts_providers_and_not_checks() -> None:
    mixed = verdicts(Gate.HEALTH, O.PASSED, O.PASSED) + verdicts(
        Gate.HEALTH, O.PASSED, O.FAILED, provider="b"
    )
    assert judge_gates(mixed, DEFAULT)[Gate.HEALTH - 1].actual == "1 of 2 providers healthy"


def test_one_root_cause_is_said_once_with_its_count() -> None:
    cause = Cause("refused:vllm", "connection refused at http://127.0.0.1:8001", ("start vllm",))
    blocked = [
        Verdict(f"chat.{number}", Gate.CONTRACT, Level.MUST, O.BLOCKED, provider="vllm", cause=cause)
        for number in range(70)
    ]
    assert judge_gates(blocked, DEFAULT)[Gate.CONTRACT - 1].blockers == (
        Blocker("refused:vllm", O.BLOCKED, cause.summary, cause.next_steps, 70, ("vllm",)),
    )


def test_one_cause_told_in_two_ways_reads_the_same_in_any_order() -> None:
    told = [
        Verdict("a.b", Gate.SCHEMA, Level.MUST, O.BLOCKED, cause=Cause("key", text, (f"fix {text}",)))
        for text in ("y", "x")
    ]
    for order in (told, told[::-1]):
        blocker = judge_gates(order, DEFAULT)[Gate.SCHEMA - 1].blockers[0]
        assert (blocker.summary, blocker.next_steps, blocker.count) == ("x", ("fix x",), 2)


def test_failures_are_grouped_by_check_with_their_providers() -> None:
    failed = [
        Verdict("chat.id", Gate.CONTRACT, Level.MUST, O.FAILED, "An answer has an id.", provider=name)
        for name in ("vllm", "ollama")
    ]
    assert judge_gates(failed, DEFAULT)[Gate.CONTRACT - 1].blockers == (
        Blocker("chat.id", O.FAILED, "chat.id failed: An answer has an id.", (), 2, ("ollama", "vllm")),
    )


@pytest.mark.parametrize(
    ("outcome", "summary", "next_steps"),
    [
        (O.BLOCKED, "area.topic_0 could not be judged: R.", ()),
        (
            O.STALE,
            "area.topic_0 has a stale deviation: R.",
            (
                "remove its entry from deviations.yaml, or renew it; one that is known of the engine "
                "can be refused: contract.refuse in gates.yaml",
            ),
        ),
        (O.ERROR, "area.topic_0 raised: R.", ("this is a bug of sixgates: report it with the text above",)),
        (O.ADVISORY, "area.topic_0 is advised, and --strict requires it: R.", ()),
        (
            O.DEVIATION,
            "area.topic_0 is broken and declared, and gates.yaml refuses deviations: R.",
            ("fix the provider, or allow deviations in gates.yaml",),
        ),
        (O.NOT_EXERCISED, "area.topic_0 was not exercised: R.", ()),
    ],
)
def test_a_blocker_says_what_to_do_next(outcome: Outcome, summary: str, next_steps: tuple[str, ...]) -> None:
    one = Verdict("area.topic_0", Gate.SCHEMA, Level.MUST, outcome, "R.")
    results = judge_gates([one], Thresholds(deviations_allowed=False), strict=True)
    blocker = results[Gate.SCHEMA - 1].blockers[0]
    assert (blocker.summary, blocker.next_steps, blocker.providers) == (summary, next_steps, ())


def test_the_most_telling_blocker_stands_first() -> None:
    order = judge(Gate.SCHEMA, O.NOT_EXERCISED, O.FAILED, O.ERROR, O.BLOCKED).blockers
    assert [one.outcome for one in order] == [O.BLOCKED, O.ERROR, O.FAILED, O.NOT_EXERCISED]


causes = st.none() | st.builds(
    Cause, st.sampled_from(["a", "b"]), st.sampled_from(["x", "y"]), st.sampled_from([(), ("z",)])
)
any_verdict = st.builds(
    Verdict,
    check=st.sampled_from(["a.b", "c.d", "e.f"]),
    gate=st.sampled_from(Gate),
    level=st.sampled_from(Level),
    outcome=st.sampled_from(Outcome),
    requirement=st.sampled_from(["", "R."]),
    provider=st.none() | st.sampled_from(["vllm", "ollama"]),
    reason=st.sampled_from(["", "why"]),
    cause=causes,
)
any_verdicts = st.lists(any_verdict, max_size=30)
any_thresholds = st.builds(Thresholds, st.floats(0, 1), st.floats(0, 1), st.booleans())


@given(any_verdicts, any_verdict, any_thresholds, st.booleans())
def test_one_more_red_verdict_never_turns_a_gate_met(
    judged: list[Verdict], one: Verdict, thresholds: Thresholds, strict: bool
) -> None:
    before = judge_gates(judged, thresholds, strict=strict)
    after = judge_gates([*judged, one], thresholds, strict=strict)
    for old, new in zip(before, after, strict=True):
        if one.red and old.status is not S.MET:
            assert new.status is not S.MET
        if one.gate is not old.gate:
            assert old == new


@given(any_verdicts, any_thresholds, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_verdicts_decides_nothing(
    judged: list[Verdict], thresholds: Thresholds, strict: bool, random: object
) -> None:
    shuffled = list(judged)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert judge_gates(judged, thresholds, strict=strict) == judge_gates(shuffled, thresholds, strict=strict)


@given(any_verdicts, any_thresholds, st.booleans())
def test_counts_add_up_and_only_a_met_gate_has_no_blocker(
    judged: list[Verdict], thresholds: Thresholds, strict: bool
) -> None:
    results = judge_gates(judged, thresholds, strict=strict)
    assert sum(sum(result.counts.values()) for result in results) == len(judged)
    for result in results:
        if result.status is S.MET:
            assert not result.blockers
        elif result.status is not S.NOT_RUN:
            assert result.blockers


@given(any_verdicts, any_thresholds)
def test_a_met_gate_always_judged_something_and_met_gates_stay_under_leniency(
    judged: list[Verdict], thresholds: Thresholds
) -> None:
    plain = judge_gates(judged, thresholds)
    for result, harder in zip(plain, judge_gates(judged, thresholds, strict=True), strict=True):
        if result.status is S.MET:
            assert set(result.counts) & {O.PASSED, O.FAILED, O.ADVISORY, O.DEVIATION, O.FLAKY}
        if harder.status is S.MET:
            assert result.status is S.MET


@pytest.mark.parametrize("gate", Gate)
def test_what_is_flaky_weighs_by_its_level(gate: Gate) -> None:
    must = Verdict("area.topic", gate, Level.MUST, O.FLAKY, "It holds.", times=3, failed=1)
    result = judge_gates([must], DEFAULT)[gate - 1]
    assert (result.status, must.red) == (S.NOT_MET, True)
    (blocker,) = result.blockers
    assert blocker.summary == "area.topic failed in 1 of 3 tries: It holds."
    assert blocker.next_steps == (
        "look for what differs between the tries: a second backend, load, memory, a cache",
    )
    should = replace(must, level=Level.SHOULD)
    assert (judge_gates([should], DEFAULT)[gate - 1].status, should.red) == (S.MET, False)
    assert judge_gates([should], DEFAULT, strict=True)[gate - 1].status is S.NOT_MET


def test_gate_1_says_whose_reading_it_judges() -> None:
    """The rules are those of one version of LiteLLM."""
    one, two = verdicts(Gate.CONFIGURATION, O.PASSED, O.ADVISORY)
    said = [replace(each, engine="LiteLLM 1.79.3") for each in (one, two)]
    assert judge_gates(said, DEFAULT)[0].actual == "0 errors in 2 checks, LiteLLM 1.79.3, 1 advisory"
