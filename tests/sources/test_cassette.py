"""A cassette gives back every byte, says what it is, and refuses to be something else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.request import Request as UrlRequest
from urllib.request import urlopen

import pytest
import vcr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sixgates import catalogue
from sixgates.capability import CAPABILITIES
from sixgates.catalogue import Probe
from sixgates.exchange import Chunk, Exchange, FailureKind, Response, TransportError
from sixgates.judge import Judgement, NotSent, Subject
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.sources.reference import answers as reference_answers
from sixgates.sources.secrets import Scrubber
from sixgates.verdict import Cause

PROBE = Probe("chat", body={"model": "$model"})
LABEL = cassette.Label("vllm", "vllm", "0.32.0", "smollm2", "2026-11-23")
ROOT = "http://127.0.0.1:8001"
HEADERS = st.lists(st.tuples(st.sampled_from(["date", "set-cookie", "x-a"]), st.text("abc: ;=é", max_size=8)))
CHUNKS = st.lists(st.builds(Chunk, st.binary(max_size=40), st.floats(0, 9).map(lambda at: round(at, 6))))


def exchange(response: Response | None, error: TransportError | None = None) -> Exchange:
    """An exchange of the probe."""
    return Exchange("chat", PROBE.request(LABEL.model), response, error, 0.5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    status=st.integers(200, 599),
    headers=HEADERS.map(tuple),
    chunks=CHUNKS.map(tuple),
    error=st.none() | st.just(TransportError(FailureKind.RESET, "cut")),
)
def test_every_byte_comes_back(
    tmp_path: Path,
    status: int,
    headers: tuple[tuple[str, str], ...],
    chunks: tuple[Chunk, ...],
    error: TransportError | None,
) -> None:
    """Status, headers in order with repetitions, chunk boundaries, times, and how it ended."""
    recorded = exchange(Response(status, headers, chunks), error)
    path = cassette.write(tmp_path, LABEL, PROBE, recorded, ROOT)
    assert cassette.read(path, PROBE) == (LABEL, recorded)


def test_a_connection_that_gave_no_answer_comes_back_as_one(tmp_path: Path) -> None:
    """No response is not an empty response."""
    recorded = exchange(None, TransportError(FailureKind.RESET, "reset by peer"))
    assert cassette.read(cassette.write(tmp_path, LABEL, PROBE, recorded, ROOT), PROBE)[1] == recorded


def test_vcrpy_replays_our_cassettes(tmp_path: Path) -> None:
    """The files are cassettes of vcrpy, version 1: it answers a request from them without a network."""
    body = 'data: {"x": "é🫠"}\r\n\r\n'.encode()
    recorded = exchange(Response(200, (("content-type", "text/event-stream"),), (Chunk(body, 0.1),)))
    path = cassette.write(tmp_path, LABEL, PROBE, recorded, ROOT)
    with vcr.use_cassette(str(path), record_mode="none"):
        asked = UrlRequest(f"{ROOT}/v1/chat/completions", recorded.request.body)
        with urlopen(asked, timeout=5) as reply:
            assert reply.read() == body


def test_a_changed_probe_makes_its_recording_stale(tmp_path: Path) -> None:
    """The message names the file and the probe."""
    path = cassette.write(tmp_path, LABEL, PROBE, exchange(Response(200)), ROOT)
    changed = Probe("chat", body={"model": "$model", "n": 2})
    with pytest.raises(cassette.CassetteError, match=r"chat\.yaml: stale, the probe chat has changed"):
        cassette.read(path, changed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not YAML"),
        ("", "not a cassette of sixgates"),
        ("[]", "not a cassette of sixgates"),
        ("a: !!python/object/apply:os.system [x]", "not YAML"),
        ("sixgates: {}\ninteractions: []", "not a cassette of sixgates"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    """Never a traceback, never code from a file."""
    path = tmp_path / "chat.yaml"
    path.write_text(text)
    with pytest.raises(cassette.CassetteError, match=f"chat.yaml: {message}"):
        cassette.read(path, PROBE)


def test_what_was_never_recorded_has_one_cause(tmp_path: Path) -> None:
    """It says where it looked and what to do."""
    label, found = cassette.answers(tmp_path / "vllm", "vllm", [PROBE, Probe("other", body={})])
    causes = set(found.values())
    assert label is None
    assert len(causes) == 1
    cause = causes.pop()
    assert isinstance(cause, Cause)
    assert cause.summary == f"vllm has no recording: {tmp_path / 'vllm'} does not exist"
    assert "pytest -m contract --live --record --provider vllm" in cause.next_steps[0]


def test_a_missing_probe_is_a_cause_that_names_the_file(tmp_path: Path) -> None:
    """The recording is there, one exchange of it is not."""
    cassette.save(tmp_path, LABEL, ROOT, [PROBE], {"chat": exchange(Response(200))})
    _, found = cassette.answers(tmp_path, "vllm", [PROBE, Probe("other", body={})])
    assert isinstance(found["chat"], Exchange)
    assert isinstance(found["other"], Cause)
    assert "other.yaml: does not exist" in found["other"].summary


def test_a_disk_that_refuses_is_named(tmp_path: Path) -> None:
    """The folder's name is taken by a file."""
    (tmp_path / "vllm").write_text("")
    with pytest.raises(cassette.CassetteError, match="vllm: cannot be written: "):
        cassette.save(tmp_path / "vllm", LABEL, ROOT, [PROBE], {})


def test_recording_and_replaying_give_the_same_verdicts(tmp_path: Path) -> None:
    """For every check of the catalogue, what was not sent included."""
    known = catalogue.load()
    provider = ReferenceProvider(key="sk-reference")
    scrubber = Scrubber(("sk-reference",))
    fresh = {
        name: scrubber.exchange(answer) if isinstance(answer, Exchange) else answer
        for name, answer in reference_answers(provider, known.probes()).items()
    } | {
        "chat-stream-stopped": NotSent("nothing to build on"),
    }
    subject = Subject("reference", "reference", frozenset(CAPABILITIES))
    label = replace(LABEL, model="reference")
    cassette.save(tmp_path, label, ROOT, known.probes(), fresh)
    _, replayed = cassette.answers(tmp_path, "reference", known.probes())
    assert Judgement(known, subject, replayed).verdicts() == Judgement(known, subject, fresh).verdicts()
