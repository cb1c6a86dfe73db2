"""What a history leads to: it stands in for a forced call, and shows what forcing cannot."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.contract.led_servers import (
    CALLING,
    CATALOGUE,
    CHECKS,
    NAMED,
    PROBES,
    Server,
    judged,
    leads,
    only_led,
    outcomes,
    unforced,
    unled,
)

from sixgates.contract import checks_needed
from sixgates.exchange import Request, Response
from sixgates.gates import GateStatus, Thresholds, judge_gates
from sixgates.reference import mutants
from sixgates.reference.defects.led import on_led
from sixgates.reference.led import led_to, total
from sixgates.reference.mutants import Mutant, asking, body_of, in_json, with_body
from sixgates.verdict import Gate, Level, Outcome


def test_every_history_goes_on_in_kind() -> None:
    """Questions that calls answered, without results, and sums with their thoughts."""
    for name in CALLING:
        body = PROBES[name].body or {}
        assert set(led_to(body.get("messages") or body["input"])) <= {"get_weather", "get_time"}
        assert ("parallel" in name) == (len(led_to(body.get("messages") or body["input"])) == 2)
    for name in PROBES.keys() - set(CALLING):
        asked = (PROBES[name].body or {})["messages"]
        assert [total(each["content"]) for each in asked[::2]] == ["5", "8", "7", "9"]
        assert [each["content"] for each in asked[1::2]] == ["5", "8", "7"]


def test_histories_are_sent_only_to_whom_they_concern() -> None:
    """A provider that only chats gets none of them; all of them are fifteen."""
    assert len(PROBES) == 15
    assert {probe.capability for probe in PROBES.values()} == {"tools", "reasoning"}


def test_a_server_that_forces_nothing_is_judged_on_what_it_calls_by_itself() -> None:
    """Before there were such histories, all of these were blocked."""
    judgement = judged(Server(asked=unforced))
    assert judgement.verdict("tools.named.called").outcome is Outcome.FAILED
    assert judgement.verdict("tools.required.called").outcome is Outcome.FAILED
    assert outcomes(judgement) == {}
    assert {judgement.verdict(name).outcome for name in CHECKS if name.startswith("tools.")} == {
        Outcome.PASSED
    }


OF_CALLS = ("tools.call.", "tools.stream.", "tools.id.", "tools.finish.")
FORCED_DEFECTS = {
    (mutant.name, name)
    for mutant in mutants.load().values()
    for name in mutant.caught_by
    if mutant.edit and not mutant.rewrite and name in CHECKS and name.startswith(OF_CALLS)
    if not CHECKS[name].together and not mutant.name.startswith("led-")
}
NOT_OF_CALLS = {
    ("tool-calls-announced-under-none", "tools.finish.consistent"): "it touches the tool choice none alone",
}


@pytest.mark.parametrize(("name", "check"), sorted(FORCED_DEFECTS - NOT_OF_CALLS.keys()))
def test_a_defect_of_forced_calls_is_caught_on_led_ones(name: str, check: str) -> None:
    """The same defect on a server that can force nothing, wherever its model calls by itself."""
    mutant = mutants.load()[name]
    judgement = judged(Server(asked=unforced, answered=lambda *both: _defective(mutant, *both)))
    assert judgement.verdict(check).outcome in {Outcome.FAILED, Outcome.ADVISORY}


def _defective(mutant: Mutant, request: Request, response: Response) -> Response:
    forced = (asking(tool_choice=choice)(request) for choice in ("required", NAMED))
    touched = on_led(request) and "tool_choice" not in body_of(request) and any(map(mutant.on, forced))
    return mutant.edit(response) if touched and mutant.edit else response


def test_a_model_that_is_not_led_leaves_calls_unexercised() -> None:
    """Where nothing can be forced either, no MUST about calls is an error, and none passes."""
    judgement = judged(Server(asked=lambda request: unforced(unled(request))))
    found = outcomes(judgement)
    shape = judgement.verdict("tools.call.shape")
    assert (shape.level, shape.outcome) == (Level.MUST, Outcome.NOT_EXERCISED)
    said = "the model was led to a call, and made none: tool_calls none; finish_reason"
    assert shape.reason.startswith(said)
    for name in ("tools.led.streamed_alike", "tools.led.id_unique_across", "tools.stream.index_present"):
        assert found[name] is Outcome.NOT_EXERCISED
    assert Outcome.ERROR not in found.values()
    assert judgement.verdict("tools.none.not_called").outcome is Outcome.PASSED


def test_what_is_not_exercised_keeps_the_gate_from_met_and_is_counted() -> None:
    judgement = judged(Server(asked=lambda request: unforced(unled(request))))
    kept = [each for each in judgement.verdicts() if not each.red]
    gate = next(each for each in judge_gates(kept, Thresholds()) if each.gate is Gate.CONTRACT)
    assert gate.status is GateStatus.PARTIAL
    unexercised = sum(each.outcome is Outcome.NOT_EXERCISED for each in kept)
    assert f"{unexercised} not exercised" in gate.actual
    assert any("tools.call.shape" in json.dumps(blocker.to_json()) for blocker in gate.blockers)


def test_where_calls_are_forced_nobody_needs_to_be_led() -> None:
    """A model that goes its own way is no gap where the same was judged on a forced call."""
    judgement = judged(Server(asked=unled))
    assert {
        name: each for name, each in outcomes(judgement).items() if CHECKS[name].level is Level.MUST
    } == {}
    verdict = judgement.verdict("tools.led.streamed_alike")
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason == (
        "tools.call.shape was judged on another call; "
        "here the model was led to calls, and made none, plain or streamed"
    )


REFUSED = with_body(b'{"error": {"message": "tool calls need results", "type": "invalid"}}', status=400)
CRASHED = with_body(b'{"error": {"message": "IndexError", "type": "server"}}', status=500)


def test_who_refuses_such_a_history_is_judged_on_forced_calls() -> None:
    """OpenAI's API refuses calls without results: that is no lack, and nothing of it is red."""
    judgement = judged(
        Server(answered=lambda asked, response: REFUSED(response) if leads(asked) else response)
    )
    assert outcomes(judgement) == {}
    verdict = judgement.verdict("tools.led.answered")
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason.startswith('the server refuses tool-led: 400 "{\\"error\\"')
    assert judgement.verdict("responses.tools.none_not_called").outcome is Outcome.NOT_APPLICABLE
    assert judgement.verdict("tools.call.shape").outcome is Outcome.PASSED


def test_who_refuses_one_of_them_is_judged_on_the_others() -> None:
    """LiteLLM refuses `parallel_tool_calls`, and nothing else."""

    def refusing(asked: Request, response: Response) -> Response:
        return REFUSED(response) if leads(asked) and "parallel_tool_calls" in body_of(asked) else response

    judgement = judged(Server(asked=unforced, answered=refusing))
    assert judgement.verdict("tools.led.answered").outcome is Outcome.PASSED
    verdict = judgement.verdict("tools.parallel.disabled")
    assert verdict.outcome is Outcome.ADVISORY
    assert {finding.hint for finding in verdict.findings} == {
        "refused for `parallel_tool_calls`: answered without it"
    }
    assert outcomes(judgement).keys() == {"tools.parallel.disabled"}


def test_a_crash_is_no_refusal() -> None:
    judgement = judged(
        Server(answered=lambda asked, response: CRASHED(response) if leads(asked) else response)
    )
    assert judgement.verdict("tools.led.answered").outcome is Outcome.FAILED
    assert judgement.verdict("responses.led.answered").outcome is Outcome.FAILED
    assert judgement.verdict("tools.led.streamed_alike").outcome is Outcome.BLOCKED


def test_a_silent_probe_hides_no_other() -> None:
    """What one answer does not exercise, another may break; found hidden in `responses.incomplete`."""

    ended = {"status": "completed", "incomplete_details": None, "usage": {"output_tokens": 3}}

    def edited(asked: Request, response: Response) -> Response:
        if (
            asked.path != "/v1/responses"
            or body_of(asked).get("stream")
            or "instructions" not in body_of(asked)
        ):
            return response
        return in_json(lambda told: told.update(ended))(response)

    def completed(asked: Request, response: Response) -> Response:
        response = edited(asked, response)
        if asked.path == "/v1/responses" and body_of(asked).get("stream"):
            chunks = tuple(
                replace(
                    each,
                    data=each.data.replace(b"response.incomplete", b"response.completed").replace(
                        b'"status": "incomplete"', b'"status": "completed"'
                    ),
                )
                for each in response.chunks
            )
            return replace(response, chunks=chunks)
        return response

    judgement = judged(Server(answered=completed))
    assert judgement.among("responses.incomplete", {"response"}).outcome is Outcome.NOT_EXERCISED
    assert judgement.verdict("responses.incomplete").outcome is Outcome.FAILED


def test_a_check_that_is_selected_alone_is_sent_with_its_twin() -> None:
    """Else a run of `-k` would not know that other calls were judged."""
    for check in CATALOGUE.checks.values():
        needed = checks_needed(CATALOGUE, [check.id])
        assert set(filter(None, [check.twin])) <= set(needed)
    twins = {check.twin for check in CHECKS.values()} - {""}
    assert twins == {"tools.call.shape", "tools.finish.length_in_args", "responses.tools.call_item"}


def test_a_model_that_calls_one_tool_at_a_time_leaves_no_gap() -> None:
    """Neither where nothing is forced: one call was judged."""

    def one_at_a_time(request: Request) -> Request:
        return asking(parallel_tool_calls=False)(request) if leads(request) else unforced(request)

    judgement = judged(Server(asked=one_at_a_time))
    verdict = judgement.verdict("tools.id.unique_in_response")
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason == (
        "tools.call.shape was judged on another call; here the model was led to two calls, and made one"
    )
    assert outcomes(judgement) == {}


MAY_BE_SILENT = {
    "tools.led.answered": "an answer or a refusal comes, whatever the model does",
    "responses.led.answered": "the same",
    "reasoning.led.answered": "the same",
    "responses.tools.none_not_called": "it asks for no call",
}


def test_no_must_hangs_on_a_led_call_alone() -> None:
    """Each has a twin that another call exercises, or needs no call."""
    alone = {name for name, each in CHECKS.items() if only_led(each) and each.level is Level.MUST}
    assert {name for name in alone if not CHECKS[name].twin} == MAY_BE_SILENT.keys()
