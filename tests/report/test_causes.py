"""What a person reads first who was called at night: the cause, what waits for it, and whom it hurts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sixgates.exchange import Finding
from sixgates.report import render_markdown, render_table
from sixgates.report.causes import root_causes
from sixgates.verdict import Cause, Gate, Level, Outcome, Verdict

Make = Callable[..., Verdict]
Build = Callable[..., dict[str, Any]]
WAITS = Cause(
    "vllm:tools.shape", "vllm: the prerequisite tools.shape did not pass", ("mend tools.shape first",)
)
ABSENT = (Finding("/id", "a string", "absent"), Finding("/id", "a string", "null"))
FOLLOWS = ("tools.0", "tools.1")


@pytest.fixture
def night(make_failed: Make, make_document: Build) -> dict[str, Any]:
    """A linter's finding in gate 1, one failure with what waits for it, one without, and a provider that is down."""
    down = Cause("ollama:refused", "ollama: nothing listens there", ("start it: ollama serve",))
    return make_document(
        [
            Verdict("config.lint", Gate.CONFIGURATION, Level.MUST, Outcome.FAILED, "It is right."),
            make_failed(check="chat.id", provider="vllm", requirement="An id.", findings=ABSENT),
            make_failed(check="tools.shape", provider="vllm", requirement="A shape.", consequences=FOLLOWS),
            *(
                make_failed(check=f"tools.{number}", provider="vllm", outcome=Outcome.BLOCKED, cause=WAITS)
                for number in range(5)
            ),
            *(
                make_failed(check=f"chat.{number}", provider="ollama", outcome=Outcome.BLOCKED, cause=down)
                for number in range(3)
            ),
        ]
    )


def test_the_widest_cause_comes_first_and_has_its_consequences(night: dict[str, Any]) -> None:
    """Word for word; what waits for a failure is no cause of its own."""
    lines = render_table(night, 160)
    start = lines.index("") + 1
    assert lines[start : start + 7] == [
        "  FAILED tools.shape failed: A shape. event 14 /choices/0/finish_reason: expected one finish_reason, "
        "got ['stop', 'stop'] [vllm]",
        "      5 checks wait for it",
        "      next: mend tools.shape first",
        "  BLOCKED ollama: nothing listens there (3 checks)",
        "      next: start it: ollama serve",
        "  FAILED chat.id failed: An id. /id: expected a string, got absent [vllm]",
        "  FAILED config.lint failed: It is right.",
    ]


def test_the_markdown_says_the_same(night: dict[str, Any]) -> None:
    """Word for word."""
    assert (
        "- **FAILED** tools.shape failed: A shape. event 14 /choices/0/finish\\_reason: expected one "
        "finish\\_reason, got \\['stop', 'stop'\\], provider `vllm`\n"
        "  - 5 checks wait for it\n"
        "  - next: mend tools.shape first\n"
        "- **BLOCKED** ollama: nothing listens there (3 checks)\n"
    ) in render_markdown(night)


def test_the_markdown_names_what_follows_once(night: dict[str, Any]) -> None:
    """Under the failure that it follows from, and nowhere else."""
    text = render_markdown(night)
    assert text.count("- follows from it: `tools.0`, `tools.1`\n") == 1
    assert text.count("tools.0") == 1


def test_a_cause_shows_a_finding_that_is_the_same_for_all(make_failed: Make, make_document: Build) -> None:
    """Cut short, and none where two providers differ."""
    long = (Finding("", "x" * 200, "y" * 200),)
    (one,) = root_causes(make_document([make_failed(requirement="R.", findings=long)])["gates"])
    assert one["summary"] == (f"chat.stream.finish_once failed: R. expected {'x' * 100}…, got {'y' * 100}…")
    differing = [make_failed(requirement="R."), make_failed(requirement="R.", provider="vllm", findings=long)]
    (both,) = root_causes(make_document(differing)["gates"])
    assert both["summary"] == "chat.stream.finish_once failed: R."
    (silent,) = root_causes(make_document([make_failed(requirement="R.", findings=())])["gates"])
    assert silent["summary"] == "chat.stream.finish_once failed: R."


def test_what_waits_for_another_provider_stays_where_it_is(make_failed: Make, make_document: Build) -> None:
    """The check of one provider is no cause for what waits for that of another."""
    found = root_causes(
        make_document(
            [
                make_failed(check="tools.shape", provider="llama"),
                make_failed(check="tools.1", provider="vllm", outcome=Outcome.BLOCKED, cause=WAITS),
            ]
        )["gates"]
    )
    assert [(cause["outcome"], cause["consequences"]) for cause in found] == [("BLOCKED", []), ("FAILED", [])]


def test_whom_it_hurts_comes_before_what_is_known_or_not_offered(
    make_failed: Make, make_document: Build
) -> None:
    """The clients stand right below the causes."""
    document = make_document(
        [make_failed(), make_failed(check="chat.id", outcome=Outcome.DEVIATION, reason="known")]
    )
    standing = [{"name": "litellm", "state": "broken", "through": ["chat.id"]}]
    document["readiness"] = [{"provider": "llama", "clients": standing, "profiles": standing}]
    lines = render_table(document, 120)
    assert lines.index("  clients") < lines.index("  accepted deviations: 1")


@pytest.mark.parametrize("count", [3, 6])
def test_many_checks_that_saw_nothing_are_one_line(
    make_failed: Make, make_document: Build, count: int
) -> None:
    """A model that made no call says so fourteen times; the Markdown has each with its reason."""
    document = make_document(
        [
            make_failed(check=f"tools.{number}", outcome=Outcome.NOT_EXERCISED, reason="no call", findings=())
            for number in range(count)
        ]
    )
    lines = [line for line in render_table(document, 200) if line.startswith("  NOT EXERCISED")]
    assert len(lines) == (3 if count == 3 else 1)
    assert lines[-1] == (
        "  NOT EXERCISED tools.2 was not exercised: no call [llama]"
        if count == 3
        else "  NOT EXERCISED 6 checks saw nothing to judge, why stands in the report: "
        "tools.0, tools.1, tools.2, tools.3 and 2 more"
    )
    assert render_markdown(document).count("was not exercised: no call") == count
