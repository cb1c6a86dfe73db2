"""Comments that accept a finding: where they may stand, and what they must say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sixgates.config import Stack, describe, lint
from sixgates.config.gateway import Gateway
from sixgates.config.ruleset import gateway_findings
from sixgates.config.yaml_file import parse

M, P = "model-mappings.yaml", "providers.yaml"
ACCEPTED = " # sixgates: ignore[fallback-local-to-cloud] code may leave"


def said(stack: Stack) -> list[str]:
    """Every finding on a line."""
    return [describe(finding) for finding in lint(stack)]


def test_what_a_source_entry_accepts_is_accepted_in_the_compiled_file(edited: Callable[..., Stack]) -> None:
    """The sound stack has one such comment; without it the finding is there."""
    assert said(edited()) == []
    (line,) = said(edited((M, ACCEPTED, "")))
    assert line.startswith("config/litellm-unified.yaml:")
    assert "expected a local fallback, got `gpt-4o-mini` at https://api.openai.com/v1." in line


def test_a_comment_without_a_reason_has_no_effect_and_is_found(edited: Callable[..., Stack]) -> None:
    found = said(edited((M, " code may leave", "")))
    place = "config/model-mappings.yaml:34:48"
    assert f"{place}: expected a reason, got none. Write the reason after the bracket." in found
    assert any("expected a local fallback" in line for line in found)


def test_a_comment_about_no_rule_is_found(edited: Callable[..., Stack]) -> None:
    found = said(edited((M, "ignore[fallback-local-to-cloud]", "ignore[fallback-local-to-clout]")))
    expected = (
        "expected the name of a rule, got `fallback-local-to-clout`. Did you mean `fallback-local-to-cloud`?"
    )
    assert any(expected in line for line in found)


def test_a_comment_that_accepts_nothing_is_found(edited: Callable[..., Stack]) -> None:
    found = said(
        edited(
            (P, "    models: [local-model]", "    models: [local-model] # sixgates: ignore[weight-zero] why")
        )
    )
    assert found == [
        "config/providers.yaml:21:27: expected a finding of weight-zero, got none. Remove the comment."
    ]


FILE = """\
model_list:
  - model_name: a
    litellm_params:
      model: openai/a
      api_base: http://127.0.0.1:1/v1
      api_key: none{beside}
{above}      stream: true
general_settings: {{master_key: os.environ/LITELLM_MASTER_KEY}}
"""


@pytest.mark.parametrize(
    ("above", "accepted"),
    [
        ("", False),
        ("      # sixgates: ignore[stream-in-params] an old client\n", True),
        ("      # sixgates: ignore[weight-zero, stream-in-params] an old client\n      # more\n", True),
        ("      # sixgates: ignore[weight-zero] an old client\n", False),
        ("      # sixgates: ignore[stream-in-params]\n", False),
    ],
)
def test_a_comment_is_about_its_line_or_the_next(above: str, accepted: bool) -> None:
    text = FILE.format(beside="", above=above)
    found = gateway_findings(Gateway(parse(text.encode()), "g.yaml"), text)
    assert bool(found["stream-in-params"]) is not accepted
