"""What a provider that was asked does not offer stands in the terminal and the Markdown, with why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sixgates.capability import Asked, Offer
from sixgates.report import render_markdown, render_table
from sixgates.report.offers import not_offered
from sixgates.verdict import Outcome, Verdict

Make = Callable[..., Verdict]
Build = Callable[..., dict[str, Any]]
NOT_FOUND = '404 {"detail":"Not Found"}'


def refusal(
    make: Make, capability: str, offer: Offer, got: str, provider: str = "ad-hoc", **more: object
) -> Verdict:
    """The verdict of a capability's own check."""
    return make(
        check=f"capability.{capability}",
        outcome=Outcome.NOT_APPLICABLE,
        provider=provider,
        findings=(),
        asked=Asked(capability, offer, got),
        **more,
    )


@pytest.fixture
def document(make_failed: Make, make_document: Build) -> dict[str, Any]:
    """Two of one reason, one of each other; and a check that needs one of them, which says nothing."""
    return make_document(
        [
            refusal(make_failed, "seed", Offer.IGNORED, "200, but /a: expected b, got c"),
            refusal(make_failed, "responses", Offer.ABSENT, NOT_FOUND),
            refusal(make_failed, "embeddings", Offer.ABSENT, NOT_FOUND),
            refusal(make_failed, "n", Offer.REFUSED, '400 "n must be 1"'),
            refusal(make_failed, "n", Offer.REFUSED, '400 "no"', "other"),
            make_failed(check="params.n.two", outcome=Outcome.NOT_APPLICABLE, provider="ad-hoc", findings=()),
        ]
    )


def test_each_reason_is_one_line_of_the_terminal(document: dict[str, Any]) -> None:
    """Word for word; refusals first, as the enum has them."""
    lines = render_table(document, 120)
    start = lines.index("  not offered by ad-hoc, or accepted without effect:")
    assert lines[start - 1 : start + 7] == [
        "",
        "  not offered by ad-hoc, or accepted without effect:",
        '    n: refused, 400 "n must be 1"',
        "    seed: accepted without effect, 200, but /a: expected b, got c",
        f"    embeddings, responses: not there, {NOT_FOUND}",
        "",
        "  not offered by other, or accepted without effect:",
        '    n: refused, 400 "no"',
    ]


def test_each_reason_is_one_line_of_the_markdown(document: dict[str, Any]) -> None:
    """Word for word."""
    assert (
        "## Not offered, or accepted without effect\n\n"
        '- `ad-hoc`: `n`: refused, `400 "n must be 1"`\n'
        "- `ad-hoc`: `seed`: accepted without effect, `200, but /a: expected b, got c`\n"
        f"- `ad-hoc`: `embeddings`, `responses`: not there, `{NOT_FOUND}`\n"
        '- `other`: `n`: refused, `400 "no"`\n'
    ) in render_markdown(document)


def test_the_text_of_a_hostile_server_is_shown_and_acts_on_nothing(
    make_failed: Make, make_document: Build
) -> None:
    """Cut, on one line, and escaped."""
    got = "400 \x1b[2J\u202e`</details> @everyone\n# x " + "y" * 500
    document = make_document([refusal(make_failed, "n", Offer.REFUSED, got)])
    terminal = render_table(document, 1000)[-1]
    assert terminal.startswith("    n: refused, 400 \\x1b[2J\\u202e`</details> @everyone\\n# x yyy")
    assert terminal.endswith(f"y… ({len(got)} characters)")
    (line,) = (each for each in render_markdown(document).splitlines() if "refused" in each)
    assert line.startswith("- `ad-hoc`: `n`: refused, ``400 \\x1b[2J\\u202e`</details> @everyone\\n# x yyy")
    assert line.endswith(f"y… ({len(got)} characters)``")


def test_what_was_not_asked_for_or_broke_is_no_part_of_it(make_failed: Make, make_document: Build) -> None:
    """Older reports have no such field at all."""
    results = make_document([make_failed(outcome=Outcome.NOT_APPLICABLE), make_failed()])["results"]
    assert not_offered(results) == []
    older: list[Mapping[str, Any]] = [
        {key: value for key, value in result.items() if key != "asked"} for result in results
    ]
    assert not_offered(older) == []
    lines = "\n".join(render_table(make_document([make_failed()])))
    assert "not offered by" not in lines


def test_a_verdict_carries_it_through_a_file(make_failed: Make) -> None:
    """As a worker hands it over."""
    verdict = refusal(make_failed, "n", Offer.REFUSED, "400")
    assert Verdict.from_json(verdict.to_json()) == verdict
    document = make_failed().to_json()
    del document["asked"]
    assert Verdict.from_json(document).asked is None


def test_what_is_held_against_a_provider_is_listed_as_well(make_failed: Make, make_document: Build) -> None:
    """Declared and refused, or accepted without effect: the check of the capability fails, and says why."""
    asked = Asked("seed", Offer.IGNORED, "200, but /a: expected b, got c")
    refused = Asked("echo", Offer.REFUSED, '400 "no"')
    broken = Asked("n", Offer.BROKEN, "500")
    document = make_document(
        [
            make_failed(check="capability.seed", provider="vllm", asked=asked),
            make_failed(check="capability.echo", provider="vllm", outcome=Outcome.DEVIATION, asked=refused),
            make_failed(check="capability.n", provider="vllm", asked=broken),
        ]
    )
    lines = render_table(document, 120)
    start = lines.index("  not offered by vllm, or accepted without effect:")
    assert lines[start + 1 : start + 4] == [
        '    echo: refused, 400 "no"',
        "    seed: accepted without effect, 200, but /a: expected b, got c",
        "",
    ]


def test_what_nobody_asked_for_stands_in_the_report_alone(make_failed: Make, make_document: Build) -> None:
    """One line of the Markdown for a provider, none of the terminal."""
    document = make_document(
        [
            make_failed(
                check=f"capability.{name}",
                outcome=Outcome.NOT_APPLICABLE,
                provider="vllm",
                reason=f"vllm does not declare the capability {name}",
                findings=(),
            )
            for name in ("seed", "echo")
        ]
    )
    assert "- `vllm`: `echo`, `seed`: not declared, and not asked for\n" in render_markdown(document)
    assert "not offered" not in "\n".join(render_table(document, 120))
