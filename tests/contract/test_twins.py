"""The tables of twins are true, and say so where they are not; what one twin showed the other shows too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sixgates import catalogue, twins, twins_page
from sixgates.capability import CAPABILITIES
from sixgates.catalogue import COMPLETIONS_PATH, RESPONSES_PATH, Probe
from sixgates.cli import main
from sixgates.completion import Completion
from sixgates.exchange import Request
from sixgates.judge import Judgement, Subject
from sixgates.reasoning import Reasoned
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.select import Json
from sixgates.sources.reference import answers
from sixgates.twins import Alone, Row, Twins
from sixgates.verdict import Outcome

CATALOGUE = catalogue.load()
MUTANTS = mutants.load()


def test_every_check_stands_in_a_table_and_every_hole_has_a_reason() -> None:
    """A new check without a row, a row without a check, a level below its twin's: each is a line here."""
    assert list(twins.load().problems()) == []


def with_row(row: Row, table: str = "answers") -> list[str]:
    """What is wrong with the tables and one row more."""
    known = twins.load()
    tables = {**known.tables, table: (*known.tables[table], row)}
    return list(replace(known, tables=tables).problems())


HOLES = dict.fromkeys(twins.ANSWERS[1:], "why")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (Row("r", {}, HOLES, {}), "r: nothing judges chat, and no reason is given"),
        (
            Row("r", {"chat": ("chat.answered",)}, {**HOLES, "chat": "why"}, {}),
            "r: chat has a reason for a hole, but chat.answered judges it",
        ),
        (Row("r", {"chat": ("completions.shape",)}, HOLES, {}), "r: completions.shape sees no chat"),
        (Row("r", {"chat": ("chat.answered",)}, {**HOLES, "x": "why"}, {}), "r: there is no column x"),
        (
            Row("r", {"chat": ("chat.answered",)}, {**HOLES, "response": ""}, {}),
            "r: the reason for response is empty",
        ),
        (Row("r", {"chat": ("chat.no_such",)}, HOLES, {}), "chat.no_such is no check"),
        (
            Row(
                "r",
                {"chat": ("chat.answered",), "completions": ("completions.head",)},
                {name: why for name, why in HOLES.items() if name != "completions"},
                {},
            ),
            "r: no check of completions is a MUST as elsewhere, and no reason is given",
        ),
        (
            Row("r", {"chat": ("chat.answered",)}, HOLES, {"chat": "why"}),
            "r: chat has a reason why no check is a MUST, and needs none",
        ),
        (
            Row("r", {"chat": ("chat.answered",), twins.UNNAMED: ("usage.stream_equals",)}, HOLES, {}),
            "r: usage.stream_equals is no check of one surface: name those that it judges",
        ),
    ],
)
def test_a_row_that_is_not_true_is_told(row: Row, problem: str) -> None:
    assert with_row(row) == [problem]


def test_arguments_are_seen_only_where_tools_were_offered() -> None:
    """A check of plain text is none of arguments, though it sees a chat."""
    holes = dict.fromkeys(twins.PARTS, "why")
    del holes["arguments"]
    row = Row("r", {"arguments": ("chat.shape.content_type",)}, holes, {})
    assert with_row(row, "parts") == ["r: chat.shape.content_type sees no arguments"]


def test_a_check_that_nobody_placed_is_told() -> None:
    known = twins.load()
    tables = {name: rows[1:] if name == "answers" else rows for name, rows in known.tables.items()}
    assert (
        "chat.answered stands in no row, and is not said to have no twin"
        in Twins(tables, known.alone).problems()
    )


def test_a_check_in_a_row_is_not_alone() -> None:
    known = replace(twins.load(), alone=(*twins.load().alone, Alone(("chat.answered",), "why")))
    assert list(known.problems()) == ["chat.answered is said to have no twin, and stands in a row"]


@pytest.mark.parametrize(
    ("probe", "surface"),
    [
        (Probe("chat"), "chat"),
        (Probe("chat-with-slash", path="/v1/chat/completions/"), "chat"),
        (Probe("schema-stream"), "chat stream"),
        (Probe("completions", path=COMPLETIONS_PATH), "completions"),
        (Probe("response-tool-stream", path=RESPONSES_PATH), "response stream"),
        (Probe("wrong-method", "GET"), None),
        (Probe("models-list", "GET", "/v1/models"), None),
    ],
)
def test_a_probe_is_of_one_surface(probe: Probe, surface: str | None) -> None:
    assert twins.surface_of(probe) == surface


def test_a_check_that_compares_surfaces_is_of_none_by_itself() -> None:
    checks = CATALOGUE.checks
    assert twins.surfaces_of(checks["usage.stream_equals"]) == ()
    assert twins.surfaces_of(checks["usage.prompt_monotonic"]) == ("chat",)
    assert twins.surfaces_of(checks["http.no_bom"]) == twins.ANSWERS


def test_the_page_shows_checks_with_their_levels_and_holes_with_their_notes() -> None:
    lines = twins_page.render().splitlines()
    row = next(line for line in lines if line.startswith("| Of a stop word no part is left"))
    note = next(line for line in lines if line.endswith(". the Responses API has no stop words")).partition(
        "."
    )[0]
    assert row.split(" | ")[2:] == [
        "`params.stop.stream` SHOULD<br>`params.stop.with_tools` SHOULD",
        "`completions.stop_clean` SHOULD",
        "`completions.stop_clean` SHOULD",
        f"none: note {note}",
        f"none: note {note} |",
    ]
    assert "**hole**" not in twins_page.render()
    cut = next(line for line in lines if line.startswith("| The index says which choice it is"))
    assert "`completions.stream_entries` SHOULD<br>no MUST: note " in cut


def test_the_page_is_written_where_it_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "twins.md"
    assert main(["twins", "--output", str(path)]) == 0
    assert main(["twins"]) == 0
    text = path.read_text(encoding="utf-8")
    assert text == capsys.readouterr().out == twins_page.render()


def placed(plain: str, thought: str, stream_thought: str, finish: str) -> list[str]:
    """What reasoning.not_instead_of_content finds on a plain answer and a stream that only thinks."""

    def answer(text: str, thinks: str, *, streamed: bool) -> Reasoned:
        completion = Completion(
            text, Json(finish), (), streamed, True, Request("POST", "/v1/chat/completions")
        )
        return Reasoned(completion, (Json({"content": text, "reasoning": thinks}),))

    plain_answer = answer(plain, thought, streamed=False)
    stream = answer("", stream_thought, streamed=True)
    judge = CATALOGUE.checks["reasoning.not_instead_of_content"].judge
    return [finding.where for finding in judge(plain_answer, plain_answer, stream, stream)]


@pytest.mark.parametrize(
    ("plain", "thought", "told", "finish", "found"),
    [
        ("Hi there", "", "Hi there", "length", True),
        ("Hi there", "Hm.", "Hm. Hi there", "stop", True),
        ("Hi there", "Hm.", "Hm. I could say Hi there", "length", False),
        ("Hi there", "", "The user greets me", "stop", False),
    ],
)
def test_only_the_very_text_is_misplaced(
    plain: str, thought: str, told: str, finish: str, found: bool
) -> None:
    """A model that ends in its thought, or whose thought the limit cut, has put no answer elsewhere."""
    assert placed(plain, thought, told, finish) == ["stream: content"] * (2 * found)


FOUND = [
    ("chat-in-utf-16", "http.utf8", "chat: body", "UTF-8", "b'\\xff\\xfe{\\x00\"\\x00i\\x00' at byte 0"),
    (
        "chat-with-a-mark",
        "http.no_bom",
        "chat: body",
        "no byte-order mark before it",
        '"\ufeff{\\"id\\": \\"chatc"',
    ),
    (
        "tool-stream-breaks-characters",
        "tools.stream.no_replacement_char",
        "arguments",
        "no U+FFFD: every character whole",
        '"{\\"symbol\\": \\"🫠🥹���\\"}"',
    ),
    (
        "response-stream-breaks-characters",
        "responses.no_replacement_char",
        "output text",
        "no U+FFFD: every character whole",
        '"{\\"symbol\\": \\"🫠🥹���\\"}"',
    ),
    (
        "completions-stream-breaks-characters",
        "completions.no_replacement_char",
        "text",
        "0 times U+FFFD, as in the plain answer",
        '7: "�as�kind,�the�sea�was�calm,�"',
    ),
    (
        "chat-stream-total-too-large",
        "usage.stream_total",
        "chat-stream-usage: event 18/usage/total_tokens",
        "27, 11 + 16",
        "5047",
    ),
    (
        "chat-stream-cached-tokens-beyond-prompt",
        "usage.stream_details",
        "chat-stream-usage: event 18/usage/prompt_tokens_details/cached_tokens",
        "an integer from 0 to prompt_tokens or null or absent",
        "9000",
    ),
    (
        "response-cached-beyond-input",
        "responses.usage_details",
        "response: /usage/input_tokens_details/cached_tokens",
        "an integer from 0 to input_tokens, 141",
        "142",
    ),
    (
        "stream-model-with-a-prefix",
        "chat.stream.model_echo",
        "event 0/model",
        "reference, or the snapshot that it stands for",
        '"hosted_vllm/reference"',
    ),
    (
        "stream-says-all-as-a-thought",
        "reasoning.not_instead_of_content",
        "stream: content",
        '"Hi! A small boat left the harbour at dawn. The wind was kind, the sea was"',
        'none; as a thought: "Hi! A small boat left the harbour at dawn. The wind was kind, the sea was"',
    ),
    (
        "stream-thought-every-other",
        "reasoning.stream_equals",
        "thought",
        '"A short answer will do.", as before the same text in the plain answer',
        '"A answer do."',
    ),
    (
        "stream-thought-growing",
        "reasoning.stream_equals",
        "thought",
        '"A short answer will do."',
        'all the text so far in each piece: "AA shortA short answerA short answer willA short answer will do."',
    ),
    (
        "message-thought-marked",
        "reasoning.no_markup",
        "chat-unicode: reasoning_content",
        "a thought without <think>",
        '"<think>A short answer will do."',
    ),
    (
        "completions-stream-done-twice",
        "completions.stream_framing",
        "event 9",
        "nothing after [DONE]",
        "more events",
    ),
    (
        "completions-text-after-finish",
        "completions.nothing_after_finish",
        "event 8/choices/0/text",
        "nothing after the finish_reason",
        '" more"',
    ),
    (
        "completions-stream-model-unstable",
        "completions.head",
        "completions-stopped-stream: event 8/model",
        '"reference", as in the first chunk',
        '"another"',
    ),
    (
        "completions-each-piece-twice",
        "completions.delta_is_increment",
        "text",
        '"was kind, the sea was calm, "',
        'each piece twice: "waswas kind, kind, the the sea sea was was calm, calm,  "',
    ),
    (
        "completions-stop-taken-out",
        "completions.stop",
        "/choices/0/text",
        'a text that ends before "and ": "was kind, the sea was calm, "',
        '"was kind, the sea was calm,  and so it went on for a while"',
    ),
    (
        "completions-stream-half-a-stop-word",
        "completions.stop_clean",
        "text (stream)",
        '"was kind, the sea was calm, " and no more or less',
        '"was kind, the sea was calm, an"',
    ),
    (
        "completions-stream-loses-its-first-piece",
        "completions.equals_nonstream",
        "text",
        '"was kind, the sea was calm, "',
        '" kind, the sea was calm, "',
    ),
    (
        "response-with-thought-markup",
        "responses.text_clean",
        "response: output text",
        "text without <think>",
        '"<think>Hm.</think>Hi! A small boat left the harbour at dawn. The wind was kind, the sea was"',
    ),
    (
        "response-stream-schema-ignored",
        "responses.text_format_stream",
        "output text",
        "the beginning of a JSON object",
        '"Hi! A small boat left the harbour at dawn. The wind was kind, the sea was"',
    ),
    (
        "response-calls-of-nothing",
        "responses.no_calls_without_tools",
        "response: /output/1/type",
        "no call: the request has no tools",
        '"function_call"',
    ),
    (
        "stream-with-control-tokens",
        "chat.stream.no_template_leak",
        "chat-stream-one-token: content",
        "text without <|im_end|>",
        '"Hi!<|im_end|>"',
    ),
]


@pytest.mark.parametrize(
    ("name", "check", "where", "expected", "got"), FOUND, ids=[each[0] for each in FOUND]
)
def test_a_finding_says_where_and_what(name: str, check: str, where: str, expected: str, got: str) -> None:
    """The words that a reader gets, one for each way in which a twin differs."""
    provider = MutantProvider(MUTANTS[name], ReferenceProvider(key="sk-reference"))
    subject = Subject("reference", "reference", frozenset(CAPABILITIES), source="reference")
    verdict = Judgement(CATALOGUE, subject, answers(provider, CATALOGUE.probes())).observed(check)
    assert verdict.outcome in {Outcome.FAILED, Outcome.ADVISORY}
    assert (where, expected, got) in {(each.where, each.expected, each.got) for each in verdict.findings}
