"""The command line's options, checked: a wrong one is a usage error that names the allowed values."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sixgates import capability
from sixgates.inputs import key
from sixgates.inputs.url import problem_of, public

if TYPE_CHECKING:
    from sixgates.run import Run

# `--strict` is pytest's own flag; given, it makes our advisories fail and refuses deviations as well.
ENGINES = ("vllm", "llama_cpp", "llama_cpp_python", "ollama")
CHECKED_AT_ONCE = (
    *(
        "--live",
        "--record",
        "--repeat",
        "--base-url",
        "--model",
        "--api-key-env",
        "--capabilities",
        "--engine",
    ),
    *("--provider", "--gateway-config", "--gateway-url", "--litellm", "--cassettes", "--baseline"),
)
"""Options that only a run of ours is given: they are checked before anything is collected."""
CAPABILITIES = tuple(name for name in capability.CAPABILITIES if name not in capability.IMPLIED)

MOST_TIMES = 1000
"""Beyond this a slip of the hand is likelier than a wish: a server that chats gets sixty requests each time."""


def add(parser: pytest.Parser) -> None:
    """Declare the options; their names are part of the stable interface."""
    group = parser.getgroup("sixgates", "quality gates of an LLM stack")
    group.addoption("--live", action="store_true", help="judge the running providers, not their recordings")
    group.addoption(
        "--record", action="store_true", help="with --live: write what the providers answer to the cassettes"
    )
    group.addoption(
        "--provider",
        action="append",
        default=[],
        metavar="NAME",
        help="judge only this provider (repeatable)",
    )
    group.addoption(
        "--gateway-config", metavar="DIR", help="directory of the stack's YAML files (default: ./config)"
    )
    group.addoption("--gateway-url", metavar="URL", help="a running gateway, asked read-only")
    group.addoption("--litellm", metavar="PATH", help="the litellm command of the integration gate")
    group.addoption(
        "--base-url", metavar="URL", help="with --live: one provider, without configuration files"
    )
    group.addoption("--model", metavar="NAME", help="the model to ask for at --base-url")
    group.addoption(
        "--api-key-env", metavar="VAR", help="the environment variable with the key for --base-url"
    )
    group.addoption(
        "--capabilities",
        metavar="LIST",
        help=f"what the provider at --base-url offers: auto (default), or of {','.join(CAPABILITIES)}",
    )
    group.addoption(
        "--engine",
        metavar="TYPE[:VERSION]",
        help=f"what runs at --base-url, if it does not say so itself: {', '.join(ENGINES)}; such as llama_cpp:b10434",
    )
    group.addoption(
        "--repeat",
        metavar="N",
        help="with --live: send every request of the contract N times, and judge every check N times (default: 1)",
    )
    group.addoption("--cassettes", metavar="DIR", help="where recordings lie (default: ./cassettes)")
    group.addoption(
        "--host-label",
        metavar="NAME",
        help="what reports call this machine (default: its name): a later complete run of a machine replaces "
        "its earlier one when reports are merged",
    )
    group.addoption("--gates-report", metavar="DIR", help="write gates.json, gates.md and badge.json here")
    group.addoption("--baseline", metavar="FILE", help="an earlier gates.json, to tell what changed")


def run_from(config: pytest.Config, workdir: Path) -> Run:
    """The run that the options describe; raises pytest.UsageError when they contradict each other."""
    from sixgates.run import Run

    _check(config)
    option = config.getoption
    capabilities = option("--capabilities")
    return Run(
        config_dir=_directory(config, "--gateway-config", "config"),
        cassettes=_directory(config, "--cassettes", "cassettes"),
        workdir=workdir,
        live=option("--live"),
        record=option("--record"),
        strict=bool(option("strict", False)),
        only=tuple(option("--provider")),
        gateway_url=option("--gateway-url"),
        litellm=option("--litellm"),
        base_url=option("--base-url"),
        model=option("--model"),
        api_key_env=option("--api-key-env"),
        capabilities=tuple(capabilities.split(",")) if capabilities else None,
        engine=option("--engine"),
        host=host_label(option("--host-label")),
        repeat=_repeat(option("--repeat"), option("--live")),
    )


def host_label(given: str | None) -> str:
    """What reports call this machine; empty where its name says nothing, so that no two are taken for one."""
    name = given if given is not None else platform.node()
    return "" if name.partition(".")[0] == "localhost" else name


def _repeat(given: str | None, live: bool) -> int:
    if given is None:
        return 1
    if not live:
        raise pytest.UsageError("--repeat needs --live: a recording answers the same each time")
    times = int(given) if given.isascii() and given.isdigit() and len(given) <= len(str(MOST_TIMES)) else 0
    if not 1 <= times <= MOST_TIMES:
        raise pytest.UsageError(f"--repeat {given}: give a whole number from 1 to {MOST_TIMES}, such as 20")
    return times


def _directory(config: pytest.Config, name: str, default: str) -> Path:
    given = config.getoption(name)
    return config.invocation_params.dir / given if given else config.rootpath / default


def _check(config: pytest.Config) -> None:
    option = config.getoption
    if option("--record") and not option("--live"):
        raise pytest.UsageError("--record needs --live: only a running provider can be recorded")
    if option("--gateway-config") and not _directory(config, "--gateway-config", "").is_dir():
        raise pytest.UsageError(
            f"--gateway-config {option('--gateway-config')}: no such directory; "
            "give the one that holds providers.yaml and model-mappings.yaml"
        )
    if option("--baseline") and not option("--gates-report"):
        raise pytest.UsageError(
            "--baseline goes with --gates-report DIR: what changed is told in gates.md there"
        )
    for name in ("--base-url", "--gateway-url"):
        if option(name) is not None:
            _check_url(name, option(name), query=name == "--base-url")
    _check_ad_hoc(config)
    _check_capabilities(option("--capabilities"))


def _check_url(name: str, url: str, *, query: bool) -> None:
    problem = problem_of(url, query=query)
    if problem:
        raise pytest.UsageError(f"{name} {problem} (given: {public(url) or 'nothing'})")


def _check_ad_hoc(config: pytest.Config) -> None:
    option = config.getoption
    if not option("--base-url"):
        for name in ("--model", "--api-key-env", "--capabilities", "--engine"):
            if option(name):
                raise pytest.UsageError(f"{name} goes with --base-url URL")
        return
    if not option("--live"):
        raise pytest.UsageError("--base-url needs --live: an ad-hoc provider has no recording")
    if not option("--model"):
        raise pytest.UsageError("--base-url needs --model NAME: the model to ask for")
    if option("--provider"):
        raise pytest.UsageError("--provider names entries of providers.yaml and does not go with --base-url")
    engine = option("--engine")
    if engine and engine.partition(":")[0] not in ENGINES:
        raise pytest.UsageError(
            f"--engine {engine}: {engine.partition(':')[0]!r} is none of {', '.join(ENGINES)}; "
            "write TYPE or TYPE:VERSION, such as llama_cpp:b10434"
        )
    variable = option("--api-key-env")
    if variable and not os.environ.get(variable):
        raise pytest.UsageError(f"--api-key-env {variable}: the variable is not set; export {variable}=…")
    if wrong := key.problem_of(variable):
        raise pytest.UsageError(f"--api-key-env {variable}: {wrong[0]}; {wrong[1]}")


def _check_capabilities(given: str | None) -> None:
    if given is None or given == "auto":
        return
    unknown = [name for name in given.split(",") if name not in CAPABILITIES]
    if unknown:
        raise pytest.UsageError(
            f"--capabilities {given}: {', '.join(map(repr, unknown))} is none of auto, {', '.join(CAPABILITIES)}"
        )
