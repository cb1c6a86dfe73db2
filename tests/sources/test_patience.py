"""A provider costs a bounded time and memory, and the cause that ends it says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from sixgates.catalogue import Probe
from sixgates.exchange import Chunk, Exchange, FailureKind, Request, Response, TransportError
from sixgates.sources import cassette
from sixgates.sources.patience import BYTES_IN_ALL, OVERDUE_IN_A_ROW, OVERDUE_IN_ALL, Patience
from sixgates.verdict import Cause

REQUEST = Request("POST", "/v1/chat/completions")
LATE = Exchange("late", REQUEST, error=TransportError(FailureKind.DEADLINE, "no end within 60 s"))
RESET = Exchange("reset", REQUEST, error=TransportError(FailureKind.RESET, "reset"))
GOOD = Exchange("good", REQUEST, Response(200, (), (Chunk(b"{}", 0.1),)))


def after(*exchanges: Exchange) -> Cause | None:
    """What patience says when it has seen these."""
    patience = Patience("vllm")
    for exchange in exchanges:
        patience.sees(exchange)
    return patience.lost


def test_deadlines_in_a_row_end_it() -> None:
    assert after(*[LATE] * (OVERDUE_IN_A_ROW - 1)) is None
    assert after(*[LATE] * OVERDUE_IN_A_ROW) == Cause(
        "vllm:overdue",
        "vllm did not end its answer to 5 probes in a row before the deadline: the rest is not sent",
        (
            "look at the provider's log and load, give it a smaller or faster model, and judge it again",
            "wait longer: --deadline SECONDS, or `deadline` of its entry in providers.yaml",
            "or ask vllm for less at once: --concurrency 1, or `concurrency: 1` of its entry",
        ),
    )


def test_deadlines_now_and_then_end_it_later() -> None:
    """A server that answers every other probe is told as well."""
    assert after(*[LATE, GOOD] * (OVERDUE_IN_ALL - 1)) is None
    lost = after(*[LATE, GOOD] * OVERDUE_IN_ALL)
    assert lost is not None
    assert (
        lost.summary == "vllm did not end its answer to 15 probes before the deadline: the rest is not sent"
    )


def test_other_failures_do_not_end_it() -> None:
    """They cost no time, and each is evidence."""
    assert after(*[RESET] * 100, *[GOOD] * 100) is None


def test_too_many_bytes_in_all_end_it() -> None:
    big = Exchange("big", REQUEST, Response(200, (), (Chunk(b"x" * (BYTES_IN_ALL // 2), 0.1),)))
    assert after(big) is None
    assert after(big, big) == Cause(
        "vllm:oversized",
        f"vllm answered with more than {BYTES_IN_ALL} bytes in all: the rest is not sent",
        ("look at what it sends with the curl line of a failed check: the probes ask for 64 tokens at most",),
    )


def test_single_bytes_are_not_free() -> None:
    """Each chunk is an object with a time of its own."""
    tiny = Exchange("tiny", REQUEST, Response(200, (), (Chunk(b"x", 0.1),) * 5_000))
    assert after(*[tiny] * 4) is None
    assert after(*[tiny] * 5) is not None


@pytest.mark.parametrize(
    "cause", [Cause("p:overdue", "p is late", ("wait",)), Cause("p:oversized", "p is big")]
)
def test_the_cause_reaches_every_worker(tmp_path: Path, cause: Cause) -> None:
    """Workers of a run share exchanges through the disk."""
    probe = Probe("late", body={})
    label = cassette.Label("p", "vllm", "", "m", "2026-01-01")
    cassette.save(tmp_path, label, "http://127.0.0.1", [probe], {"late": cause})
    assert cassette.answers(tmp_path, "p", [probe])[1] == {"late": cause}
