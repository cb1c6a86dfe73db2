"""The command line's options, checked: a wrong one is a usage error that names the allowed values."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sixgates import capability, server_options
from sixgates.inputs import key
from sixgates.inputs.url import problem_of, public

if TYPE_CHECKING:
    from sixgates.run import Run

ENGINES = ("vllm", "llama_cpp", "llama_cpp_python", "ollama")
CAPABILITIES = tuple(name for name in capability.CAPABILITIES if name not in capability.IMPLIED)
SHORT = pytest.StashKey[frozenset[str]]()
"""The options that have their short name in this run."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: `--sixgates-NAME` in every run, and `--NAME` in a run of ours where nobody else has it."""

    name: str
    help: str
    metavar: str | None = None
    repeatable: bool = False

    @property
    def long(self) -> str:
        """The name that always works."""
        return f"--sixgates-{self.name}"

    @property
    def short(self) -> str:
        """The name that a person types."""
        return f"--{self.name}"

    @property
    def dest(self) -> str:
        """Where the value lies; prefixed, so that it is never another plugin's."""
        return f"sixgates_{self.name.replace('-', '_')}"

    def attributes(self) -> dict[str, Any]:
        """What argparse is told of it, under either name."""
        if self.metavar is None:
            return {"action": "store_true", "dest": self.dest}
        if self.repeatable:
            return {"action": "append", "default": [], "metavar": self.metavar, "dest": self.dest}
        return {"metavar": self.metavar, "dest": self.dest}


OPTIONS = (
    Option("live", "judge the running providers, not their recordings"),
    Option("record", "with --live: write what the providers answer to the cassettes"),
    Option("provider", "judge only this provider (repeatable)", "NAME", repeatable=True),
    Option("gateway-config", "directory of the stack's YAML files (default: ./config)", "DIR"),
    Option("gateway-url", "a running gateway, asked read-only", "URL"),
    Option("litellm", "the litellm command of the integration gate", "PATH"),
    Option("endpoint", "with --live: one provider, without configuration files", "URL"),
    Option("model", "the model to ask for at --endpoint", "NAME"),
    Option("api-key-env", "the environment variable with the key for --endpoint", "VAR"),
    Option(
        "capabilities",
        f"what the provider at --endpoint offers: auto (default), or of {','.join(CAPABILITIES)}",
        "LIST",
    ),
    Option(
        "engine",
        f"what runs at --endpoint, if it does not say so itself: {', '.join(ENGINES)}; such as llama_cpp:b10434",
        "TYPE[:VERSION]",
    ),
    Option(
        "repeat",
        "with --live: send every request of the contract N times, and judge every check N times (default: 1)",
        "N",
    ),
    Option(
        "deadline",
        "with --live: seconds to wait for each answer (default: 60, more for a server that is measured to be slow)",
        "SECONDS",
    ),
    Option(
        "time-budget",
        "with --live: when this is used up nothing further is sent, what came is judged, and the report is written; "
        "such as 600, 10m or 1h (default: no end)",
        "SECONDS",
    ),
    Option(
        "concurrency", "with --live: requests to one provider at once (default: 4, or as its entry says)", "N"
    ),
    Option("context-length", "how many tokens the model at --endpoint holds", "N"),
    Option(
        "header",
        "a further request header for --endpoint or --gateway-url, in single quotes, its value from the environment "
        "as $NAME (repeatable)",
        "'NAME: VALUE'",
        repeatable=True,
    ),
    Option("ca-file", "the CA certificates to trust for --endpoint or --gateway-url (PEM)", "FILE"),
    Option("client-cert", "the certificate to show to --endpoint or --gateway-url (PEM)", "FILE"),
    Option("client-key", "the key of --client-cert, where that does not hold it (PEM)", "FILE"),
    Option("proxy", "the proxy for --endpoint or --gateway-url", "URL"),
    Option("deviations", "deviations of the provider at --endpoint, in the form of deviations.yaml", "FILE"),
    Option("cassettes", "where recordings lie (default: ./cassettes)", "DIR"),
    Option(
        "host-label",
        "what reports call this machine (default: its name): a later complete run of a machine replaces its "
        "earlier one when reports are merged",
        "NAME",
    ),
    Option("gates-report", "write gates.json, gates.md and badge.json here", "DIR"),
    Option("baseline", "an earlier gates.json, to tell what changed", "FILE"),
    Option("strict", "advisories fail, and deviations are refused"),
)
_DESTINATIONS = {option.short: option.dest for option in OPTIONS}

MOST_TIMES = 1000
"""Beyond this a slip of the hand is likelier than a wish: a server that chats gets sixty requests each time."""


def add(parser: pytest.Parser) -> None:
    """Declare the options by the names that nobody else has."""
    for option in OPTIONS:
        _group(parser).addoption(option.long, help=option.help, **option.attributes())


def add_short(parser: pytest.Parser, option: Option) -> None:
    """Declare one option by its short name too."""
    _group(parser).addoption(option.short, help=f"short for {option.long}", **option.attributes())


def _group(parser: pytest.Parser) -> pytest.OptionGroup:
    return parser.getgroup(
        "sixgates", "quality gates of an LLM stack; where its suites run, --NAME is short for --sixgates-NAME"
    )


def value(config: pytest.Config, name: str) -> Any:
    """What `--live` or another of our options was given, under whichever of its names."""
    return config.getoption(_DESTINATIONS[name])


def strict(config: pytest.Config) -> bool:
    """Whether `--sixgates-strict` or pytest's own `--strict` was given."""
    return bool(value(config, "--strict") or config.getoption("strict", False))


def any_given(config: pytest.Config) -> bool:
    """Whether any of our options was given."""
    return any(value(config, option.short) for option in OPTIONS)


def run_from(config: pytest.Config, workdir: Path) -> Run:
    """The run that the options describe; raises pytest.UsageError when they contradict each other."""
    from sixgates.run import Run

    check(config)
    option = partial(value, config)
    capabilities = option("--capabilities")
    return Run(
        config_dir=_directory(config, "--gateway-config", "config"),
        cassettes=_directory(config, "--cassettes", "cassettes"),
        workdir=workdir,
        live=option("--live"),
        record=option("--record"),
        strict=strict(config),
        only=tuple(option("--provider")),
        gateway_url=option("--gateway-url"),
        litellm=option("--litellm"),
        base_url=option("--endpoint"),
        model=option("--model"),
        api_key_env=option("--api-key-env"),
        capabilities=tuple(capabilities.split(",")) if capabilities else None,
        engine=option("--engine"),
        host=host_label(option("--host-label")),
        repeat=_repeat(option("--repeat"), option("--live")),
        deadline_s=server_options.deadline_s(option),
        budget=server_options.time_budget(option),
        concurrency=server_options.concurrency(option),
        context_length=server_options.context_length(option),
        connection=server_options.connection(option),
        deviations=_file(config, "--deviations"),
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
    given = value(config, name)
    return config.invocation_params.dir / given if given else config.rootpath / default


def _file(config: pytest.Config, name: str) -> Path | None:
    given = value(config, name)
    return config.invocation_params.dir / given if given else None


def check(config: pytest.Config) -> None:
    """Raise pytest.UsageError if the options contradict each other, with names that this run knows."""
    try:
        _check(config)
    except pytest.UsageError as problem:
        raise pytest.UsageError(_spelled(config, str(problem))) from None


def _spelled(config: pytest.Config, text: str) -> str:
    """The text with the long name of each option whose short one is not ours in this run."""
    known = config.stash.get(SHORT, frozenset())
    names = "|".join(option.name for option in OPTIONS if option.name not in known)
    return re.sub(rf"(?<![\w-])--({names})(?![\w-])", r"--sixgates-\1", text) if names else text


def _check(config: pytest.Config) -> None:
    option = partial(value, config)
    if option("--record") and not option("--live"):
        raise pytest.UsageError("--record needs --live: only a running provider can be recorded")
    _repeat(option("--repeat"), option("--live"))
    if option("--gateway-config") and not _directory(config, "--gateway-config", "").is_dir():
        raise pytest.UsageError(
            f"--gateway-config {option('--gateway-config')}: no such directory; "
            "give the one that holds providers.yaml and model-mappings.yaml"
        )
    if option("--baseline") and not option("--gates-report"):
        raise pytest.UsageError(
            "--baseline goes with --gates-report DIR: what changed is told in gates.md there"
        )
    for name in ("--endpoint", "--gateway-url"):
        if option(name) is not None:
            _check_url(name, option(name), query=name == "--endpoint")
    _check_ad_hoc(config)
    server_options.check(option)
    _check_capabilities(option("--capabilities"))


def _check_url(name: str, url: str, *, query: bool) -> None:
    problem = problem_of(url, query=query)
    if problem:
        raise pytest.UsageError(f"{name} {problem} (given: {public(url) or 'nothing'})")


def _check_ad_hoc(config: pytest.Config) -> None:
    option = partial(value, config)
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
