"""Content codings: what the client offers is taken off as it does, bounded; a lie is named, and raises nothing."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixgates.coding import MOST, OFFER, codings, decoded, offered, unpacked
from sixgates.exchange import Chunk, Exchange, Request, Response
from sixgates.judge import Answer, Judgement
from sixgates.probes.clients import chat_gzip, chat_stream_gzip, missing_messages_gzip
from sixgates.reference.defects.content_coding import packed
from sixgates.select import Unmet
from sixgates.verdict import Outcome
from sixgates.views import ChatStream, Document

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
OFFERING = {chat_gzip.name, chat_stream_gzip.name, missing_messages_gzip.name}
CHECKS = (
    "http.content_coding.plain",
    "http.content_coding.stream",
    "http.content_coding.offered",
    "http.content_coding.exact",
    "errors.content_coding",
    "chat.stream.incremental_compressed",
    "chat.witness",
    "chat.stream.witness",
)
ASKED = Request("POST", "/", (("Accept-Encoding", OFFER),))


def flushed(response: Response, bits: int, label: str) -> Response:
    """Every piece compressed and flushed, as a server does that knows what a stream is for."""
    packer = zlib.compressobj(wbits=bits)
    chunks = [
        Chunk(packer.compress(each.data) + packer.flush(zlib.Z_SYNC_FLUSH), each.at)
        for each in response.chunks
    ]
    chunks[-1] = Chunk(chunks[-1].data + packer.flush(), chunks[-1].at)
    headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
    return replace(response, headers=(*headers, ("content-encoding", label)), chunks=tuple(chunks))


def answered(body: bytes, *labels: str, sizes: int = 7) -> Exchange:
    """An answer to a request that offers gzip and deflate, its body in small pieces."""
    chunks = tuple(Chunk(body[at : at + sizes], float(at)) for at in range(0, len(body), sizes))
    headers = tuple(("Content-Encoding", label) for label in labels)
    return Exchange("p", ASKED, Response(200, headers, chunks))


@pytest.mark.parametrize(
    ("bits", "label"),
    [(31, "gzip"), (31, "GZIP"), (15, "deflate"), (31, "identity, gzip"), (31, "gzip, identity")],
)
def test_honest_compression_passes(bits: int, label: str, judge_edited: JudgeEdited) -> None:
    """Plain, streamed and refused alike."""
    judgement = judge_edited(
        lambda exchange: (
            flushed(exchange.response, bits, label)
            if exchange.probe in OFFERING and exchange.response
            else None
        )
    )
    verdicts = {name: judgement.verdict(name) for name in CHECKS}
    assert {
        name: each.findings for name, each in verdicts.items() if each.outcome is not Outcome.PASSED
    } == {}


@pytest.mark.parametrize("label", ["none", "utf-8", "aws-chunked", ""])
def test_a_name_that_is_no_coding_is_passed_over(label: str, judge_edited: JudgeEdited) -> None:
    """As clients do: some servers write none to keep proxies from compressing."""
    judgement = judge_edited(
        lambda exchange: (
            replace(exchange.response, headers=(*exchange.response.headers, ("content-encoding", label)))
            if exchange.probe in OFFERING and exchange.response
            else None
        )
    )
    found = {name: judgement.verdict(name).outcome for name in CHECKS}
    assert found.pop("http.content_coding.exact") is Outcome.NOT_EXERCISED
    assert set(found.values()) == {Outcome.PASSED}


def test_a_view_is_of_what_the_client_reads_and_the_evidence_stays(conforming: dict[str, Answer]) -> None:
    plain = conforming[chat_gzip.name]
    assert isinstance(plain, Exchange)
    assert plain.response is not None
    sent = packed("gzip", gzip.compress)(plain.response)
    exchange = replace(plain, response=sent)
    assert Document.of(exchange).message["content"].text == Document.of(plain).message["content"].text
    assert exchange.response is sent
    assert sent.body.startswith(b"\x1f\x8b")


def test_times_of_a_compressed_stream_are_those_of_its_pieces(conforming: dict[str, Answer]) -> None:
    plain = conforming[chat_stream_gzip.name]
    assert isinstance(plain, Exchange)
    assert plain.response is not None
    compressed = replace(plain, response=flushed(plain.response, 31, "gzip"))
    first, second = ChatStream.of(plain), ChatStream.of(compressed)
    assert [block.at for block in second.blocks] == [block.at for block in first.blocks]
    assert second.text == first.text


def test_a_stream_that_was_cut_is_read_as_far_as_it_came(conforming: dict[str, Answer]) -> None:
    plain = conforming[chat_stream_gzip.name]
    assert isinstance(plain, Exchange)
    assert plain.response is not None
    sent = flushed(plain.response, 31, "gzip")
    cut = replace(plain, response=replace(sent, chunks=sent.chunks[:9]))
    assert len(ChatStream.of(cut).blocks) == 9


def test_who_asked_for_identity_reads_the_bytes() -> None:
    exchange = replace(answered(gzip.compress(b"{}"), "gzip"), request=Request("POST", "/"))
    assert decoded(exchange) is exchange.response


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (None, set()),
        ("identity", set()),
        ("*", set()),
        (OFFER, {"gzip", "deflate"}),
        ("br;q=1.0, gzip;q=0.8, zstd;q=0, *;q=0.1", {"br", "gzip"}),
        ("X-GZIP , deflate; q=0.000", {"x-gzip"}),
    ],
)
def test_an_offer_is_read_by_its_grammar(header: str | None, names: set[str]) -> None:
    headers = () if header is None else (("accept-encoding", header),)
    assert offered(Request("GET", "/", headers)) == names


def test_codings_are_in_the_order_in_which_they_were_applied() -> None:
    body = gzip.compress(zlib.compress(b"said"))
    for labels in (("deflate, gzip",), ("deflate", "gzip")):
        exchange = answered(body, *labels)
        assert exchange.response is not None
        assert codings(exchange.response) == ("deflate", "gzip")
        whole = decoded(exchange)
        assert whole is not None
        assert whole.body == b"said"


def test_a_bomb_is_not_set_off() -> None:
    body = gzip.compress(b" " * (MOST + 1), compresslevel=9)
    assert len(body) < 10_000
    with pytest.raises(Unmet, match=f"body: expected at most {MOST} bytes once it is unpacked, got more"):
        decoded(answered(body, "gzip", sizes=500))
    nested = gzip.compress(gzip.compress(b" " * 100 * MOST))
    with pytest.raises(Unmet, match="at most"):
        decoded(answered(nested, "gzip, gzip", sizes=500))


@given(data=st.binary(max_size=300), sizes=st.integers(1, 40), label=st.sampled_from(["gzip", "deflate"]))
def test_pieces_of_any_size_add_up(data: bytes, sizes: int, label: str) -> None:
    pack = gzip.compress if label == "gzip" else zlib.compress
    response = answered(pack(data), label, sizes=sizes).response
    assert response is not None
    whole, flaw = unpacked(response)
    assert (whole.body, flaw) == (data, "")


@given(
    data=st.binary(min_size=1, max_size=60), label=st.sampled_from(["gzip", "deflate", "gzip, deflate", "br"])
)
def test_any_bytes_are_read_or_named(data: bytes, label: str) -> None:
    where = "body"
    try:
        decoded(answered(data, label))
    except Unmet as unmet:
        where = unmet.finding.where
    assert where == "body"


LABEL_LEFT = (
    "the body is plain: whoever took its coding off has left the label, and clients fail to unpack it"
)


@pytest.mark.parametrize(
    ("probe", "check"),
    [
        (chat_gzip, "http.content_coding.plain"),
        (chat_stream_gzip, "http.content_coding.stream"),
        (missing_messages_gzip, "errors.content_coding"),
    ],
)
def test_a_label_that_was_left_is_said(probe: object, check: str, judge_edited: JudgeEdited) -> None:
    name = getattr(probe, "name", "")
    judgement = judge_edited(
        lambda exchange: (
            replace(exchange.response, headers=(*exchange.response.headers, ("content-encoding", "gzip")))
            if exchange.probe == name and exchange.response
            else None
        )
    )
    (finding,) = judgement.verdict(check).findings
    assert (finding.where, finding.expected) == ("body", "gzip, as Content-Encoding says")
    assert finding.got.startswith(('"{', '"data: {'))
    assert finding.hint == LABEL_LEFT


def edited(judge_edited: JudgeEdited, edit: Callable[[Response], Response]) -> Judgement:
    """Only the plain answer to a client that offers gzip is changed."""
    return judge_edited(
        lambda exchange: (
            edit(exchange.response) if exchange.probe == chat_gzip.name and exchange.response else None
        )
    )


def test_two_layers_under_one_label_are_said(judge_edited: JudgeEdited) -> None:
    twice = packed("gzip", lambda data: gzip.compress(gzip.compress(data)))
    (finding,) = edited(judge_edited, twice).verdict("http.content_coding.plain").findings
    assert finding.expected == "JSON"
    assert finding.hint == "it was compressed twice and labelled once"


def test_a_coding_that_was_not_offered_is_one_cause(judge_edited: JudgeEdited) -> None:
    judgement = edited(judge_edited, packed("zstd", zlib.compress))
    (finding,) = judgement.verdict("http.content_coding.offered").findings
    assert (finding.where, finding.expected, finding.got) == (
        "chat-gzip: header content-encoding",
        "gzip, deflate, as the request offers",
        "zstd",
    )
    assert judgement.verdict("http.content_coding.plain").outcome is Outcome.BLOCKED


def test_a_length_of_what_was_before_is_said(judge_edited: JudgeEdited) -> None:
    judgement = edited(judge_edited, packed("gzip", gzip.compress, length=False))
    (finding,) = judgement.verdict("http.content_coding.plain").findings
    assert finding.expected.endswith(" bytes, as Content-Length says")


@pytest.mark.parametrize(
    ("pack", "label", "flaw"),
    [
        (lambda data: gzip.compress(data)[:-8], "gzip", "gzip without its end"),
        (lambda data: gzip.compress(data) + b"junk", "gzip", "4 bytes after the end of gzip"),
        (
            lambda data: zlib.compress(data)[2:-4],
            "deflate",
            "deflate without zlib's wrapper, which some clients cannot read",
        ),
    ],
)
def test_what_stricter_clients_stumble_over_is_advice(
    pack: Callable[[bytes], bytes], label: str, flaw: str, judge_edited: JudgeEdited
) -> None:
    judgement = edited(judge_edited, packed(label, pack))
    assert judgement.verdict("http.content_coding.plain").outcome is Outcome.PASSED
    verdict = judgement.verdict("http.content_coding.exact")
    assert verdict.outcome is Outcome.ADVISORY
    ((where, expected, got),) = [(each.where, each.expected, each.got) for each in verdict.findings]
    assert (where, expected, got) == ("chat-gzip: body", f"{label}, whole and by its format", flaw)


def test_a_stream_that_is_late_without_the_offer_proves_nothing(judge_edited: JudgeEdited) -> None:
    def late(exchange: Exchange) -> Response | None:
        response = exchange.response
        if response is None or exchange.probe not in {"chat-stream", chat_stream_gzip.name}:
            return None
        return replace(response, chunks=(Chunk(response.body, response.chunks[-1].at),))

    verdict = judge_edited(late).verdict("chat.stream.incremental_compressed")
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert verdict.reason == "the stream comes late without the offer, too"
