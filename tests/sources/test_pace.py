"""A server that limits the rate slows a run down, up to a bound; no check sees a 429 that a wait would spare."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping

import pytest
from tests.sources.scripted import OK, Asked, Time, answer, scripted

from sixgates.catalogue import Probe
from sixgates.exchange import Exchange, Response
from sixgates.gauge import METRICS_PATH, SLOTS_PATH
from sixgates.judge import Answer, NotSent
from sixgates.probes.hangup import chat_stream_hung_up, gauge
from sixgates.probes.interleaved import parallel_streams
from sixgates.sources.live import Target, fetch
from sixgates.sources.pace import retry_after_s
from sixgates.sources.patience import MOST_WAIT_S, Patience
from sixgates.verdict import Cause

PROBES = [Probe(f"p{number}", body={"number": number}) for number in range(8)]
DATE = "Date: Thu, 01 Jan 2026 12:00:00 GMT"


def slow_down(
    after: str | None = None, *, status: int = 429, body: bytes = b'{"error": "slow down"}'
) -> bytes:
    """A refusal for the rate."""
    return answer(status, body, DATE, *([] if after is None else [f"Retry-After: {after}"]))


def statuses(answers: Mapping[str, Answer]) -> dict[str, int]:
    """By probe, the status of its exchange; what has none fails."""
    found = {}
    for name, each in answers.items():
        assert isinstance(each, Exchange), each
        assert each.response is not None, each
        found[name] = each.response.status
    return found


def cause_of_all(answers: Mapping[str, Answer]) -> Cause:
    """The one cause of every answer."""
    (cause,) = set(answers.values())
    assert isinstance(cause, Cause)
    return cause


def ask(url: str, clock: Time, probes: list[Probe] = PROBES, **more: object) -> dict[str, Answer]:
    """All probes' answers, with the waits passing at once."""
    return fetch(Target("vllm", url, "m", deadline_s=5.0), probes, clock=clock.clock(), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("after", "status", "waits"),
    [
        ("7", 429, 7.0),
        ("1.5", 429, 1.5),
        ("0", 429, 1.0),
        (None, 429, 1.0),
        ("Thu, 01 Jan 2026 12:00:09 GMT", 429, 9.0),
        ("Thu, 01 Jan 2015 12:00:00 GMT", 429, 1.0),
        ("soon", 429, 1.0),
        ("-5", 429, 1.0),
        ("", 429, 1.0),
        ("1e3", 429, 1.0),
        ("٣", 429, 1.0),
        ("7", 503, 7.0),
        ("0", 503, 1.0),
    ],
)
def test_a_refused_request_is_sent_again_after_the_wait(after: str | None, status: int, waits: float) -> None:
    """Whatever Retry-After holds, the wait is at least a second, so that nothing is asked in a tight loop."""
    with scripted(lambda asked: slow_down(after, status=status) if asked.number == 1 else OK) as (
        url,
        script,
    ):
        said: list[str] = []
        patience = Patience("vllm")
        answers = ask(url, script.time, PROBES[:1], say=said.append, patience=patience)
    assert statuses(answers) == {"p0": 200}
    assert script.time.slept == [waits]
    assert patience.waited_s == waits
    assert len(said) == 1


def test_the_wait_is_said_once() -> None:
    refused = iter(range(3))
    with scripted(lambda asked: slow_down("7") if next(refused, None) is not None else OK) as (url, script):
        said: list[str] = []
        statuses(ask(url, script.time, say=said.append))
    assert said == [
        "vllm limits the rate: POST /v1/chat/completions answered 429 with Retry-After: 7; the run waits 7 s, "
        "at most 120 s in all, and sends fewer requests at once"
    ]


def test_a_503_without_retry_after_is_an_answer() -> None:
    with scripted(lambda asked: answer(503)) as (url, script):
        assert statuses(ask(url, script.time, PROBES[:1])) == {"p0": 503}
    assert script.time.slept == []


@pytest.mark.parametrize("after", ["121", "99999999999", "9" * 500, "Fri, 01 Jan 2027 12:00:00 GMT"])
def test_a_wait_beyond_the_bound_is_the_cause_at_once(after: str) -> None:
    with scripted(lambda asked: slow_down(after)) as (url, script):
        cause = cause_of_all(ask(url, script.time))
    assert script.time.slept == []
    assert len(script.heard) <= 4, "only what was under way"
    assert cause.key == "vllm:rate-limited"
    assert len(cause.summary) < 500


def test_the_cause_says_what_was_refused_and_what_to_do() -> None:
    with scripted(lambda asked: slow_down("300")) as (url, script):
        cause = cause_of_all(ask(url, script.time))
    assert cause == Cause(
        "vllm:rate-limited",
        "vllm limits the rate: POST /v1/chat/completions answered 429 with Retry-After: 300, saying "
        '"{\\"error\\": \\"slow down\\"}", after 0 s of waiting, and a run waits 120 s at most: the rest is not sent',
        (
            "raise the limit of vllm for the time of a run, or use a key with a higher one",
            "or send less: `concurrency: 1` in providers.yaml, and -k or -m for a part of the checks",
            "if it names a quota or a budget, that is used up: look at the account; if not, run again later",
        ),
    )


@pytest.mark.parametrize("after", [None, "0", "-1", "soon"])
def test_pauses_grow_up_to_the_bound(after: str | None) -> None:
    """A limit that never ends costs the bound, in a handful of requests, and blocks all that was not answered."""
    with scripted(lambda asked: OK if asked.number == 1 else slow_down(after)) as (url, script):
        answers = ask(url, script.time, [Probe("first", body={}, alone=True), *PROBES])
    assert isinstance(answers.pop("first"), Exchange)
    assert cause_of_all(answers).key == "vllm:rate-limited"
    assert sum({1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 57.0}) == MOST_WAIT_S
    assert script.time.now == 1000.0 + MOST_WAIT_S
    assert len(script.heard) < 20


def test_the_bound_holds_for_all_that_a_run_sends() -> None:
    """Two rounds share it."""
    patience = Patience("vllm")
    with scripted(lambda asked: OK if asked.number % 2 == 0 else slow_down("70")) as (url, script):
        assert statuses(ask(url, script.time, PROBES[:1], patience=patience)) == {"p0": 200}
        assert cause_of_all(ask(url, script.time, PROBES[:1], patience=patience)).key == "vllm:rate-limited"
    assert patience.waited_s == 70


def test_a_used_up_quota_is_not_waited_for() -> None:
    body = b'{"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}'
    with scripted(lambda asked: slow_down(body=body)) as (url, script):
        cause = cause_of_all(ask(url, script.time))
    assert script.time.slept == []
    assert "You exceeded your current quota" in cause.summary


def test_all_lanes_hold_meanwhile() -> None:
    """Nothing is heard between the refusal and the end of its wait."""
    with scripted(lambda asked: slow_down("30") if asked.number == 3 else OK) as (url, script):
        assert set(statuses(ask(url, script.time)).values()) == {200}
    before = [asked for asked in script.heard if asked.at == 1000.0]
    assert len(before) <= 3 + 4, "what was under way and no more"
    assert all(asked.at >= 1030.0 for asked in script.heard if asked not in before)


def test_fewer_requests_are_under_way_after_a_refusal() -> None:
    """Four lanes, then two."""
    under_way, most, lock = [0, 0], [0, 0], threading.Lock()

    def slowly(asked: Asked) -> bytes:
        late = asked.at > 1000.0
        with lock:
            under_way[late] += 1
            most[late] = max(most[late], under_way[late])
        while asked.number == 8 and under_way[0] < 4:
            time.sleep(0.001)
        time.sleep(0.0 if asked.number == 8 else 0.03)
        with lock:
            under_way[late] -= 1
        return slow_down("1") if asked.number == 8 else OK

    probes = [Probe(f"p{number}", body={"number": number}) for number in range(30)]
    with scripted(slowly) as (url, script):
        assert set(statuses(ask(url, script.time, probes)).values()) == {200}
    assert most == [4, 2]


def test_a_refusal_that_one_probe_gets_for_itself_is_its_answer() -> None:
    """Such as a prompt with more tokens than a minute allows; all others are answered."""

    def too_large(asked: Asked) -> bytes:
        return slow_down() if b'"number": 3' in asked.body else OK

    with scripted(too_large) as (url, script):
        found = statuses(
            ask(url, script.time, [*PROBES, *(Probe(f"q{number}", body={}) for number in range(20))])
        )
    assert found.pop("p3") == 429
    assert set(found.values()) == {200}
    assert script.time.now < 1000.0 + MOST_WAIT_S


def test_a_limit_that_stays_is_not_that_of_one_probe() -> None:
    """All others were answered but one that was sent when it had been given up."""
    late = [Probe("late", after=PROBES[0])]
    with scripted(lambda asked: slow_down() if asked.number in {2, *range(9, 99)} else OK) as (url, script):
        answers = ask(url, script.time, [*PROBES, *late])
    lost = {name for name, each in answers.items() if isinstance(each, Cause)}
    assert "late" in lost
    assert not {
        each for each in answers.values() if isinstance(each, Exchange) and b"slow" in repr(each).encode()
    }


@pytest.mark.parametrize(("refused", "asked"), [({1}, 4), ({2}, 4), ({1, 2}, 4), ({1, 2, 3}, 6)])
def test_probes_of_a_group_go_together_again(refused: set[int], asked: int) -> None:
    """Whether one of them was refused or both."""
    group = list(parallel_streams)
    with scripted(lambda each: slow_down("2") if each.number in refused else OK) as (url, script):
        assert set(statuses(ask(url, script.time, group)).values()) == {200}
    assert len(script.heard) == asked
    moments = [each.at for each in script.heard]
    assert moments[0::2] == moments[1::2]


def test_who_takes_one_request_at_once_is_not_judged_on_two() -> None:
    """It is no defect of streams to be refused, and nothing passes that was not tried."""
    group = list(parallel_streams)
    with scripted(lambda each: slow_down("2") if each.number % 2 else OK) as (url, script):
        answers = ask(url, script.time, group)
    reason = "of 2 requests at the same moment the server refused 1 for its rate, twice"
    assert NotSent(reason) in answers.values()
    assert len(script.heard) == 4


STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + b"data: {}\n\n"
PAGE = answer(200, b"vllm:num_requests_running 0.0\n")


@pytest.mark.parametrize("refused", [METRICS_PATH, "/v1/chat/completions"])
def test_a_client_that_hangs_up_is_refused_first(refused: str) -> None:
    """The gauge is read again before the stream is asked for again, and no other path is tried in its place."""
    once = iter([True])

    def behave(asked: Asked) -> bytes:
        if asked.path == refused and next(once, False):
            return slow_down("3")
        return PAGE if asked.path == METRICS_PATH else STREAM

    with scripted(behave) as (url, script):
        answers = ask(url, script.time, [gauge, chat_stream_hung_up])
    assert set(statuses(answers).values()) == {200}
    assert script.time.slept == [3.0]
    paths = [asked.path for asked in script.heard]
    assert SLOTS_PATH not in paths
    at = paths.index(refused)
    assert paths[at + 1] == METRICS_PATH


def test_a_gauge_that_is_refused_afterwards_settles_nothing() -> None:
    def behave(asked: Asked) -> bytes:
        if asked.path == METRICS_PATH:
            return PAGE if asked.number == 1 else slow_down("3")
        return STREAM

    with scripted(behave) as (url, script):
        answers = ask(url, script.time, [gauge, chat_stream_hung_up])
    reason = "the server limits the rate, /metrics too: the gauge could not be read in time"
    assert answers[chat_stream_hung_up.name] == NotSent(reason)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        (" 3 ", 3.0),
        ("0.5", 0.5),
        ("-3", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1e9", None),
    ],
)
def test_what_retry_after_asks_for(header: str, seconds: float | None) -> None:
    assert retry_after_s(Response(429, (("Retry-After", header),))) == seconds


def test_a_date_counts_by_the_clock_of_its_server() -> None:
    """Whose clock may be hours away from ours."""
    headers = (("Date", "Thu, 01 Jan 2026 12:00:00 GMT"), ("Retry-After", "Thu, 01 Jan 2026 12:00:10 GMT"))
    assert retry_after_s(Response(429, headers)) == 10.0
    assert retry_after_s(Response(429, headers[1:])) == 0.0


def test_a_probe_that_builds_on_another_builds_on_the_answer_that_came() -> None:
    def repeated(earlier: Exchange) -> Mapping[str, object]:
        return {"said": earlier.response.status if earlier.response else None}

    first = Probe("first", body={}, alone=True)
    second = Probe("second", after=first, derive=repeated, alone=True)
    with scripted(lambda asked: slow_down() if asked.number == 1 else OK) as (url, script):
        statuses(ask(url, script.time, [first, second]))
    assert json.loads(script.heard[-1].body) == {"said": 200}
