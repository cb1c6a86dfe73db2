"""The command line's options, checked: a wrong one is a usage error that names the allowed values."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sixgates import capability

if TYPE_CHECKING:
    from sixgates.run import Run

# `--strict` is pytest's own flag; given, it makes our advisories fail and refuses deviations as well.
ENGINES = ("vllm", "llama_cpp", "llama_cpp_python", "ollama")
CAPABILITIES = tuple(name for name in capability.CAPABILITIES if name not in capability.IMPLIED)


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
        "--endpoint", metavar="URL", help="with --live: one provider, without configuration files"
    )
    group.addoption("--model", metavar="NAME", help="the model to ask for at --endpoint")
    group.addoption(
        "--api-key-env", metavar="VAR", help="the environment variable with the key for --endpoint"
    )
    group.addoption(
        "--capabilities",
        metavar="LIST",
        help=f"what the provider at --endpoint offers: auto (default), or of {','.join(CAPABILITIES)}",
    )
    group.addoption(
        "--engine",
        metavar="TYPE[:VERSION]",
        help=f"what runs at --endpoint, if it does not say so itself: {', '.join(ENGINES)}; such as llama_cpp:b10434",
    )
    group.addoption("--cassettes", metavar="DIR", help="where recordings lie (default: ./cassettes)")
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
        base_url=option("--endpoint"),
        model=option("--model"),
        api_key_env=option("--api-key-env"),
        capabilities=tuple(capabilities.split(",")) if capabilities else None,
        engine=option("--engine"),
    )


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
    for name in ("--endpoint", "--gateway-url"):
        if option(name) and not option(name).startswith(("http://", "https://")):
            raise pytest.UsageError(
                f"{name} must start with http:// or https://, such as http://127.0.0.1:8001"
            )
    _check_ad_hoc(config)
    _check_capabilities(option("--capabilities"))


def _check_ad_hoc(config: pytest.Config) -> None:
    option = config.getoption
    if not option("--endpoint"):
        for name in ("--model", "--api-key-env", "--capabilities", "--engine"):
            if option(name):
                raise pytest.UsageError(f"{name} goes with --endpoint URL")
        return
    if not option("--live"):
        raise pytest.UsageError("--endpoint needs --live: an ad-hoc provider has no recording")
    if not option("--model"):
        raise pytest.UsageError("--endpoint needs --model NAME: the model to ask for")
    if option("--provider"):
        raise pytest.UsageError("--provider names entries of providers.yaml and does not go with --endpoint")
    engine = option("--engine")
    if engine and engine.partition(":")[0] not in ENGINES:
        raise pytest.UsageError(
            f"--engine {engine}: {engine.partition(':')[0]!r} is none of {', '.join(ENGINES)}; "
            "write TYPE or TYPE:VERSION, such as llama_cpp:b10434"
        )
    variable = option("--api-key-env")
    if variable and not os.environ.get(variable):
        raise pytest.UsageError(f"--api-key-env {variable}: the variable is not set; export {variable}=…")


def _check_capabilities(given: str | None) -> None:
    if given is None or given == "auto":
        return
    unknown = [name for name in given.split(",") if name not in CAPABILITIES]
    if unknown:
        raise pytest.UsageError(
            f"--capabilities {given}: {', '.join(map(repr, unknown))} is none of auto, {', '.join(CAPABILITIES)}"
        )
