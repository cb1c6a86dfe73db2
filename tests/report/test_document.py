"""The document: its schema, its integrity, and that nothing secret is in it."""

from __future__ import annotations

import base64
import html
import json
import os
import time
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sixgates.capability import Asked, Offer
from sixgates.exchange import Finding
from sixgates.gates import Thresholds, judge_gates
from sixgates.report import (
    Document,
    ProviderInfo,
    ReportError,
    RunInfo,
    build,
    load,
    redact,
    render_badge,
    render_markdown,
    render_table,
    write,
)
from sixgates.verdict import Attempt, Cause, Gate, Level, Outcome, Transcript, Verdict

SCHEMA = json.loads((resources.files("sixgates.report") / "gates.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

texts = st.text(max_size=12)
many_texts = st.lists(texts, max_size=2).map(tuple)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
any_finding = st.builds(Finding, texts, texts, texts, texts)
any_attempt = st.builds(
    Attempt,
    st.sampled_from(Outcome),
    st.lists(any_finding, max_size=2).map(tuple),
    st.lists(st.builds(Transcript, texts, texts, texts), max_size=2).map(tuple),
)
any_verdict = st.builds(
    Verdict,
    check=st.text(min_size=1, max_size=8),
    gate=st.sampled_from(Gate),
    level=st.sampled_from(Level),
    outcome=st.sampled_from(Outcome),
    requirement=texts,
    provider=st.none() | texts,
    engine=texts,
    source=texts,
    findings=st.lists(any_finding, max_size=2).map(tuple),
    reason=texts,
    cause=st.none() | st.builds(Cause, texts, texts, many_texts),
    evidence=many_texts,
    breaks=many_texts,
    reproduce=texts,
    duration_s=st.floats(),
    times=st.integers(1, 3),
    failed=st.integers(0, 3),
    attempts=st.lists(any_attempt, max_size=2).map(tuple),
    luck=texts,
    asked=st.none() | st.builds(Asked, texts, st.sampled_from(Offer), texts),
)
any_provider = st.builds(
    ProviderInfo, st.text(min_size=1, max_size=5), texts, texts, texts, st.none() | texts
)
any_run = st.builds(
    RunInfo,
    st.text(min_size=1, max_size=8),
    moments,
    moments,
    texts,
    texts,
    texts,
    many_texts,
    st.booleans(),
    st.lists(any_provider, max_size=2).map(tuple),
    st.booleans(),
    st.integers(0, 5),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=80)
@given(any_run, st.lists(any_verdict, max_size=8), st.booleans())
def test_every_document_keeps_the_schema_and_renders(
    run: RunInfo, judged: list[Verdict], strict: bool
) -> None:
    document = build(run, judged, judge_gates(judged, Thresholds(), strict=strict))
    VALIDATOR.validate(json.loads(json.dumps(document, allow_nan=False)))
    for shown in (render_markdown(document), render_badge(document), *render_table(document)):
        shown.encode("utf-8")


def _set(document: Any, path: str, value: Any) -> None:
    *way, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    for key in way:
        document = document[key]
    if value is DROPPED:
        del document[last]
    else:
        document[last] = value


DROPPED = object()
BROKEN = [
    ("schema_version", "2.0"),
    ("schema_version", DROPPED),
    ("run", DROPPED),
    ("run/interrupted", "no"),
    ("run/mode", DROPPED),
    ("run/tool/version", 1),
    ("run/command", [1]),
    ("run/providers/0/name", DROPPED),
    ("gates", []),
    ("gates/0/id", 2),
    ("gates/1/status", "GREEN"),
    ("gates/3/blockers/0/outcome", "SAD"),
    ("gates/3/blockers/0/next_steps", [None]),
    ("gates/3/counts", DROPPED),
    ("results/1/outcome", "passed"),
    ("results/1/gate", 7),
    ("results/1/level", "SHALL"),
    ("results/1/findings/0/got", DROPPED),
    ("results/1/findings/0/got", ["stop"]),
    ("results/1/evidence", "text"),
    ("results/1/cause", "down"),
    ("footer", DROPPED),
    ("footer/results", True),
    ("run/exit_status", True),
]


@pytest.mark.parametrize(("path", "value"), BROKEN)
def test_schema_and_loader_refuse_a_broken_document(
    document: Document, path: str, value: object, tmp_path: Path
) -> None:
    broken = deepcopy(document)
    _set(broken, path, value)
    assert not VALIDATOR.is_valid(broken)
    (tmp_path / "gates.json").write_text(json.dumps(broken))
    with pytest.raises(ReportError):
        load(tmp_path)


@pytest.mark.parametrize("path", ["extra", "run/extra", "gates/0/extra", "results/0/extra", "footer/extra"])
def test_schema_refuses_unknown_keys(document: Document, path: str) -> None:
    _set(document, path, "x")
    assert not VALIDATOR.is_valid(document)


def test_schema_refuses_a_met_gate_with_a_blocker(document: Document) -> None:
    _set(document, "gates/3/status", "MET")
    assert not VALIDATOR.is_valid(document)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "schema_version is missing, so this is no gates.json"),
        (
            '{"schema_version": "2.1"}',
            "schema_version is '2.1' and this sixgates reads 1.x; upgrade sixgates",
        ),
        ('{"schema_version": "1.0"}', "the document has no 'run'"),
        ('{"schema', "is no whole JSON document (Unterminated string"),
        ("[" * 100_000, "is no whole JSON document ("),
    ],
)
def test_loading_says_what_is_wrong(content: str, message: str, tmp_path: Path) -> None:
    place = tmp_path / "gates.json"
    place.write_text(content)
    with pytest.raises(ReportError) as raised:
        load(place)
    assert str(raised.value).startswith(f"{place}: {message}")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("gates/1/status", "OK", "gates[1].status is 'OK'; allowed: MET, NOT MET, BLOCKED, PARTIAL, NOT RUN"),
        ("results/2/check", 5, "results[2].check must be a string, and is 5"),
        ("run/interrupted", None, "run.interrupted must be true or false, and is None"),
        ("gates/0/id", 3, "gates must be the six gates, ids 1 to 6 in order"),
        ("run/host", 1, "run.host must be a string, and is 1"),
        ("run/expected", [], "run.expected says nothing of gate 1, of which there are results"),
        ("run/expected/0/checks", "a", "run.expected[0].checks must be a list, and is 'a'"),
        ("run/expected/0/checks/0", 1, "run.expected[0].checks[0] must be a string, and is 1"),
        ("run/expected/0/gate", 7, "run.expected[0].gate is 7; allowed: 1, 2, 3, 4, 5, 6"),
        (
            "run/started_at",
            "today",
            "run.started_at must be a time such as 2026-01-02T03:04:05.000Z, and is 'today'",
        ),
        (
            "run/thresholds/unit_exercised",
            7,
            "run.thresholds.unit_exercised must be a share from 0 to 1, and is 7",
        ),
        (
            "run/thresholds/max_age_s",
            {"tea": 1},
            "run.thresholds.max_age_s is 'tea'; allowed: config, schema, unit, contract, integration, health",
        ),
        ("run/bounds", {"unit": "x"}, "run.bounds.unit must be a list, and is 'x'"),
        ("too_old", [{"run": "a"}], "too_old[0] has no 'gate'"),
        ("results/0/times", "1", "results[0].times must be an integer, and is '1'"),
        ("results/0/others", 1, "results[0].others must be a list, and is 1"),
        ("footer/results", 9, "results holds 8 and the footer promises 9: the file was cut or edited"),
    ],
)
def test_loading_names_the_place(
    document: Document, path: str, value: object, message: str, tmp_path: Path
) -> None:
    _set(document, path, value)
    (tmp_path / "gates.json").write_text(json.dumps(document))
    with pytest.raises(ReportError) as raised:
        load(tmp_path)
    assert str(raised.value) == f"{tmp_path / 'gates.json'}: {message}"


def test_a_missing_file_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ReportError) as raised:
        load(tmp_path / "none.json")
    assert str(raised.value) == (
        f"{tmp_path / 'none.json'}: cannot be read: no such file; "
        "give a gates.json, or the directory that a run with --gates-report DIR wrote"
    )


def test_what_was_written_is_read_back(document: Document, tmp_path: Path) -> None:
    written = write(document, tmp_path / "deep" / "report")
    assert written.name == "gates.json"
    assert load(written) == load(written.parent) == document
    assert sorted(path.name for path in written.parent.iterdir()) == ["badge.json", "gates.json", "gates.md"]


def test_a_report_that_cannot_be_written_says_so_and_keeps_the_old_one(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(document, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReportError) as raised:
        write({**document, "results": []}, tmp_path)
    assert str(raised.value) == (
        f"the report was not written: {tmp_path / 'gates.md'}: No space left on device; "
        "free space there or make it writable, or name another directory with --gates-report DIR"
    )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_in_the_place_of_the_directory_is_named(document: Document, tmp_path: Path) -> None:
    (tmp_path / "report").write_text("")
    with pytest.raises(ReportError, match=r"the report was not written: .*report: File exists; free space"):
        write(document, tmp_path / "report")


def test_results_stand_in_one_order_whatever_the_workers_did(
    verdicts: tuple[Verdict, ...], make_document: Callable[..., Document]
) -> None:
    assert make_document(verdicts[::-1])["results"] == make_document(verdicts)["results"]


def test_a_result_reads_back_as_its_verdict(verdicts: tuple[Verdict, ...], document: Document) -> None:
    read = [Verdict.from_json(result) for result in document["results"]]
    assert sorted(map(repr, read)) == sorted(map(repr, verdicts))


def test_lone_surrogates_endless_numbers_and_endless_texts_can_be_written(
    make_failed: Callable[..., Verdict], make_document: Callable[..., Document], tmp_path: Path
) -> None:
    odd = make_failed(reason="\ud800", duration_s=float("nan"), requirement="x" * 1_000_000)
    document = load(write(make_document([odd]), tmp_path))
    result = document["results"][0]
    assert (result["reason"], result["duration_s"]) == ("\\ud800", 0.0)
    assert result["requirement"].endswith("x… (1000000 characters in all)")
    assert len(result["requirement"]) < 20_100


CANARY = 'sk-Canary/7+é "q"&<\\z'


def _everywhere(canary: str) -> tuple[RunInfo, list[Verdict]]:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    provider = ProviderInfo(canary, canary, canary, canary, canary)
    run = RunInfo(
        canary, moment, moment, "0.1.0", canary, canary, (canary, f"--x={canary}"), True, (provider,)
    )
    return run, [
        Verdict(
            check=canary,
            gate=gate,
            level=Level.MUST,
            outcome=outcome,
            requirement=canary,
            provider=canary,
            engine=canary,
            source=canary,
            findings=(Finding(canary, canary, f"Bearer {canary}!", canary),),
            reason=canary,
            cause=Cause(canary, canary, (canary,)),
            evidence=(canary,),
            breaks=(canary,),
            reproduce=f"curl -H 'Authorization: Bearer {canary}'",
        )
        for gate in Gate
        for outcome in Outcome
    ]


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "json, not ascii": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json twice": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "url": lambda text: quote(text, safe=""),
    "url, path": quote,
    "url, lower case": lambda text: quote(text, safe="").lower().replace("canary", "Canary"),
    "form": quote_plus,
    "url twice": lambda text: quote(quote(text, safe=""), safe=""),
    "repr": lambda text: repr(text)[1:-1],
    "html": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "json in url": lambda text: quote(json.dumps(text)[1:-1], safe=""),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_a_secret_is_masked_however_it_is_spelled(encode: Callable[[str], str]) -> None:
    assert redact(f"a{encode(CANARY)}b", [CANARY]) == "a[redacted]b"


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_no_string_of_a_document_holds_a_secret(encode: Callable[[str], str]) -> None:
    run, judged = _everywhere(encode(CANARY))
    assert (
        "Canary" in json.dumps(build(run, judged, judge_gates(judged, Thresholds())))
        or encode is ENCODINGS["base64"]
    )
    document = build(run, judged, judge_gates(judged, Thresholds()), [CANARY])
    VALIDATOR.validate(document)
    for shown in (json.dumps(document), render_markdown(document), "\n".join(render_table(document))):
        assert "anary" not in shown
        assert encode(CANARY) not in shown


def test_a_secret_that_is_a_word_of_ours_leaves_the_document_whole(verdicts: tuple[Verdict, ...]) -> None:
    run, _ = _everywhere("x")
    document = build(
        run, verdicts, judge_gates(verdicts, Thresholds()), ["FAILED", "MUST", "NOT MET", "live", "1.0"]
    )
    VALIDATOR.validate(document)


def test_redaction_takes_linear_time() -> None:
    began = time.process_time()
    redact("\\" * 50_000 + "%5c" * 25_000 + "a" * 50_000, [CANARY, "a\\\\b\\c\\d", "aaaaaaaaab"])
    assert time.process_time() - began < 5


def test_blank_secrets_mask_nothing_and_short_ones_only_words() -> None:
    assert redact("no note, no: x", ["", "  ", "no"]) == "[redacted] note, [redacted]: x"


@given(st.text(alphabet="ab\\%+ \n", min_size=4, max_size=40).filter(str.strip), st.text(max_size=200))
def test_redaction_never_leaves_the_secret(secret: str, around: str) -> None:
    assert secret not in redact(around + secret + around, [secret]).replace("[redacted]", "\0")
