"""How providers are reached, in providers.yaml: a wrong value is one finding with its place and the next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from sixgates.config import Provider, describe, read_file
from sixgates.config.credentials import secrets_in_file
from sixgates.config.json_schema import schema_of
from sixgates.party import Party

START = "providers:\n  vllm:\n    type: vllm\n    base_url: http://h:1\n    models: [m]\n"


def findings(folder: Path, line: str) -> list[str]:
    """What is found in a file with this line more in its one entry."""
    (folder / "providers.yaml").write_text(f"{START}    {line}\n", encoding="utf-8")
    return [describe(each) for each in read_file(Path(), "providers.yaml").findings]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "headers: {X Team: sk-a-secret}",
            "providers.yaml:6:14: expected headers that can be sent, got a mapping. 'X Team' is no name of a "
            "header; one "
            "has letters, digits and -, such as X-Team.",
        ),
        (
            "headers: {Authorization: Bearer sk-a-secret}",
            "providers.yaml:6:14: expected headers that can be sent, got a mapping. 'Authorization' cannot be "
            "given as a "
            "further header; name the variable with the key: api_key_env, or --api-key-env.",
        ),
        (
            'headers: {X-Team: "sk-a\\r\\nsecret"}',
            "providers.yaml:6:23: expected a value that a header can carry, got a text (not shown: it may be a "
            "secret). "
            "It has a line break in its value, which would begin a header of its own; write it on one line.",
        ),
        (
            "headers: {X-Team: 7}",
            "providers.yaml:6:23: expected text, got a number (not shown). Quote it to make it text.",
        ),
        (
            "headers: [sk-a-secret]",
            "providers.yaml:6:14: expected a mapping, got a list. Change `headers` accordingly.",
        ),
        (
            "deadline: -3",
            "providers.yaml:6:15: expected a number > 0, got -3. Change `deadline` accordingly.",
        ),
        (
            "deadline: soon",
            "providers.yaml:6:15: expected a number, got a text (not shown: it may be a secret). Write the "
            "number without "
            "quotes.",
        ),
        (
            "concurrency: 0",
            "providers.yaml:6:18: expected a number > 0, got 0. Change `concurrency` accordingly.",
        ),
        (
            "proxy: socks5://me:sesame@h:1",
            "providers.yaml:6:12: expected an http:// URL of a proxy, with https:// where that speaks TLS, got "
            "'socks5://[redacted]@h:1'. It must start with http:// or https://, such as "
            "http://proxy.example:3128: other "
            "kinds are not supported.",
        ),
        (
            "client_key: k.pem",
            "providers.yaml:3:5: expected the key `client_cert` beside `client_key`, got a mapping without it. "
            "Change "
            "`vllm` accordingly.",
        ),
        (
            "proxi: http://h:1",
            "providers.yaml:6:5: expected a known key such as `proxy`, got `proxi`. Did you mean `proxy`?",
        ),
    ],
)
def test_a_wrong_value_names_its_place_and_what_is_allowed(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing of a header's value."""
    monkeypatch.chdir(tmp_path)
    assert findings(tmp_path, line) == [said]
    assert "secret}" not in said


@pytest.mark.parametrize(
    "line",
    [
        "deadline: 90",
        "deadline: 3m",
        "headers: {X-Team: $TEAM}",
        "ca_file: ca.pem",
        "proxy: http://h:3128",
        "headers:",
    ],
)
def test_a_sound_value_is_taken(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file need not be there: CI validates what only another machine can reach."""
    monkeypatch.chdir(tmp_path)
    assert findings(tmp_path, line) == []


def test_the_schema_knows_them() -> None:
    known = schema_of("providers.yaml")["$defs"]["Provider"]["properties"]
    assert {"deadline", "headers", "ca_file", "client_cert", "client_key", "proxy"} <= set(known)


def test_headers_give_their_secrets_and_variables_away_to_nobody(tmp_path: Path) -> None:
    """A word, such as a team's name, is masked nowhere."""
    entry = "headers: {X-Api-Token: abcd, X-Id: 'id-4711-0815', X-Team: chat, X-Other: 'Basic ${OTHER}'}"
    (tmp_path / "providers.yaml").write_text(f"{START}    {entry}\n", encoding="utf-8")
    secrets, names = secrets_in_file(tmp_path / "providers.yaml")
    assert {"abcd", "id-4711-0815"} <= secrets
    assert "chat" not in secrets
    assert "OTHER" in names


def party(**more: object) -> Party:
    """A provider with these keys more."""
    entry = Provider.model_validate({"type": "vllm", "base_url": "https://h:1", **more})
    return Party(
        "vllm", entry, places={"ca_file": "providers.yaml:6:14", "client_cert": "providers.yaml:7:18"}
    )


def test_what_is_missing_here_is_a_cause_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is found where something is to be sent, and blocks whatever needs it."""
    monkeypatch.delenv("TEAM", raising=False)
    gone = tmp_path / "ca.pem"
    cause = party(ca_file=str(gone)).unreachable
    assert cause is not None
    assert cause.summary == (
        f"providers.yaml:6:14: ca_file {gone} cannot be read: no such file; correct the path, or make the file "
        f"readable"
    )
    assert cause.next_steps == ("mend the file, or correct `ca_file` of vllm",)
    cause = party(client_cert=str(gone)).unreachable
    assert cause is not None
    assert cause.summary.startswith(f"providers.yaml:7:18: client_cert {gone} cannot be read: no such file")
    cause = party(headers={"X-Team": "Bearer $TEAM"}).unreachable
    assert cause is not None
    assert (
        cause.summary
        == "no request was sent with the header X-Team: the environment variable TEAM is not set"
    )
    assert cause.next_steps == ("export TEAM=…",)
    assert party().unreachable is None
