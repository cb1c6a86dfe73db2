"""Each rule on the gateway's file finds the edit that breaks it; correct variations raise nothing."""

from __future__ import annotations

import pytest
from tests.config.gateway_edits import BROKEN, CASES, GOOD, LAST, SOUND, Broken, edited

from sixgates.config import describe
from sixgates.config.gateway import Gateway
from sixgates.config.rules import RULES, Severity
from sixgates.config.yaml_file import parse


def found(file: str, version: str = "") -> dict[str, list[str]]:
    """What each rule on the gateway's file says, as far as it says something."""
    gateway = Gateway(parse(file.encode()), "litellm.yaml", version)
    said = {
        slug: [describe(finding) for finding in rule.of_gateway(gateway)]
        for slug, rule in RULES.items()
        if rule.of_gateway is not None
    }
    return {slug: lines for slug, lines in said.items() if lines}


ALSO = {
    "cache-without-address": {"cache-on-with-fallbacks"},
    "fallback-cycle": {"fallback-smaller-context"},
}
"""What an edit breaks beside its own rule, because one line does both."""


def test_the_sound_file_has_no_finding() -> None:
    """1.79.3 has not the check that enforces the limits."""
    assert found(SOUND) == {}
    assert found(SOUND, "1.79.3").keys() == {"pre-call-check-unknown"}


def test_every_rule_on_the_gateway_has_an_edit_that_breaks_it() -> None:
    """The one on variables is broken in tests/linting, where there is an environment."""
    ours = {slug for slug, rule in RULES.items() if rule.of_gateway and not rule.needs_environment}
    assert set(BROKEN) == ours


@pytest.mark.parametrize(
    ("slug", "case"),
    CASES,
    ids=[f"{slug}-{case.edits[0][1].strip()[:20] if case.edits else case.version}" for slug, case in CASES],
)
def test_an_edit_raises_exactly_its_finding(slug: str, case: Broken) -> None:
    """The rule says where, and no other rule says anything, but for those listed."""
    said = found(case.file, case.version)
    assert slug in said
    assert any(case.text in line for line in said[slug]), said[slug]
    unknown_then = {"pre-call-check-unknown"} if case.version == "1.79.3" else set()
    assert set(said) - {slug} <= ALSO.get(slug, unknown_then) | unknown_then, said
    assert "canary" not in str(said)


@pytest.mark.parametrize("name", GOOD)
def test_a_correct_variation_raises_nothing(name: str) -> None:
    assert found(edited(*GOOD[name])) == {}


def test_what_stands_in_an_included_file_is_not_missed() -> None:
    """Names and the master key may come from there."""
    text = edited(("- shared: [large]", "- shared: [elsewhere]"), ("general_settings:\n" + LAST, ""))
    assert found(text).keys() == {"fallback-target-unknown", "master-key-missing"}
    assert found(f"include: [models.yaml]\n{text}") == {}


@pytest.mark.parametrize(
    "encode", [lambda t: t.replace("\n", "\r\n").encode(), lambda t: b"\xef\xbb\xbf" + t.encode()]
)
def test_line_ends_and_marks_change_nothing(encode: object) -> None:
    """CRLF and a byte-order mark."""
    assert callable(encode)
    gateway = Gateway(parse(encode(SOUND)), "litellm.yaml")
    assert not [finding for rule in RULES.values() if rule.of_gateway for finding in rule.of_gateway(gateway)]


WRONG_SHAPES = ["[]", "{}", "1", "null", "text", "[1, null, {}]", "{a: 1}", "[[]]"]


@pytest.mark.parametrize("value", WRONG_SHAPES)
@pytest.mark.parametrize(
    "at",
    [
        "model_list",
        "router_settings",
        "litellm_settings",
        "general_settings",
        "model_group_alias",
        "fallbacks",
    ],
)
def test_a_section_of_any_shape_raises_nothing_but_findings(at: str, value: str) -> None:
    """Schema says what is wrong with a shape; the rules look at what they can."""
    inner = at in {"model_group_alias", "fallbacks"}
    found(f"router_settings:\n  {at}: {value}\n" if inner else f"{at}: {value}\n")


def test_every_rule_says_what_happens_and_how_to_mend_it() -> None:
    for rule in RULES.values():
        assert rule.happens.endswith("."), rule.slug
        assert rule.mend.endswith((".", "`.")), rule.slug
        assert rule.severity in Severity


def test_a_rule_finds_something_on_its_versions_alone() -> None:
    """What is said about versions is what the rule does."""
    for slug, rule in RULES.items():
        for case in BROKEN.get(slug, ()) if rule.versions else ():
            assert case.version in rule.versions
            assert slug not in found(case.file)
