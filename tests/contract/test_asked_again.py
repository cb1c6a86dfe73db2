"""Live servers that are not always the same: what is broken once is asked again before it is reported."""

from __future__ import annotations

import itertools
import json
import socket
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from tests.contract.faults import Changing, When, by_seed, judging, mutant
from tests.hostile.monsters import listening, stalls
from tests.serving import served

from sixgates import catalogue, repeats
from sixgates.config import Provider
from sixgates.contract import Contract, checks_needed
from sixgates.exchange import Request
from sixgates.party import Party
from sixgates.probes.chat import BASE
from sixgates.reference.mutants import (
    Applies,
    Mutant,
    MutantProvider,
    body_of,
    on_chat,
    on_plain,
    on_stream,
    with_header,
)
from sixgates.reference.provider import ReferenceProvider
from sixgates.run import Run
from sixgates.sameness import NAMES, SAME_BEHAVIOUR, SAME_SERVER
from sixgates.sources.live import Target
from sixgates.verdict import Level, Outcome, Verdict

DONE = "chat.stream.done_sentinel"
STREAMS = [name for name in catalogue.load().checks if name.startswith("chat.stream.")]


def never(_request: object, _before: int) -> bool:
    return False


def noted(hit: list[int], schedule: When, on: Applies = on_chat) -> When:
    """The same schedule for some requests, which says when it strikes."""

    def when(request: Request, before: int) -> bool:
        broken = on(request) and schedule(request, before)
        hit.extend([before] if broken else [])
        return broken

    return when


def verdicts(provider: ReferenceProvider, folder: Path, *wanted: str, repeat: int = 1) -> dict[str, Verdict]:
    """What a live run says of these checks, and of the server being the same."""
    names = [*wanted, *NAMES]
    with judging(provider, folder, *names, repeat=repeat) as contract:
        found = {name: contract.judgement().verdict(name) for name in wanted}
        return found | {name: contract.sameness(name) for name in NAMES}


def test_a_sound_server_is_asked_once_and_looked_at_once_more(tmp_path: Path) -> None:
    """Three requests more than there are probes."""
    provider = Changing(ReferenceProvider("m"), never)
    found = verdicts(provider, tmp_path, *STREAMS)
    unjudged = {Outcome.NOT_EXERCISED, Outcome.NOT_APPLICABLE}
    assert {one.outcome for one in found.values()} == {Outcome.PASSED, *unjudged}
    assert all(one.times == 1 for one in found.values())
    assert (found[SAME_SERVER].times, found[SAME_SERVER].failed) == (1, 0)
    twice = sorted(
        json.loads(recipe.split(b" ", 2)[2] or b"{}").get("stream", False) for recipe in _twice(provider)
    )
    assert twice == [False, False, True]


def _twice(provider: Changing) -> list[bytes]:
    return [
        recipe
        for recipe, count in provider.asked.items()
        if count == 2 and b"metrics" not in recipe and b"slots" not in recipe
    ]


def test_what_does_not_repeat_is_flaky_and_shows_all_exchanges(tmp_path: Path) -> None:
    """Streams lack [DONE] the first time that they are asked for."""
    provider = Changing(
        mutant("stream-done-missing"), lambda request, before: on_stream(request) and before == 0
    )
    verdict = verdicts(provider, tmp_path, DONE)[DONE]
    assert (verdict.outcome, verdict.failed, verdict.times) == (Outcome.FLAKY, 1, 3)
    assert verdict.red
    assert [attempt.outcome for attempt in verdict.attempts] == [
        Outcome.FAILED,
        Outcome.PASSED,
        Outcome.PASSED,
    ]
    shown = [[one.probe for one in attempt.exchanges] for attempt in verdict.attempts]
    assert len(shown[1]) == 3
    assert shown[1] == shown[2] == shown[0][:3]
    broken, sound = (attempt.exchanges[0] for attempt in verdict.attempts[:2])
    assert broken.request.startswith("POST /v1/chat/completions\n\n{")
    assert sound.answer.startswith("HTTP/1.1 200\nserver: uvicorn\n")
    assert "data: [DONE]" in sound.answer
    assert "data: [DONE]" not in broken.answer


def test_what_repeats_is_reported_as_before_with_its_number(tmp_path: Path) -> None:
    provider = Changing(mutant("stream-done-missing"), lambda request, _: on_stream(request))
    verdict = verdicts(provider, tmp_path, DONE)[DONE]
    assert verdict.outcome is Outcome.FAILED
    assert verdict.times == verdict.failed >= 3
    assert verdict.attempts == ()
    assert verdict.findings
    assert verdict.reproduce.startswith("curl ")


@pytest.mark.parametrize("seed", range(6))
def test_five_percent_of_broken_streams_never_look_like_a_failure(tmp_path: Path, seed: int) -> None:
    """Whether one is hit is luck; what is hit is called what it is."""
    hit: list[int] = []
    when = noted(hit, by_seed(seed, 0.05), on_stream)
    verdict = verdicts(Changing(mutant("stream-done-missing"), when), tmp_path, DONE)[DONE]
    assert verdict.outcome is (Outcome.FLAKY if hit else Outcome.PASSED)
    assert len(verdict.attempts) == (verdict.times if hit else 0)


@pytest.mark.parametrize("seed", range(5))
def test_one_request_in_ten_to_a_defective_backend_blames_nothing_for_good(tmp_path: Path, seed: int) -> None:
    """What stands on a flaky prerequisite is judged where that held, or says how often it did not."""
    hit: list[int] = []
    provider = Changing(mutant("chat-404"), noted(hit, by_seed(seed, 0.1), of_the_base))
    wanted = [name for name in catalogue.load().checks if name.startswith("chat.")]
    found = verdicts(provider, tmp_path, *wanted)
    outcomes = Counter(one.outcome for one in found.values())
    assert bool(outcomes[Outcome.FLAKY]) is bool(hit)
    assert not outcomes[Outcome.FAILED] + outcomes[Outcome.ERROR] + outcomes[Outcome.ADVISORY]
    for one in found.values():
        if one.outcome is Outcome.BLOCKED:
            assert one.cause is not None
            assert "did not hold in" in one.cause.summary, one


def test_the_cause_of_a_flaky_prerequisite_says_how_often_it_held(tmp_path: Path) -> None:
    """The stream's text is compared with that of a chat that fails twice and then is judged no more."""
    provider = Changing(mutant("chat-404"), lambda request, before: on_plain(request) and before < 2)
    found = verdicts(provider, tmp_path, "chat.answered", "chat.shape.role")
    assert (found["chat.answered"].outcome, found["chat.answered"].failed) == (Outcome.FLAKY, 2)
    assert found["chat.shape.role"].outcome is Outcome.PASSED


def of_the_base(request: Request) -> bool:
    """Chats that nothing is wrong with."""
    said = {key: value for key, value in body_of(request).items() if not key.startswith("stream")}
    return on_chat(request) and said == {**BASE, "model": "m"}


def swapped(other: ReferenceProvider | MutantProvider, after: int) -> Changing:
    """A server that is another one after so many requests."""
    numbers = itertools.count()
    return Changing(other, lambda *_: next(numbers) >= after)


def before_the_end(folder: Path, *wanted: str) -> int:
    """How many requests a sound server gets before the look at the end."""
    provider = Changing(ReferenceProvider("m"), never)
    verdicts(provider, folder, *wanted)
    return provider.total - 3


def test_a_server_that_is_exchanged_in_the_middle_is_named(tmp_path: Path) -> None:
    """By another one with another model."""
    found = verdicts(swapped(ReferenceProvider("other"), 3), tmp_path, "chat.shape.role")
    verdict = found[SAME_SERVER]
    assert (verdict.outcome, verdict.failed, verdict.times) == (Outcome.FAILED, 3, 3)
    said = {f"{one.where}: expected {one.expected}, got {one.got}" for one in verdict.findings}
    assert (
        'models-list: /data: expected the model "m", which it listed at the start of the run, got only ["other"]'
        in said
    )
    assert "chat: status: expected 200, as at the start of the run, got 404" in said
    assert verdict.red


def headed(name: str, value: str) -> MutantProvider:
    """The reference behind a proxy that adds a header."""
    return MutantProvider(
        Mutant("headed", lambda _: True, (), with_header(name, value)), ReferenceProvider("m")
    )


def test_a_server_header_that_changes_is_named(tmp_path: Path) -> None:
    verdict = verdicts(swapped(headed("server", "other/2.0"), 3), tmp_path, "models.list.shape")[SAME_SERVER]
    assert verdict.outcome is Outcome.FAILED
    finding = verdict.findings[0]
    assert (finding.where, finding.expected, finding.got) == (
        "chat: header server",
        '"uvicorn", as at the start of the run',
        '"uvicorn", "other/2.0"',
    )


def fingerprint(value: str) -> Mutant:
    """The reference with another system_fingerprint."""
    from sixgates.reference.mutants import in_json

    return Mutant("fingerprint", on_chat, (), in_json(lambda answer: answer.update(system_fingerprint=value)))


def test_a_fingerprint_that_changes_for_good_is_advised(tmp_path: Path) -> None:
    """It may be an update; whoever compares results should know."""
    other = MutantProvider(fingerprint("fp_other"), ReferenceProvider("m"))
    found = verdicts(swapped(other, 3), tmp_path, "models.list.shape")
    assert found[SAME_SERVER].outcome is Outcome.PASSED
    verdict = found[SAME_BEHAVIOUR]
    assert (verdict.outcome, verdict.failed, verdict.times) == (Outcome.ADVISORY, 3, 3)
    assert verdict.findings[0].where == "chat: system_fingerprint"
    assert verdict.findings[0].got == '"fp_other"'
    assert not verdict.red


def test_a_fingerprint_that_changes_from_answer_to_answer_says_nothing(tmp_path: Path) -> None:
    """As a cloud's does that answers from several places."""
    provider = MutantProvider(fingerprint("fp_other"), ReferenceProvider("m"))
    turns = itertools.count()
    found = verdicts(Changing(provider, lambda *_: bool(next(turns) % 2)), tmp_path, "chat.shape.role")
    assert found[SAME_SERVER].outcome is Outcome.PASSED
    verdict = found[SAME_BEHAVIOUR]
    assert verdict.outcome is Outcome.PASSED
    assert not verdict.reason or verdict.reason.startswith(
        "changes from answer to answer, and so says nothing: "
    )


def test_a_server_that_fails_at_its_end_only_sometimes_is_flaky(tmp_path: Path) -> None:
    """A status that is another one once, and not again."""
    provider = Changing(mutant("chat-404"), lambda request, before: on_plain(request) and before == 1)
    verdict = verdicts(provider, tmp_path, "models.list.shape")[SAME_SERVER]
    assert (verdict.outcome, verdict.failed, verdict.times) == (Outcome.FLAKY, 1, 3)
    assert [attempt.outcome for attempt in verdict.attempts] == [
        Outcome.FAILED,
        Outcome.PASSED,
        Outcome.PASSED,
    ]


def test_what_held_at_the_start_and_is_broken_at_the_end_is_flaky(tmp_path: Path) -> None:
    """The last look is one more try."""
    after = before_the_end(tmp_path / "before", "chat.shape.role")
    provider = swapped(mutant("chat-role-absent"), after)
    verdict = verdicts(provider, tmp_path, "chat.shape.role")["chat.shape.role"]
    assert (verdict.outcome, verdict.failed) == (Outcome.FLAKY, verdict.times - 1)


def test_the_bound_holds_and_a_must_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be asked again says so."""
    monkeypatch.setattr(repeats, "MOST_REPEATED", 6)
    provider = Changing(mutant("stream-done-missing"), lambda request, _: on_stream(request))
    with judging(provider, tmp_path) as contract:
        found = contract.judgement().verdicts()
        sent = contract._repeats.sent
    assert sum(map(len, sent)) <= 6
    broken = [one for one in found if one.outcome in {Outcome.FAILED, Outcome.ADVISORY}]
    note = "not asked again: all providers of this run together may be sent 6 requests again"
    left = [one for one in broken if one.reason.endswith(note)]
    assert left
    asked = [one for one in broken if one not in left]
    assert any(one.level is Level.MUST for one in asked)


def test_two_providers_share_one_bound(tmp_path: Path) -> None:
    """They may run in two workers."""
    first, second = (repeats.Allowance(tmp_path / "spent") for _ in range(2))
    left: list[int] = []
    for allowance, cost in ((first, 100), (second, 100), (first, 40), (second, 0)):
        allowance.spend(lambda rest, cost=cost: left.append(rest) or cost)  # type: ignore[misc,func-returns-value]
    assert left == [240, 140, 40, 0]


def test_repeating_judges_everything_as_often(tmp_path: Path) -> None:
    """And sends everything as often."""
    provider = Changing(ReferenceProvider("m"), never)
    found = verdicts(provider, tmp_path / "five", *STREAMS, repeat=5)
    passed = [one for one in found.values() if one.outcome is Outcome.PASSED and one.check not in NAMES]
    assert {(one.times, one.failed) for one in passed} == {(5, 0)}
    assert provider.total - 3 >= 5 * len([recipe for recipe in provider.asked if b"/v1/" in recipe])


def test_repeating_finds_what_breaks_once_in_five(tmp_path: Path) -> None:
    provider = Changing(
        mutant("stream-done-missing"), lambda request, before: on_stream(request) and before == 3
    )
    verdict = verdicts(provider, tmp_path, DONE, repeat=5)[DONE]
    assert (verdict.outcome, verdict.failed, verdict.times) == (Outcome.FLAKY, 1, 5)


def test_what_is_offered_does_not_change_between_the_tries(tmp_path: Path) -> None:
    """A server that takes tools only the first time was found to offer them."""
    provider = Changing(
        mutant("tools-refused"), lambda request, before: bool(body_of(request).get("tools")) and before > 0
    )
    with served(provider) as url:
        run = Run(tmp_path, tmp_path, tmp_path, live=True, base_url=url, model="m", repeat=3)
        run.wanted.add("capability.tools")
        verdict = run.contract(run.parties()[0]).judgement().verdict("capability.tools")
    assert (verdict.outcome, verdict.failed, verdict.times) == (Outcome.FLAKY, 2, 3)


def test_prerequisites_of_what_is_wanted_are_asked_again_too() -> None:
    known = catalogue.load()
    assert "chat.stream.answered" in checks_needed(known, [DONE])


def test_ten_runs_of_a_sound_server_agree(tmp_path: Path) -> None:
    """Of the streams, which have the most to do with time, on a server as slow as engines are."""
    outcomes = []
    for number in range(10):
        folder = tmp_path / str(number)
        with judging(
            Changing(ReferenceProvider("m"), never), folder, *STREAMS, *NAMES, pace=0.01
        ) as contract:
            found = [contract.judgement().verdict(name) for name in STREAMS]
            found += [contract.sameness(name) for name in NAMES]
        outcomes.append({one.check: (one.outcome, one.times, one.failed, one.reason) for one in found})
    assert [each for each in outcomes if each != outcomes[0]] == []
    judged = {outcome for outcome, *_ in outcomes[0].values()}
    assert judged == {Outcome.PASSED, Outcome.NOT_APPLICABLE}


def test_a_lost_provider_is_asked_nothing_more(tmp_path: Path) -> None:
    """It answers the first two requests, badly, and then nothing in time."""
    heard = itertools.count()

    def tires(connection: socket.socket) -> None:
        if next(heard) > 1:
            stalls()(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    with listening(tires) as url, mock.patch("sixgates.sources.live.Target", _hurried):
        entry = Provider.model_validate({"type": "vllm", "base_url": url, "models": [{"name": "m"}]})
        contract = Contract(Party("p", entry), tmp_path, tmp_path, live=True)
        verdict = contract.sameness(SAME_SERVER)
        asked = next(heard)
    assert contract._repeats.sent == contract._repeats.looks == []
    assert asked < 15
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.cause is not None
    assert verdict.cause.summary.startswith(
        "p did not end its answer to 5 probes in a row before the deadline"
    )


def _hurried(*arguments: Any, **more: Any) -> Target:
    return replace(Target(*arguments, **more), deadline_s=0.2)


def test_a_recording_keeps_the_first_answers(tmp_path: Path) -> None:
    """What came when it was asked again is no part of it."""
    provider = Changing(
        mutant("stream-done-missing"), lambda request, before: on_stream(request) and before == 0
    )
    with judging(provider, tmp_path / "run", DONE) as contract:
        contract.record = True
        contract.cassettes = tmp_path / "cassettes"
        assert contract.judgement().verdict(DONE).outcome is Outcome.FLAKY
    replayed = replace(contract, live=False, record=False, _judgement=None, _repeats=repeats.Repeats())
    assert replayed.judgement().verdict(DONE).outcome is Outcome.FAILED


def test_a_second_worker_finds_what_the_first_was_answered(tmp_path: Path) -> None:
    """And sends nothing itself."""
    provider = Changing(
        mutant("stream-done-missing"), lambda request, before: on_stream(request) and before == 0
    )
    with judging(provider, tmp_path, DONE, *NAMES) as contract:
        found = contract.judgement().verdict(DONE)
        asked = provider.total
        other = replace(contract, _judgement=None, _repeats=repeats.Repeats())
        assert other.judgement().verdict(DONE) == found
        assert other.sameness(SAME_SERVER) == contract.sameness(SAME_SERVER)
    assert provider.total == asked
    assert found.outcome is Outcome.FLAKY
