"""LiteLLM's own loader agrees with the rules: what it refuses, drops or warns about has a finding, and back."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.config.gateway_edits import BROKEN, GOOD, SOUND, edited

from sixgates.config import load_stack
from sixgates.config.compile import compile_gateway
from sixgates.config.gateway import Gateway
from sixgates.config.rules import RULES
from sixgates.config.yaml_file import parse
from sixgates.gateway.locate import find_litellm

ORACLE = Path(__file__).parent / "oracle" / "load_config.py"
SHIPPED = Path(__file__).parents[2] / "config"

REFUSED = {
    "alias-without-hidden": "KeyError: 'hidden'",
    "cache-without-address": "Either 'host' or 'url' must be specified for redis",
    "fallback-shape": "is not a dictionary | must have exactly one key",
    "misplaced-key": "is NOT a valid router_settings parameter",
    "routing-strategy-invalid": "Invalid routing_strategy",
}
"""Rules that say that LiteLLM refuses to start, and what the loader says then."""

DROPPED = {"provider-unresolvable": "LLM Provider NOT provided"}
"""Rules that say that a deployment is dropped at start."""

WARNED = {"unknown-router-key": "is not a valid argument for Router.__init__(). Ignoring this key."}
"""Rules that say that one line in the log is all."""

BOOTS = {
    "fallback-shape: 3": "a text in place of the list passes the loader and fails requests",
    "misplaced-key: 1": "a setting of the server is read by nobody, and refused by nobody",
    "misplaced-key: 3": "a limit in model_info is read by nobody, and refused by nobody",
}
"""Where a rule finds something that its list says is refused, and the loader takes it: each with its reason."""

NOISE = {
    "Error connecting to Sync Redis client": "no Redis runs beside the tests",
    "trusted_proxy_ranges is not set": "said once a process, about the sign-in page that nobody asked for",
}
"""What the loader warns about whatever the file says."""


def sources() -> dict[str, str]:
    """The files that are shown to the loader, by name: the rule that an edit breaks, and which of its edits it is."""
    broken = {f"{slug}: {n}": case.file for slug, cases in BROKEN.items() for n, case in enumerate(cases, 1)}
    good = {f"good: {name}": edited(*edits) for name, edits in GOOD.items()}
    stacks = {"good: shipped": SHIPPED, "good: stack": ORACLE.parents[1] / "data" / "sound"}
    compiled = {name: compile_gateway(load_stack(one)).text for name, one in stacks.items()}
    return {"sound": SOUND, **compiled, **good, **broken}


@cache
def answers() -> dict[str, dict[str, Any]]:
    """What the loader says about each file; asked once."""
    command = find_litellm(None)
    if not isinstance(command, Path):
        pytest.skip(f"{command.summary}; {' or '.join(command.next_steps)}")
    texts = sources()
    done = subprocess.run(
        [str(command.parent / "python"), str(ORACLE)],
        input=json.dumps(list(texts.values())),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    return dict(zip(texts, said, strict=True))


def slugs(text: str) -> set[str]:
    """The rules that find something in a file."""
    gateway = Gateway(parse(text.encode()), "litellm.yaml")
    return {slug for slug, rule in RULES.items() if rule.of_gateway and list(rule.of_gateway(gateway))}


def dropped(text: str, answer: dict[str, Any]) -> int:
    """How many deployments of the file the router does not have."""
    return len(yaml.safe_load(text)["model_list"]) - int(answer["deployments"])


def warnings(answer: dict[str, Any]) -> list[str]:
    """What the loader warned about, but for what it always says."""
    return [line for line in answer["warnings"] if not line.startswith(tuple(NOISE))]


def matches(said: str, expected: str) -> bool:
    """Whether one of the texts is in what was said."""
    return any(part in said for part in expected.split(" | "))


def test_the_loader_takes_every_sound_file_without_a_word() -> None:
    """The sound file, its correct variations and what is compiled boot whole."""
    for name, answer in answers().items():
        if name == "sound" or name.startswith("good: "):
            assert answer["error"] is None, (name, answer)
            assert (warnings(answer), answer["unresolved"]) == ([], []), (name, answer)
            assert dropped(sources()[name], answer) == 0, (name, answer)


def test_what_the_loader_refuses_drops_or_warns_about_has_a_finding() -> None:
    """Each of its complaints is one that a rule of ours makes, with the same words behind it."""
    complaints = 0
    for name, text in sources().items():
        answer = answers()[name]
        found = slugs(text)
        if answer["error"]:
            complaints += 1
            assert any(matches(answer["error"], REFUSED.get(slug, "\0")) for slug in found), (name, answer)
            continue
        for line in warnings(answer):
            complaints += 1
            kinds = {**WARNED, **DROPPED}
            assert any(matches(line, kinds.get(slug, "\0")) for slug in found), (name, line)
        if dropped(text, answer) or answer["unresolved"]:
            assert found & DROPPED.keys(), (name, answer)
    assert complaints >= len(REFUSED) + len(DROPPED) + len(WARNED)


@pytest.mark.parametrize("slug", [*REFUSED, *DROPPED, *WARNED])
def test_what_a_rule_says_of_the_start_happens(slug: str) -> None:
    """Each edit that breaks it is refused, dropped or warned about, but for those in the table."""
    happened = 0
    for name, answer in answers().items():
        if not name.startswith(f"{slug}: ") or name in BOOTS:
            continue
        happened += 1
        if slug in REFUSED:
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
    } - {"master-key-missing", "master-key-weak"}
    assert says <= REFUSED.keys()
    assert {slug for slug, rule in RULES.items() if "drops the deployment" in rule.happens} == set(DROPPED)


def test_every_difference_in_the_table_is_there() -> None:
    """An entry whose edit is gone, or that the loader refuses by now, is stale."""
    assert all(reason for reason in (*BOOTS.values(), *NOISE.values()))
    for name in BOOTS:
        assert answers()[name]["error"] is None, name
    heard = [line for answer in answers().values() for line in answer["warnings"]]
    assert {noise for noise in NOISE for line in heard if line.startswith(noise)} == set(NOISE)
