"""Which LiteLLM reads a file: what was told, what is installed, else the newest known; each with its reason."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sixgates.gateway.locate import version_of
from sixgates.gateway.reader import UnknownVersionError, reader


def installed(prefix: Path, version: str) -> Path:
    """An environment with a litellm command and its metadata, and nothing to import."""
    info = prefix / "lib" / "python3.11" / "site-packages" / f"litellm-{version}.dist-info"
    info.mkdir(parents=True)
    command = prefix / "bin" / "litellm"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\nexit 1\n")
    command.chmod(0o755)
    return command


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This environment has none."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none" / "python"))


def test_the_version_is_read_from_the_environment_of_the_command(tmp_path: Path) -> None:
    """Whether the command lies in it, links to it, or names its interpreter."""
    command = installed(tmp_path / "venv", "1.83.1")
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin" / "linked"
    link.symlink_to(command)
    script = tmp_path / "bin" / "litellm"
    script.write_text(f"#!{tmp_path}/venv/bin/python -s\n")
    assert [version_of(each) for each in (command, link, script)] == ["1.83.1"] * 3
    assert version_of(tmp_path / "nowhere") == ""
    script.write_text("#!\n")
    assert version_of(script) == ""


def test_the_installed_one_is_taken_and_named(tmp_path: Path) -> None:
    command = installed(tmp_path / "home" / "engines" / "litellm", "1.79.3")
    found = reader("", {"PATH": "", "SIXGATES_HOME": str(tmp_path / "home")})
    assert found.version == "1.79.3"
    assert str(found) == f"as LiteLLM 1.79.3 reads it (found at {command})"


def test_without_one_the_newest_known_is_taken(tmp_path: Path) -> None:
    found = reader("", {"PATH": "", "SIXGATES_HOME": str(tmp_path)})
    assert found.version == ""
    assert str(found) == "as LiteLLM 1.106.2 reads it (the newest known; no installed litellm was found)"


def test_what_was_told_is_taken(tmp_path: Path) -> None:
    installed(tmp_path / "home" / "engines" / "litellm", "1.79.3")
    found = reader("1.200.0", {"PATH": "", "SIXGATES_HOME": str(tmp_path / "home")})
    assert str(found) == ("as LiteLLM 1.106.2 reads it, the nearest known to 1.200.0 (--litellm-version)")
    with pytest.raises(UnknownVersionError, match="--litellm-version x: expected a version; known are "):
        reader("x")
