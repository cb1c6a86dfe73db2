"""What the configuration holds is printed by allowlist: canaries in every field, read by every command and rule."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.redaction.canaries import left

from sixgates.cli import main
from sixgates.config.compile import drift
from sixgates.config.credentials import known_secrets, secrets_in_file
from sixgates.config.public import HIDDEN, leaves, public, public_line
from sixgates.config.stack import ConfigError, load_stack
from sixgates.config.validation import shown
from sixgates.linting.formats import FORMATS
from sixgates.linting.reports import of_path

CONFIG = Path(__file__).parents[2] / "config"
CANARY = "canary-planted-0123456789"
PLACES: list[tuple[str | int, ...]] = [
    ("model_list", 0, "litellm_params", "api_key"),
    ("model_list", 0, "litellm_params", "extra_headers", "Authorization"),
    ("model_list", 0, "litellm_params", "extra_headers", "X-Team"),
    ("model_list", 0, "litellm_params", "extra_body", "auth"),
    ("model_list", 0, "litellm_params", "vertex_credentials"),
    ("model_list", 0, "litellm_params", "aws_secret_access_key"),
    ("model_list", 0, "litellm_params", "organization"),
    ("model_list", 0, "litellm_params", "rpm"),
    ("model_list", 0, "model_info", "note"),
    ("general_settings", "master_key"),
    ("general_settings", "salt_key"),
    ("general_settings", "database_url"),
    ("general_settings", "alerting_args", "webhook_url"),
    ("general_settings", "alert_to_webhook_url", "llm_exceptions"),
    ("general_settings", "pass_through_endpoints", 0, "headers", "Authorization"),
    ("general_settings", "pass_through_endpoints", 0, "target"),
    ("router_settings", "redis_password"),
    ("router_settings", "redis_url"),
    ("litellm_settings", "cache_params", "password"),
    ("litellm_settings", "default_internal_user_params", "x"),
    ("environment_variables", "OPENAI_API_KEY"),
    ("environment_variables", "HARMLESS"),
    ("callback_settings", "otel", "headers"),
    ("credential_list", 0, "credential_values", "api_key"),
    ("mcp_servers", "one", "auth_value"),
    ("guardrails", 0, "litellm_params", "api_key"),
    ("unheard_of", "section"),
]
VALUES = {
    "plain": CANARY,
    "bearer": f"Bearer {CANARY}",
    "address": f"https://canary-user:{CANARY}@host.invalid/path?x=1",
    "query": f"https://host.invalid/hook?token={CANARY}",
    "json": json.dumps({"private_key": f"-----BEGIN\n{CANARY}\n-----END", "id": 1}),
    "reference that is none": f"os.environ/NAME {CANARY}",
    "lines": f"first\n{CANARY}\nlast",
}


def _put(document: Any, place: tuple[str | int, ...], value: str) -> None:
    *way, last = place
    for step, after in zip(way, [*way[1:], last], strict=True):
        if isinstance(step, int):
            if not document:
                document.append([] if isinstance(after, int) else {})
            document = document[step]
        else:
            if not isinstance(document.get(step), dict | list):
                document[step] = [] if isinstance(after, int) else {}
            document = document[step]
    document[last] = value


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of this repository's stack."""
    return Path(shutil.copytree(CONFIG, tmp_path / "config"))


def _planted(directory: Path, *places: tuple[str | int, ...], value: str) -> Path:
    file = directory / "litellm-unified.yaml"
    document = yaml.safe_load(file.read_text())
    for place in places:
        _put(document, place, value)
    file.write_text(yaml.safe_dump(document, sort_keys=False, width=10_000))
    return file


def _said(directory: Path) -> str:
    """What drift, all rules and all formats of lint say, before anything else masks it."""
    said = [repr([repr(found) for found in drift(load_stack(directory))])] if _loads(directory) else []
    reports = of_path(directory)
    said += [render(reports) for render in FORMATS.values()]
    said += [repr(report.finding) for report in reports]
    return "\n".join(said)


def _loads(directory: Path) -> bool:
    try:
        load_stack(directory)
    except ConfigError:
        return False
    return True


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_no_rule_prints_a_field_that_may_be_secret(
    directory: Path, place: tuple[str | int, ...], value: str
) -> None:
    """compile-drift names the place and hides the value, and so does every other rule and format."""
    _planted(directory, place, value=value)
    assert left(_said(directory), CANARY) == []


@pytest.mark.parametrize(
    "command", ["lint", "lint json", "lint sarif", "lint github", "compile --check", "routes"]
)
def test_no_command_prints_a_secret(
    directory: Path, command: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All places at once, through the command line."""
    monkeypatch.chdir(directory.parent)
    _planted(directory, *PLACES, value=CANARY)
    name, _, option = command.partition(" ")
    options = {"json": ["--format", "json"], "sarif": ["--format", "sarif"], "github": ["--format", "github"]}
    main([name, *options.get(option, [option] if option else [])])
    out, err = capfd.readouterr()
    assert left(out + err, CANARY) == []


REFUSED = [
    f"http://canary-user:{CANARY}@127.0.0.1:99999",
    f"http://canary-user:{CANARY}@127.0.0.1:PORT/v1",
    f"ftp://canary-user:{CANARY}@host",
    f"http://canary-user:{CANARY}@",
    f"http://canary-user:{CANARY}/slash@host:1x",
    f"http://canary-user:{CANARY}?mark@host:1x",
    f"canary-user:{CANARY}@host:8000",
    f" http://canary-user:{CANARY}@host",
    f"http://host:1x/?key={CANARY}",
    f"http://host:1x/#{CANARY}",
    f"http://[::1/{CANARY}@x",
]


@pytest.mark.parametrize("address", REFUSED)
@pytest.mark.parametrize("file", ["providers.yaml", "litellm-unified.yaml"])
def test_no_refused_address_is_printed_with_its_password(
    directory: Path,
    address: str,
    file: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In findings, in the exception, and in what commands print, tracebacks included."""
    monkeypatch.chdir(directory.parent)
    document = yaml.safe_load((directory / file).read_text())
    if file == "providers.yaml":
        next(iter(document["providers"].values()))["base_url"] = address
    else:
        document["model_list"][0]["litellm_params"]["api_base"] = address
    (directory / file).write_text(yaml.safe_dump(document, sort_keys=False, width=10_000))
    assert left(_said(directory), CANARY) == []
    with contextlib.suppress(ConfigError), redacted_errors(CANARY):
        load_stack(directory)
    for arguments in (["lint"], ["compile", "--check"], ["routes"], ["route", "smollm2"]):
        main(arguments)
    out, err = capfd.readouterr()
    assert left(out + err, CANARY) == []


@contextlib.contextmanager
def redacted_errors(canary: str) -> Iterator[None]:
    """An exception of the block holds nothing of the canary."""
    try:
        yield
    except Exception as problem:
        shown = left(str(problem), canary)
        if shown:
            pytest.fail(f"the exception shows {shown[0]}")
        raise


def test_drift_names_the_place_and_what_it_hides(directory: Path) -> None:
    """The text of the message; what is harmless is printed as it is."""
    file = _planted(
        directory, ("model_list", 0, "litellm_params", "extra_headers", "Authorization"), value=CANARY
    )
    file.write_text(file.read_text().replace("num_retries: 0", "num_retries: 7"))
    found = drift(load_stack(directory))
    assert [finding.got for finding in found] == [f"`extra_headers: {HIDDEN}`", "7"]
    assert found[0].expected == "no `extra_headers`"


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        ("vlm", ("providers", "x", "type"), "'vlm'"),
        (7, ("providers", "x", "models", 0), "7"),
        ("http://me:canary-1@h:1x/p?q=canary-2", ("providers", "x", "base_url"), "'http://h:1x/p'"),
        ("canary-1", ("providers", "x", "api_key_env"), "a text (not shown: it may be a secret)"),
        (12345678, ("general_settings", "pin"), "a number (not shown)"),
        ("os.environ/NAME", ("anything",), "'os.environ/NAME'"),
        (None, ("anything",), "nothing"),
        ({"a": CANARY}, ("anything",), "a mapping"),
    ],
)
def test_a_value_is_shown_by_its_place(value: object, path: tuple[str | int, ...], expected: str) -> None:
    """Known fields print, others say what they are."""
    assert shown(value, path) == expected


@pytest.mark.parametrize(
    ("line", "quoted"),
    [
        ("  - model_name: gpt # canary", "  - model_name: gpt"),
        ("  webhook_url: canary", "  webhook_url: (not shown)"),
        ("  api_key: os.environ/KEY", "  api_key: os.environ/KEY"),
        ("    private: {a: canary}", ""),
        ("canary", ""),
        ("  - known", "  - known"),
        ("  api_base: http://h:1/v1", "  api_base: http://h:1/v1"),
        ("  api_base: http://u:canary@h:1/v1", "  api_base: (not shown)"),
        ("[" * 5000, ""),
    ],
)
def test_a_line_is_quoted_by_its_key(line: str, quoted: str) -> None:
    """A comment is never quoted; a bare word only where the message has it anyway."""
    assert public_line(line, "got `known`.") == quoted


def test_every_secret_of_a_stack_is_known(directory: Path) -> None:
    """Literal values, those behind references, userinfo, and JSON documents; names of models are none."""
    for place in PLACES:
        _planted(directory, place, value=f"Bearer {CANARY}-{'-'.join(map(str, place))}"[:80])
    environ = {
        "VLLM_API_KEY": "canary-of-the-environment",
        "HOME": "/home/user",
        "LITELLM_SALT_KEY": "canary-salt",
    }
    known = known_secrets(environ, directory, ["http://u:canary-of-an-address@h"])
    assert {"canary-of-the-environment", "canary-salt", "canary-of-an-address"} <= known
    assert sum(CANARY in one for one in known) >= len(PLACES) // 2
    assert not known & {"smollm2", "hosted_vllm/smollm2", "/home/user", "vllm"}


def test_a_file_that_cannot_be_parsed_still_gives_its_addresses(tmp_path: Path) -> None:
    """Its messages may quote them."""
    file = tmp_path / "providers.yaml"
    file.write_text(f"a: [\n b: http://canary-user:{CANARY}@h\n")
    assert CANARY in secrets_in_file(file)[0]


def test_nothing_is_public_by_default() -> None:
    """Of a tree of unknown fields no value is left."""
    tree = {"a": 1, "b": [CANARY], "c": {"d": CANARY}, "e": "os.environ/NAME"}
    assert {str(value) for _, value in leaves(public(tree))} == {HIDDEN, "os.environ/NAME"}
