"""What counts as a secret, and what masks the streams of a process."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest
from tests.redaction.canaries import left

from sixgates.redaction import (
    MaskingStream,
    RedactingStream,
    redactor,
    secrets_in_address,
    secrets_in_environment,
    secrets_in_variables,
    without_secrets,
)

CANARY = "canary-planted-0123456789"


@pytest.mark.parametrize(
    ("address", "shown", "secret"),
    [
        ("http://u:canary-1@h:1/p?k=canary-2#f", "http://h:1/p", {"canary-1", "u:canary-1", "canary-2"}),
        ("http://canary%2F1:canary%401@h", "http://h", {"canary%401", "canary@1", "canary/1"}),
        ("http://canary-token@h/v1", "http://h/v1", {"canary-token"}),
        ("http://u:canary/1@h:99999", "http://h:99999", {"canary/1"}),
        ("http://u:canary-1@[::1", "http://[::1", {"canary-1"}),
        ("u:canary-1@h:8000", "h:8000", {"canary-1"}),
        ("http://h:1/v1", "http://h:1/v1", set()),
        ("", "", set()),
    ],
)
def test_an_address_gives_up_its_secrets_whether_or_not_it_is_one(
    address: str, shown: str, secret: set[str]
) -> None:
    """As written and decoded; the rest may be shown."""
    assert without_secrets(address) == shown
    assert secret <= set(secrets_in_address(address))
    assert bool(secrets_in_address(address)) is bool(secret)


def test_variables_are_secret_by_name_or_because_they_are_named() -> None:
    """Harmless ones and placeholders are none."""
    environ = {
        "LITELLM_MASTER_KEY": "canary-master",
        "LITELLM_SALT_KEY": "canary-salt",
        "DATABASE_URL": "postgresql://db:canary-of-db@h/x",
        "SLACK_WEBHOOK_URL": "https://hooks.invalid/canary-hook",
        "MINE": "canary-mine",
        "OTHER": "canary-other",
        "KEYBOARD": "canary-layout",
        "SOME_API_KEY": "not-needed",
    }
    found = set(secrets_in_environment(environ, ["MINE"]))
    assert {"canary-master", "canary-salt", "canary-of-db", "canary-mine"} <= found
    assert "https://hooks.invalid/canary-hook" in found
    assert not found & {"canary-other", "canary-layout", "not-needed"}


def test_a_file_of_variables_gives_up_its_secrets() -> None:
    """Quotes and `export` as in a shell; addresses without credentials and paths are none."""
    text = f"export A_TOKEN='canary-token'\nPLAIN={CANARY}\nBASE=http://127.0.0.1:11434/v1\nHOME=/home/canary-user-dir\nN=1\n"
    assert set(secrets_in_variables(text)) == {"canary-token", CANARY}


def test_a_stream_masks_what_is_written_in_pieces() -> None:
    """A line is written when it is whole, or when the stream is flushed."""
    out = io.StringIO()
    stream = RedactingStream(out, redactor([CANARY]))
    for piece in ("key ", CANARY[:9], CANARY[9:], "\nrest ", CANARY):
        stream.write(piece)
    assert out.getvalue() == "key [redacted]\n"
    stream.flush()
    assert out.getvalue() == "key [redacted]\nrest [redacted]"
    shown = io.StringIO()
    MaskingStream(shown, redactor([CANARY]).text).write(f"a {CANARY} b")
    assert shown.getvalue() == "a [redacted] b"


def test_a_command_that_fails_prints_its_traceback_masked() -> None:
    """The interpreter would print it as it is."""
    code = (
        "import os, sixgates.cli as cli\n"
        "def broken(options): raise OSError('no ' + os.environ['CANARY_KEY'])\n"
        "cli._schema = broken\n"
        "raise SystemExit(cli.main(['schema', 'x']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "CANARY_KEY": CANARY},
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "OSError: no [redacted]" in done.stderr
    assert left(done.stdout + done.stderr, CANARY) == []
