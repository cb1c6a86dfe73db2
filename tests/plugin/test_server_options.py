"""Options that say how a server is reached: a wrong one ends in a sentence that says what is allowed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sixgates import server_options
from sixgates.connection import Connection
from sixgates.inputs.duration import seconds_of
from sixgates.inputs.headers import Header

Option = Callable[[str], Any]


def given(**options: Any) -> Option:
    """What a command line with these options gives for each name."""
    named = {f"--{name.replace('_', '-')}": each for name, each in options.items()}
    return lambda name: named.get(name, [] if name == "--header" else None)


def refused(**options: Any) -> str:
    """The sentence that these options end in, with a live ad-hoc server."""
    with pytest.raises(pytest.UsageError) as problem:
        server_options.check(given(**{"live": True, "endpoint": "http://x", **options}))
    return str(problem.value)


@pytest.fixture(scope="session")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two certificates and their keys, one of them with a passphrase."""
    folder = tmp_path_factory.mktemp("pems")
    for name, more in (("a", ["-nodes"]), ("b", ["-nodes"]), ("locked", ["-passout", "pass:secret"])):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-subj", f"/CN={name}", "-days", "2", *more,
             "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
    (folder / "both.pem").write_bytes((folder / "a.pem").read_bytes() + (folder / "a.key").read_bytes())
    (folder / "text.pem").write_text("no certificate\n")
    return folder


@pytest.mark.parametrize("name", ["--deadline", "--time-budget", "--concurrency"])
def test_a_recording_is_not_waited_for(name: str) -> None:
    with pytest.raises(pytest.UsageError) as problem:
        server_options.check(given(**{name[2:].replace("-", "_"): "5"}))
    assert str(problem.value) == f"{name} needs --live: a recording is not waited for"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("header", "headers"),
        ("ca_file", "ca_file"),
        ("client_cert", "client_cert"),
        ("client_key", "client_key"),
        ("proxy", "proxy"),
    ],
)
def test_a_connection_belongs_to_one_server(name: str, field: str) -> None:
    option = f"--{name.replace('_', '-')}"
    assert refused(endpoint=None, **{name: ["x"] if name == "header" else "x"}) == (
        f"{option} goes with --endpoint URL or --gateway-url URL; for a provider of providers.yaml write "
        f"`{field}` into its entry"
    )


def test_what_a_configured_provider_says_in_its_files() -> None:
    assert refused(endpoint=None, context_length="5") == (
        "--context-length goes with --endpoint URL; for a configured provider write `context_length` of its model "
        "into providers.yaml"
    )
    assert refused(endpoint=None, deviations="x.yaml") == (
        "--deviations goes with --endpoint URL; for a configured provider write its deviations into deviations.yaml "
        "beside providers.yaml"
    )


@pytest.mark.parametrize("text", ["0", "-5", "ten", "", "1e3", "inf", "5 days", "٣", "0s"])
def test_a_time_is_more_than_nothing(text: str) -> None:
    assert refused(deadline=text) == (
        f"--deadline {text}: give a time of more than 0 s, such as 60 or 3m: how long to wait for one answer"
    )
    assert refused(time_budget=text) == (
        f"--time-budget {text}: give a time of more than 0 s, such as 600, 10m or 1h: how long the run may take"
    )


def test_times_have_units() -> None:
    found = [seconds_of(text) for text in ("90", "0.5", "90s", "10m", "1h", " 2 m ", "h")]
    assert found == [90.0, 0.5, 90.0, 600.0, 3600.0, 120.0, None]


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "257", "9" * 5000])
def test_a_number_of_requests_is_small_and_whole(text: str) -> None:
    assert refused(concurrency=text) == (
        f"--concurrency {text}: give a whole number from 1 to 256 of requests at once, such as 1"
    )


def test_a_context_is_counted_in_tokens() -> None:
    assert refused(context_length="4k") == (
        "--context-length 4k: give a whole number from 1 to 100000000 of tokens, such as 4096"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no colon, sk-a-secret", "--header takes 'NAME: VALUE', such as --header 'X-Team: $TEAM_TOKEN'; what was "
         "given has no name and colon, and is not shown, as it may be secret"),
        (": sk-a-secret", "--header takes 'NAME: VALUE', such as --header 'X-Team: $TEAM_TOKEN'; what was "
         "given has no name and colon, and is not shown, as it may be secret"),
        ("X Team: a", "--header 'X Team' is no name of a header; one has letters, digits and -, such as X-Team"),
        ("X-Team: a\r\nX-Other: b", "--header 'X-Team' has a line break in its value, which would begin a header of "
         "its own; write it on one line"),
        ("X-Team: caf\u00e9", "--header 'X-Team' has a character in its value that no header can carry; write "
         "it in ASCII, "
         "on one line"),
        ("X-Team:", "--header 'X-Team' has no value; write one, or name the variable that holds it, such as "
         "$TEAM_TOKEN"),
        ("authorization: Bearer a", "--header 'authorization' cannot be given as a further header; name the variable "
         "with the key: api_key_env, or --api-key-env"),
        ("Content-Length: 5", "--header 'Content-Length' cannot be given as a further header; the connection itself "
         "sets it"),
        ("Accept: */*", "--header 'Accept' cannot be given as a further header; the requests of the checks set it"),
        ("X-Team: $SIXGATES_UNSET", "--header 'X-Team': the environment variable SIXGATES_UNSET is not set; export "
         "SIXGATES_UNSET=…"),
    ],
)  # fmt: skip
def test_a_header_can_be_sent(text: str, said: str) -> None:
    """Nothing of a value is shown."""
    assert refused(header=[text]) == said


def test_a_variable_with_a_line_break_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_TOKEN", "sk-a-secret\n")
    said = refused(header=["X-Team: $TEAM_TOKEN"])
    assert said.startswith("--header 'X-Team': the environment variable TEAM_TOKEN ends with a line break")
    assert "sk-a" not in said


def test_each_header_is_given_once() -> None:
    assert (
        refused(header=["X-Team: a", "x-team: b"])
        == "--header 'x-team' is given twice; give each header once"
    )


def test_files_for_tls_are_read_before_anything_is_sent(pems: Path) -> None:
    no, text, a, b = pems / "no.pem", pems / "text.pem", pems / "a.pem", pems / "b.key"
    assert refused(ca_file=str(no)) == (
        f"--ca-file {no} cannot be read: no such file; correct the path, or make the file readable"
    )
    assert refused(ca_file=str(pems)) == (
        f"--ca-file {pems} cannot be read: a directory; correct the path, or make the file readable"
    )
    assert refused(ca_file=str(text)) == (
        f"--ca-file {text} holds no certificate; give a PEM file with -----BEGIN CERTIFICATE----- in it"
    )
    assert refused(client_cert=str(no)) == (
        f"--client-cert {no} cannot be read: no such file; correct the path, or make the file readable"
    )
    assert refused(client_cert=str(a)) == (
        f"--client-cert {a} has no key; name the file of its private key beside it, or put both in one PEM file"
    )
    assert refused(client_cert=str(a), client_key=str(no)) == (
        f"--client-cert {a} has a key, {no}, that cannot be read: no such file; correct the path, or make the file "
        "readable"
    )
    assert refused(client_cert=str(a), client_key=str(text)) == (
        f"--client-cert {a} has a key, {text}, that holds no private key; give a PEM file with one in it"
    )
    assert refused(client_cert=str(a), client_key=str(b)) == (
        f"--client-cert {a} and its key do not belong together, or are damaged; compare openssl x509 -pubkey with "
        "openssl pkey -pubout"
    )
    assert refused(client_key=str(b)) == (
        f"--client-key {b} goes with --client-cert FILE, the certificate of that key"
    )
    locked = pems / "locked.pem"
    assert refused(client_cert=str(locked), client_key=str(pems / "locked.key")) == (
        f"--client-cert {locked} has a key with a passphrase, and nobody can be asked for it; write the key without: "
        "openssl pkey"
    )


def test_sound_files_are_taken(pems: Path) -> None:
    found = server_options.connection(given(ca_file=str(pems / "a.pem"), client_cert=str(pems / "both.pem")))
    assert found == Connection(ca_file=pems / "a.pem", client_cert=pems / "both.pem")
    assert set(found.options(https=True)) == {"verify"}
    assert found.options(https=False) == {}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("socks5://user:secret@h:1", "--proxy socks5://[redacted]@h:1 must start with http:// or https://, such as "
         "http://proxy.example:3128: other kinds are not supported"),
        ("http://", "--proxy http:// has no host; write one after the scheme, such as http://127.0.0.1:8001"),
        ("http://h:1/path", "--proxy http://h:1/path has a path; a proxy has none, such as "
         "http://proxy.example:3128"),
        ("http://h:99999", "--proxy http://h:99999 has the port '99999'; a port is a number from 1 to 65535"),
    ],
)  # fmt: skip
def test_a_proxy_is_an_http_one(url: str, said: str) -> None:
    assert refused(proxy=url) == said


def test_a_report_shows_no_value_of_a_header() -> None:
    args = (
        "--header",
        "X-Team: sk-a-secret",
        "--sixgates-header=X-Key: Bearer $KEY",
        "--live",
        "--header",
        "broken",
    )
    assert server_options.shown(args) == (
        "--header", "X-Team: (not shown)", "--sixgates-header=X-Key: $KEY", "--live", "--header", "(not shown)",
    )  # fmt: skip


def test_a_curl_line_names_variables_and_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written out stands nowhere in it, and neither does the user of a proxy."""
    monkeypatch.setenv("KEY", "sk-a-secret")
    headers = (
        Header("X-Key", "Bearer ${KEY}"),
        Header("X-Team", "sk-written-out"),
        Header("X-Id", "os.environ/KEY"),
    )
    found = Connection(
        headers, Path("ca.pem"), Path("my cert.pem"), Path("k.pem"), "http://me:sesame@proxy:3128"
    )
    assert found.curl() == (
        ' -H "X-Key: Bearer $KEY" -H "X-Team: $VALUE_OF_X_TEAM" -H "X-Id: $KEY" --cacert ca.pem '
        "--cert 'my cert.pem' --key k.pem --proxy http://proxy:3128"
    )
    assert found.sent() == {"X-Key": "Bearer sk-a-secret", "X-Team": "sk-written-out", "X-Id": "sk-a-secret"}
    assert {"sk-a-secret", "sk-written-out", "sesame"} <= set(found.secrets())
    assert "sk-" not in repr(found)


def test_a_word_in_a_header_is_masked_nowhere() -> None:
    """Else an answer of `chat.completion` would lose its type to a header with the team chat."""
    found = Connection((Header("X-Team", "chat"), Header("X-Env", "production"), Header("X-Debug", "true")))
    assert found.secrets() == ()
