"""LiteLLM's own loader agrees with the rules: what it refuses, drops or warns about has a finding, and back."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.config.gateway_edits import BROKEN, GOOD, SOUND, edited
from tests.config.litellms import NEW, OLD, VERSIONS, asked

from sixgates.config import load_stack
from sixgates.config.compile import compile_gateway
from sixgates.config.gateway import Gateway
from sixgates.config.rules import RULES
from sixgates.config.yaml_file import parse

HERE = Path(__file__).parent
SHIPPED = Path(__file__).parents[2] / "config"

REFUSED = {
    "alias-without-hidden": "KeyError: 'hidden'",
    "cache-without-address": "Either 'host' or 'url' must be specified for redis",
    "fallback-shape": "is not a dictionary | must have exactly one key",
    "cache-type-unknown": "'Cache' object has no attribute 'cache'",
    "entry-incomplete": "KeyError | has no attribute | is not subscriptable | string indices | is not iterable | "
    "expected str instance | indices must be | does not support item assignment",
    "section-shape": "has no attribute | is not iterable | string indices",
    "misplaced-key": "is NOT a valid router_settings parameter",
    "routing-strategy-invalid": "Invalid routing_strategy",
}
"""Rules that say that LiteLLM refuses to start, and what the loader says then."""

DROPPED = {"provider-unresolvable": "LLM Provider NOT provided"}
"""Rules that say that a deployment is dropped at start."""

WARNED = {"unknown-router-key": "is not a valid argument for Router.__init__(). Ignoring this key."}
"""Rules that say that one line in the log is all."""

NOT_YET = {"misplaced-key", "routing-strategy-invalid", "unknown-router-key"}
"""Rules whose edits 1.79.3 takes without a word: it ignores the keys, and under no strategy finds a deployment."""

BOOTS = {
    "fallback-shape: 3": "a text in place of the list passes the loader and fails requests",
    "section-shape: 4": "router_settings is ignored as a whole",
    "misplaced-key: 1": "a setting of the server is read by nobody, and refused by nobody",
    "misplaced-key: 3": "a limit in model_info is read by nobody, and refused by nobody",
}
"""Where a rule finds something that its list says is refused, and the loader takes it: each with its reason."""

NOISE = {
    NEW: {
        "Error connecting to Sync Redis client": "no Redis runs beside the tests",
        "trusted_proxy_ranges is not set": "said once a process, about the sign-in page that nobody asked for",
    },
    OLD: {"Error connecting to Sync Redis client": "no Redis runs beside the tests"},
}
"""What the loader warns about whatever the file says."""


def sources() -> dict[str, str]:
    """The files that are shown to the loader, by name: the rule that an edit breaks, and which of its edits it is."""
    broken = {f"{slug}: {n}": case.file for slug, cases in BROKEN.items() for n, case in enumerate(cases, 1)}
    good = {f"good: {name}": edited(*edits) for name, edits in GOOD.items()}
    stacks = {"good: shipped": SHIPPED, "good: stack": HERE / "data" / "sound"}
    compiled = {name: compile_gateway(load_stack(one)).text for name, one in stacks.items()}
    return {"sound": SOUND, **compiled, **good, **broken}


@cache
def answers(version: str) -> dict[str, dict[str, Any]]:
    """What the loader says about each file; asked once."""
    texts = sources()
    return dict(zip(texts, asked(version, "load_config.py", list(texts.values())), strict=True))


def slugs(text: str, version: str) -> set[str]:
    """The rules that find something in a file."""
    gateway = Gateway(parse(text.encode()), "litellm.yaml", version)
    return {slug for slug, rule in RULES.items() if rule.of_gateway and list(rule.of_gateway(gateway))}


def dropped(text: str, answer: dict[str, Any]) -> int:
    """How many deployments of the file the router does not have."""
    return len(yaml.safe_load(text)["model_list"]) - int(answer["deployments"])


def warnings(version: str, answer: dict[str, Any]) -> list[str]:
    """What the loader warned about, but for what it always says."""
    return [line for line in answer["warnings"] if not line.startswith(tuple(NOISE[version]))]


def matches(said: str, expected: str) -> bool:
    """Whether one of the texts is in what was said."""
    return any(part in said for part in expected.split(" | "))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_loader_takes_every_sound_file_without_a_word(version: str) -> None:
    """The sound file, its correct variations and what is compiled boot whole."""
    for name, answer in answers(version).items():
        if name == "sound" or name.startswith("good: "):
            assert answer["error"] is None, (name, answer)
            assert (warnings(version, answer), answer["unresolved"]) == ([], []), (name, answer)
            assert dropped(sources()[name], answer) == 0, (name, answer)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_loader_refuses_drops_or_warns_about_has_a_finding(version: str) -> None:
    """Each of its complaints is one that a rule of ours makes, with the same words behind it."""
    complaints = 0
    for name, text in sources().items():
        answer = answers(version)[name]
        found = slugs(text, version)
        if answer["error"]:
            complaints += 1
            assert any(matches(answer["error"], REFUSED.get(slug, "\0")) for slug in found), (name, answer)
            continue
        for line in warnings(version, answer):
            complaints += 1
            kinds = {**WARNED, **DROPPED}
            assert any(matches(line, kinds.get(slug, "\0")) for slug in found), (name, line)
        if dropped(text, answer) or answer["unresolved"]:
            assert found & DROPPED.keys(), (name, answer)
    silent = len(NOT_YET) if version == OLD else 0
    assert complaints >= len(REFUSED) + len(DROPPED) + len(WARNED) - silent


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("slug", [*REFUSED, *DROPPED, *WARNED])
def test_what_a_rule_says_of_the_start_happens(slug: str, version: str) -> None:
    """Each edit that breaks it is refused, dropped or warned about, but for those in the table."""
    happened = 0
    for name, answer in answers(version).items():
        if not name.startswith(f"{slug}: ") or name in BOOTS:
            continue
        happened += 1
        if version == OLD and slug in NOT_YET:
            assert (answer["error"], warnings(version, answer)) == (None, []), (name, answer)
        elif slug in REFUSED:
            assert matches(answer["error"] or "", REFUSED[slug]), (name, answer)
        elif slug in DROPPED:
            assert dropped(sources()[name], answer) == 1, (name, answer)
            assert matches(str(answer["warnings"]), DROPPED[slug]), (name, answer)
        else:
            assert matches(str(answer["warnings"]), WARNED[slug]), (name, answer)
    assert happened


def test_every_rule_that_promises_a_refusal_is_in_the_table() -> None:
    """A master key is checked later than the loader: tests/gateway/test_damage.py boots those."""
    says = {
        slug for slug, rule in RULES.items() if rule.of_gateway and "refuses to start" in rule.happens
    } - {"master-key-missing", "master-key-weak", "env-ref-unset"}
    assert says <= REFUSED.keys()
    assert {slug for slug, rule in RULES.items() if "drops the deployment" in rule.happens} == set(DROPPED)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_difference_in_the_table_is_there(version: str) -> None:
    """An entry whose edit is gone, or that the loader refuses by now, is stale."""
    assert all(reason for reason in (*BOOTS.values(), *NOISE[version].values()))
    for name in BOOTS:
        assert answers(version)[name]["error"] is None, name
    heard = [line for answer in answers(version).values() for line in answer["warnings"]]
    assert {noise for noise in NOISE[version] for line in heard if line.startswith(noise)} == set(
        NOISE[version]
    )
