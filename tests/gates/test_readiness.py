"""Which clients a provider is safe for, and which profiles it passes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest

from sixgates import catalogue
from sixgates.capability import CAPABILITIES, PROFILES
from sixgates.declared import Declared
from sixgates.exchange import Exchange, Finding
from sixgates.impact.measured import CLIENTS, Effect, table
from sixgates.judge import Answer, Judgement, Subject
from sixgates.readiness import Readiness, Standing, State, assess
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources.reference import answers
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict

CATALOGUE = catalogue.load()
CHECKS = CATALOGUE.checks.values()
ANSWERS: Mapping[str, Answer] = answers(ReferenceProvider(key="sk-reference"), CATALOGUE.probes())
EVERYTHING = frozenset(CAPABILITIES)


def judged(*lacking: str, deviations: tuple[Declared, ...] = ()) -> dict[str, Verdict]:
    """The verdicts of the reference, without some capabilities, and with deviations declared."""
    subject = Subject("one", "reference", EVERYTHING - set(lacking), deviations=deviations)
    return {each.check: each for each in Judgement(CATALOGUE, subject, ANSWERS).verdicts()}


PASSING = judged()


def changed(check: str, outcome: Outcome, **more: object) -> Readiness:
    """The readiness when one check of the reference ends otherwise."""
    return ready({**PASSING, check: replace(PASSING[check], outcome=outcome, **more)})  # type: ignore[arg-type]


def ready(verdicts: Mapping[str, Verdict]) -> Readiness:
    """The readiness of the one provider."""
    (found,) = assess(verdicts.values(), CHECKS)
    return found


def states(readiness: Readiness) -> dict[str, State]:
    """Each client and profile with its state."""
    return {each.name: each.state for each in (*readiness.clients, *readiness.profiles)}


def test_the_reference_is_safe_for_every_client_and_passes_every_profile() -> None:
    found = ready(PASSING)
    assert {each.state for each in found.clients} == {State.SAFE}
    assert {each.state for each in found.profiles} == {State.PASSED}
    assert [each.name for each in found.profiles] == list(PROFILES)


def test_every_client_that_a_check_names_is_known() -> None:
    """One that no check names could never be found broken, nor one that is misspelt."""
    assert {client for check in CHECKS for client in check.breaks} == set(CLIENTS)
    assert {client for check in CHECKS for client in check.misleads} <= set(CLIENTS)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.ADVISORY, Outcome.DEVIATION])
def test_a_refusal_that_is_told_wrongly_is_a_risk(outcome: Outcome) -> None:
    """The client works; what it says of its user's mistake is wrong."""
    found = changed("errors.5xx_only_server", outcome)
    named = PASSING["errors.5xx_only_server"].misleads
    assert [(each.name, each.through) for each in found.clients if each.state is State.AT_RISK] == [
        (name, ("errors.5xx_only_server",)) for name in named
    ]
    assert {each.state for each in found.clients if each.name not in named} == {State.SAFE}


def test_only_refusals_mislead() -> None:
    """What comes wrong in an answer that a client asked for breaks it."""
    misleading = {
        fault
        for faults in table().values()
        for fault, effects in faults.items()
        if Effect.MISLED in effects.values()
    }
    assert misleading
    assert {fault.partition(" ")[0] for fault in misleading} <= {"refusal", "failure", "lost"}


def test_a_fault_that_was_not_measured_puts_at_risk_and_is_told_apart() -> None:
    """And what is known comes first."""
    named = ("openai-node helper",)
    verdicts = {
        **PASSING,
        "chat.stream.role_first": replace(
            PASSING["chat.stream.role_first"],
            outcome=Outcome.FAILED,
            breaks=(),
            at_risk=named,
            unmeasured=named,
        ),
        "tools.stream.index_present": replace(
            PASSING["tools.stream.index_present"],
            outcome=Outcome.FAILED,
            breaks=(),
            misleads=(),
            at_risk=named,
        ),
    }
    found = next(each for each in ready(verdicts).clients if each.name in named)
    assert found == Standing(
        named[0],
        State.AT_RISK,
        ("tools.stream.index_present", "chat.stream.role_first"),
        ("chat.stream.role_first",),
    )


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.ADVISORY, Outcome.DEVIATION])
def test_a_check_that_fails_breaks_the_clients_that_it_names(outcome: Outcome) -> None:
    found = changed("chat.stream.role_first", outcome)
    broken = [each for each in found.clients if each.state is not State.SAFE]
    assert [(each.name, each.state, each.through) for each in broken] == [
        ("openai-node helper", State.BROKEN, ("chat.stream.role_first",))
    ]


@pytest.mark.parametrize("outcome", [Outcome.BLOCKED, Outcome.NOT_EXERCISED, Outcome.ERROR])
def test_a_check_that_is_not_judged_puts_them_at_risk(outcome: Outcome) -> None:
    found = changed("chat.stream.role_first", outcome, cause=Cause("k", "why"))
    assert [(each.name, each.through) for each in found.clients if each.state is State.AT_RISK] == [
        ("openai-node helper", ("chat.stream.role_first",))
    ]


@pytest.mark.parametrize(
    ("outcome", "state"), [(Outcome.NOT_EXERCISED, State.SAFE), (Outcome.BLOCKED, State.AT_RISK)]
)
def test_what_a_server_may_add_and_does_not_is_no_risk(outcome: Outcome, state: State) -> None:
    """A list in a delta can break a client only where one comes; whether one comes must have been seen."""
    found = changed("reasoning.details_list_indexed", outcome, cause=Cause("k", "why"))
    assert states(found)["openai-python helper"] is state
    assert {each.state for each in found.clients if each.name != "openai-python helper"} == {State.SAFE}


def test_a_failure_outweighs_what_was_not_judged() -> None:
    verdicts = {
        **PASSING,
        "chat.stream.role_first": replace(PASSING["chat.stream.role_first"], outcome=Outcome.FAILED),
        "chat.stream.id_stable": replace(PASSING["chat.stream.id_stable"], outcome=Outcome.BLOCKED),
    }
    (standing,) = (each for each in ready(verdicts).clients if each.name == "openai-node helper")
    assert (standing.state, standing.through) == (State.BROKEN, ("chat.stream.role_first",))


def test_an_expired_deviation_breaks_and_one_that_passes_does_not() -> None:
    finding = (Finding("/", "a", "b"),)
    assert states(changed("chat.stream.role_first", Outcome.STALE, findings=finding))[
        "openai-node helper"
    ] == (State.BROKEN)
    assert states(changed("chat.stream.role_first", Outcome.STALE))["openai-node helper"] == State.SAFE


def test_what_a_provider_lacks_is_no_risk_for_clients() -> None:
    """A server without tools breaks nobody who asks for none."""
    found = states(ready(judged("tools")))
    assert {found[name] for name in CLIENTS} == {State.SAFE}


def test_the_order_in_which_verdicts_come_decides_nothing() -> None:
    """With several workers they come in any order; the checks of a state stand in the order of the catalogue."""
    outcomes = (Outcome.FAILED, Outcome.ADVISORY, Outcome.BLOCKED, Outcome.PASSED)
    chosen = random.Random(7)
    mixed = [replace(verdict, outcome=chosen.choice(outcomes)) for verdict in PASSING.values()]
    two = [*mixed, *(replace(verdict, provider="another") for verdict in mixed)]
    expected = assess(two, CHECKS)
    order = {check: place for place, check in enumerate(CATALOGUE.checks)}
    assert any(len(client.through) > 1 for one in expected for client in one.clients)
    for _ in range(20):
        chosen.shuffle(two)
        assert assess(two, CHECKS) == expected
    for one in expected:
        for standing in one.profiles:
            assert list(standing.through) == sorted(standing.through, key=order.__getitem__)


def test_a_client_of_which_nothing_applies_is_not_measured() -> None:
    """Nothing was found, and nothing was looked for."""
    verdicts = {
        name: replace(verdict, outcome=Outcome.NOT_APPLICABLE)
        if "litellm" in (*verdict.breaks, *verdict.misleads, *verdict.at_risk)
        else verdict
        for name, verdict in PASSING.items()
    }
    assert [each.name for each in ready(verdicts).clients if each.state is State.UNMEASURED] == ["litellm"]


def test_of_a_server_that_could_not_be_judged_nothing_is_said() -> None:
    """Neither that its clients are at risk, nor that a profile is partial."""
    down = {name: replace(verdict, outcome=Outcome.BLOCKED) for name, verdict in PASSING.items()}
    assert assess(down.values(), CHECKS) == ()
    half = {**down, "chat.answered": PASSING["chat.answered"]}
    assert len(assess(half.values(), CHECKS)) == 1


def test_a_server_of_embeddings_passes_their_profile_alone() -> None:
    found = states(ready(judged(*(EVERYTHING - {"embeddings"}))))
    assert [found[name] for name in PROFILES] == [
        State.NOT_OFFERED,
        State.NOT_OFFERED,
        State.PASSED,
        State.NOT_OFFERED,
    ]


def test_what_a_declared_deviation_hides_is_a_risk() -> None:
    """Its dependants do not apply, and so nobody knows."""
    verdict = replace(
        PASSING["tools.call.shape"],
        outcome=Outcome.NOT_APPLICABLE,
        reason="tools.named.called is a declared deviation: the engine ignores it",
    )
    found = states(ready({**PASSING, "tools.call.shape": verdict}))
    assert found["pydantic-ai"] is State.AT_RISK
    assert (found["core"], found["agent"]) == (State.PASSED, State.PARTIAL)


def test_the_judge_says_it_in_the_words_that_are_looked_for(conforming_but_deaf: dict[str, Verdict]) -> None:
    hidden = [
        each.check
        for each in conforming_but_deaf.values()
        if each.outcome is Outcome.NOT_APPLICABLE and "is a declared deviation" in each.reason
    ]
    assert "chat.stream.headers" in hidden


@pytest.fixture
def conforming_but_deaf() -> dict[str, Verdict]:
    """A provider whose streams all fail, which is declared."""
    found = dict(ANSWERS)
    for name, answer in ANSWERS.items():
        if name.startswith("chat-stream") and isinstance(answer, Exchange) and answer.response is not None:
            found[name] = replace(answer, response=replace(answer.response, status=500))
    deviations = (Declared("chat.stream.answered", "no streams here"),)
    subject = Subject("one", "reference", EVERYTHING, deviations=deviations)
    return {each.check: each for each in Judgement(CATALOGUE, subject, found).verdicts()}


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.FAILED, State.FAILED),
        (Outcome.STALE, State.FAILED),
        (Outcome.ERROR, State.FAILED),
        (Outcome.BLOCKED, State.PARTIAL),
        (Outcome.NOT_EXERCISED, State.PARTIAL),
        (Outcome.DEVIATION, State.PARTIAL),
    ],
)
def test_one_must_decides_a_profile(outcome: Outcome, state: State) -> None:
    found = changed("tools.call.shape", outcome)
    assert [(each.name, each.state, each.through) for each in found.profiles] == [
        ("core", State.PASSED, ()),
        ("agent", state, ("tools.call.shape",)),
        ("embeddings", State.PASSED, ()),
        ("responses", State.PASSED, ()),
    ]


def test_a_should_decides_no_profile() -> None:
    assert states(changed("chat.shape.id_unique", Outcome.ADVISORY))["core"] is State.PASSED


def test_a_profile_of_which_a_capability_is_missing_is_partial() -> None:
    found = states(ready(judged("json_schema")))
    assert (found["core"], found["agent"]) == (State.PASSED, State.PARTIAL)
    assert states(ready(judged("json_schema", "tools")))["agent"] is State.NOT_OFFERED


@pytest.mark.parametrize("capability", ["auth", "context_length"])
def test_keys_and_lengths_count_to_the_core_where_they_are_declared(capability: str) -> None:
    assert states(ready(judged(capability)))["core"] is State.PASSED
    must = next(
        check
        for check in CHECKS
        if check.ways == {frozenset({"chat", capability})} and check.level is Level.MUST
    )
    assert states(changed(must.id, Outcome.FAILED))["core"] is State.FAILED


def test_a_run_of_some_checks_says_nothing() -> None:
    """One check that passes makes no client safe."""
    some = [verdict for verdict in PASSING.values() if verdict.check != "chat.shape.role"]
    assert assess(some, CHECKS) == ()
    assert assess([], CHECKS) == ()


def test_other_gates_have_no_say() -> None:
    """A scenario of the gateway may be red; the provider's own contract is what clients meet."""
    other = Verdict("chat.shape.role", Gate.INTEGRATION, Level.MUST, Outcome.FAILED, provider="one")
    assert assess([*PASSING.values(), other], CHECKS) == assess(PASSING.values(), CHECKS)


def test_a_check_counts_where_one_of_its_ways_is_enough() -> None:
    """It asks for what one of its probes needs, or for what all need where they are judged together."""
    ways = {name: set(check.ways) for name, check in CATALOGUE.checks.items()}
    assert ways["chat.shape.usage_present"] == {frozenset({"chat"}), frozenset({"chat", "tools"})}
    assert ways["tools.call.shape"] == {frozenset({"chat", "tools"})}
    assert ways["models.list.shape"] == {frozenset()}
    assert ways["usage.tools_counted"] == {frozenset({"chat", "tools"})}
