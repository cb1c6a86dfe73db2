"""Every form of a canary in every place of a text, an exchange and a report: none is left to read."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.redaction.canaries import BASES, CANARIES, STYLES, forms, left

from sixgates.exchange import Chunk, Exchange, FailureKind, Finding, Request, Response, TransportError
from sixgates.gates import Thresholds, judge_gates
from sixgates.redaction import LEAST_PART, MASK, redact, redactor
from sixgates.report import ProviderInfo, RunInfo, build, render_badge, render_markdown, render_table
from sixgates.sources.secrets import Scrubber
from sixgates.verdict import Attempt, Cause, Gate, Level, Outcome, Transcript, Verdict

SECRETS = (*CANARIES, *(f"canary-user:{canary}" for canary in CANARIES))
TABLE = [
    pytest.param(canary, base, style, id=f"{number}-{base}-{style}")
    for number, canary in enumerate(CANARIES)
    for base in BASES
    for style in STYLES
]


def test_the_reader_finds_what_is_planted() -> None:
    """The control: of every form of every canary, unmasked, something is found."""
    for canary in CANARIES:
        for name, form in forms(canary):
            assert left(f"before {form} after", canary), name


@pytest.mark.parametrize(("canary", "base", "style"), TABLE)
def test_no_text_keeps_a_form(canary: str, base: str, style: str) -> None:
    """Alone, quoted, in a URL, in JSON, beside digits, and twice."""
    form = STYLES[style](BASES[base](canary))
    for text in (
        form,
        f'"{form}"',
        f"http://h/?k={form}&x=1",
        f'{{"a": "{form}"}}',
        f"<{form}>",
        f"{form} {form}",
    ):
        masked = redact(text, SECRETS)
        assert MASK in masked
        assert left(masked, canary) == []


@pytest.mark.parametrize(("canary", "base", "style"), TABLE)
def test_no_exchange_keeps_a_form(canary: str, base: str, style: str) -> None:
    """Path, headers, error and body, the body also where chunks end within the form; no byte moves."""
    form = STYLES[style](BASES[base](canary))
    body = f'{{"before": 1, "x": "{form}", "after": 2}}'.encode()
    half = len(body) // 2
    exchange = Exchange(
        "p",
        Request("POST", f"/v1/x?k={form}", (("x-own", form),), body),
        Response(
            400, (("x-echo", form), (form[:40], "1")), (Chunk(body[:half], 0.1), Chunk(body[half:], 0.2))
        ),
        TransportError(FailureKind.RESET, f"said {form} and left"),
    )
    kept = Scrubber(SECRETS).exchange(exchange)
    assert kept.response is not None
    assert kept.error is not None
    assert [len(chunk.data) for chunk in kept.response.chunks] == [half, len(body) - half]
    headers = "\n".join(
        f"{name}: {value}" for name, value in (*kept.response.headers[:1], *kept.request.headers)
    )
    for said in (kept.response.body.decode(), kept.request.path, headers, kept.error.detail):
        assert left(said, canary) == []
    assert kept.response.body.endswith(b'", "after": 2}')


def _stream(pieces: list[str], shape: str) -> bytes:
    events: list[dict[str, object]] = [
        {"choices": [{"index": 0, "delta": {shape: piece}, "finish_reason": None}]}
        if shape in ("content", "reasoning_content")
        else {"type": "response.output_text.delta", "item_id": "m", "output_index": 0, shape: piece}
        for piece in pieces
    ]
    return b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in events) + b"data: [DONE]\n\n"


def _read_back(body: bytes, shape: str) -> str:
    events = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: {")]
    if shape == "delta":
        return "".join(event["delta"] for event in events)
    return "".join(event["choices"][0]["delta"][shape] for event in events)


@pytest.mark.parametrize("shape", ["content", "reasoning_content", "delta"])
@pytest.mark.parametrize("canary", CANARIES)
def test_no_stream_keeps_a_secret_that_is_split_between_events(canary: str, shape: str) -> None:
    """At every place, and one character an event: what a client joins holds nothing of it, and is still JSON."""
    splits = [[f"a {canary[:at]}", f"{canary[at:]} b"] for at in range(1, len(canary))]
    for pieces in (*splits, list(f"a {canary} b")):
        body = _stream(pieces, shape)
        exchange = Exchange("p", Request("POST", "/"), Response(200, (), (Chunk(body, 0.1),)))
        kept = Scrubber(SECRETS).exchange(exchange).response
        assert kept is not None
        assert len(kept.body) == len(body)
        joined = _read_back(kept.body, shape)
        assert left(joined, canary) == []
        assert joined.startswith("a sixgates-red")
        assert joined.endswith(" b")


@given(st.integers(0, 2**32), st.sampled_from(CANARIES), st.integers(1, 4), st.integers(2, 3))
@settings(max_examples=60, deadline=None)
def test_no_interleaved_stream_keeps_a_secret(seed: int, canary: str, size: int, choices: int) -> None:
    """Several choices in turn, as with n > 1."""
    pieces = [canary[at : at + size] for at in range(0, len(canary), size)]
    events = [
        {"choices": [{"index": (seed + choice) % choices, "delta": {"content": piece}}]}
        for piece in pieces
        for choice in range(choices)
    ]
    body = b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in events)
    kept = Scrubber(SECRETS).exchange(
        Exchange("p", Request("POST", "/"), Response(200, (), (Chunk(body, 0.1),)))
    )
    assert kept.response is not None
    texts = [""] * choices
    for line in kept.response.body.decode().splitlines():
        if line:
            (choice,) = json.loads(line[6:])["choices"]
            texts[choice["index"]] += choice["delta"]["content"]
    assert [found for text in texts for found in left(text, canary)] == []


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "deflate, gzip": lambda data: gzip.compress(zlib.compress(data)),
    "gzip, identity": lambda data: gzip.compress(gzip.compress(data)),
    "identity": gzip.compress,
}


@pytest.mark.parametrize("encoding", PACKED)
def test_a_body_that_was_packed_is_looked_into(encoding: str) -> None:
    """A recording of it would hold the key for whoever unpacks it, however often it was packed and labelled."""
    for said, clean in ((f"no {CANARIES[0]}", False), ("nothing of that kind", True)):
        body = PACKED[encoding](said.encode())
        response = Response(200, (("content-encoding", encoding),), (Chunk(body, 0.1),))
        kept = Scrubber(SECRETS).exchange(Exchange("p", Request("GET", "/"), response)).response
        assert kept is not None
        assert (kept.body == body) is clean
        assert len(kept.body) == len(body)


def _everywhere(said: str) -> tuple[RunInfo, list[Verdict]]:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    run = RunInfo(
        said, moment, moment, "0", said, said, (said,), True, (ProviderInfo(said, said, said, said, said),)
    )
    finding = Finding(said, said, f"got {said}!", said)
    judged = [
        Verdict(
            check=said,
            gate=gate,
            level=Level.MUST,
            outcome=outcome,
            requirement=said,
            provider=said,
            engine=said,
            source=said,
            findings=(finding,),
            reason=said,
            cause=Cause(said, said, (said,)),
            evidence=(said,),
            breaks=(said,),
            misleads=(said,),
            reproduce=f"curl -H 'Authorization: Bearer {said}'",
            attempts=(Attempt(outcome, (finding,), (Transcript(said, said, said),)),),
            luck=said,
        )
        for gate in Gate
        for outcome in (Outcome.FAILED, Outcome.BLOCKED, Outcome.DEVIATION)
    ]
    return run, judged


@pytest.mark.parametrize("style", STYLES)
def test_no_report_keeps_a_form(style: str) -> None:
    """Every field of every kind of verdict, in gates.json, gates.md, the table and the badge; all bases at once."""
    said = " ".join(STYLES[style](encode(canary)) for canary in CANARIES for encode in BASES.values())
    run, judged = _everywhere(said)
    document = build(run, judged, judge_gates(judged, Thresholds()), SECRETS)
    texts = (
        json.dumps(document, ensure_ascii=False),
        render_markdown(document),
        render_badge(document),
        *render_table(document),
    )
    for text in texts:
        assert left(text[:50_000]) == []


def _longest_left(text: str, secret: str) -> int:
    sizes = (size for size in range(len(secret), 0, -1))
    return next(
        (
            size
            for size in sizes
            if any(secret[at : at + size] in text for at in range(len(secret) - size + 1))
        ),
        0,
    )


@given(
    st.text(alphabet="abcdefgh0123456789-_/+", min_size=12, max_size=40),
    st.text(alphabet=" .,:xyz", max_size=60),
    st.integers(1, 100),
    st.sampled_from(["…", "..."]),
    st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_no_cut_leaves_more_than_a_few_characters(
    secret: str, around: str, at: int, mark: str, begins: bool
) -> None:
    """Whether a text is cut before it is masked or after: any secret, any place, any cut."""
    text = f"{around}{secret}{around}"
    cut = f"{mark}{text[at:]}" if begins else f"{text[:at]}{mark}"
    assert _longest_left(redact(cut, [secret]).replace(MASK, "\0"), secret) < LEAST_PART
    masked = redact(text, [secret])
    assert _longest_left(masked[:at].replace(MASK, "\0"), secret) < max(LEAST_PART, len(MASK))


@given(
    st.text(min_size=8, max_size=30).filter(lambda text: len(text.strip()) >= 8 and text.isprintable()),
    st.text(max_size=40),
    st.sampled_from(list(STYLES.values())),
    st.sampled_from(list(BASES.values())),
)
@settings(max_examples=300, deadline=None)
def test_any_secret_is_masked_in_any_form(secret: str, around: str, spell: object, encode: object) -> None:
    """Letters of any script, escapes and signs among them."""
    assert callable(spell)
    assert callable(encode)
    form = spell(encode(secret))
    masked = redact(f"{around} {form} {around}", [secret]).replace(MASK, "\0")
    assert form not in masked
    if len(set(secret)) > 3:
        assert "\0" in masked


@given(st.binary(max_size=400))
def test_bytes_without_a_secret_stay_as_they_are(data: bytes) -> None:
    """Masking is not normalising."""
    assert redactor(SECRETS).marked(data) == data


@pytest.mark.parametrize(
    "text",
    [
        "\\" * 1_000_000,
        "%25" * 300_000,
        "&amp;" * 200_000,
        "…canary" * 100_000,
        '{"content":"c"}\n' * 50_000,
        "canary-plain" * 80_000,
        "\\u0063" * 150_000,
    ],
    ids=["backslashes", "percents", "entities", "cuts", "pieces", "beginnings", "escapes"],
)
def test_a_megabyte_of_any_kind_takes_seconds(text: str) -> None:
    """A server may send what it likes; what that costs is linear."""
    began = time.process_time()
    redact(text, SECRETS)
    exchange = Exchange("p", Request("GET", "/"), Response(200, (), (Chunk(text.encode(), 0.1),)))
    Scrubber(SECRETS).exchange(exchange)
    assert time.process_time() - began < 20
