"""What a person reads at the end of a run, word for word."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from sixgates.exchange import Finding
from sixgates.report import Document, render_failure, render_table
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict
from sixgates.visible import shorten, visible

TABLE = """\
sixgates: 1 of 3 gates MET (gates 2, 3, 5 not run)
  gate             status   actual                                                                              required
  1 Configuration  MET      0 errors in 1 check                                                                 no errors
  4 Contract       NOT MET  1 of 4 MUST passed or declared, 2 providers, 1 failed, 1 deviation, 1 advisory, 2 blocked, 1 not applicable  every MUST passed or declared
  6 Health         BLOCKED  0 of 1 provider healthy, 1 blocked                                                  every active provider healthy

  BLOCKED provider vllm refuses connections at http://127.0.0.1:8001 (3 checks)
      next: start it: vllm serve --port 8001
  FAILED chat.stream.finish_once failed: Each choice says exactly once why it stopped, in the last chunk that carries it. event 14 /choices/0/finish_reason: expected one finish_reason, got ['stop',
    'stop'] [llama]

  accepted deviations: 1
    chat.id [llama] breaks langchain-openai, litellm

report: out/gates.md"""  # noqa: E501


def test_the_table_says_what_is_met_what_blocks_it_and_what_to_do(document: Document) -> None:
    lines = render_table(document, 200, path="out/gates.md")
    assert [line.split() for line in lines] == [line.split() for line in TABLE.splitlines()]


def test_columns_are_aligned(document: Document) -> None:
    rows = render_table(document, 200)[1:5]
    for word in ("actual", "required"):
        at = rows[0].index(word)
        assert {row[at - 2 : at] for row in rows} == {"  "}
        assert all(row[at] != " " for row in rows)


def test_a_narrow_terminal_loses_only_what_is_asked(document: Document) -> None:
    narrow = render_table(document, 60)[1:5]
    assert all("every" not in row for row in narrow)
    assert any(row.endswith("1 not applicable") for row in narrow)
    cut = render_table(document, 162)[1:5]
    assert max(map(len, cut)) <= 162
    assert any(row.endswith("…") for row in cut)


def test_causes_are_wrapped_and_their_words_are_whole(document: Document) -> None:
    lines = render_table(document, 60)[5:]
    assert max(map(len, lines)) <= 62
    assert "next: start it: vllm serve --port 8001" in " ".join(line.strip() for line in lines)


def test_color_marks_the_status_and_nothing_else(document: Document) -> None:
    plain, colored = render_table(document, 200), render_table(document, 200, color=True)
    assert "\x1b" not in "".join(plain)
    assert "\x1b[32mMET    \x1b[0m" in colored[2]
    assert "\x1b[31mNOT MET\x1b[0m" in colored[3]
    for code in ("\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"):
        colored = [line.replace(code, "") for line in colored]
    assert colored == plain


def test_other_encodings_get_ascii_only(
    make_failed: Callable[..., Verdict], make_document: Callable[..., Document]
) -> None:
    document = make_document([make_failed(requirement="Größe … ok")])
    assert "Größe … ok" in "".join(render_table(document, 200, encoding="UTF-8"))
    shown = "".join(render_table(document, 200, encoding="ANSI_X3.4-1968"))
    assert shown.isascii()
    assert "Gr\\xf6\\xdfe ... ok" in shown


def test_an_interrupted_run_says_so(
    make_run: Callable[..., object], make_document: Callable[..., Document]
) -> None:
    assert render_table(make_document([], make_run(interrupted=True)))[0] == (
        "sixgates: no gate was judged, run interrupted"
    )


def test_many_causes_are_counted_and_not_all_printed(
    make_failed: Callable[..., Verdict], make_document: Callable[..., Document]
) -> None:
    lines = render_table(make_document([make_failed(check=f"chat.{number:02}") for number in range(20)]), 200)
    assert lines[-1] == "  … and 8 more (8 FAILED), all in the report"


def test_a_cause_names_its_providers_unless_it_already_does(
    make_failed: Callable[..., Verdict], make_document: Callable[..., Document]
) -> None:
    both = [make_failed(provider=name, requirement="R.") for name in ("vllm", "ollama")]
    assert render_table(make_document(both), 200)[-1] == (
        "  FAILED chat.stream.finish_once failed: R. event 14 /choices/0/finish_reason: expected one finish_reason, "
        "got ['stop', 'stop'] [ollama, vllm] (2 checks)"
    )


def test_a_failure_can_be_understood_alone(make_failed: Callable[..., Verdict]) -> None:
    assert render_failure(make_failed()) == (
        "chat.stream.finish_once  MUST  FAILED  provider llama (llama.cpp b10434)\n"
        "  Each choice says exactly once why it stopped, in the last chunk that carries it.\n"
        "  event 14 /choices/0/finish_reason: expected one finish_reason, got ['stop', 'stop']\n"
        "  breaks: langchain-openai, litellm     "
        "evidence: openai-openapi CreateChatCompletionStreamResponse, sgl-project/sglang#3912\n"
        "  reproduce: curl -sN http://127.0.0.1:8080/v1/chat/completions -d '{\"stream\":true}'"
    )


def test_a_blocked_check_says_why_and_what_to_do(make_failed: Callable[..., Verdict]) -> None:
    cause = Cause("refused", "vllm refuses connections", ("start it", "curl it"))
    blocked = make_failed(
        outcome=Outcome.BLOCKED, cause=cause, findings=(), breaks=(), evidence=(), reproduce=""
    )
    assert render_failure(blocked) == (
        "chat.stream.finish_once  MUST  BLOCKED  provider llama (llama.cpp b10434)\n"
        "  Not testable: vllm refuses connections\n"
        "  next: start it\n"
        "  next: curl it\n"
        "  Each choice says exactly once why it stopped, in the last chunk that carries it."
    )


def test_a_failure_of_the_stack_itself_names_no_provider(make_failed: Callable[..., Verdict]) -> None:
    bare = make_failed(
        provider=None, findings=(Finding("", "a", "b", "try c"),), breaks=(), evidence=(), reproduce=""
    )
    first, _, last = render_failure(bare).splitlines()
    assert (first, last) == ("chat.stream.finish_once  MUST  FAILED", "  expected a, got b (try c)")


def test_long_values_are_cut_with_their_length_and_findings_counted(
    make_failed: Callable[..., Verdict],
) -> None:
    shown = render_failure(make_failed(findings=(Finding("/a", "short", "x" * 5000),) * 12))
    assert f"got {'x' * 300}… (5000 characters)\n" in shown
    assert "  … and 2 more findings\n" in shown


def test_control_characters_of_a_server_never_reach_the_terminal(make_failed: Callable[..., Verdict]) -> None:
    evil = "\x1b]0;owned\x07\r\n\x9b31m\u202e\u2028\x00"
    text = ("check", "requirement", "reason", "provider", "engine", "reproduce")
    hostile = make_failed(
        **dict.fromkeys(text, evil),
        findings=(Finding(evil, evil, evil, evil),),
        cause=Cause(evil, evil, (evil,)),
        breaks=(evil,),
        evidence=(evil,),
    )
    shown = render_failure(hostile)
    assert "\\x1b]0;owned\\x07\\r\\n\\x9b31m\\u202e\\u2028\\x00" in shown
    assert all(one.isprintable() for one in shown.replace("\n", ""))


def test_control_characters_never_reach_the_table(
    make_failed: Callable[..., Verdict], make_document: Callable[..., Document]
) -> None:
    document = make_document([make_failed(requirement="\x1b[2J", provider="\x1b[2J", check="\x9b")])
    lines = render_table(document, 200, path="\x1b[2J")
    assert all(line.isprintable() for line in lines)
    assert "\\x1b[2J" in lines[-1]


@given(st.text(max_size=60), st.integers(1, 30))
def test_what_is_shown_is_printable_and_bounded(text: str, limit: int) -> None:
    assert visible(text).isprintable()
    assert len(shorten(text, limit)) <= limit + len(f"… ({len(text)} characters)")


def test_a_flaky_failure_says_how_often_and_what_luck_it_hangs_on() -> None:
    flaky = Verdict(
        "chat.stream.created_constant",
        Gate.CONTRACT,
        Level.MUST,
        Outcome.FLAKY,
        "All chunks have one time.",
        "vllm",
        times=3,
        failed=1,
        luck="It shows only when a second passes within the stream.",
    )
    assert render_failure(flaky).splitlines() == [
        "chat.stream.created_constant  MUST  FLAKY  provider vllm",
        "  All chunks have one time.",
        "  Broken in 1 of 3 tries.",
        "  It shows only when a second passes within the stream.",
    ]
