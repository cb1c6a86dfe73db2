"""The accepted deviations of a report, and what was found but not declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sixgates.impact.measured import CLIENTS
from sixgates.report import Document, render_markdown, render_table
from sixgates.report.deviations import accepted
from sixgates.verdict import Outcome, Verdict

Make = Callable[..., Verdict]
Build = Callable[..., Document]


def deviating(make_failed: Make, check: str, provider: str, *breaks: str) -> Verdict:
    return make_failed(
        check=check, provider=provider, outcome=Outcome.DEVIATION, reason=f"{check}: why", breaks=breaks
    )


def test_one_deviation_of_two_providers_is_one_line(make_failed: Make, make_document: Build) -> None:
    """What hurts clients comes first, and what hurts none says so."""
    document = make_document(
        [
            deviating(make_failed, "chat.a", "one"),
            deviating(make_failed, "chat.b", "one", "litellm"),
            deviating(make_failed, "chat.b", "two", "litellm"),
        ]
    )
    assert [one.check for one in accepted(document["results"])] == ["chat.b", "chat.a"]
    text = render_markdown(document)
    assert "## Accepted deviations (3, 2 of them different)" in text
    assert (
        "- `chat.b` MUST, `one` (llama.cpp b10434), `two` (llama.cpp b10434): chat.b: why — breaks litellm\n"
        in text
    )
    lines = render_table(document)
    assert lines[-3:] == [
        "  accepted deviations: 3, 2 of them different",
        "    chat.b [one, two] breaks litellm",
        "    no client that was measured is hurt by: chat.a [one]",
    ]


def test_what_breaks_is_told_from_what_misleads(make_failed: Make, make_document: Build) -> None:
    """Each with its clients, and all of them by one word."""
    verdicts = [
        replace(deviating(make_failed, "chat.a", "one"), misleads=CLIENTS),
        replace(deviating(make_failed, "chat.b", "one", "litellm"), misleads=("pydantic-ai", "openai-node")),
    ]
    assert render_table(make_document(verdicts))[-3:] == [
        "  accepted deviations: 2",
        "    chat.b [one] breaks litellm; misleads pydantic-ai, openai-node",
        "    chat.a [one] misleads every client",
    ]


def test_a_long_list_is_cut_in_the_terminal_only(make_failed: Make, make_document: Build) -> None:
    """Twelve, and how many more."""
    verdicts = [
        deviating(make_failed, f"chat.{kind}{number:02}", "one", *clients)
        for kind, clients in (("bad", ("litellm",)), ("odd", ()))
        for number in range(14)
    ]
    lines = render_table(make_document(verdicts), 1000)
    assert "    … and 2 more that hurt clients, all in the report" in lines
    assert lines[-1].startswith(
        "    no client that was measured is hurt by: chat.odd00 [one], chat.odd01 [one],"
    )
    assert lines[-1].endswith("chat.odd11 [one], and 2 more, all in the report")
    assert "`chat.odd13`" in render_markdown(make_document(verdicts))


def test_what_is_found_but_undeclared_is_mentioned_once(make_failed: Make, make_document: Build) -> None:
    """By its own check; the checks that need it say no more than that they do not apply."""
    reason = "found but undeclared: tools, which llama does not declare"
    document = make_document(
        [
            make_failed(check=check, outcome=Outcome.NOT_APPLICABLE, reason=reason, findings=())
            for check in ("capability.tools", "tools.named.called")
        ]
    )
    assert [line for line in render_table(document) if "undeclared" in line] == [f"  {reason}"]
    text = render_markdown(document)
    assert "## Found but undeclared (1)" in text
    assert text.count(reason) == 1
