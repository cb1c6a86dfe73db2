"""Embeddings: which answers are legal, and in which words the others are found."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sixgates import catalogue
from sixgates.exchange import Chunk, Exchange, Finding, Response
from sixgates.judge import Judgement
from sixgates.select import Json, Unmet
from sixgates.vectors import cosine, packed, same, unpacked, vector
from sixgates.verdict import Outcome

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
Reply = Callable[..., Response]
Change = Callable[[dict[str, Any]], Any]
CHECKS = [check.id for check in catalogue.load().checks.values() if check.area == "embeddings"]
ERROR = {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}
VECTOR = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [1.0, 0.5]}],
    "model": "m",
}


def changing(probe: str, change: Change) -> Callable[[Exchange], Response | None]:
    """Change the JSON answer to one probe."""

    def edit(exchange: Exchange) -> Response | None:
        if exchange.probe != probe or exchange.response is None:
            return None
        document = json.loads(exchange.response.body)
        change(document)
        return replace(exchange.response, chunks=(Chunk(json.dumps(document).encode(), 0.01),))

    return edit


def to(probe: str, response: Response) -> Callable[[Exchange], Response | None]:
    """The answer to one probe."""
    return lambda exchange: response if exchange.probe == probe else None


def found(judgement: Judgement) -> dict[str, tuple[Finding, ...]]:
    """The checks on embeddings that did not pass."""
    verdicts = [judgement.verdict(name) for name in CHECKS]
    return {verdict.check: verdict.findings for verdict in verdicts if verdict.outcome is not Outcome.PASSED}


def _noisy(document: dict[str, Any]) -> None:
    for entry in document["data"]:
        numbers = unpacked(b64decode(entry["embedding"]))
        entry["embedding"] = b64encode(packed([number * 1.002 + 0.001 for number in numbers])).decode()


def _more_fields(document: dict[str, Any]) -> None:
    document |= {"id": "embd-1", "created": 1_700_000_000}
    document["usage"] |= {"completion_tokens": 0, "prompt_tokens_details": None}


@pytest.mark.parametrize("change", [_noisy, _more_fields])
def test_what_engines_do_within_the_specification_is_no_finding(
    change: Change, judge_edited: JudgeEdited
) -> None:
    assert found(judge_edited(changing("embeddings-batch", change))) == {}


@pytest.mark.parametrize("probe", ["embeddings-too-long", "embeddings-tokens"])
@pytest.mark.parametrize("status", [400, 413, 422])
def test_refusals_are_legal(probe: str, status: int, judge_edited: JudgeEdited, reply: Reply) -> None:
    assert found(judge_edited(to(probe, reply(status, ERROR)))) == {}


def test_a_long_text_may_be_embedded_from_its_start(judge_edited: JudgeEdited, reply: Reply) -> None:
    assert found(judge_edited(to("embeddings-too-long", reply(200, VECTOR)))) == {}


def test_a_refusal_of_dimensions_is_no_ignoring(judge_edited: JudgeEdited, reply: Reply) -> None:
    """Only a provider that declares `dimensions` must accept it."""
    judgement = judge_edited(to("embeddings-half", reply(400, ERROR)))
    (name,) = found(judgement)
    assert name == "embeddings.dimensions_honoured"
    (finding,) = judgement.verdict(name).findings
    assert (finding.where, finding.expected, finding.got[:3]) == ("status", "200", "400")


def test_ignored_dimensions_are_told_from_refused_ones(judge_edited: JudgeEdited, reply: Reply) -> None:
    judgement = judge_edited(to("embeddings-half", reply(200, VECTOR)))
    (finding,) = judgement.verdict("embeddings.dimensions").findings
    assert finding == Finding("/data/0/embedding", "4 numbers, as `dimensions` asks", "2: it was ignored")


def test_numbers_for_base64_are_a_matter_of_should(judge_edited: JudgeEdited) -> None:
    def as_numbers(document: dict[str, Any]) -> None:
        for entry in document["data"]:
            entry["embedding"] = list(unpacked(b64decode(entry["embedding"])))

    judgement = judge_edited(changing("embeddings-batch", as_numbers))
    assert set(found(judgement)) == {"embeddings.base64_as_asked"}


def test_float64_is_told_by_its_length(judge_edited: JudgeEdited) -> None:
    def doubled(document: dict[str, Any]) -> None:
        for entry in document["data"]:
            numbers = unpacked(b64decode(entry["embedding"]))
            entry["embedding"] = b64encode(packed([*numbers, *numbers])).decode()

    verdict = judge_edited(changing("embeddings-batch", doubled)).verdict("embeddings.base64_equals_float")
    (finding,) = verdict.findings
    assert finding.expected.startswith("the numbers of the plain answer, 8 numbers [")
    assert finding.got.startswith("at best 16 numbers [")


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (
            404,
            "the server serves no embeddings: start it with them, or take `embeddings` out of its capabilities",
        ),
        (
            501,
            "the server serves no embeddings: start it with them, or take `embeddings` out of its capabilities",
        ),
        (500, "the server's log says why it refuses a plain request"),
    ],
)
def test_a_server_without_embeddings_is_told_what_to_do(
    status: int, hint: str, judge_edited: JudgeEdited, reply: Reply
) -> None:
    judgement = judge_edited(to("embeddings", reply(status, ERROR)))
    (finding,) = judgement.verdict("embeddings.answered").findings
    assert (finding.where, finding.expected, finding.hint) == ("status", "200", hint)
    assert {judgement.verdict(name).outcome for name in CHECKS} == {Outcome.FAILED, Outcome.BLOCKED}


@pytest.mark.parametrize(
    ("value", "where", "expected", "hint"),
    [
        ("AAA=", "/e", "the base64 of float32 numbers, 4 bytes each", "it holds 2 bytes"),
        ("", "/e", "the base64 of float32 numbers, 4 bytes each", "it holds 0 bytes"),
        ("no!", "/e", "the base64 of float32 numbers", ""),
        ("ü", "/e", "the base64 of float32 numbers", ""),
        ("AACAfw==", "/e", "finite numbers", "read as little-endian float32 some are not finite"),
        (None, "/e", "an array of numbers, or base64", ""),
        ([], "/e", "a non-empty array", ""),
        ([[1.0]], "/e/0", "a finite number", ""),
        ([True], "/e/0", "a finite number", ""),
        ([10**400], "/e/0", "a finite number", ""),
    ],
)
def test_what_is_no_vector_is_said(value: object, where: str, expected: str, hint: str) -> None:
    with pytest.raises(Unmet) as unmet:
        vector(Json(value, "/e"))
    finding = unmet.value.finding
    assert (finding.where, finding.expected, finding.hint) == (where, expected, hint)


def test_vectors_are_the_same_by_direction_and_norm() -> None:
    one = (3.0, 4.0)
    assert same(one, (3.001, 4.001))
    assert not same(one, (6.0, 8.0))
    assert not same(one, (4.0, 3.0))
    assert same((0.0, 0.0), (0.0, 0.0))
    assert cosine(one, (3.0, 4.0, 0.0)) == cosine(one, (0.0, 0.0)) == cosine((1e300, 0.0), (1e300, 0.0)) == 0
