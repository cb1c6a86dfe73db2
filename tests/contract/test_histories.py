"""Histories with tool calls: one request shows several parts, and a refusal is laid to the part that it names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sixgates.exchange import Exchange, Response
from sixgates.judge import Judgement
from sixgates.verdict import Outcome

JudgeEdited = Callable[[Callable[[Exchange], Response | None]], Judgement]
Reply = Callable[..., Response]
OMITTED = ("tools.roundtrip.content_omitted", "tools.def.parameters_omitted")
TWO = (
    "tools.roundtrip.content_empty",
    "tools.roundtrip.tool_content_parts",
    "tools.roundtrip.parallel_results",
)


def error(message: str) -> dict[str, object]:
    """An error with these words."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}


@pytest.mark.parametrize(
    ("message", "blamed"),
    [
        ("'dict object' has no attribute 'content'", {"tools.roundtrip.content_omitted"}),
        ("key 'parameters' not found", {"tools.def.parameters_omitted"}),
        ("no", {"tools.roundtrip.content_omitted"}),  # which says that it may be either
    ],
)
def test_a_missing_key_is_laid_to_the_part_that_lacks_it(
    message: str, blamed: set[str], judge_edited: JudgeEdited, reply: Reply
) -> None:
    refusal = reply(500, error(message))
    judgement = judge_edited(
        lambda exchange: refusal if exchange.probe == "tool-round-trip-keys-omitted" else None
    )
    assert {name for name in OMITTED if judgement.verdict(name).outcome is Outcome.ADVISORY} == blamed


def refusing_two_results(judge_edited: JudgeEdited, refusal: Response) -> Judgement:
    """A server that refuses the history with the results of two calls."""
    return judge_edited(lambda exchange: refusal if exchange.probe == "tool-round-trip-two-results" else None)


def test_a_refused_history_quotes_the_server(judge_edited: JudgeEdited, reply: Reply) -> None:
    """The part that the error names is the finding, and the others wait for it."""
    judgement = refusing_two_results(judge_edited, reply(400, error("tool content must be a string")))
    (finding,) = judgement.verdict("tools.roundtrip.tool_content_parts").findings
    assert "tool content must be a string" in finding.got
    assert finding.expected == "200 to a tool's result in parts"
    assert finding.hint == "refused for a tool's result in parts: the error names it"
    for name in ("tools.roundtrip.content_empty", "tools.roundtrip.parallel_results"):
        verdict = judgement.verdict(name)
        assert (verdict.outcome, verdict.reason) == (
            Outcome.NOT_EXERCISED,
            "tool-round-trip-two-results was refused for a tool's result in parts: the error names it",
        )


def test_a_refusal_that_names_no_part_is_one_finding_that_lists_them(
    judge_edited: JudgeEdited, reply: Reply
) -> None:
    judgement = refusing_two_results(judge_edited, reply(400, error("no")))
    hint = (
        'one of `tool_choice` auto, the content "", a tool\'s result in parts and results in another order than '
        "the calls is refused, and the error does not say which"
    )
    verdicts = [judgement.verdict(name) for name in TWO]
    assert [each.outcome for each in verdicts] == [
        Outcome.ADVISORY,
        Outcome.NOT_EXERCISED,
        Outcome.NOT_EXERCISED,
    ]
    assert verdicts[0].findings[0].hint == hint
    assert {each.reason for each in verdicts[1:]} == {f"tool-round-trip-two-results was refused: {hint}"}


def test_who_takes_no_history_at_all_is_told_once(judge_edited: JudgeEdited, reply: Reply) -> None:
    refusal = reply(500, error("no"))
    judgement = judge_edited(
        lambda exchange: refusal if exchange.probe.startswith("tool-round-trip") else None
    )
    assert judgement.verdict("tools.roundtrip.basic").outcome is Outcome.FAILED
    for name in (*OMITTED, *TWO):
        assert judgement.verdict(name).outcome is Outcome.BLOCKED


def test_strict_is_not_blamed_where_the_named_choice_is_refused(
    judge_edited: JudgeEdited, reply: Reply
) -> None:
    refusal = reply(400, error("no"))
    judgement = judge_edited(
        lambda exchange: refusal if exchange.probe in {"tool-named", "tool-no-arguments"} else None
    )
    verdict = judgement.verdict("tools.def.strict_accepted")
    assert (verdict.outcome, verdict.reason) == (
        Outcome.NOT_EXERCISED,
        "the named tool without strict was refused, too",
    )
